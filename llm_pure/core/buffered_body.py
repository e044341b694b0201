"""A whole answer where a stream was asked for: its body as a StreamDecoder, and a Completion as events."""

from collections.abc import Callable

from llm_pure.core.error_mapping import request_id
from llm_pure.framing import FRAME_LIMIT
from llm_pure.types.completion import Completion, FinishReason
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
from llm_pure.types.redact import redact_bytes
from llm_pure.types.result import Failure, LLMResult, Success


class BufferedBodyDecoder:
    """A StreamDecoder for an answer that is no stream: an error, or a service that answers whole though a stream was
    asked for. Its events come all at once, at the end."""

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
        """Nothing yet, until the body is over."""
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
            evidence=redact_bytes(bytes(self._body[:EVIDENCE_LIMIT])),
        )
        self._body.clear()
        return Failure(self._error)

    def close(self) -> LLMResult[tuple[StreamEvent, ...]]:
        """The events of the whole answer, given once, or the error that it tells."""
        if self._error is not None:
            return Failure(self._error)
        if self._closed:
            return Success(())
        self._closed = True
        parsed = self._parse(HttpResponse(self._head.status, self._head.headers, bytes(self._body)))
        self._body.clear()
        if isinstance(parsed, Failure):
            self._error = parsed.failure()
            return Failure(self._error)
        self._partial = parsed.unwrap()
        return Success(completion_to_events(self._partial))

    def partial(self) -> Completion:
        """The answer once the body is over; nothing before."""
        return self._partial


def completion_to_events(completion: Completion) -> tuple[StreamEvent, ...]:
    """The events that collect to this Completion.

    >>> from llm_pure import assistant, collect
    >>> whole = Completion(message=assistant("hi"), finish_reason="stop")
    >>> collect(completion_to_events(whole)).unwrap() == whole
    True
    """
    events: list[StreamEvent] = [
        Started(id=completion.id, model=completion.model, provider=completion.provider)
    ]
    events += [ExtraReceived(name, value) for name, value in completion.extra.items()]
    answers: list[tuple[Message, FinishReason, str | None]] = [
        (completion.message, completion.finish_reason, completion.raw_finish_reason),
        *[
            (one.message, one.finish_reason, one.raw_finish_reason)
            for one in completion.alternatives
        ],
    ]
    for choice, (message, _, _) in enumerate(answers):
        events += _events_of_parts(message, choice)
    for number, alternative in enumerate(completion.alternatives, 1):
        events += [ExtraReceived(k, v, choice=number) for k, v in alternative.extra.items()]
    events.append(UsageReported(completion.usage))
    events += [Finished(reason, raw, choice) for choice, (_, reason, raw) in enumerate(answers)]
    return tuple(events)


def _events_of_parts(message: Message, choice: int) -> list[StreamEvent]:
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
