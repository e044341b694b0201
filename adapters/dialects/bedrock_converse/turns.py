"""What Converse accepts of a conversation, by family of models. The profile's prefix selects the row.

Sources, read 2026-11-29: what may stand beside a toolResult, live checks in pydantic/pydantic-ai#6098; blank text,
hermes-agent#60628 and #67978; text beside documents, BerriAI/litellm#36499; ids, caching and content of results, botocore
1.44.8 (ToolUseId, CachePointBlock, ToolResultContentBlock); the first turn, "A conversation must start with a user message".
"""

import re
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.turn_rules import (
    ANY_ROLE,
    CacheMarks,
    CallIds,
    TurnRules,
)
from llm_pure.core.adaptations import ModelProfile
from llm_pure.types.messages import (
    CacheMark,
    Document,
    Image,
    Opaque,
    Text,
    ToolCall,
    ToolResult,
    Video,
)

_MARKS = CacheMarks(
    key="cachePoint",
    parts=frozenset({Text, Image, Document, ToolCall, ToolResult}),
    ttls=frozenset({"5m", "1h"}),
    source="docs.aws.amazon.com/bedrock, Prompt caching, read 2026-11-29",
)

_RULES = TurnRules(
    marked_errors=True,
    result_media=frozenset({Image, Document, Opaque}),
    blank_text="left_out",
    empty_text="left_out",
    left_out_if_empty=ANY_ROLE,
    text_beside_documents=True,
    first_is_user=True,  # of Claude too: dify#12340, strands-agents/sdk-typescript#727, read 2026-11-29
    final_assistant="continued",
    call_ids=CallIds(
        max_length=64,
        invalid=re.compile(r"[^A-Za-z0-9_.:-]"),
        description="at most 64 letters, digits, _ . : and -",
    ),
    reasoning="plain",
)

_FAMILIES: Mapping[str, TurnRules] = {
    "amazon.nova": replace(
        _RULES,
        result_media=frozenset({Image, Document, Video, Opaque}),
        cache_marks=replace(_MARKS, tools=False, ttls=frozenset({"5m"})),
    ),
    "meta.": replace(
        _RULES,
        after_results="nothing",
        result_media=frozenset({Opaque}),
    ),
    "mistral.": replace(
        _RULES,
        after_results="nothing",
        result_media=frozenset({Opaque}),
        final_assistant="refused",
    ),
}
"""Prefix of a profile -> the rules of its models."""

_UNMARKED = replace(_RULES, marked_errors=False)

_CLAUDE = replace(
    _RULES,
    after_results="no_documents",
    error_media=False,
    empty_errors=False,
    final_text_stripped=True,
    reasoning="signed",
    reasoning_of=frozenset({"anthropic", "claude", "vertex_anthropic", "bedrock_invoke"}),
    cache_marks=_MARKS,
)
_NEW_CLAUDE = replace(_CLAUDE, final_assistant="refused")
"""Claude's signatures are valid on all platforms (platform.claude.com, Extended thinking, read 2026-11-29)."""


def turn_rules(profile: ModelProfile) -> TurnRules:
    """The rules of a model."""
    if profile.traits.get("signs_reasoning"):
        is_new = profile.traits.get("thinking") in ("adaptive", "both")  # 4.6 and newer
        return _NEW_CLAUDE if is_new else _CLAUDE
    for prefix, rules in _FAMILIES.items():
        if profile.prefix.startswith(prefix):
            return rules
    return _RULES if profile.traits.get("tool_result_status", True) else _UNMARKED


def cache_point(mark: CacheMark) -> dict[str, Any]:
    """The block after what is to be cached."""
    ttl = {} if mark.ttl is None else {"ttl": mark.ttl}
    return {"cachePoint": {"type": "default", **ttl}}
