"""Bodies without their content coding: what a recorder kept as it came over the wire, as the service meant it. Pure."""

import msgspec

from llm_pure.transports.content_coding import BodyReader
from llm_pure.types.http import ResponseHead
from llm_pure.types.result import Failure, LLMResult, Success

BODY_LIMIT = 512 * 1024 * 1024
"""The largest body, in bytes after decoding."""


def decode_content(body: bytes, content_encoding: str) -> LLMResult[bytes]:
    """The body with no coding left; `content_encoding` is the header's value, "" when there is none.

    Some recorders decode and keep the header, some filter the header out: the bytes themselves tell what they are. A
    body that was cut off gives what it holds. `br` and `zstd` need the package that the ProtocolError names.
    """
    coding = content_encoding.strip().lower()
    if not coding and body.startswith(_GZIP):
        return _decode(body, "gzip").lash(lambda _: Success(body))
    if coding in ("", "identity", "aws-chunked") or not _is_coded(body, coding):
        return Success(body)
    return _decode(body, coding)


_GZIP = b"\x1f\x8b"
_STEP = 65_536
_ZSTD = b"\x28\xb5\x2f\xfd"


def _decode(body: bytes, coding: str) -> LLMResult[bytes]:
    reader = BodyReader(ResponseHead(200, (("content-encoding", coding),)), BODY_LIMIT)
    plain: list[bytes] = []
    for begin in range(0, len(body), _STEP):  # so that a small body can't blow up all at once
        taken = reader.take(body[begin : begin + _STEP])
        if isinstance(taken, Failure):
            return Failure(msgspec.structs.replace(taken.failure(), status=None, code="cassette"))
        plain.append(taken.unwrap())
    return Success(b"".join(plain))


def _is_coded(body: bytes, coding: str) -> bool:
    match coding:
        case "gzip" | "x-gzip":
            return body.startswith(_GZIP)
        case "zstd":
            return body.startswith(_ZSTD)
        case _:  # deflate and br have no mark of their own
            return bool(body) and not _is_text(body)


def _is_text(body: bytes) -> bool:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    return not any(character < " " and character not in "\t\r\n" for character in text[:1000])
