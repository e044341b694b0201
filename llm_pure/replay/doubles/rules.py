"""Rules of a double that reads requests: which request gets which answer, and an answer as the steps of its stream. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import NoReturn, TypeAlias, TypeGuard, cast

import msgspec

from llm_pure.adapters import registry
from llm_pure.core.provider import Provider
from llm_pure.replay.doubles.answer_types import Answer, as_completion
from llm_pure.replay.doubles.answers import word_events
from llm_pure.replay.doubles.pieces import estimated_usage
from llm_pure.replay.faults import TruncationStyle
from llm_pure.server import ReceivedRequest, ServedOperation
from llm_pure.types.completion import Completion, FinishReason, Usage
from llm_pure.types.errors import LLMError
from llm_pure.types.events import Finished, StreamEvent, ToolCallDelta
from llm_pure.types.http import HttpResponse
from llm_pure.types.messages import Message, Text, ToolCall
from llm_pure.types.operations import Embeddings, ModelPage, TokenCount
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, fold


class Pause(msgspec.Struct, frozen=True):
    """In a list of events: nothing is sent for this time."""

    seconds: float


class KeepAlive(msgspec.Struct, frozen=True):
    """In a list of events: what the vendor's clients must ignore while a model thinks."""


class Cut(msgspec.Struct, frozen=True):
    """In a list of events: the response ends here, without its end. Of a buffered response half the body is sent."""

    style: TruncationStyle = "reset"
    """The connection breaks, or the body just stops."""


KEEP_ALIVE = KeepAlive()
CUT = Cut()

Step: TypeAlias = StreamEvent | Pause | KeepAlive | Cut | LLMError
"""An item of a streamed answer. An LLMError is sent as the dialect's error in the stream, and ends it."""


class UpstreamResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The response of another provider, to be sent in the dialect of the client."""

    provider: str
    """Name in the registry of the provider that parses it. What only its API has is not sent to clients of another."""
    response: HttpResponse
    chunks: tuple[bytes, ...] = ()
    """The body as it arrived; () takes `response.body`."""
    waits_s: tuple[float, ...] = ()
    """Before each chunk."""


Steps: TypeAlias = Iterable[msgspec.Struct]
"""Steps in order, a list or a generator: each is a Step. (A type checker infers a list of Structs for a mixed list.)"""

ServedAnswer: TypeAlias = Answer | Steps | UpstreamResponse | Embeddings | TokenCount | ModelPage
"""What a rule answers. Embeddings, TokenCount and ModelPage belong to rules of those operations."""


class FromReceived(msgspec.Struct, frozen=True):
    """A function of the ReceivedRequest, for rules that need more than its ChatRequest: `.dialect`, `.stream`, `.credential`."""

    function: Callable[[ReceivedRequest], ServedAnswer | None]


RuleAnswer: TypeAlias = ServedAnswer | Callable[[ChatRequest], ServedAnswer | None] | FromReceived
"""An answer, or a function that makes one. A function that returns None leaves the request to the next rule."""


class Rule(msgspec.Struct, frozen=True):
    """One rule: the answer to the requests that it is for."""

    answer: RuleAnswer
    when: str | Callable[[ChatRequest], bool] | None = None
    """A predicate, or a text that the newest message of the user contains. None: every request."""
    times: int | None = None
    """How many requests it answers; None: any number."""
    operation: ServedOperation = "chat"
    delay_s: float = 0.0
    """Before the response."""
    pace_s: float = 0.0
    """Before each event of a stream."""

    def matches(self, received: ReceivedRequest) -> bool:
        """True if the rule is for this request, not counting `times`."""
        if received.operation != self.operation:
            return False
        if isinstance(self.when, str):
            return self.when in user_text(received.chat)
        return self.when is None or self.when(received.chat)

    def answer_to(self, received: ReceivedRequest) -> ServedAnswer | None:
        """The answer to a request that matches; None leaves the request to the next rule."""
        if isinstance(self.answer, FromReceived):
            return self.answer.function(received)
        return self.answer(received.chat) if callable(self.answer) else self.answer


def as_rules(items: Sequence[Rule | RuleAnswer]) -> tuple[Rule, ...]:
    """Return answers as rules: each is for one request, and the last one for all that follow."""
    if not items:
        raise TypeError("a double needs at least one rule")
    rules: list[Rule] = []
    for number, item in enumerate(items, 1):
        if isinstance(item, Rule):
            rules.append(item)
            continue
        if isinstance(item, Iterator) and not isinstance(item, Sequence):
            raise TypeError("an iterator serves one request only; give a list or a function")
        rules.append(Rule(item, times=None if number == len(items) else 1))
    return tuple(rules)


def user_text(chat: ChatRequest) -> str:
    """The text of the newest message of the user; also of tools, whose results some APIs put into it."""
    messages = chat.messages if isinstance(chat.messages, list | tuple) else ()
    for message in reversed(messages):
        if isinstance(message, Message) and message.role == "user":
            texts = [part.text for part in message.parts if isinstance(part, Text)]
            if texts:
                return "\n".join(texts)
    return ""


def as_steps(answer: ServedAnswer, sent_bytes: int) -> Iterable[Step]:
    """Return the answer to a chat request as steps. Raises TypeError for the answer to another operation."""
    if isinstance(answer, UpstreamResponse):
        return upstream_steps(answer)
    if isinstance(answer, Embeddings | TokenCount | ModelPage):
        kind = type(answer).__name__
        raise TypeError(f"a chat request is not answered with {kind}: set the rule's operation")
    if isinstance(answer, str | Completion | ToolCall | LLMError) or _are_calls(answer):
        completion = as_completion(answer)
        if isinstance(completion, LLMError):
            return (completion,)
        usage = completion.usage
        if usage == Usage():
            usage = estimated_usage(sent_bytes, completion)
        return word_events(msgspec.structs.replace(completion, usage=usage))
    return cast("Iterable[Step]", answer)


def _are_calls(answer: object) -> TypeGuard[Sequence[ToolCall]]:
    return (
        isinstance(answer, list | tuple)
        and bool(answer)
        and all(isinstance(item, ToolCall) for item in answer)
    )


def provider_of(answer: UpstreamResponse) -> Provider:
    """Return the provider. Raises ValueError if the registry has none of this name."""
    return fold(registry.get(answer.provider), ok=lambda provider: provider, err=_raise)


def _raise(error: LLMError) -> NoReturn:
    raise ValueError(error.message)


def upstream_steps(answer: UpstreamResponse) -> Iterator[Step]:
    """Yield the events of another provider's response, and the error that ends it."""
    provider, response = provider_of(answer), answer.response
    if response.status >= 300:
        yield provider.parse_chat(response).failure()
        return
    decoder = provider.open_stream(response.head)
    for chunk, wait_s in zip_longest(answer.chunks or (response.body,), answer.waits_s):
        if wait_s:
            yield Pause(wait_s)
        result = decoder.feed(chunk)
        if isinstance(result, Failure):
            yield result.failure()
            return
        yield from result.unwrap()
    last = decoder.close()
    if isinstance(last, Failure):
        yield last.failure()
        return
    yield from last.unwrap()


def ends_normally(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield the steps, and after events without an end the normal one: to end early there is Cut."""
    finish: FinishReason = "stop"
    for step in steps:
        yield step
        if isinstance(step, Finished | Cut | LLMError):
            if not isinstance(step, Finished):
                return
            finish = "unknown"
        elif isinstance(step, ToolCallDelta) and finish == "stop":
            finish = "tool_calls"
    if finish != "unknown":
        yield Finished(finish)
