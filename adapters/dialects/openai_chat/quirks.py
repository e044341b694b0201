"""The differences between providers of chat completions, as data."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.adapters.dialects.common.turn_rules import TurnRules
from llm_pure.core.adaptations import (
    DEFAULT_PROFILE,
    FieldRule,
    MetadataLimits,
    ModelProfile,
    profile_for,
)
from llm_pure.core.error_mapping import ErrorType
from llm_pure.core.resolved_request import OptionField
from llm_pure.core.service import Service
from llm_pure.core.urls import UrlFor, under_base_url
from llm_pure.schema.profiles import (
    CHAT_COMPLETIONS,
    OPENAI_STRICT,
    TOOL_NAME,
    SchemaProfile,
    SchemaProfiles,
)
from llm_pure.types.request import ReasoningRequest

ReasoningStyle: TypeAlias = Literal[
    "none",
    "effort",
    "effort_or_budget",
    "thinking",
    "thinking_effort",
    "enable_thinking",
    "thinking_budget",
    "reasoning",
    "reasoning_enabled",
    "template",
    "template_thinking",
    "prompt_mode",
]
"""The fields that control reasoning; each style is a function in `reasoning.py`. "none": there are no such fields."""

Replay: TypeAlias = Literal["reasoning_content", "reasoning", "thinking_parts", "think_tags"]
"""Where reasoning of earlier turns is sent back: under a key beside the content, as its parts, or in tags in its text."""

JsonFormatName: TypeAlias = Literal["json_object", "json_schema"]

FileForm: TypeAlias = Literal["file", "file_or_url", "document_url", "file_url", "none"]
"""How documents are sent: OpenAI's `file`, the same with URLs in place of data (OpenRouter), Mistral's
`document_url`, Perplexity's `file_url`, or not at all."""

TOOL_CHOICES: Mapping[str, str] = MappingProxyType(
    {"auto": "auto", "none": "none", "required": "required", "named": "named"}
)
"""`tool_choice` as OpenAI has it; "named" stands for the object that names a function."""


