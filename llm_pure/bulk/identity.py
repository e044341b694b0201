"""Identity of rows: the id of a row is a hash of what it requests, of whom, with which settings. Pure.

Never of the built bytes: an update of this library that builds other bytes would pay for every row again. Keys, addresses
and timeouts are not part of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from llm_pure.types.config import LLMConfig, is_overridden

DIGEST_BYTES = 16

ANSWER_SETTINGS = (
    "api_version", "domain", "max_token", "temperature", "top_p", "top_k", "repetition_penalty", "stop", "presence_penalty",
    "frequency_penalty", "best_of", "n", "seed", "logprobs", "top_logprobs", "use_system_prompt", "reasoning",
    "reasoning_max_token", "input_modalities",
)  # fmt: skip
"""Fields of LLMConfig that change the answer, besides `api_type` and `model`."""


class Item(msgspec.Struct, frozen=True, gc=False):
    """A row's id, and how many equal rows are before it: equal rows are all sent, since people sample so."""

    id: bytes
    ordinal: int


def answer_settings(config: LLMConfig) -> dict[str, Any]:
    """Return the settings that change the answer and are set.

    >>> answer_settings(LLMConfig(model="m", temperature=0.5, timeout=3))
    {'temperature': 0.5}
    """
    return {name: getattr(config, name) for name in ANSWER_SETTINGS if is_overridden(config, name)}


def canonical_json(value: Any) -> bytes:
    """Return JSON with sorted keys and without blanks; Structs without the fields that have their defaults.

    Fields that a later version adds to a Struct then change no id.

    >>> canonical_json({"b": 1, "a": [True, None]})
    b'{"a":[true,null],"b":1}'
    """
    return msgspec.json.encode(_without_defaults(value), order="sorted")


def _without_defaults(value: Any) -> Any:
    match value:
        case msgspec.Struct():
            config = value.__struct_config__
            fields: dict[str, Any] = {str(config.tag_field): config.tag} if config.tag else {}
            for field in msgspec.structs.fields(value):
                item = getattr(value, field.name)
                is_default = field.default is not msgspec.NODEFAULT and item == field.default
                if not is_default:
                    fields[field.name] = _without_defaults(item)
            return fields
        case Mapping():
            return {key: _without_defaults(item) for key, item in value.items()}
        case list() | tuple():
            return [_without_defaults(item) for item in value]
        case _:
            return value


def item_id(prefix: bytes, key: bytes, ordinal: int = 0) -> bytes:
    """Return the id of the row with this key: 16 bytes.

    prefix: canonical JSON of provider, model and settings. key: canonical JSON of the row's request.
    """
    digest = blake2b(prefix, digest_size=DIGEST_BYTES)
    digest.update(key)
    return with_ordinal(digest.digest(), ordinal)


def with_ordinal(first: bytes, ordinal: int) -> bytes:
    """Return the id of the row that has `ordinal` equal rows before it, of which `first` is the first's."""
    if not ordinal:
        return first
    return blake2b(first + ordinal.to_bytes(8, "big"), digest_size=DIGEST_BYTES).digest()


def identify(keys: Iterable[bytes], prefix: bytes) -> Iterator[Item]:
    """Yield the Item of each key, in order. Keeps the set of ids, and counts only of those that repeat.

    >>> one, two, three = identify([b"x", b"x", b"y"], b"")
    >>> (one.ordinal, two.ordinal, three.ordinal, one.id == two.id)
    (0, 1, 0, False)
    """
    seen: set[bytes] = set()
    repeated: dict[bytes, int] = {}
    for key in keys:
        first = item_id(prefix, key)
        ordinal = 0
        if first in seen:
            ordinal = repeated.get(first, 0) + 1
            repeated[first] = ordinal
        else:
            seen.add(first)
        yield Item(with_ordinal(first, ordinal), ordinal)
