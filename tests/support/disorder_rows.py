"""Rows of the tests of single disorders: an answer before and after."""

import msgspec

from llm_pure import HttpResponse
from llm_pure.replay.disorders.answer import RecordedAnswer, recorded_answer
from llm_pure.replay.disorders.table import DISORDERS

EVENT_STREAM = "text/event-stream"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A disorder, a body, and the body that it becomes; None: the disorder does not apply."""

    disorder: str
    dialect: str = "openai_chat"
    """Of the reader, where the body does not show its own."""
    before: bytes
    after: bytes | None
    content_type: str | None = EVENT_STREAM
    streamed: bool = True
    after_content_type: str | None = ""
    """"": as before."""
    after_streamed: bool | None = None
    """None: as before."""


def deformed(row: Row) -> RecordedAnswer | None:
    """What the disorder of a row makes of its answer."""
    disorder = {disorder.name: disorder for disorder in DISORDERS}[row.disorder]
    return disorder.apply(answer_before(row))


def answer_before(row: Row) -> RecordedAnswer:
    """The answer of a row."""
    response = HttpResponse(200, _headers(row.content_type), row.before)
    return recorded_answer(row.dialect, row.streamed, response)


def answer_after(row: Row) -> RecordedAnswer | None:
    """The answer that a row expects."""
    if row.after is None:
        return None
    before = answer_before(row)
    content_type = row.content_type if row.after_content_type == "" else row.after_content_type
    return msgspec.structs.replace(
        before,
        streamed=before.streamed if row.after_streamed is None else row.after_streamed,
        response=HttpResponse(200, _headers(content_type), row.after),
    )


def events(*datas: str) -> bytes:
    """Server-sent events with these data and nothing else."""
    return "".join([f"data: {data}\n\n" for data in datas]).encode()


def _headers(content_type: str | None) -> tuple[tuple[str, str], ...]:
    return () if content_type is None else (("content-type", content_type),)
