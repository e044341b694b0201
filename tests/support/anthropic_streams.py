"""Streams of the Messages API, fed and collected."""

from functools import partial

from llm_pure import Completion, LLMError, ResponseHead, StreamEvent, collect
from llm_pure.adapters.dialects.anthropic_messages import DIALECT, make_service
from llm_pure.core.dialect import open_stream
from llm_pure.replay.checks.stream_properties import read_pieces
from tests.support.anthropic_answers import ANSWERS, Event, sse
from tests.support.streamed import Streamed

HEAD = ResponseHead(200, (("content-type", "text/event-stream; charset=utf-8"),))
SERVICE = make_service("anthropic")


def fed(*data: bytes, head: ResponseHead = HEAD) -> tuple[tuple[StreamEvent, ...], LLMError | None]:
    return read_pieces(open_stream(DIALECT, SERVICE, head), data)


def collected(*events: Event) -> Completion:
    got, error = fed(sse(*events))
    assert error is None
    return collect(got).unwrap()


def failed(*events: Event) -> LLMError:
    _, error = fed(sse(*events))
    assert error is not None
    return error


STREAMED = {
    name: Streamed(
        open_stream=partial(open_stream, DIALECT, SERVICE),
        parse_chat=partial(DIALECT.parse_chat, SERVICE),
        head=HEAD,
        body=answer.streamed,
        completion=answer.completion,
        whole=answer.body,
        whole_from=answer.streamed.rindex(b"\n\nevent: message_stop"),
        cut_every=3,
        examples=25,
    )
    for name, answer in ANSWERS.items()
}
