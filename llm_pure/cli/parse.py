"""`llm-pure parse`: a saved answer, or the one that comes in by standard input, as a Completion."""

import re
import sys
from argparse import Namespace
from pathlib import Path

import msgspec

from llm_pure.cli.ask import completion_json
from llm_pure.cli.exit_codes import NO_INPUT, OK, exit_code
from llm_pure.cli.output import out, print_error, print_note
from llm_pure.client.plugins import find_provider, load_registry
from llm_pure.core.provider import Provider
from llm_pure.framing.json_codec import decode
from llm_pure.replay.checks.check import STREAM_TYPES
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.completion import Completion
from llm_pure.types.http import Headers, HttpResponse, get_header
from llm_pure.types.result import Failure, LLMResult, Success

_HEAD = re.compile(rb"HTTP/[\d.]+ (\d{3})[^\n]*\n((?:[^\r\n]+\r?\n)*)\r?\n")
"""A status line and header fields, as `curl --include` prints them above the body."""

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


def run(options: Namespace) -> int:
    """Print the Completion as JSON, or one line of what went wrong, with its exit code."""
    found = find_provider(options.provider.partition(":")[0], load_registry())
    if isinstance(found, Failure):
        print_error(found.failure())
        return exit_code(found.failure())
    try:
        data = Path(options.file).read_bytes() if options.file else sys.stdin.buffer.read()
    except OSError as fault:
        print_note(f"{options.file}: {fault.strerror}")
        return NO_INPUT
    if not data:
        print_note("no answer came in: there is not one byte to read")
        return NO_INPUT
    answer = read_answer(found.unwrap(), data, status=options.status, stream=options.stream)
    if isinstance(answer, Failure):
        print_error(answer.failure())
        return exit_code(answer.failure())
    out(completion_json(answer.unwrap()))
    return OK


def read_answer(
    provider: Provider, data: bytes, *, status: int | None = None, stream: bool = False
) -> LLMResult[Completion]:
    """The Completion of these bytes, which may begin with the head of an HTTP answer.

    status: what it was, when no head tells; 200 when nobody does. stream: the body is one, as its head may tell too.
    """
    response = _response(data, status)
    kind = (get_header(response.headers, "content-type") or "").partition(";")[0].strip().lower()
    if not (stream or kind in STREAM_TYPES) or _is_one_object(response.body):
        return provider.parse_chat(response)
    decoder = provider.open_stream(response.head)
    _, error = read_pieces(decoder, [response.body])
    return Success(decoder.partial()) if error is None else Failure(error)


def _response(data: bytes, status: int | None) -> HttpResponse:
    """The last answer in these bytes: heads of redirects and of "100 Continue" stand before it."""
    told = 200
    headers: Headers = ()
    while (head := _HEAD.match(data)) is not None:
        told, headers, data = int(head[1]), _headers(head[2]), data[head.end() :]
    return HttpResponse(told if status is None else status, headers, data)


def _is_one_object(body: bytes) -> bool:
    """An error, or the whole answer, in the place of a stream."""
    return not isinstance(decode(_OBJECT, body, provider=""), Failure)


def _headers(lines: bytes) -> Headers:
    pairs = [line.partition(":") for line in lines.decode("latin-1").splitlines()]
    return tuple([(name.strip(), value.strip()) for name, colon, value in pairs if colon])
