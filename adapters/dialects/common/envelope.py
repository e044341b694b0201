"""Envelopes: what a provider must get back unchanged, inside a field of another API that its clients send back unchanged.

An envelope says whose it is, which text it belongs to, and has a checksum, so that nothing of it reaches another provider, and
nothing that was damaged on the way reaches anybody. It is base64, which Gemini's clients require of a signature; ids have
its URL-safe form behind the id itself.

>>> text = seal((SealedPart(provider="gemini", kind="tool_call", metadata='{"thoughtSignature":"c2ln"}'),))
>>> text.startswith(PREFIX), unseal(text)[0].metadata
(True, '{"thoughtSignature":"c2ln"}')
>>> unseal("another vendor's signature") is None, unseal(text[:-4])
(True, ())
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Literal
from zlib import crc32

import msgspec

from llm_pure.framing.json_codec import DECODE_ERRORS

_MAGIC = b"llm-pure1"
"""Nine bytes are twelve letters of base64; the last one is the version."""
PREFIX = b64encode(_MAGIC).decode()
"""How each envelope begins, in both alphabets of base64."""
_SEPARATOR = "__"
_URL_SAFE = str.maketrans("+/", "-_")
_STANDARD = str.maketrans("-_", "+/")


class SealedPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is carried of one part. Texts stay where they are; their checksum tells whether they are still the same."""

    provider: str
    kind: Literal["text", "reasoning", "tool_call", "opaque"]
    checksum: int = 0
    """Of the part's text."""
    length: int = 0
    """Of the part's text, in characters."""
    signature: str | None = None
    metadata: str = ""
    """JSON of the provider's metadata; of an opaque part all of it. "" for none."""
    native: bool = False
    """The provider speaks the client's dialect, so that the parts without envelopes have its own fields."""
    name: str = ""
    """The kind of an opaque part, in its provider's words."""


_DECODER = msgspec.json.Decoder(tuple[SealedPart, ...])


def checksum(text: str, before: int = 0) -> int:
    """The checksum of a text; `before`: that of the text before it."""
    return crc32(text.encode("utf-8", "surrogatepass"), before)


def seal(parts: Sequence[SealedPart]) -> str | None:
    """The envelope of these parts. None if their texts are no Unicode, which cannot be carried unchanged."""
    try:
        data = msgspec.json.encode(tuple(parts))
    except UnicodeEncodeError:
        return None
    return b64encode(_MAGIC + crc32(data).to_bytes(4, "big") + data).decode()


def unseal(text: str) -> tuple[SealedPart, ...] | None:
    """The parts in an envelope: none if it is damaged or of an unknown version. None if the text is no envelope."""
    if not text.startswith(PREFIX):
        return None
    plain = text.translate(_STANDARD).rstrip("=")
    try:
        data = b64decode(plain + "=" * (-len(plain) % 4), validate=True)[len(_MAGIC) :]
        if crc32(data[4:]) != int.from_bytes(data[:4], "big"):
            return ()
        return _DECODER.decode(data[4:])
    except (*DECODE_ERRORS, ValueError):
        return ()


def seal_id(call_id: str, parts: Sequence[SealedPart]) -> str | None:
    """The id of a call with an envelope behind it, of letters, digits, hyphens and underscores."""
    envelope = seal(parts)
    if envelope is None:
        return None
    return f"{call_id}{_SEPARATOR}{envelope.rstrip('=').translate(_URL_SAFE)}"


def unseal_id(call_id: str) -> tuple[str, tuple[SealedPart, ...]]:
    """The id without its envelope, and what that carries: nothing if it is damaged.

    >>> unseal_id("call_1")
    ('call_1', ())
    """
    at = call_id.rfind(_SEPARATOR + PREFIX)
    if at < 0:
        return call_id, ()
    return call_id[:at], unseal(call_id[at + len(_SEPARATOR) :]) or ()
