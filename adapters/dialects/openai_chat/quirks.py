"""How the services that speak chat completions differ, as data."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.core.adaptations import DEFAULT_PROFILE, ModelProfile, profile_for
from llm_pure.core.error_mapping import ErrorType
from llm_pure.schema.fit import SchemaProfiles
from llm_pure.schema.profiles import OPENAI_STRICT, SchemaProfile
from llm_pure.types.request import ReasoningRequest

ReasoningStyle: TypeAlias = Literal[
    "none",
    "effort",
    "effort_or_budget",
    "thinking",
    "thinking_effort",
    "enable_thinking",
    "reasoning",
    "reasoning_enabled",
    "template",
    "prompt_mode",
]
"""How reasoning is asked for; each is a function in `reasoning.py`. "none": not at all."""

Replay: TypeAlias = Literal["reasoning_content", "reasoning", "thinking_parts", "think_tags"]
"""Where an assistant turn's reasoning goes back: a key beside the content, parts of it, or tags in its text."""

JsonFormatName: TypeAlias = Literal["json_object", "json_schema"]

FileForm: TypeAlias = Literal["file", "file_or_url", "document_url", "file_url", "none"]
"""How documents are sent: OpenAI's `file`, the same with URLs in place of data (OpenRouter), Mistral's
`document_url`, Perplexity's `file_url`, or not at all."""

TurnOrder: TypeAlias = Literal["any", "assistant_after_tools", "alternating"]

WORDS_OF_CHOICE: Mapping[str, str] = MappingProxyType(
    {"auto": "auto", "none": "none", "required": "required", "named": "named"}
)
"""`tool_choice` as OpenAI has it; "named" stands for the object that names a function."""


