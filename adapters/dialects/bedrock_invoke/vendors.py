"""Which body a model takes: a table from the beginnings of model ids. The first that fits counts.

Sources: docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html, ../shared/wire/bedrock.md section 9 (several
of these models are retired); read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from llm_pure.adapters.dialects.bedrock_converse.models import bare_id
from llm_pure.adapters.dialects.openai_chat import Quirks

TokenizerProfile: TypeAlias = Literal["anthropic", "nova", "openai", "cohere_chat", "prompt"]

Keys: TypeAlias = Mapping[str, tuple[str, ...]]
"""A setting's name -> where it stands in the body."""


class Vendor(msgspec.Struct, frozen=True, kw_only=True):
    """How the models whose ids begin with `prefix` want their body.

    family: which writer writes it. keys: settings and their places; others are refused. prompt_key, template: for
    prompts. stream: what the body says beyond its place in the URL, when a stream is asked for. quirks: for the
    family "openai".
    """

    prefix: str
    family: TokenizerProfile
    keys: Keys = {}
    prompt_key: str = "prompt"
    template: str = "plain"
    stream: Mapping[str, bool] = {}
    quirks: Quirks = Quirks()


def _flat(**keys: str) -> Keys:
    return {setting: (key,) for setting, key in keys.items()}


_LLAMA = _flat(max_tokens="max_gen_len", temperature="temperature", top_p="top_p")
_MISTRAL = _flat(
    max_tokens="max_tokens", temperature="temperature", top_p="top_p", top_k="top_k", stop="stop"
)
_DEEPSEEK = _flat(max_tokens="max_tokens", temperature="temperature", top_p="top_p", stop="stop")
_COHERE = _flat(
    max_tokens="max_tokens",
    temperature="temperature",
    top_p="p",
    top_k="k",
    stop="stop_sequences",
    n="num_generations",
)
_COHERE_CHAT = _flat(
    max_tokens="max_tokens",
    temperature="temperature",
    top_p="p",
    top_k="k",
    stop="stop_sequences",
    seed="seed",
    presence_penalty="presence_penalty",
    frequency_penalty="frequency_penalty",
)
_J2: Keys = {
    **_flat(max_tokens="maxTokens", temperature="temperature", top_p="topP", stop="stopSequences"),
    "n": ("numResults",),
    "presence_penalty": ("presencePenalty", "scale"),
    "frequency_penalty": ("frequencyPenalty", "scale"),
}
_TITAN: Keys = {
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


def _prompts(family: str, template: str, keys: Keys, *prefixes: str) -> list[Vendor]:
    return [
        Vendor(prefix=f"{family}.{prefix}", family="prompt", template=template, keys=keys)
        for prefix in prefixes
    ]


VENDORS: tuple[Vendor, ...] = (
    Vendor(prefix="anthropic.", family="anthropic"),
    Vendor(prefix="amazon.nova", family="nova"),
    Vendor(prefix="amazon.titan", family="prompt", prompt_key="inputText", keys=_TITAN),
    *_prompts("meta", "llama2", _LLAMA, "llama2"),
    *_prompts("meta", "llama3", _LLAMA, "llama3"),
    *_prompts("meta", "llama4", _LLAMA, "llama"),
    *_prompts(
        "mistral", "mistral", _MISTRAL,
        "mistral-7b", "mixtral", "mistral-small-2402", "mistral-large-2402",
    ),
    Vendor(prefix="mistral.", family="openai", quirks=_PLAIN_OPENAI),
    Vendor(prefix="cohere.command-r", family="cohere_chat", keys=_COHERE_CHAT),
    Vendor(prefix="cohere.command", family="prompt", keys=_COHERE, stream={"stream": True}),
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
    """The row of a model. hint: the id of the model behind an ARN that does not tell (config.pricing_plan)."""
    for name in (bare_id(model), bare_id(hint or "")):
        for vendor in VENDORS:
            if name.startswith(vendor.prefix):
                return vendor
    return None
