"""Profiles of the models on Bedrock. The first matching prefix applies.

Traits that the dialect reads (Claude's models have those of anthropic_messages too); paths are in
additionalModelRequestFields:
  effort_path         path of the effort
  effort_fields       fields that are sent with an effort
  disabled_fields     fields for no reasoning
  default_effort      the effort of a request for reasoning without an effort
  effort_excludes     effort -> settings that are rejected with it
  top_k_path          path of top_k
  tool_choice_key     key of a tool choice that Converse's toolChoice cannot express
  signs_reasoning     True: only signed reasoning is replayed
  forced_tools        False: a call cannot be required; the model decides
  tool_schemas        the schema profile of all tools
  schema              False: no response schemas
  tool_result_json    True: tool results are objects
  tool_result_status  False: the status of a tool result is rejected
  tools               False: the model calls no tools
  stream_tools        False: it calls none in streams
  system              False: instructions are sent in user messages
"""

import re

import msgspec

from llm_pure.adapters.dialects.anthropic_messages import models as claude
from llm_pure.core.adaptations import DEFAULT_PROFILE, ModelProfile, profile_for
from llm_pure.schema.profiles import ANTHROPIC, NOVA_TOOLS

_PAI = "pydantic-ai-slim 2.68.0 providers/bedrock.py and models/bedrock.py (live checks), read 2026-11-20"
_NOVA = "docs.aws.amazon.com/nova/latest/nova2-userguide, read 2026-11-20"

_NOVA_SCHEMAS = {"tool_schemas": NOVA_TOOLS, "schema": False}
"""docs.aws.amazon.com/bedrock, "Structured output", does not list Nova, nor the models of Meta, AI21 and Cohere, nor Titan.
Read 2026-11-20."""
_NOVA_OUTPUT = {"max_tokens": (1, 10_000)}
"""\"The maximum tokens you requested exceeds the model limit of ...": 10,000 of Nova Pro
(accelerated-intelligent-document-processing-on-aws#175); Lite and Micro as in tokens/windows.py. Read 2026-11-30."""
_LLAMA_OUTPUT = {"max_tokens": (1, 8_192)}
"""pollinations#5503 (Llama 3.1 8B), read 2026-11-30; 3.2 and 3.3 as generally known, unconfirmed."""
_NO_STOP = {"stop": "this model rejects it"}
"""\"This model doesn't support the stopSequences field. Remove stopSequences and try again.": gpt-oss (crewAI#3317), Qwen3
(dify-official-plugins#1767), all Qwen and DeepSeek V3.1, while R1 takes them (langchain-aws#664); OpenAI's newer models and Grok as at
their makers. Read 2026-11-30."""
_SAMPLING = {
    "temperature": "this model rejects it",
    "top_p": "this model rejects it",
    "top_k": "this model rejects it",
    **_NO_STOP,
}
_UNFORCED = {"forced_tools": False}
"""bifrost#3196 (Llama refuses toolChoice "tool" and "any"); pydantic-ai 2.68.0, bedrock_supports_tool_choice, forces
none of these makers' models; read 2026-11-29."""

_NO_TOOLS = {"tools": False, **_UNFORCED}
_NO_SYSTEM = {"system": False, **_NO_TOOLS}
_UNSTREAMED_TOOLS = {"stream_tools": False, **_UNFORCED}
_FEATURES = (
    "docs.aws.amazon.com/bedrock, Supported models and model features, as generally known; the service's messages \"This model"
    ' doesn\'t support tool use." and "... tool use in streaming mode" (in public logs: Titan, DeepSeek-R1, Llama 3 to 4, Mistral'
    " Large, Jamba), read 2026-11-30"
)

_UP_TO_XHIGH = ("low", "medium", "high", "xhigh")


def _nova_2(prefix: str, *, is_fallback: bool = False) -> ModelProfile:
    return ModelProfile(
        prefix=prefix,
        reasoning="off",
        efforts=("none", "low", "medium", "high"),
        traits={
            "effort_path": ("reasoningConfig", "maxReasoningEffort"),
            "effort_fields": {"reasoningConfig": {"type": "enabled"}},
            "disabled_fields": {"reasoningConfig": {"type": "disabled"}},
            "default_effort": "medium",
            "effort_excludes": {"high": ("temperature", "top_p", "max_tokens")},
            "top_k_path": ("inferenceConfig", "topK"),
            **_NOVA_SCHEMAS,
        },
        source=_NOVA,
        is_fallback=is_fallback,
    )


