"""The longest answer that a built request permits, and whether its input is all in it: what its body says, whatever it was built from. Pure.

A builder may send more than the request named: the budget of a reasoning effort is added to `max_tokens`, and `extra` is merged
last. Names are those of the services' own documentation, which the dialects' builders cite.
"""

from typing import Any

import msgspec

from llm_pure.framing.json_codec import DECODE_ERRORS

_LIMITS = frozenset({
    "max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens", "max_gen_len", "max_tokens_to_sample",
    "maxOutputTokens", "maxTokens", "maxTokenCount", "num_predict",
})  # fmt: skip
_ALTERNATIVES = frozenset({"n", "best_of", "candidateCount", "num_generations", "numResults"})
_CONTAINERS = frozenset({
    "generationConfig", "inferenceConfig", "textGenerationConfig", "options", "parameters", "parameter", "chat",
})  # fmt: skip
"""Objects in which services have these fields."""
_DEPTH = 3

_STORED_INPUT = frozenset(
    {"cachedContent", "cached_content", "conversation", "data_sources", "previous_response_id"}
)
"""Fields that name input which the service has: an earlier response, a conversation, a cache, Azure's search index. So does an
object `prompt`, of the Responses API."""

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


def sent_output_tokens(body: bytes) -> int | None:
    """Return the maximum output tokens of all alternatives together; None if the body has no limit.

    >>> sent_output_tokens(b'{"generationConfig": {"maxOutputTokens": 100, "candidateCount": 2}}')
    200
    """
    numbers = list(_numbers(body, _DEPTH))
    limits = [number for name, number in numbers if name in _LIMITS]
    alternatives = [number for name, number in numbers if name in _ALTERNATIVES]
    return max(limits) * max([1, *alternatives]) if limits else None


def names_stored_input(body: bytes) -> bool:
    """Return true if the service adds input of its own to the body's, such as an earlier conversation.

    >>> names_stored_input(b'{"previous_response_id": "resp_1"}'), names_stored_input(b'{"conversation": null}')
    (True, False)
    """
    fields: dict[str, msgspec.Raw] = _decoded(_fields, body, {})
    named = [bytes(raw) for name, raw in fields.items() if name in _STORED_INPUT]
    prompt = bytes(fields.get("prompt", b""))
    return prompt.startswith(b"{") or any(raw not in (b"null", b"[]", b'""') for raw in named)


def _numbers(body: bytes, depth: int) -> list[tuple[str, int]]:
    """The fields above that are positive integers, with their names."""
    numbers: list[tuple[str, int]] = []
    for name, raw in _decoded(_fields, body, {}).items():
        if name in _CONTAINERS and depth > 1:
            numbers += _numbers(bytes(raw), depth - 1)
        elif name in _LIMITS or name in _ALTERNATIVES:
            value = _decoded(_any, bytes(raw), None)
            if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                numbers.append((name, value))
    return numbers


_any: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


def _decoded(decoder: msgspec.json.Decoder[Any], data: bytes, default: Any) -> Any:
    try:
        return decoder.decode(data)
    except DECODE_ERRORS:
        return default