class Quirks(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What one service does in its own way. A fact of a model's rule stands over the field of its name.

    One for each service, equal to itself alone, so that what follows from it for a model is worked out once.

    Settings. max_tokens_key: the name of the output limit. renames: our name -> the service's. refuses: settings and
    fields that it does not take, with the reason. bounds: setting -> (lowest, highest). greedy: what is sent in place
    of a temperature of 0. max_stop_sequences: how many stop words it takes. logprobs_is_count: `logprobs` is a number.
    rules: what its models do not take.

    Reasoning. reasoning_style: how it is asked for. reasoning_default: what is asked when nobody says anything.
    reasoning_extra_fields: what is sent beside it. effort_words: our efforts -> its own words, where they differ.
    budget_bounds: of a budget in tokens. reasoning_replay: where an assistant turn's reasoning goes back, None when it
    does not. replay_required: a turn that calls tools has the key even when there is no reasoning. replay_extra_fields:
    fields of the request that must stand beside reasoning that goes back. tools_conflict_with: "effort", tools are not taken
    beside an effort; "reasoning", nor while the model reasons by itself.

    Tools. tool_choices: our words -> its own; what is not among them is not sent. forced_tool_with_reasoning: a tool may be
    forced while the model reasons. tool_strict: it knows `strict` in tools. nine_char_tool_call_ids: ids of calls are nine
    letters and digits.

    JSON. json_formats: those that it takes; another is told in the prompt. schemas, strict_schemas: what it takes of
    JSON Schema, and of schemas that are `strict`; None is everything. strict_formats: formats say whether they are
    `strict`; else all of them are.

    Messages. system_role: the role of system messages. empty_content: what stands in `content` of a turn that only
    calls tools. turn_order: "assistant_after_tools", no user's turn straight after a tool's; "alternating", user and
    assistant take turns. message_names, tool_names: messages carry `name`. refusal_key: an assistant's refusal has a
    key of its own; else it is said as text. fetches_images: pictures may be URLs. image_detail: pictures have `detail`.
    image_file_scheme: the scheme of a URL that names an uploaded picture. files: the form of documents. audio_as_base64_string:
    sound is a string, without its format.

    Answers. include_usage: a stream reports usage only when asked to. done_required: its streams always end with
    [DONE], so one without it was cut. think_tags: reasoning may stand in the text, between <think> and </think>.
    error_codes: its own error codes; of a dotted code its first word counts too.
    """

    max_tokens_key: str = "max_tokens"
    renames: Mapping[str, str] = {}
    unsupported: Mapping[str, str] = {}
    ranges: Mapping[str, tuple[float, float]] = {}
    zero_temperature: Mapping[str, Any] | None = None
    max_stop_sequences: int | None = None
    logprobs_is_count: bool = False
    profiles: tuple[ModelProfile, ...] = ()

    reasoning_style: ReasoningStyle = "none"
    reasoning_default: ReasoningRequest | None = None
    reasoning_extra_fields: Mapping[str, Any] = {}
    effort_words: Mapping[str, str] = {}
    budget_bounds: tuple[int, int] = (1, 10**9)
    reasoning_replay: Replay | None = None
    replay_required: bool = False
    replay_extra_fields: Mapping[str, Any] = {}
    tools_conflict_with: Literal["effort", "reasoning"] | None = None

    tool_choice_values: Mapping[str, str] = WORDS_OF_CHOICE
    forced_tool_with_reasoning: bool = True
    tool_strict: bool = True
    nine_char_tool_call_ids: bool = False

    json_formats: tuple[JsonFormatName, ...] = ("json_object", "json_schema")
    schemas: SchemaProfile | None = None
    strict_schemas: SchemaProfile | None = OPENAI_STRICT
    strict_formats: bool = True

    system_role: str = "system"
    empty_content: Literal[""] | None = None
    turn_order: TurnOrder = "any"
    message_names: bool = True
    tool_names: bool = False
    refusal_key: bool = True
    fetches_images: bool = True
    image_detail: bool = True
    image_file_scheme: str | None = None
    document_form: FileForm = "file"
    audio_as_base64_string: bool = False

    include_usage: bool = True
    done_required: bool = False
    think_tags: bool = False
    error_codes: Mapping[str, ErrorType] = {}


@lru_cache(maxsize=1024)
def known_model(quirks: Quirks, model: str, plan: str | None) -> tuple[ModelProfile, Quirks]:
    """The model's rule, and the quirks as they are for it. plan: config.pricing_plan."""
    rule = profile_for(quirks.profiles, model, plan)
    return rule, for_model(quirks, rule)


def for_model(quirks: Quirks, rule: ModelProfile) -> Quirks:
    """The quirks as they are for the models of a rule: its facts stand over fields, its refusals and bounds are added.

    >>> mini = ModelProfile(prefix="mini", unsupported={"stop": "no"}, traits={"system_role": "user"})
    >>> quirks = for_model(Quirks(unsupported={"n": "no"}), mini)
    >>> quirks.system_role, sorted(quirks.unsupported)
    ('user', ['n', 'stop'])
    """
    if rule is DEFAULT_PROFILE:
        return quirks
    fields = {name: rule.traits[name] for name in quirks.__struct_fields__ if name in rule.traits}
    return msgspec.structs.replace(
        quirks,
        **{
            "unsupported": {**quirks.unsupported, **rule.unsupported},
            "ranges": {**quirks.ranges, **rule.ranges},
            **fields,
        },
    )


@lru_cache(maxsize=1024)
def schema_rules(quirks: Quirks) -> SchemaProfiles:
    """What schemas must look like here. One that is told in words stays as it is."""
    native = "json_schema" in quirks.json_formats
    return SchemaProfiles(
        tools=quirks.schemas,
        strict_tools=quirks.strict_schemas if quirks.tool_strict else None,
        answers=quirks.schemas if native else None,
        strict_answers=quirks.strict_schemas if native and quirks.strict_formats else None,
    )


def unsupported_by(who: str, *names: str) -> dict[str, str]:
    """Refusals with one reason: these fields are unknown to the service.

    >>> unsupported_by("yi", "seed")
    {'seed': 'yi has no seed'}
    """
    return {name: f"{who} has no {name}" for name in names}


def unconfirmed_for(who: str, *names: str) -> dict[str, str]:
    """Refusals for want of evidence: nobody has shown that the service takes these fields."""
    return {name: f"it is not known that {who} takes {name}" for name in names}
