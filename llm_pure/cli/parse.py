"""`llm-pure parse`: parse a saved response, or one from standard input, into a Completion."""

import re
from argparse import Namespace

import msgspec

from llm_pure.adapters import registry
from llm_pure.cli.ask import completion_fields
from llm_pure.cli.exit_codes import NO_INPUT, OK, CommandFailed, value_or_exit
from llm_pure.cli.files import read_file
from llm_pure.cli.output import out_json
from llm_pure.core.provider import Provider
from llm_pure.framing.json_codec import decode
from llm_pure.replay.checks.check import STREAM_TYPES
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.completion import Completion
from llm_pure.types.http import Headers, HttpResponse, get_header
from llm_pure.types.result import Failure, LLMResult, Success

_HEAD = re.compile(rb"HTTP/[\d.]+ (\d{3})[^\n]*\n((?:[^\r\n]+\r?\n)*)\r?\n")
"""Status line and headers, as `curl --include` prints them above the body."""

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


def run(options: Namespace) -> int:
    """Print the Completion as JSON, or fail with the response's error."""
    provider = value_or_exit(registry.get(options.provider.partition(":")[0]))
    data = read_file(options.file)
    if not data:
        raise CommandFailed("no response to parse: the input is empty", NO_INPUT)
    completion = parse_response(provider, data, status=options.status, stream=options.stream)
    out_json(completion_fields(value_or_exit(completion)), indent=2)
    return OK


def parse_response(
    provider: Provider, data: bytes, *, status: int | None = None, stream: bool = False
) -> LLMResult[Completion]:
    """Parse a response body, after its status and headers if `data` has them.

    status: overrides the status of the head, 200 without a head. stream: the body is a stream, even if its headers
    describe a buffered body.
    """
    response = _response(data, status)
    kind = (get_header(response.headers, "content-type") or "").partition(";")[0].strip().lower()
    if not (stream or kind in STREAM_TYPES) or _is_one_object(response.body):
        return provider.parse_chat(response)
    decoder = provider.open_stream(response.head)
    _, error = read_pieces(decoder, [response.body])
    return Success(decoder.partial()) if error is None else Failure(error)


def _response(data: bytes, status: int | None) -> HttpResponse:
    """Return the last response: heads of redirects and of "100 Continue" may precede it."""
    head_status = 200
    headers: Headers = ()
    while (head := _HEAD.match(data)) is not None:
        head_status, headers, data = int(head[1]), _headers(head[2]), data[head.end() :]
    return HttpResponse(head_status if status is None else status, headers, data)


def _is_one_object(body: bytes) -> bool:
    """Return true for an error or a unary response in place of a stream."""
    return not isinstance(decode(_OBJECT, body, provider=""), Failure)


def _headers(lines: bytes) -> Headers:
    pairs = [line.partition(":") for line in lines.decode("latin-1").splitlines()]
    return tuple([(name.strip(), value.strip()) for name, colon, value in pairs if colon])