PROFILES: tuple[ModelProfile, ...] = (
    _nova_2("amazon.nova-2"),
    _nova_2("amazon.nova", is_fallback=True),
    *[
        ModelProfile(
            prefix=f"amazon.nova-{kind}",
            ranges={} if kind == "premier" else _NOVA_OUTPUT,
            reasoning="none",
            traits={"top_k_path": ("inferenceConfig", "topK"), **_NOVA_SCHEMAS},
            source=_NOVA,
        )
        for kind in ("micro", "lite", "pro", "premier")
    ],
    ModelProfile(
        prefix="openai.gpt-oss",
        unsupported=_NO_STOP,
        reasoning="always",
        efforts=("low", "medium", "high"),
        traits={"effort_path": ("reasoning_effort",)},
        source=_PAI,
    ),
    *[
        ModelProfile(
            prefix=prefix,
            unsupported=_SAMPLING,
            reasoning="always",
            efforts=_UP_TO_XHIGH,
            traits={"effort_path": ("reasoning", "effort")},
            source=_PAI,
        )
        for prefix in ("openai.gpt-6-astra", "openai.gpt-6.1-sol", "openai.gpt-6.2", "xai.grok")
    ],
    *[
        ModelProfile(
            prefix=prefix,
            unsupported=_SAMPLING,
            reasoning="on",
            efforts=("none", *_UP_TO_XHIGH),
            traits={"effort_path": ("reasoning", "effort")},
            source=_PAI,
        )
        for prefix in ("openai.gpt-5", "openai.gpt-6-", "openai.gpt-6.1-terra")
    ],
    ModelProfile(
        prefix="openai.gpt",
        unsupported=_SAMPLING,
        reasoning="always",
        efforts=_UP_TO_XHIGH,
        traits={"effort_path": ("reasoning", "effort")},
        is_fallback=True,
        source="newer than this table: like the newest, gpt-6.2; 2026-11-29",
    ),
    ModelProfile(prefix="qwen.qwen3-coder", unsupported=_NO_STOP, reasoning="none", source=_PAI),
    ModelProfile(
        prefix="qwen.",
        unsupported=_NO_STOP,
        reasoning="off",
        efforts=("none", "high"),
        traits={"effort_path": ("reasoning_config",), "default_effort": "high"},
        source=_PAI,
    ),
    *[
        ModelProfile(
            prefix=prefix,
            reasoning="always",
            efforts=(*_UP_TO_XHIGH, "max"),
            traits={"effort_path": ("reasoning_effort",)},
            is_fallback=prefix == "zai.glm",
            source=_PAI,
        )
        for prefix in ("zai.glm-5.3", "zai.glm")
    ],
    *[
        ModelProfile(
            prefix=prefix,
            unsupported=unsupported,
            reasoning="off",
            efforts=("none", "high"),
            traits={"effort_path": ("reasoning_effort",), "default_effort": "high"},
            source=_PAI,
        )
        for prefix, unsupported in (("zai.glm-4", {}), ("zai.glm-5", {}), ("deepseek.v3", _NO_STOP))
    ],
    ModelProfile(
        prefix="deepseek.r1",
        reasoning="always",
        traits={"schema": False, **_NO_TOOLS},
        source=f"{_PAI}; {_FEATURES}",
    ),
    ModelProfile(prefix="moonshot.kimi-k2-thinking", reasoning="always", source=_PAI),
    *[
        ModelProfile(
            prefix=prefix,
            traits={"tool_result_json": True, "schema": False, **_NO_SYSTEM},
            source=_FEATURES,
        )
        for prefix in ("mistral.mistral-7b", "mistral.mixtral")
    ],
    ModelProfile(
        prefix="mistral.mistral-large-2402",
        traits={"tool_result_json": True, "schema": False, **_UNSTREAMED_TOOLS},
        source=_FEATURES,
    ),
    *[
        ModelProfile(
            prefix=prefix,
            ranges=_LLAMA_OUTPUT,
            reasoning="none",
            traits={"schema": False, **_UNSTREAMED_TOOLS},
            source=_FEATURES,
        )
        for prefix in ("meta.llama3-1", "meta.llama3-2-11b", "meta.llama3-2-90b", "meta.llama3-3")
    ],
    *[
        ModelProfile(
            prefix=prefix, reasoning="none", traits={"schema": False, **traits}, source=_FEATURES
        )
        for prefix, traits in (
            ("amazon.titan-text", _NO_SYSTEM),
            ("cohere.command-text", _NO_SYSTEM),
            ("cohere.command-light", _NO_SYSTEM),
            ("ai21.j2", _NO_SYSTEM),
            ("ai21.jamba", _UNSTREAMED_TOOLS),
            ("meta.llama2", _NO_TOOLS),
            ("meta.llama3-8b", _NO_TOOLS),
            ("meta.llama3-70b", _NO_TOOLS),
            ("meta.llama3-2-1b", _NO_TOOLS),
            ("meta.llama3-2-3b", _NO_TOOLS),
            ("meta.", _UNSTREAMED_TOOLS),
        )
    ],
    ModelProfile(prefix="mistral.", traits={"tool_result_json": True, **_UNFORCED}, source=_PAI),
    ModelProfile(prefix="writer.", traits={"tool_result_status": False, **_UNFORCED}, source=_PAI),
    *[
        ModelProfile(
            prefix=prefix, reasoning="none", traits={"schema": False, **_UNFORCED}, source=_PAI
        )
        for prefix in ("cohere.", "ai21.", "amazon.titan")
    ],
)

_GEOGRAPHY = re.compile(r"^(?:us-gov|us|eu|apac|jp|au|ca|in|sa|me|af|global)\.")


def bare_id(model: str) -> str:
    """The foundation model's id, without the path of an ARN and the geography of an inference profile.

    >>> bare_id("us.amazon.nova-micro-v1:0")
    'amazon.nova-micro-v1:0'
    >>> bare_id("arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.meta.llama3-2-1b-instruct-v1:0")
    'meta.llama3-2-1b-instruct-v1:0'
    """
    name = model.rsplit("/", 1)[-1]
    return _GEOGRAPHY.sub("", name, count=1)


def known_profile(model: str, hint: str | None = None) -> ModelProfile:
    """The profile of a model. `hint`: the id of the model behind an ARN without one (config.pricing_plan)."""
    for name in (model, hint or ""):
        profile = _profile(bare_id(name))
        if profile is not DEFAULT_PROFILE:
            return profile
    return DEFAULT_PROFILE


_ON_CONVERSE = {
    "top_k_path": ("top_k",),
    "tool_choice_key": "tool_choice",
    "signs_reasoning": True,
    "tool_schemas": ANTHROPIC,
}


def _profile(name: str) -> ModelProfile:
    if not name.startswith("anthropic."):
        return profile_for(PROFILES, name)
    profile = profile_for(claude.PROFILES, name.removeprefix("anthropic."))
    return msgspec.structs.replace(
        profile, traits={"schema": False, **profile.traits, **_ON_CONVERSE}
    )
