"""A complete conversation of frames, one on each line -> Completion, read as a stream; and errors of the handshake."""

from llm_pure.adapters.dialects.openai_chat import Quirks
from llm_pure.adapters.dialects.openai_common.errors import find_error
from llm_pure.adapters.dialects.spark_frames.request import build_chat
from llm_pure.adapters.dialects.spark_frames.stream import State, step
from llm_pure.core.dialect import Dialect, open_stream
from llm_pure.core.service import Service, decode_error, undecodable_error
from llm_pure.framing.ndjson import NdjsonDecoder
from llm_pure.types.completion import Completion
from llm_pure.types.http import HttpResponse
from llm_pure.types.result import Failure, LLMResult


def parse_chat(service: Service[Quirks], response: HttpResponse) -> LLMResult[Completion]:
    """The Completion of any response, for any status and any bytes.

    Fails with the error of a frame, or of the handshake; with StreamInterrupted when the last frame is missing.
    """
    if response.status >= 300:
        error = decode_error(service, find_error, response)
        return Failure(error or undecodable_error(service, response))
    decoder = open_stream(DIALECT, service, response.head)
    return (
        decoder.feed(response.body)
        .bind(lambda events: decoder.close())
        .map(lambda events: decoder.partial())
    )


DIALECT = Dialect(
    name="spark_frames",
    build_chat=build_chat,
    parse_chat=parse_chat,
    find_error=find_error,
    frames=NdjsonDecoder,
    initial_state=State(),
    step=step,
    body_types=(),
    body_starts=b"",
)
