"""Context windows and output limits of models, as data. Unknown models give None.

Source: genai-prices 0.2.3 and litellm 1.109.1 for windows, pydantic-ai-slim 2.68.0 for Anthropic's output limits; read
2026-11-20. The prices' snapshot knows the windows of more models, and no output limits.
"""

from collections.abc import Sequence

import msgspec

_M = 1_048_576


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Limits in tokens of models whose names start with `prefix`."""

    prefix: str
    context: int
    """Input and output together."""
    output: int | None = None
    """Maximum output; None if unknown."""


def _window(prefix: str, context: int, output: int | None = None) -> Window:
    return Window(prefix=prefix, context=context, output=output)


WINDOWS: Sequence[Window] = (
    _window("gpt-6", 1_050_000, 128_000),
    _window("gpt-5.6", 1_050_000, 128_000),
    _window("gpt-5.5", 1_050_000, 128_000),
    _window("gpt-5.4-mini", 400_000, 128_000),
    _window("gpt-5.4-nano", 400_000, 128_000),
    _window("gpt-5.4", 1_050_000, 128_000),
    _window("gpt-5", 400_000, 128_000),
    _window("gpt-4.1", 1_047_576, 32_768),
    _window("gpt-4o", 128_000, 16_384),
    _window("gpt-4-turbo", 128_000, 4_096),
    _window("gpt-4-32k", 32_768, 32_768),
    _window("gpt-4", 8_192, 8_192),
    _window("gpt-3.5-turbo", 16_385, 4_096),
    _window("o4-mini", 200_000, 100_000),
    _window("o3", 200_000, 100_000),
    _window("o1", 200_000, 100_000),
    _window("text-embedding-3", 8_191, 0),
    _window("text-embedding-ada-002", 8_191, 0),
    _window("claude-fable-5", 1_000_000, 128_000),
    _window("claude-mythos-5", 1_000_000, 128_000),
    _window("claude-opus-4-5", 200_000, 64_000),
    _window("claude-opus-4-6", 1_000_000, 128_000),
    _window("claude-opus-4-7", 1_000_000, 128_000),
    _window("claude-opus-4-8", 1_000_000, 128_000),
    _window("claude-opus-5", 1_000_000, 128_000),
    _window("claude-sonnet-4-6", 1_000_000, 128_000),
    _window("claude-sonnet-4-5", 200_000, 64_000),
    _window("claude-sonnet-5", 1_000_000, 128_000),
    _window("claude-haiku-4-5", 200_000, 64_000),
    _window("gemini-4-argon", _M, _M),
    _window("gemini-embedding", 2_048, 0),
    _window("gemini-3", _M, 65_536),
    _window("gemini-2.5", _M, 65_536),
    _window("deepseek-v4", 1_000_000, 393_216),
    _window("nova-2-lite", 1_000_000, 64_000),
    _window("nova-pro", 300_000, 10_000),
    _window("nova-micro", 128_000, 10_000),
    _window("llama4-maverick", 1_000_000, 8_000),
    _window("qwen3-max", 258_048, 65_536),
    _window("qwen3.5-plus", 991_808, 65_536),
    _window("doubao-seed-2-1", 1_024_000, 256_000),
)
"""The first matching prefix applies."""


def window_for(model: str, plan: str | None = None) -> Window | None:
    """Limits of a model; a path, region or vendor before the name is ignored.

    >>> window_for("us.anthropic.claude-haiku-4-5-20251001-v1:0").output
    64000
    """
    for candidate in (plan or "", model):
        name = candidate.rsplit("/", 1)[-1].lower()
        for window in WINDOWS:
            if name.startswith(window.prefix) or f".{window.prefix}" in name:
                return window
    return None


def get_max_completion_tokens(
    model: str, input_tokens: int, *, plan: str | None = None, context_length: int | None = None
) -> int | None:
    """Maximum output in tokens after this input; 0 if the input fills the window, None if the model is unknown.

    context_length: config.context_length, overrides the table.

    >>> get_max_completion_tokens("gpt-4", 8000), get_max_completion_tokens("nobody-knows-it", 10)
    (191, None)
    """
    window = window_for(model, plan)
    context = context_length or (window.context if window else None)
    if context is None:
        return None
    room = max(0, context - input_tokens - 1)
    return room if window is None or window.output is None else min(room, window.output)
