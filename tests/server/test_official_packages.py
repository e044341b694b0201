"""The vendors' own packages read our answers, streams and errors: over transports in this process that return our bytes."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import anthropic
import httpx
import httpx2
import ollama
import openai
import pydantic
import pytest
from anthropic.types import Message as AnthropicMessage
from anthropic.types import RawMessageStreamEvent
from google import genai
from google.genai import errors as genai_errors
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent

from llm_pure import Completion, Reasoning, Text, ToolCall, Usage, assistant
from llm_pure.core.buffered_body import completion_to_events
from llm_pure.server import ReceivedRequest, server_dialects
from llm_pure.types.errors import (
    AuthenticationFailed,
    LLMError,
    Overloaded,
    QuotaExceeded,
    RateLimited,
    StreamInterrupted,
)
from llm_pure.types.events import ReasoningDelta, Started, StreamEvent, TextDelta, ToolCallDelta
from llm_pure.types.http import HttpResponse
from llm_pure.types.result import Failure, Success

ANSWER = Completion(
    id="id-1",
    model="m-1",
    message=assistant(
        Reasoning("think"),
        Text("It is 4 °C."),
        ToolCall("call_1", "get_weather", '{"city":"Oslo"}'),
        ToolCall("call_2", "get_weather", '{"city":"Rome"}'),
    ),
    finish_reason="tool_calls",
    usage=Usage(100, 20, cached_input_tokens=40, reasoning_tokens=5),
)
CITIES = [{"city": "Oslo"}, {"city": "Rome"}]
TOOL = {"name": "get_weather", "description": "d", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}  # fmt: skip


class Service:
    """Responses in order, as a transport of httpx and of httpx2; the last one again for every further request."""

    def __init__(self, *responses: HttpResponse) -> None:
        self.responses = list(responses)
        self.count = 0

    def next(self) -> HttpResponse:
        response = self.responses[min(self.count, len(self.responses) - 1)]
        self.count += 1
        return response

    def old(self, request: httpx.Request) -> httpx.Response:
        sent = self.next()
        return httpx.Response(sent.status, headers=list(sent.headers), content=sent.body)

    def new(self, request: httpx2.Request) -> httpx2.Response:
        sent = self.next()
        return httpx2.Response(sent.status, headers=list(sent.headers), content=sent.body)


def buffered(dialect: str, completion: Completion = ANSWER) -> HttpResponse:
    request = ReceivedRequest(dialect=dialect, model="m", created_s=7)
    return server_dialects[dialect].build_response(completion, request)


def pieces(completion: Completion = ANSWER) -> list[StreamEvent]:
    """The events with each text in pieces of three characters."""
    events: list[StreamEvent] = []
    for event in completion_to_events(completion):
        match event:
            case TextDelta(text=text, index=index):
                events += [TextDelta(text[at : at + 3], index) for at in range(0, len(text), 3)]
            case ReasoningDelta(text=text, index=index):
                events += [
                    ReasoningDelta(text[at : at + 3], index) for at in range(0, len(text), 3)
                ]
            case ToolCallDelta(arguments=text, index=index):
                events.append(ToolCallDelta("", index, 0, event.id, event.name))
                events += [ToolCallDelta(text[at : at + 3], index) for at in range(0, len(text), 3)]
            case _:
                events.append(event)
    return events


def streamed(
    dialect: str,
    events: Sequence[StreamEvent] | None = None,
    outcome: Any = Success(None),  # noqa: B008
    **fields: Any,
) -> HttpResponse:
    request = ReceivedRequest(dialect=dialect, model="m", created_s=7, stream=True, **fields)
    encoder = server_dialects[dialect].open_encoder(request)
    body = encoder.keep_alive()
    for event in pieces() if events is None else events:
        body += encoder.encode([event]) + encoder.keep_alive()
    body += encoder.close(outcome)
    kind = server_dialects[dialect].stream_type(request)
    return HttpResponse(200, (("content-type", kind),), body)


def failed(dialect: str, error: LLMError) -> HttpResponse:
    return server_dialects[dialect].build_error(error, ReceivedRequest(dialect=dialect))


def openai_client(service: Service) -> openai.OpenAI:
    transport = httpx2.MockTransport(service.new)
    return openai.OpenAI(
        api_key="k", base_url="http://test/v1", http_client=httpx2.Client(transport=transport)
    )


def anthropic_client(service: Service) -> anthropic.Anthropic:
    transport = httpx2.MockTransport(service.new)
    return anthropic.Anthropic(
        api_key="k", base_url="http://test", http_client=httpx2.Client(transport=transport)
    )


def google_client(service: Service) -> genai.Client:
    client = httpx.Client(transport=httpx.MockTransport(service.old))
    options = genai.types.HttpOptions(base_url="http://test", httpx_client=client)
    return genai.Client(api_key="k", http_options=options)


def ollama_client(service: Service) -> ollama.Client:
    return ollama.Client(host="http://test", transport=httpx.MockTransport(service.old))


# Whole answers


def test_openai_reads_a_chat_completion() -> None:
    client = openai_client(Service(buffered("openai_chat")))
    answer = client.chat.completions.create(model="m", messages=[])
    choice = answer.choices[0]
    calls = choice.message.tool_calls or []
    assert (answer.id, answer.model, answer.object, answer.created) == (
        "id-1", "m-1", "chat.completion", 7,
    )  # fmt: skip
    assert choice.message.content == "It is 4 °C."
    assert choice.finish_reason == "tool_calls"
    assert [json.loads(call.function.arguments) for call in calls] == CITIES  # type: ignore[union-attr]
    assert answer.usage is not None
    assert answer.usage.total_tokens == 120
    assert type(answer).model_validate(answer.model_dump()) == answer


def test_openai_reads_a_response() -> None:
    answer = openai_client(Service(buffered("openai_responses"))).responses.create(
        model="m", input="hi"
    )
    assert answer.output_text == "It is 4 °C."
    assert [item.type for item in answer.output] == [
        "reasoning", "message", "function_call", "function_call",
    ]  # fmt: skip
    assert answer.status == "completed"
    assert answer.usage is not None
    assert answer.usage.input_tokens_details.cached_tokens == 40
    assert type(answer).model_validate(answer.model_dump()).id == "id-1"


def test_anthropic_reads_a_message() -> None:
    client = anthropic_client(Service(buffered("anthropic_messages")))
    answer = client.messages.create(model="m", max_tokens=9, messages=[])
    assert [block.type for block in answer.content] == ["thinking", "text", "tool_use", "tool_use"]
    assert [block.input for block in answer.content if block.type == "tool_use"] == CITIES
    assert answer.stop_reason == "tool_use"
    assert (answer.usage.input_tokens, answer.usage.cache_read_input_tokens) == (60, 40)
    assert type(answer).model_validate(answer.model_dump(exclude_none=True)).id == "id-1"


def test_google_genai_reads_a_response() -> None:
    answer = google_client(Service(buffered("gemini_content"))).models.generate_content(
        model="m", contents="hi"
    )
    assert answer.candidates is not None
    content = answer.candidates[0].content
    assert content is not None
    parts = content.parts or []
    assert [(part.text, part.thought) for part in parts[:2]] == [
        ("think", True),
        ("It is 4 °C.", None),
    ]
    assert [call.args for call in answer.function_calls or []] == CITIES
    assert answer.usage_metadata is not None
    assert answer.usage_metadata.total_token_count == 120


def test_ollama_reads_a_response() -> None:
    answer = ollama_client(Service(buffered("ollama_native"))).chat(model="m", messages=[])
    assert (answer.message.content, answer.message.thinking) == ("It is 4 °C.", "think")
    assert [call.function.arguments for call in answer.message.tool_calls or []] == CITIES
    assert (answer.done, answer.done_reason, answer.eval_count) == (True, "stop", 20)


# Streams


def test_openai_streams_a_chat_completion_raw() -> None:
    client = openai_client(Service(streamed("openai_chat")))
    text, arguments, usages, roles = "", ["", ""], [], []
    for chunk in client.chat.completions.create(model="m", messages=[], stream=True):
        usages += [chunk.usage] if chunk.usage else []
        for choice in chunk.choices:
            text += choice.delta.content or ""
            roles += [choice.delta.role] if choice.delta.role else []
            for call in choice.delta.tool_calls or []:
                assert call.function is not None
                arguments[call.index] += call.function.arguments or ""
    assert text == "It is 4 °C."
    assert [json.loads(one) for one in arguments] == CITIES
    assert [usage.total_tokens for usage in usages] == [120]
    assert roles == ["assistant"]


def test_openai_streams_a_chat_completion_by_its_helper() -> None:
    client = openai_client(Service(streamed("openai_chat")))
    with client.chat.completions.stream(model="m", messages=[]) as stream:
        answer = stream.get_final_completion()
    message = answer.choices[0].message
    assert (message.role, message.content) == ("assistant", "It is 4 °C.")
    calls = message.tool_calls or []
    assert [(call.id, call.function.name) for call in calls] == [
        ("call_1", "get_weather"),
        ("call_2", "get_weather"),
    ]
    assert [json.loads(call.function.arguments) for call in calls] == CITIES
    assert answer.choices[0].finish_reason == "tool_calls"


def test_openai_streams_without_usage_unless_it_was_requested() -> None:
    body = streamed("openai_chat", usage_in_stream=False).body
    assert b'"usage"' not in body
    assert body.endswith(b"data: [DONE]\n\n")


def test_openai_streams_a_response_raw_and_by_its_helper() -> None:
    client = openai_client(Service(streamed("openai_responses")))
    kinds = [event.type for event in client.responses.create(model="m", input="hi", stream=True)]
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")
    with client.responses.stream(model="m", input="hi") as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        answer = stream.get_final_response()
    assert "".join(deltas) == answer.output_text == "It is 4 °C."
    calls = [item for item in answer.output if item.type == "function_call"]
    assert [json.loads(call.arguments) for call in calls] == CITIES
    assert answer.usage is not None
    assert answer.usage.total_tokens == 120


def test_anthropic_streams_a_message_raw_and_by_its_helper() -> None:
    client = anthropic_client(Service(streamed("anthropic_messages")))
    events = list(client.messages.create(model="m", max_tokens=9, messages=[], stream=True))
    kinds = [event.type for event in events]
    assert kinds[0] == "message_start"
    assert kinds.count("message_delta") == 1
    assert kinds[-1] == "message_stop"
    starts = [event.index for event in events if event.type == "content_block_start"]
    assert starts == [0, 1, 2, 3]
    with client.messages.stream(model="m", max_tokens=9, messages=[]) as stream:
        answer = stream.get_final_message()
    assert [block.input for block in answer.content if block.type == "tool_use"] == CITIES
    assert "".join(block.text for block in answer.content if block.type == "text") == "It is 4 °C."
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (60, 20)
    assert answer.stop_reason == "tool_use"


def test_google_genai_streams_a_response() -> None:
    client = google_client(Service(streamed("gemini_content")))
    chunks = list(client.models.generate_content_stream(model="m", contents="hi"))
    parts = [
        part
        for chunk in chunks
        for candidate in chunk.candidates or []
        for part in (candidate.content.parts if candidate.content else None) or []
    ]
    assert "".join(part.text or "" for part in parts if not part.thought) == "It is 4 °C."
    assert [part.function_call.args for part in parts if part.function_call] == CITIES
    reasons = [
        c.finish_reason for chunk in chunks for c in chunk.candidates or [] if c.finish_reason
    ]
    assert [reason.value for reason in reasons] == ["STOP"]


def test_ollama_streams_a_response() -> None:
    client = ollama_client(Service(streamed("ollama_native")))
    lines = list(client.chat(model="m", messages=[], stream=True))
    assert "".join(line.message.content or "" for line in lines) == "It is 4 °C."
    calls = [call for line in lines for call in line.message.tool_calls or []]
    assert [call.function.arguments for call in calls] == CITIES
    assert [line.done for line in lines].count(True) == 1
    assert lines[-1].prompt_eval_count == 100


# Errors: retried as often as the package's own rules say, then raised as its own type

LIMITED = RateLimited(message="slow down", retry_after_s=0.01)
BUSY = Overloaded(message="busy", retry_after_s=0.01)
WRONG_KEY = AuthenticationFailed(message="wrong key")
NO_MONEY = QuotaExceeded(message="no money left")


def ask_openai(service: Service) -> Any:
    return openai_client(service).chat.completions.create(model="m", messages=[])


def ask_responses(service: Service) -> Any:
    return openai_client(service).responses.create(model="m", input="hi")


def ask_anthropic(service: Service) -> Any:
    return anthropic_client(service).messages.create(model="m", max_tokens=9, messages=[])


@pytest.mark.parametrize(
    ("dialect", "ask", "raised"),
    [
        ("openai_chat", ask_openai, (openai.RateLimitError, openai.InternalServerError, openai.AuthenticationError)),
        ("openai_responses", ask_responses, (openai.RateLimitError, openai.InternalServerError, openai.AuthenticationError)),
        ("anthropic_messages", ask_anthropic, (anthropic.RateLimitError, anthropic.InternalServerError, anthropic.AuthenticationError)),
    ],
)  # fmt: skip
def test_packages_retry_what_may_succeed_and_nothing_else(
    dialect: str, ask: Callable[[Service], Any], raised: tuple[type[Exception], ...]
) -> None:
    limited, busy, wrong_key = raised
    for error, kind, attempts in (
        (LIMITED, limited, 3),
        (BUSY, busy, 3),
        (WRONG_KEY, wrong_key, 1),
        (NO_MONEY, Exception, 1),
    ):
        service = Service(failed(dialect, error))
        with pytest.raises(kind, match=error.message):
            ask(service)
        assert service.count == attempts
    service = Service(failed(dialect, LIMITED), buffered(dialect))
    assert ask(service).id == "id-1"
    assert service.count == 2


def test_google_genai_and_ollama_raise_their_own_errors() -> None:
    with pytest.raises(genai_errors.ClientError, match="slow down") as google:
        google_client(Service(failed("gemini_content", LIMITED))).models.generate_content(
            model="m", contents="hi"
        )
    assert (google.value.code, google.value.status) == (429, "RESOURCE_EXHAUSTED")
    with pytest.raises(ollama.ResponseError, match="wrong key") as local:
        ollama_client(Service(failed("ollama_native", WRONG_KEY))).chat(model="m", messages=[])
    assert local.value.status_code == 401


CUT: list[StreamEvent] = [Started(id="i", model="m"), TextDelta("half")]
GONE = Failure(StreamInterrupted(message="the upstream went away"))


def read_openai(service: Service) -> None:
    for _ in openai_client(service).chat.completions.create(model="m", messages=[], stream=True):
        pass


def read_responses(service: Service) -> None:
    for _ in openai_client(service).responses.create(model="m", input="hi", stream=True):
        pass


def read_anthropic(service: Service) -> None:
    client = anthropic_client(service)
    for _ in client.messages.create(model="m", max_tokens=9, messages=[], stream=True):
        pass


def read_google(service: Service) -> None:
    for _ in google_client(service).models.generate_content_stream(model="m", contents="hi"):
        pass


def read_ollama(service: Service) -> None:
    for _ in ollama_client(service).chat(model="m", messages=[], stream=True):
        pass


@pytest.mark.parametrize(
    ("dialect", "read", "raised"),
    [
        ("openai_chat", read_openai, openai.APIError),
        ("openai_responses", read_responses, openai.APIError),
        ("anthropic_messages", read_anthropic, anthropic.APIStatusError),
        ("gemini_content", read_google, genai_errors.APIError),
        ("ollama_native", read_ollama, ollama.ResponseError),
    ],
)
@pytest.mark.parametrize("kept", [0, 1, 2])
def test_a_cut_stream_is_an_error_in_every_package(
    dialect: str, read: Callable[[Service], None], raised: type[Exception], kept: int
) -> None:
    with pytest.raises(raised, match="the upstream went away"):
        read(Service(streamed(dialect, CUT[:kept], GONE)))
    with pytest.raises(raised, match="before it was complete"):
        read(Service(streamed(dialect, CUT[:kept])))


# The packages' own types accept every body and every event


def data_of(response: HttpResponse) -> list[Any]:
    """The JSON of each event or line."""
    lines = [line.strip() for line in response.body.split(b"\n")]
    if b"data:" in response.body:
        lines = [line[5:] for line in lines if line.startswith(b"data:")]
    return [json.loads(line) for line in lines if line.strip() not in (b"", b"[DONE]", b"{}")]


def test_openais_types_accept_every_body_and_chunk() -> None:
    pydantic.TypeAdapter(ChatCompletion).validate_json(buffered("openai_chat").body)
    for chunk in data_of(streamed("openai_chat")):
        pydantic.TypeAdapter(ChatCompletionChunk).validate_python(chunk)
    pydantic.TypeAdapter(Response).validate_json(buffered("openai_responses").body)
    events: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(ResponseStreamEvent)
    for event in data_of(streamed("openai_responses")):
        events.validate_python(event)
    for event in data_of(streamed("openai_responses", CUT, GONE)):
        events.validate_python(event)


def test_anthropics_types_accept_every_body_and_event() -> None:
    pydantic.TypeAdapter(AnthropicMessage).validate_json(buffered("anthropic_messages").body)
    events: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(RawMessageStreamEvent)
    for event in data_of(streamed("anthropic_messages")):
        if event["type"] != "ping":  # the types leave it out, and the package skips it
            events.validate_python(event)


def test_googles_and_ollamas_types_accept_every_body_and_item() -> None:
    google: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(genai.types.GenerateContentResponse)
    google.validate_json(buffered("gemini_content").body)
    for item in data_of(streamed("gemini_content")):
        google.validate_python(item)
    lines: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(ollama.ChatResponse)
    lines.validate_json(buffered("ollama_native").body)
    for line in data_of(streamed("ollama_native")):
        lines.validate_python(line)
