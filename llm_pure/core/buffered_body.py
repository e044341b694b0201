"""A buffered response body behind the interface of a stream: BufferedBodyDecoder, and a Completion as events."""

from collections.abc import Callable

from llm_pure.core.error_mapping import request_id
from llm_pure.framing import FRAME_LIMIT
from llm_pure.types.completion import Choice, Completion
from llm_pure.types.errors import EVIDENCE_LIMIT, LLMError, ProtocolError
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    PartReceived,
    ReasoningDelta,
    RefusalDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.messages import Message, Reasoning, Refusal, Text, ToolCall
from llm_pure.types.result import Failure, LLMResult, Success


class BufferedBodyDecoder:
    """A StreamDecoder for a response that is not a stream: an error, or a buffered response to a stream request.

    All events come at the end.
    """

    __slots__ = ("_body", "_closed", "_error", "_head", "_limit", "_parse", "_partial", "_provider")

    def __init__(
        self,
        provider: str,
        head: ResponseHead,
        parse: Callable[[HttpResponse], LLMResult[Completion]],
        limit: int = FRAME_LIMIT,
    ) -> None:
        self._provider = provider
        self._head = head
        self._parse = parse
        self._limit = limit
        self._body = bytearray()
        self._error: LLMError | None = None
        self._closed = False
        self._partial = Completion(provider=provider)

    def feed(self, data: bytes) -> LLMResult[tuple[StreamEvent, ...]]:
        """Buffer the bytes. Fails with ProtocolError beyond the limit."""
        if self._error is not None:
            return Failure(self._error)
        if self._closed:
            return Success(())
        self._body += data
        if len(self._body) <= self._limit:
            return Success(())
        self._error = ProtocolError(
            message=f"the body is longer than {self._limit} bytes",
            provider=self._provider,
            status=self._head.status,
            request_id=request_id(self._head.headers),
            where="body",
            evidence=bytes(self._body[:EVIDENCE_LIMIT]),
        )
        self._body.clear()
        return Failure(self._error)

    def close(self) -> LLMResult[tuple[StreamEvent, ...]]:
        """Return the events of the response, once. Fails with the error of the body."""
        if self._error is not None:
            return Failure(self._error)
        if self._closed:
            return Success(())
        self._closed = True
        parsed = self._parse(HttpResponse(self._head.status, self._head.headers, bytes(self._body)))
        self._body.clear()
        match parsed:
            case Success(Completion() as completion):
                self._partial = completion
                return Success(completion_to_events(completion))
            case _:
                self._error = parsed.failure()
                return Failure(self._error)

    def partial(self) -> Completion:
        """Return the completion; empty before `close`."""
        return self._partial


def completion_to_events(completion: Completion) -> tuple[StreamEvent, ...]:
    """Return the events that `collect` to this Completion.

    >>> from llm_pure import assistant, collect
    >>> completion = Completion(message=assistant("hi"), finish_reason="stop")
    >>> collect(completion_to_events(completion)).unwrap() == completion
    True
    """
    events: list[StreamEvent] = [
        Started(id=completion.id, model=completion.model, provider=completion.provider)
    ]
    events += [ExtraReceived(name, value) for name, value in completion.extra.items()]
    choices: tuple[Completion | Choice, ...] = (completion, *completion.alternatives)
    for number, choice in enumerate(choices):
        events += _part_events(choice.message, number)
    for number, choice in enumerate(completion.alternatives, 1):
        events += [ExtraReceived(k, v, choice=number) for k, v in choice.extra.items()]
    events.append(UsageReported(completion.usage))
    events += [
        Finished(choice.finish_reason, choice.raw_finish_reason, number)
        for number, choice in enumerate(choices)
    ]
    return tuple(events)


def _part_events(message: Message, choice: int) -> list[StreamEvent]:
    events: list[StreamEvent] = []
    for index, part in enumerate(message.parts):
        match part:
            case Text(text=text, provider_metadata=None) if text:
                events.append(TextDelta(text, index, choice))
            case Reasoning(text=text, signature=signature, provider_metadata=None) if (
                text or signature
            ):
                events.append(ReasoningDelta(text, index, choice, signature))
            case Refusal(text=text, provider_metadata=None):
                events.append(RefusalDelta(text, index, choice))
            case ToolCall(id=call_id, name=name, arguments=arguments, provider_metadata=None) if (
                arguments
            ):
                events.append(ToolCallDelta(arguments, index, choice, call_id, name))
            case _:
                events.append(PartReceived(part, index, choice))
    return events
