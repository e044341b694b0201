"""What OpenAI's models do not take, for every API that serves them. The first prefix that fits counts.

Source: pydantic-ai profiles/openai.py (live checks of July 2026), vercel/ai capabilities table, OpenAI error bodies
recorded in both; rows of gpt-6 from third-party notes (docs.laozhang.ai, Nov 2026). Read 2026-11-20.

Facts: `json_formats`, the forms of JSON that chat completions take, where they do not take all; `system_role`, the role
that a system message takes; `tools_conflict_with`, what chat completions do not take beside tools (BerriAI/litellm PR 34569,
livekit/agents PR 7169, openai/openai-openapi issue 541; read 2026-11-20).
"""

from typing import Any

import msgspec

from llm_pure.core.adaptations import ModelProfile
from llm_pure.types.operations import EmbedLimit

_SOURCE = "pydantic-ai profiles/openai.py and vercel/ai openai capabilities, read 2026-11-20"
_FORMATS = "developers.openai.com, Structured Outputs and JSON mode; read 2026-11-20"
_ANY_JSON = ("json_object",)
_REASONS = "OpenAI's reasoning models refuse it"

_NEVER = {
    "presence_penalty": _REASONS,
    "frequency_penalty": _REASONS,
    "logit_bias": _REASONS,
}
_NOT_WHILE_REASONING = {"temperature": _REASONS, "top_p": _REASONS, "logprobs": _REASONS}
_UP_TO_XHIGH = ("none", "low", "medium", "high", "xhigh")


def _always(
    *prefixes: str, efforts: tuple[str, ...] = ("low", "medium", "high"), **facts: Any
) -> list[ModelProfile]:
    return [
        ModelProfile(
            prefix=prefix,
            unsupported={**_NEVER, **_NOT_WHILE_REASONING},
            reasoning="always",
            efforts=efforts,
            traits={"system_role": "developer", **facts},
            source=_SOURCE,
        )
        for prefix in prefixes
    ]


def _switchable(*prefixes: str, reasoning: str = "on", **facts: str) -> list[ModelProfile]:
    return [
        ModelProfile(
            prefix=prefix,
            unsupported=_NEVER,
            unsupported_while_reasoning=_NOT_WHILE_REASONING,
            reasoning="off" if reasoning == "off" else "on",
            efforts=_UP_TO_XHIGH,
            traits={"system_role": "developer", **facts},
            source=_SOURCE,
        )
        for prefix in prefixes
    ]


EMBED_LIMITS = (
    EmbedLimit(
        max_texts=2048,
        max_tokens=300_000,
        source="openai/openai-openapi 2.3.0, CreateEmbeddingRequest.input, read 2026-11-20",
    ),
)

RULES: tuple[ModelProfile, ...] = (
    *_always("gpt-6-astra", "gpt-6.1-sol", efforts=("low", "medium", "high", "xhigh")),
    *_switchable("gpt-6", "gpt-5.6", tools_conflict_with="reasoning"),
    *_always("gpt-5.5-pro", efforts=("medium", "high", "xhigh")),
    *_switchable("gpt-5.5", tools_conflict_with="effort"),
    *_always("gpt-5.4-pro", efforts=("medium", "high", "xhigh")),
    *_switchable("gpt-5.4", reasoning="off", tools_conflict_with="effort"),
    *_always("gpt-5.3-chat"),
    *_switchable("gpt-5.3", reasoning="off"),
    *_always("gpt-5.2-pro", "gpt-5.2-chat", efforts=("medium", "high", "xhigh")),
    *_switchable("gpt-5.2", reasoning="off"),
    *_always("gpt-5.1-codex", "gpt-5.1-chat"),
    *_switchable("gpt-5.1", reasoning="off"),
    ModelProfile(prefix="gpt-5-chat", reasoning="none", source=_SOURCE),
    *_always("gpt-5", efforts=("minimal", "low", "medium", "high")),
    *[
        msgspec.structs.replace(
            rule, unsupported={**rule.unsupported, "tools": "it knows no tools"}
        )
        for rule in _always("o1-mini", "o1-preview", system_role="user", json_formats=())
    ],
    *[
        ModelProfile(
            prefix=prefix,
            unsupported={**_NEVER, **_NOT_WHILE_REASONING, "stop": f"{prefix} refuses it"},
            reasoning="always",
            efforts=("low", "medium", "high"),
            traits={"system_role": "developer"},
            source="openai/openai-openapi 2.3.0, read 2026-11-20",
        )
        for prefix in ("o3-pro", "o4-mini")
    ],
    *_always("o3-mini"),
    ModelProfile(
        prefix="o3",
        unsupported={**_NEVER, **_NOT_WHILE_REASONING, "stop": "o3 refuses it"},
        reasoning="always",
        efforts=("low", "medium", "high"),
        traits={"system_role": "developer"},
        source="openai/openai-openapi 2.3.0, read 2026-11-20",
    ),
    *_always("o1", "o4"),
    *[
        ModelProfile(
            prefix=prefix,
            unsupported={"temperature": "search models refuse it"},
            reasoning="none",
            source="vercel/ai openai-chat-language-model, read 2026-11-20",
        )
        for prefix in ("gpt-4o-search-preview", "gpt-4o-mini-search-preview")
    ],
    *[
        ModelProfile(
            prefix=prefix, reasoning="none", traits={"json_formats": formats}, source=_FORMATS
        )
        for prefix, formats in (
            ("gpt-4o-2024-05-13", _ANY_JSON),
            ("gpt-4-turbo", _ANY_JSON),
            ("gpt-4-1106", _ANY_JSON),
            ("gpt-4-0125", _ANY_JSON),
            ("gpt-3.5", _ANY_JSON),
            ("gpt-4-0613", ()),
            ("gpt-4-0314", ()),
            ("gpt-4-32k", ()),
        )
    ],
    *[
        ModelProfile(prefix=prefix, reasoning="none", source=_SOURCE)
        for prefix in ("gpt-4", "chatgpt-4o", "ft:gpt-4", "ft:gpt-3.5")
    ],
)
