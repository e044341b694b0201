"""The body of each model: a table by the prefix of the model id. The first matching prefix applies.

Sources: docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html, ../shared/wire/bedrock.md section 9 (several
of these models are retired); read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from llm_pure.adapters.dialects import anthropic_messages
from llm_pure.adapters.dialects.bedrock_converse.models import bare_id
from llm_pure.adapters.dialects.openai_chat import Quirks
from llm_pure.core.service import Service

Family: TypeAlias = Literal["anthropic", "nova", "openai", "cohere_chat", "prompt"]

Paths: TypeAlias = Mapping[str, tuple[str, ...]]
"""A setting's name -> its path in the body."""

ANTHROPIC = anthropic_messages.Quirks(
    version="bedrock-2023-05-31",
    version_in="body",
    model_in="path",
    stream_in_body=False,
    betas_in_body=True,
    forces_adaptive=False,
    references=False,
    compatible_providers=frozenset({"anthropic", "claude"}),
    options={"user": anthropic_messages.USER_ID},
)

OPENAI = Quirks(max_tokens_key="max_tokens", reasoning_style="effort", think_tags=True)
"""For responses; requests use the quirks of their vendor."""


class Families(msgspec.Struct, frozen=True, kw_only=True):
    """Services of the dialects whose bodies InvokeModel carries."""

    anthropic: Service[anthropic_messages.Quirks]
    openai: Service[Quirks]


class Vendor(msgspec.Struct, frozen=True, kw_only=True):
    """The body of the models whose ids begin with `prefix`."""

    prefix: str
    family: Family
    """The encoder of the body."""
    paths: Paths = {}
    """Supported settings; others are dropped."""
    prompt_key: str = "prompt"
    template: str = "plain"
    """The prompt's template, a key of TEMPLATES."""
    stream: Mapping[str, bool] = {}
    """Fields for a stream, beside the operation in the URL."""
    quirks: Quirks = Quirks()
    """For the family "openai"."""


def _flat(**keys: str) -> Paths:
    return {setting: (key,) for setting, key in keys.items()}


_LLAMA = _flat(max_tokens="max_gen_len", temperature="temperature", top_p="top_p")
_DEEPSEEK = _flat(max_tokens="max_tokens", temperature="temperature", top_p="top_p", stop="stop")
_MISTRAL = _flat(
    max_tokens="max_tokens", temperature="temperature", top_p="top_p", top_k="top_k", stop="stop"
)
_COMMAND = _flat(
    max_tokens="max_tokens", temperature="temperature", top_p="p", top_k="k", stop="stop_sequences"
)
_COHERE = {**_COMMAND, **_flat(n="num_generations")}
_COHERE_CHAT = {
    **_COMMAND,
    **_flat(
        seed="seed",
        presence_penalty="presence_penalty",
        frequency_penalty="frequency_penalty",
    ),
}
_J2: Paths = {
    **_flat(max_tokens="maxTokens", temperature="temperature", top_p="topP", stop="stopSequences"),
    "n": ("numResults",),
    "presence_penalty": ("presencePenalty", "scale"),
    "frequency_penalty": ("frequencyPenalty", "scale"),
}
_TITAN: Paths = {
    "max_tokens": ("textGenerationConfig", "maxTokenCount"),
    "temperature": ("textGenerationConfig", "temperature"),
    "top_p": ("textGenerationConfig", "topP"),
    "stop": ("textGenerationConfig", "stopSequences"),
}

_PLAIN_OPENAI = Quirks(
    include_usage=False,
    unsupported={
        "top_k": "this body has no field for it",
        "repetition_penalty": "this body has no field for it",
    },
)
_GPT_OSS = msgspec.structs.replace(
    _PLAIN_OPENAI, max_tokens_key="max_completion_tokens", reasoning_style="effort"
)


def _prompts(vendor: str, template: str, paths: Paths, *prefixes: str) -> list[Vendor]:
    return [
        Vendor(prefix=f"{vendor}.{prefix}", family="prompt", template=template, paths=paths)
        for prefix in prefixes
    ]


VENDORS: tuple[Vendor, ...] = (
    Vendor(prefix="anthropic.", family="anthropic"),
    Vendor(prefix="amazon.nova", family="nova"),
    Vendor(prefix="amazon.titan", family="prompt", prompt_key="inputText", paths=_TITAN),
    *_prompts("meta", "llama2", _LLAMA, "llama2"),
    *_prompts("meta", "llama3", _LLAMA, "llama3"),
    *_prompts("meta", "llama4", _LLAMA, "llama"),
    *_prompts(
        "mistral", "mistral", _MISTRAL,
        "mistral-7b", "mixtral", "mistral-small-2402", "mistral-large-2402",
    ),
    Vendor(prefix="mistral.", family="openai", quirks=_PLAIN_OPENAI),
    Vendor(prefix="cohere.command-r", family="cohere_chat", paths=_COHERE_CHAT),
    Vendor(prefix="cohere.command", family="prompt", paths=_COHERE, stream={"stream": True}),
    *_prompts("ai21", "plain", _J2, "j2"),
    Vendor(prefix="ai21.", family="openai", quirks=_PLAIN_OPENAI),
    *_prompts("deepseek", "deepseek", _DEEPSEEK, "r1"),
    Vendor(prefix="openai.", family="openai", quirks=_GPT_OSS),
    *[
        Vendor(prefix=prefix, family="openai", quirks=_PLAIN_OPENAI)
        for prefix in (
            "deepseek.", "google.", "minimax.", "moonshot", "nvidia.", "qwen.", "writer.", "xai.", "zai.",
        )
    ],
)  # fmt: skip


def vendor_of(model: str, hint: str | None = None) -> Vendor | None:
    """The row of a model. `hint`: the id of the model behind an ARN without one (config.pricing_plan)."""
    for name in (bare_id(model), bare_id(hint or "")):
        for vendor in VENDORS:
            if name.startswith(vendor.prefix):
                return vendor
    return None