class Quirks(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The differences of one provider. A trait of a model's profile replaces the field of its name.

    Compared by identity, so that `quirks_for` can cache what applies to a model.
    """

    max_tokens_key: str = "max_tokens"
    """The provider's name of `max_tokens`."""
    renames: Mapping[str, str] = {}
    """Setting -> the provider's name of it."""
    unsupported: Mapping[str, str] = {}
    """Setting or field -> the reason why it is dropped."""
    ranges: Mapping[str, tuple[float, float]] = {}
    """Setting -> (minimum, maximum)."""
    greedy_excludes: tuple[str, ...] = ()
    """Settings that must be 1 where the temperature is 0."""
    zero_temperature: Mapping[str, Any] | None = None
    """The fields that are sent in place of a temperature of 0."""
    max_stop_sequences: int | None = None
    max_stop_length: tuple[int, Literal["bytes", "characters"]] | None = None
    """The length of a stop sequence, and its unit."""
    metadata_limits: MetadataLimits | None = None
    """What `metadata` can hold."""
    logprobs_is_count: bool = False
    """`logprobs` is a number, and there is no `top_logprobs`."""
    options: Mapping[str, OptionField] = {}
    """The optional fields of ChatRequest that the provider has, under its names."""
    rules: tuple[FieldRule, ...] = ()
    """Fields that need or exclude one another."""
    profiles: tuple[ModelProfile, ...] = ()
    """The differences of its models."""

    reasoning_style: ReasoningStyle = "none"
    reasoning_default: ReasoningRequest | None = None
    """Sent if the request says nothing about reasoning."""
    reasoning_extra_fields: Mapping[str, Any] = {}
    """Sent whenever reasoning is requested."""
    effort_words: Mapping[str, str] = {}
    """Our effort -> the provider's name of it, where they differ."""
    budget_bounds: tuple[int, int] = (1, 10**9)
    """(minimum, maximum) of a reasoning budget in tokens."""
    reasoning_replay: Replay | None = None
    """Where reasoning of earlier turns is sent back; None for nowhere."""
    replay_required: bool = False
    """A turn that calls tools needs the replay key even without reasoning."""
    replay_extra_fields: Mapping[str, Any] = {}
    """Fields of a request in which reasoning is sent back."""
    reasoning_needs_stream: bool = False
    """A buffered response needs `enable_thinking: false`."""
    stream_only: bool = False
    """There are no buffered responses."""
    tools_conflict_with: Literal["effort", "reasoning"] | None = None
    """"effort": no tools beside an effort. "reasoning": nor while the model reasons by default."""

    tool_choice_values: Mapping[str, str] = TOOL_CHOICES
    """Tool choice -> the provider's name of it; a choice without one is not sent."""
    forced_tool_with_reasoning: bool = True
    """A tool call may be forced while the model reasons."""
    max_tools: int | None = None
    tools_extra_fields: Mapping[str, Any] = {}
    """Sent whenever tools are."""
    allowed_tools: bool = False
    """tool_choice may name several tools; else only these are sent."""
    tool_strict: bool = True
    """Tools have the field `strict`."""
    mixed_strict: bool = True
    """Some of the tools may be strict; else all or none."""

    json_formats: tuple[JsonFormatName, ...] = ("json_object", "json_schema")
    """The supported response formats; others are described in the prompt."""
    json_word: bool = False
    """"json_object" is refused unless the messages have the word JSON."""
    format_with_tools: bool = True
    """A response format may stand beside tools; else the format is described in the prompt."""
    format_with_reasoning: bool = True
    """A response format may stand beside a request for reasoning; else as beside tools."""
    schemas: SchemaProfile = CHAT_COMPLETIONS
    """What is supported of JSON Schema."""
    strict_schemas: SchemaProfile | None = OPENAI_STRICT
    """The same for schemas with `strict`."""
    tool_name: re.Pattern[str] = TOOL_NAME
    """The names that tools may have."""
    strict_formats: bool = True
    """Response formats have the field `strict`; else all of them are strict."""

    system_role: str = "system"
    """The role of system messages."""
    object_arguments: bool = False
    """The arguments of calls are refused unless they are a JSON object."""
    empty_content: Literal[""] | None = None
    """The `content` of a turn that only calls tools."""
    turns: TurnRules = TurnRules()
    """What is accepted of a conversation. Its `reasoning` follows from `reasoning_replay`."""
    text_parts: bool = True
    """Text alone may stand in several parts; else it is one string."""
    message_names: bool = True
    """Messages have the field `name`."""
    invalid_in_names: re.Pattern[str] | None = None
    """Characters that the names of participants cannot have."""
    tool_names: bool = False
    """Tool messages have the field `name`."""
    refusal_key: bool = True
    """Assistant messages have the field `refusal`; else refusals are sent as text."""
    image_types: frozenset[str] | None = None
    """The media types of images; None: not documented."""
    fetches_images: bool = True
    """Images may be URLs."""
    image_detail: bool = True
    """Images have the field `detail`."""
    media_in_system: bool = False
    """System messages may hold images and other media, as servers of one's own may take them; OpenAI answers "Image URLs are only
    allowed for messages with role 'user'" (OpenHands#7700, openai-node#1030), and its types have text alone; read 2026-11-30."""
    image_file_scheme: str | None = None
    """The scheme of URLs that name an uploaded image."""
    document_form: FileForm = "file"
    videos: bool = False
    """Videos are parts `video_url`."""
    audio: bool = True
    """Audio is a part `input_audio`; else it is refused."""
    audio_as_base64_string: bool = False
    """Audio is a string, without its format."""

    include_usage: bool = True
    """A stream reports usage only if the request asks for it."""
    done_required: bool = False
    """Streams always end with [DONE]; one that ends without it was interrupted."""
    think_tags: bool | Literal["untagged"] = False
    """Responses may have their reasoning in the text, between <think> and </think>; "untagged": also without the first one."""
    error_codes: Mapping[str, ErrorType] = {}
    """The provider's error codes; the first word of a dotted code counts too."""


@lru_cache(maxsize=1024)
def quirks_for(quirks: Quirks, model: str, plan: str | None) -> tuple[ModelProfile, Quirks]:
    """The model's profile, with what all models lack, and the quirks as they are for it. `plan`: config.pricing_plan."""
    profile = profile_for(quirks.profiles, model, plan)
    quirks = apply_profile(quirks, profile)
    unsupported, ranges = quirks.unsupported, quirks.ranges
    return msgspec.structs.replace(profile, unsupported=unsupported, ranges=ranges), quirks


def apply_profile(quirks: Quirks, profile: ModelProfile) -> Quirks:
    """The quirks for the models of a profile: its traits replace fields, `unsupported` and `ranges` are added.

    >>> mini = ModelProfile(prefix="mini", unsupported={"stop": "no"}, traits={"system_role": "user"})
    >>> quirks = apply_profile(Quirks(unsupported={"n": "no"}), mini)
    >>> quirks.system_role, sorted(quirks.unsupported)
    ('user', ['n', 'stop'])
    """
    if profile is DEFAULT_PROFILE:
        return quirks
    traits = profile.traits
    fields = {
        name: traits[name]
        for name in quirks.__struct_fields__
        if name in traits and name != "rules"
    }
    return msgspec.structs.replace(
        quirks,
        **{
            "unsupported": {**quirks.unsupported, **profile.unsupported},
            "rules": (*quirks.rules, *traits.get("rules", ())),
            "ranges": {**quirks.ranges, **profile.ranges},
            **fields,
        },
    )


VLLM_TOP_P = (0.01, 1.0)
"""vLLM refuses 0, as SGLang and text-generation-inference do: "top_p must be in (0, 1], got 0.0." (microsoft/TaskWeaver#231,
hiyouga/LlamaFactory#10709), read 2026-11-30."""

ANY_SERVER = TurnRules(left_out_if_empty=frozenset())
"""For servers of any model: some chat templates require that user and assistant alternate, so empty turns stay."""


@lru_cache(maxsize=1024)
def turn_rules(quirks: Quirks) -> TurnRules:
    """The rules of turns, with the kind of reasoning that is sent back."""
    if quirks.reasoning_replay is None:
        return quirks.turns
    return msgspec.structs.replace(quirks.turns, reasoning="plain")


@lru_cache(maxsize=1024)
def schema_profiles(quirks: Quirks) -> SchemaProfiles:
    """The supported forms of JSON Schema. A response schema that is described in the prompt stays as it is."""
    native = "json_schema" in quirks.json_formats
    return SchemaProfiles(
        tools=quirks.schemas,
        strict_tools=quirks.strict_schemas if quirks.tool_strict else None,
        responses=quirks.schemas if native else None,
        strict_responses=quirks.strict_schemas if native and quirks.strict_formats else None,
        tool_name=quirks.tool_name,
    )


def profiles_of(prefixes: Iterable[str], **fields: Any) -> tuple[ModelProfile, ...]:
    """A ModelProfile with these fields for each prefix.

    >>> [profile.prefix for profile in profiles_of(("a", "b"), reasoning="none")]
    ['a', 'b']
    """
    return tuple([ModelProfile(prefix=prefix, **fields) for prefix in prefixes])


def output_limit(tokens: int | None) -> dict[str, tuple[float, float]]:
    """`ranges` of models that write at most so many tokens, and refuse a larger limit; None: not documented.

    >>> output_limit(4096)
    {'max_tokens': (1, 4096)}
    """
    return {} if tokens is None else {"max_tokens": (1, tokens)}


def unsupported_by(who: str, *names: str) -> dict[str, str]:
    """Entries of `Quirks.unsupported` for fields that the provider does not know.

    >>> unsupported_by("yi", "seed")
    {'seed': 'yi has no seed'}
    """
    return {name: f"{who} has no {name}" for name in names}


def unconfirmed_for(who: str, *names: str) -> dict[str, str]:
    """Entries of `Quirks.unsupported` for fields without evidence that the provider supports them."""
    return {name: f"it is not known that {who} takes {name}" for name in names}


def make_service(
    name: str, quirks: Quirks, *, base_url: str = "", url_for: UrlFor | None = None
) -> Service[Quirks]:
    """A service of this dialect."""
    return Service(
        name=name,
        base_url=base_url,
        url_for=url_for or under_base_url(name, base_url),
        quirks=quirks,
        error_codes=quirks.error_codes,
    )
