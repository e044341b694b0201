"""Context windows and output limits of models, as data. Unknown models give None.

Source: genai-prices 0.2.3 and litellm 1.110.2 (model_prices_and_context_window) for windows, pydantic-ai-slim 2.68.0 for
Anthropic's output limits; read 2026-11-29. The prices' snapshot knows the windows of more models, and no output limits.
"""

from collections.abc import Sequence
from functools import lru_cache

import msgspec

_M = 1_048_576


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Limits in tokens of models whose names start with `prefix`."""

    prefix: str
    context: int
    """Input and output together."""
    output: int | None = None
    """Maximum output; None if unknown."""


def _windows(context: int, output: int | None, *prefixes: str) -> list[Window]:
    return [Window(prefix=prefix, context=context, output=output) for prefix in prefixes]


WINDOWS: Sequence[Window] = (
    # OpenAI
    *_windows(1_050_000, 128_000, "gpt-6", "gpt-5.6", "gpt-5.5", "gpt-daybreak", "daybreak"),
    *_windows(400_000, 128_000, "gpt-5.4-mini", "gpt-5.4-nano"),
    *_windows(1_050_000, 128_000, "gpt-5.4"),
    *_windows(128_000, 16_384, "gpt-5-chat", "gpt-5.1-chat", "gpt-5.2-chat", "gpt-5.3-chat", "gpt-audio"),
    *_windows(400_000, 272_000, "gpt-5-pro"),
    *_windows(400_000, 128_000, "gpt-5"),
    *_windows(1_047_576, 32_768, "gpt-4.1", "ft:gpt-4.1"),
    *_windows(128_000, 4_096, "gpt-4o-2024-05-13"),
    *_windows(128_000, 16_384, "gpt-4o", "chatgpt-4o", "ft:gpt-4o"),
    *_windows(128_000, 4_096, "gpt-4-turbo", "gpt-4-1106", "gpt-4-0125"),
    *_windows(32_768, 32_768, "gpt-4-32k"),
    *_windows(8_192, 8_192, "gpt-4"),
    *_windows(16_385, 4_096, "gpt-3.5-turbo", "ft:gpt-3.5-turbo"),
    *_windows(200_000, 100_000, "o4-mini", "o3", "o1"),
    *_windows(8_192, 1_024, "computer-use-preview"),
    *_windows(131_072, 65_536, "gpt-oss"),
    *_windows(8_191, 0, "text-embedding-3", "text-embedding-ada-002"),
    # Anthropic
    *_windows(200_000, 64_000, "claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5"),
    *_windows(200_000, 32_000, "claude-opus-4-1", "claude-opus-4-0", "claude-opus-4-2"),
    *_windows(200_000, 64_000, "claude-sonnet-4-0", "claude-sonnet-4-2", "claude-3-7"),
    *_windows(200_000, 8_192, "claude-3-5"),
    *_windows(200_000, 4_096, "claude-3"),
    *_windows(
        1_000_000, 128_000,
        "claude-fable-5", "claude-mythos", "claude-opus-4-6", "claude-opus-4-7", "claude-opus-4-8", "claude-opus-5",
        "claude-sonnet-4-6", "claude-sonnet-5", "claude-haiku-5",
    ),
    # Google
    *_windows(_M, _M, "gemini-4"),
    *_windows(2_048, 0, "gemini-embedding"),
    *_windows(8_192, 16_384, "gemini-2.5-pro-preview-tts", "gemini-2.5-flash-preview-tts"),
    *_windows(128_000, 64_000, "gemini-2.5-computer-use"),
    *_windows(131_072, 65_536, "gemini-omni", "gemini-robotics"),
    *_windows(_M, 65_536, "gemini-3", "gemini-2.5", "gemini-flash", "gemini-pro-latest", "deep-research"),
    *_windows(_M, 8_192, "gemini-2.0", "gemini-1.5"),
    *_windows(262_144, 32_768, "gemma-4"),
    *_windows(131_072, 8_192, "gemma-3"),
    # xAI
    *_windows(1_000_000, 1_000_000, "grok-4.20", "grok-4.3", "grok-latest"),
    *_windows(500_000, 500_000, "grok-4.", "grok-build-latest"),
    *_windows(256_000, 256_000, "grok-build", "grok-code", "grok-4"),
    *_windows(131_072, 131_072, "grok-3"),
    # Mistral
    *_windows(128_000, 128_000, "codestral-2508", "codestral-latest", "open-mistral-nemo", "pixtral-large"),
    *_windows(256_000, 256_000, "devstral", "codestral-mamba"),
    *_windows(_M, _M, "mistral-large-4"),
    *_windows(131_072, 131_072, "ministral-3b", "ministral-3-3b"),
    *_windows(32_768, 32_768, "voxtral-small"),
    *_windows(
        262_144, 262_144,
        "magistral", "ministral-", "mistral-large-3", "mistral-large-2512", "mistral-large-latest", "mistral-medium",
        "mistral-small-latest", "mistral-small-2603",
    ),
    # Moonshot
    *_windows(_M, _M, "kimi-k3"),
    *_windows(262_144, 262_144, "kimi-k2"),
    *_windows(131_072, 131_072, "moonshot-v1-128k", "moonshot-v1-auto"),
    *_windows(32_768, 32_768, "moonshot-v1-32k"),
    *_windows(8_192, 8_192, "moonshot-v1-8k"),
    # Z.ai
    *_windows(1_000_000, 128_000, "glm-5.2", "glm-5.3"),
    *_windows(200_000, 128_000, "glm-5", "glm-4.6", "glm-4.7"),
    *_windows(128_000, 32_000, "glm-4.5", "glm-4-32b"),
    # Alibaba
    *_windows(258_048, 65_536, "qwen3-max"),
    *_windows(991_808, 65_536, "qwen3.5-plus", "qwen3.7-plus", "qwen3.7-max"),
    *_windows(991_808, 131_072, "qwen3.8-flash", "qwen3.8-max", "qwen3.8-omni"),
    *_windows(131_072, 16_384, "qwen3.8-27b"),
    *_windows(997_952, 65_536, "qwen3-coder-flash", "qwen3-coder-plus"),
    *_windows(262_144, 65_536, "qwen3-next"),
    *_windows(260_096, 32_768, "qwen3-vl-plus"),
    *_windows(131_072, 32_768, "qwen3-vl"),
    *_windows(997_952, 32_768, "qwen-flash", "qwen-plus-latest"),
    *_windows(129_024, 16_384, "qwen-plus", "qwen-turbo"),
    *_windows(30_720, 8_192, "qwen-max"),
    *_windows(98_304, 8_192, "qwq-plus"),
    # DeepSeek
    *_windows(1_000_000, 393_216, "deepseek-v4", "deepseek-flash"),
    *_windows(131_072, 65_536, "deepseek-reasoner"),
    *_windows(131_072, 8_192, "deepseek-chat"),
    # Cohere
    *_windows(128_000, 64_000, "command-a-plus"),
    *_windows(256_000, 8_000, "command-a-03-2025"),
    *_windows(128_000, 4_096, "command-r"),
    # others
    *_windows(1_000_000, 64_000, "nova-2-lite"),
    *_windows(300_000, 10_000, "nova-pro"),
    *_windows(128_000, 10_000, "nova-micro"),
    *_windows(1_000_000, 8_000, "llama4-maverick"),
    *_windows(1_024_000, 256_000, "doubao-seed-2-1"),
)  # fmt: skip
"""The first matching prefix applies."""


@lru_cache(maxsize=1024)
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
