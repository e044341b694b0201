"""Encode a form with files (multipart/form-data); equal forms give equal bytes.

Source: RFC 7578; escapes in names as in html.spec.whatwg.org, "multipart form data"; by general knowledge, not read for
this project.
"""

from collections.abc import Sequence
from hashlib import sha256

import msgspec


class FormFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file in a form."""

    filename: str
    media_type: str
    data: bytes


Field = tuple[str, str | FormFile]


def multipart(fields: Sequence[Field]) -> tuple[str, bytes]:
    """Return (content type, body). The boundary is derived from the content, and does not occur in it.

    >>> kind, body = multipart([("model", "whisper-1")])
    >>> kind.startswith("multipart/form-data; boundary=llm-pure-"), body.count(b"whisper-1")
    (True, 1)
    """
    parts = [_part(name, value) for name, value in fields]
    digest = sha256(b"\0".join(parts)).hexdigest()
    while any(digest[:32].encode() in part for part in parts):
        digest = sha256(digest.encode()).hexdigest()
    boundary = f"llm-pure-{digest[:32]}"
    line = f"--{boundary}\r\n".encode()
    body = b"".join([line + part + b"\r\n" for part in parts])
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


def _part(name: str, value: str | FormFile) -> bytes:
    head = f'content-disposition: form-data; name="{_escaped(name)}"'
    if isinstance(value, str):
        return f"{head}\r\n\r\n{value}".encode("utf-8", "replace")
    head += f'; filename="{_escaped(value.filename)}"\r\ncontent-type: {value.media_type}'
    return f"{head}\r\n\r\n".encode("utf-8", "replace") + value.data


def _escaped(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
