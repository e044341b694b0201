"""A whole conversation of frames, one on each line -> Completion, by way of its stream; and the handshake's refusals."""

from llm_pure.adapters.dialects.openai_common.errors import read_error
from llm_pure.adapters.dialects.spark_frames.errors import WORDS
from llm_pure.adapters.dialects.spark_frames.stream import State, step
from llm_pure.core.buffered_body import BufferedBodyDecoder
from llm_pure.core.error_mapping import undecodable_body_error
from llm_pure.core.provider import StreamDecoder
from llm_pure.core.stream import StepDecoder
from llm_pure.framing.ndjson import NdjsonDecoder
from llm_pure.types.completion import Completion
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.result import Failure, LLMResult, Success


def parse_chat(name: str, response: HttpResponse) -> LLMResult[Completion]:
    """The Completion of any answer, for any status and any bytes.

    Fails with the error that a frame tells, or that the handshake was refused with; with StreamInterrupted when the last
    frame is missing.
    """
    if response.status >= 300:
        told = read_error(name, WORDS, response)
        refused = undecodable_body_error(name, response.status, response.headers, response.body)
        return Failure(told or refused)
    decoder = _stream(name, response.head)
    fed = decoder.feed(response.body)
    if isinstance(fed, Failure):
        return fed
    closed = decoder.close()
    return closed if isinstance(closed, Failure) else Success(decoder.partial())


def open_stream(name: str, head: ResponseHead) -> StreamDecoder:
    """Frames, one on each line; after a status of 300 or more, the error that the body tells."""
    if head.status >= 300:
        return BufferedBodyDecoder(name, head, lambda response: parse_chat(name, response))
    return _stream(name, head)


def _stream(name: str, head: ResponseHead) -> StreamDecoder:
    return StepDecoder(
        name,
        head,
        frames=NdjsonDecoder(),
        state=State(),
        step=lambda state, frame: step(name, head, state, frame),
        parse_error=lambda response: read_error(name, WORDS, response),
    )
