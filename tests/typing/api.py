"""The public API as a type checker sees it: read by mypy and pyright, not run.

Everything is in functions, so that importing this file does nothing. A comment `type: ignore` on a line without an error is
an error of both checkers, so that each of these lines proves that both report it.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, assert_never, assert_type

from returns.result import Failure, Result, Success

from llm_pure import (
    LLM,
    Adaptation,
    ChatRequest,
    Completion,
    Embeddings,
    EmbedRequest,
    HttpRequest,
    HttpResponse,
    Image,
    LLMConfig,
    LLMError,
    LLMException,
    Message,
    Part,
    ReasoningRequest,
    ResponseHead,
    SchemaFormat,
    Secret,
    StreamEvent,
    TokenCount,
    Tool,
    ToolCall,
    Usage,
    assistant,
    collect,
    describe,
    fold,
    system,
    tool_result,
    unwrap,
    user,
)
from llm_pure.adapters import registry
from llm_pure.core.provider import Built, Operation, Provider, StreamDecoder
from llm_pure.core.registry import Registry
from llm_pure.output.structured import parse_structured
from llm_pure.types.errors import (
    AuthenticationFailed,
    BudgetExceeded,
    ConnectionFailed,
    ContentFiltered,
    ContextLengthExceeded,
    IncompleteAnswer,
    InvalidConfiguration,
    InvalidRequest,
    NotFound,
    Overloaded,
    PermissionDenied,
    ProtocolError,
    QuotaExceeded,
    RateLimited,
    ServerError,
    StreamInterrupted,
    TimedOut,
    UnknownPrice,
    UnsupportedFeature,
    retry_after_s,
)
from llm_pure.types.events import Finished, TextDelta


def the_chain_is_typed_from_end_to_end(
    config: LLMConfig, request: ChatRequest, response: HttpResponse, now: datetime
) -> None:
    found = registry.get("openai")
    assert_type(found, Result[Provider, LLMError])
    provider = found.unwrap()
    assert_type(provider, Provider)

    built = provider.build_chat(config, request, strict=True)
    assert_type(built, Result[Built, LLMError])
    assert_type(built.unwrap().request, HttpRequest)
    assert_type(built.unwrap().adaptations, tuple[Adaptation, ...])

    signed = provider.authorize(config, built.unwrap().request, now)
    assert_type(signed, Result[HttpRequest, LLMError])

    answer = provider.parse_chat(response)
    assert_type(answer, Result[Completion, LLMError])
    assert_type(answer.map(lambda completion: completion.text), Result[str, LLMError])
    assert_type(
        built.bind(lambda one: provider.authorize(config, one.request, now)),
        Result[HttpRequest, LLMError],
    )
    assert_type(fold(answer, ok=lambda one: one.text, err=describe), str)


def operations_are_typed_by_what_they_ask_and_answer(
    provider: Provider, config: LLMConfig, response: HttpResponse
) -> None:
    if provider.embed is not None:
        assert_type(provider.embed, Operation[EmbedRequest, Embeddings])
        assert_type(provider.embed.parse(response), Result[Embeddings, LLMError])
        built = provider.embed.build(config, EmbedRequest(input=("a", "b")))
        assert_type(built, Result[Built, LLMError])
    if provider.count_tokens is not None:
        assert_type(provider.count_tokens.parse(response), Result[TokenCount, LLMError])


def a_stream_is_events(provider: Provider, head: ResponseHead, pieces: Iterator[bytes]) -> None:
    decoder = provider.open_stream(head)
    assert_type(decoder, StreamDecoder)
    events: list[StreamEvent] = []
    for piece in pieces:
        got = decoder.feed(piece)
        assert_type(got, Result[tuple[StreamEvent, ...], LLMError])
        if isinstance(got, Failure):
            told: LLMError = (
                got.failure()
            )  # Any under mypy, whose narrowing forgets the error's type
            describe(told)
            return
        events += got.unwrap()
    assert_type(decoder.partial(), Completion)
    assert_type(collect(events), Result[Completion, LLMError])
    for event in events:
        match event:
            case TextDelta(text, index):
                assert_type(text, str)
                assert_type(index, int)
            case Finished(finish_reason=reason):
                assert_type(
                    reason,
                    Literal[
                        "stop",
                        "length",
                        "tool_calls",
                        "content_filter",
                        "refusal",
                        "pause",
                        "error",
                        "unknown",
                    ],
                )
            case _:
                pass


def a_match_names_the_class(answer: Result[Completion, LLMError]) -> str:
    """Under mypy a bare `Success(completion)` is Any; with the class named it is what it says."""
    match answer:
        case Success(Completion() as completion):
            assert_type(completion, Completion)
            return completion.text
        case Failure(RateLimited(retry_after_s=wait_s) as limited):
            assert_type(limited, RateLimited)
            return f"wait {wait_s} s"
        case other:
            assert_type(other.failure(), LLMError)
            return other.failure().message


def an_early_return_narrows(answer: Result[Completion, LLMError]) -> Result[str, LLMError]:
    if isinstance(answer, Failure):
        return answer
    assert_type(answer.unwrap(), Completion)
    return Success(answer.unwrap().text)


def errors_are_a_closed_union(error: LLMError) -> None:
    assert_type(error.kind, str)
    assert_type(error.retryable, bool)
    assert_type(error.partial, Completion | None)
    assert_type(retry_after_s(error), float | None)
    match error:
        case RateLimited():
            assert_type(error.retry_after_s, float | None)
        case _:
            assert_type(error.message, str)


def every_member_of_the_union_can_be_matched(error: LLMError) -> str:
    """The last case is never reached, so a checker accepts `assert_never`."""
    match error:
        case InvalidConfiguration() | UnsupportedFeature() | InvalidRequest():
            return "mine"
        case AuthenticationFailed() | PermissionDenied() | NotFound() | QuotaExceeded():
            return "the account's"
        case RateLimited() | Overloaded() | ServerError() | TimedOut() | ConnectionFailed():
            return "temporary"
        case ContextLengthExceeded() | ContentFiltered() | BudgetExceeded() | UnknownPrice():
            return "the request's"
        case ProtocolError() | StreamInterrupted():
            return "the response's"
        case IncompleteAnswer(finish_reason=reason, partial=partial):
            assert_type(partial, Completion)
            return f"{reason}: {partial.text}"
        case _:
            assert_never(error)


def a_match_that_misses_a_member_is_an_error(error: LLMError) -> str:
    """IncompleteAnswer is missing: both checkers report the last line. Without the error, they report the comment."""
    match error:
        case InvalidConfiguration() | UnsupportedFeature() | InvalidRequest():
            return "mine"
        case AuthenticationFailed() | PermissionDenied() | NotFound() | QuotaExceeded():
            return "the account's"
        case RateLimited() | Overloaded() | ServerError() | TimedOut() | ConnectionFailed():
            return "temporary"
        case ContextLengthExceeded() | ContentFiltered() | BudgetExceeded() | UnknownPrice():
            return "the request's"
        case ProtocolError() | StreamInterrupted():
            return "the response's"
        case _:
            assert_never(error)  # type: ignore[arg-type]


def a_match_that_misses_a_member_may_return_nothing(error: LLMError) -> str:  # type: ignore[return]
    """The same without a last case: pyright checks no comment in a line that it takes for unreachable."""
    match error:
        case InvalidConfiguration() | UnsupportedFeature() | InvalidRequest():
            return "mine"
        case AuthenticationFailed() | PermissionDenied() | NotFound() | QuotaExceeded():
            return "the account's"
        case RateLimited() | Overloaded() | ServerError() | TimedOut() | ConnectionFailed():
            return "temporary"
        case ContextLengthExceeded() | ContentFiltered() | BudgetExceeded() | UnknownPrice():
            return "the request's"
        case ProtocolError() | StreamInterrupted():
            return "the response's"


def chains_of_isinstance_are_checked_too(error: LLMError) -> str:
    """Of what is left here, the match misses all but two."""
    if isinstance(error, RateLimited | Overloaded):
        return "later"
    assert_never(error)  # type: ignore[arg-type]


def a_result_without_the_result(llm: LLM, answer: Result[Completion, LLMError]) -> None:
    """`unwrap` gives the value; what it raises has the error."""
    assert_type(unwrap(answer), Completion)
    assert_type(unwrap(llm.ask("Hi")), str)
    assert_type(unwrap(llm.ask_typed(list[int], "Hi")), list[int])
    try:
        unwrap(answer)
    except LLMException as raised:
        assert_type(raised.error, LLMError)


def an_answer_is_read_by_name(completion: Completion) -> None:
    assert_type(completion.text, str)
    assert_type(completion.message, Message)
    assert_type(completion.message.parts, tuple[Part, ...])
    assert_type(completion.tool_calls, tuple[ToolCall, ...])
    assert_type(completion.usage, Usage)
    assert_type(completion.usage.input_tokens, int | None)
    assert_type(completion.extra, dict[str, Any])


def requests_take_what_people_have(key: str, mapping: Mapping[str, object]) -> None:
    config = LLMConfig(api_key=key, stop=("a", "b"))
    assert_type(config.api_key, Secret | str | None)
    ChatRequest(messages="hi")
    ChatRequest(messages={"role": "user", "content": "hi"})
    ChatRequest(messages=mapping)
    ChatRequest(messages=["hi", user("a", Image(url="https://x")), {"role": "user"}])
    ChatRequest(messages=(system("a"), assistant(ToolCall("1", "f")), tool_result("1", "x")))
    ChatRequest(
        messages="hi",
        tools=(Tool(name="f"),),
        tool_choice="required",
        response_format=SchemaFormat(schema={}),
        reasoning="low",
    )
    ChatRequest(messages="hi", reasoning=2048)
    ChatRequest(messages="hi", reasoning=ReasoningRequest(enabled=False))


def a_registry_is_a_value(provider: Provider) -> None:
    assert_type(registry, Registry)
    assert_type(registry.with_provider("mine", provider), Registry)
    assert_type(registry.names(), tuple[str, ...])


def what_is_wrong_is_seen(completion: Completion, config: LLMConfig) -> None:
    """Each ignored line is an error; a checker that no longer sees it says so."""
    ChatRequest("hi")  # type: ignore[call-arg]
    ChatRequest(messages=7)  # type: ignore[arg-type]
    ChatRequest(messages="hi", tool_choice="perhaps")  # type: ignore[arg-type]
    LLMConfig(modell="m")  # type: ignore[call-arg]
    Image(b"x")  # type: ignore[call-arg]
    completion.text = "x"  # type: ignore[misc]
    config.model = "m"  # type: ignore[misc]


def the_client_gives_results(config: LLMConfig, request: ChatRequest) -> None:
    with LLM(config) as llm:
        assert_type(llm, LLM)
        assert_type(llm.completion(request), Result[Completion, LLMError])
        assert_type(llm.completion_text("hi"), Result[str, LLMError])
        assert_type(llm.ask("hi"), Result[str, LLMError])


async def the_clients_twins_too(config: LLMConfig, request: ChatRequest) -> None:
    async with LLM(config) as llm:
        assert_type(await llm.acompletion(request), Result[Completion, LLMError])
        assert_type(await llm.aask("hi"), Result[str, LLMError])


def values_of_types(llm: LLM, completion: Completion) -> None:
    """A type gives its own, a JSON Schema anything."""
    assert_type(llm.ask_typed(list[int], "Three numbers."), Result[list[int], LLMError])
    assert_type(llm.ask_typed({"type": "object"}, "Anything."), Result[Any, LLMError])
    answer: Literal["yes", "no"] = unwrap(llm.ask_typed(Literal["yes", "no"], "Is 7 prime?"))
    number: int | None = unwrap(llm.ask_typed(int | None, "A number?"))
    print(answer, number)
    llm.ask_typed("A city?", Usage)  # type: ignore[call-overload]
    assert_type(parse_structured(completion, Usage), Result[Usage, LLMError])
