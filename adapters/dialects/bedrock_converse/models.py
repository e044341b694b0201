"""What the models of Bedrock take, and how Converse passes on what it has no field of its own for. First prefix counts.

facts: `effort_at`: where an effort stands in additionalModelRequestFields, as a path; `effort_with`: what stands beside
it; `effort_asked`: the effort for "do reason" and no more; `effort_refuses`: settings that one effort does not take;
`top_k_at`: where top_k stands; `choice_at`: where a tool choice stands that Converse has no word for; `signs_reasoning`:
only signed reasoning goes back (Claude's models have those of anthropic_messages too); `tool_schemas`: what the schemas
of all tools must look like; `schema`: False where a model takes no schemas of answers; `tool_result_json`: results are
objects; `tool_result_status`: False where refused.
"""

import re

import msgspec

from llm_pure.adapters.dialects.anthropic_messages import models as claude
from llm_pure.core.adaptations import DEFAULT_PROFILE, ModelProfile, profile_for
from llm_pure.schema.profiles import NOVA_TOOLS

_PAI = "pydantic-ai-slim 2.68.0 providers/bedrock.py and models/bedrock.py (live checks), read 2026-11-20"
_NOVA = "docs.aws.amazon.com/nova/latest/nova2-userguide, read 2026-11-20"

_NOVA_SCHEMAS = {"tool_schemas": NOVA_TOOLS, "schema": False}
"""Nova is not among the models that docs.aws.amazon.com/bedrock, Structured output, names; nor are those of Meta, AI21
and Cohere, and Titan. Read 2026-11-20."""

_SAMPLING = {
    "temperature": "this model refuses it",
    "top_p": "this model refuses it",
    "top_k": "this model refuses it",
}
_UP_TO_XHIGH = ("low", "medium", "high", "xhigh")

RULES: tuple[ModelProfile, ...] = (
    ModelProfile(
        prefix="amazon.nova-2",
        reasoning="off",
        efforts=("none", "low", "medium", "high"),
        traits={
            "effort_at": ("reasoningConfig", "maxReasoningEffort"),
            "effort_with": {"reasoningConfig": {"type": "enabled"}},
            "effort_none": {"reasoningConfig": {"type": "disabled"}},
            "effort_asked": "medium",
            "effort_refuses": {"high": ("temperature", "top_p", "max_tokens")},
            "top_k_at": ("inferenceConfig", "topK"),
            **_NOVA_SCHEMAS,
        },
        source=_NOVA,
    ),
    ModelProfile(
        prefix="amazon.nova",
        reasoning="none",
        traits={"top_k_at": ("inferenceConfig", "topK"), **_NOVA_SCHEMAS},
        source=_NOVA,
    ),
    ModelProfile(
        prefix="openai.gpt-oss",
        reasoning="always",
        efforts=("low", "medium", "high"),
        traits={"effort_at": ("reasoning_effort",)},
        source=_PAI,
    ),
    *[
        ModelProfile(
            prefix=prefix,
            unsupported=_SAMPLING,
            reasoning="always",
            efforts=_UP_TO_XHIGH,
            traits={"effort_at": ("reasoning", "effort")},
            source=_PAI,
        )
        for prefix in ("openai.gpt-6-astra", "openai.gpt-6.1", "xai.grok")
    ],
    ModelProfile(
        prefix="openai.gpt",
        unsupported=_SAMPLING,
        reasoning="on",
        efforts=("none", *_UP_TO_XHIGH),
        traits={"effort_at": ("reasoning", "effort")},
        source=_PAI,
    ),
    ModelProfile(prefix="qwen.qwen3-coder", reasoning="none", source=_PAI),
    ModelProfile(
        prefix="qwen.",
        reasoning="off",
        efforts=("none", "high"),
        traits={"effort_at": ("reasoning_config",), "effort_asked": "high"},
        source=_PAI,
    ),
    ModelProfile(
        prefix="zai.glm-5.3",
        reasoning="always",
        efforts=(*_UP_TO_XHIGH, "max"),
        traits={"effort_at": ("reasoning_effort",)},
        source=_PAI,
    ),
    *[
        ModelProfile(
            prefix=prefix,
            reasoning="off",
            efforts=("none", "high"),
            traits={"effort_at": ("reasoning_effort",), "effort_asked": "high"},
            source=_PAI,
        )
        for prefix in ("zai.glm", "deepseek.v3")
    ],
    ModelProfile(prefix="deepseek.r1", reasoning="always", source=_PAI),
    ModelProfile(prefix="moonshot.kimi-k2-thinking", reasoning="always", source=_PAI),
    ModelProfile(prefix="mistral.", traits={"tool_result_json": True}, source=_PAI),
    ModelProfile(prefix="writer.", traits={"tool_result_status": False}, source=_PAI),
    *[
        ModelProfile(prefix=prefix, reasoning="none", traits={"schema": False}, source=_PAI)
        for prefix in ("meta.", "cohere.", "ai21.", "amazon.titan")
    ],
)

_GEOGRAPHY = re.compile(r"(?:us-gov|us|eu|apac|jp|au|ca|in|sa|me|af|global)\.")


def bare_id(model: str) -> str:
    """The foundation model's own id: no path of an ARN, no geography of an inference profile.

    >>> bare_id("us.amazon.nova-micro-v1:0")
    'amazon.nova-micro-v1:0'
    >>> bare_id("arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.meta.llama3-2-1b-instruct-v1:0")
    'meta.llama3-2-1b-instruct-v1:0'
    """
    name = model.rsplit("/", 1)[-1]
    found = _GEOGRAPHY.match(name)
    return name[found.end() :] if found else name


def known_rule(model: str, hint: str | None = None) -> ModelProfile:
    """What is known of a model. hint: the id of the model behind an ARN that does not tell (config.pricing_plan)."""
    for name in (model, hint or ""):
        rule = _rule(bare_id(name))
        if rule is not DEFAULT_PROFILE:
            return rule
    return DEFAULT_PROFILE


_ON_CONVERSE = {"top_k_at": ("top_k",), "choice_at": "tool_choice", "signs_reasoning": True}


def _rule(name: str) -> ModelProfile:
    if not name.startswith("anthropic."):
        return profile_for(RULES, name)
    rule = profile_for(claude.PROFILES, name.removeprefix("anthropic."))
    return msgspec.structs.replace(rule, traits={"schema": False, **rule.traits, **_ON_CONVERSE})
