"""What is sent back of earlier turns: decided from the part's proof, the target's rules and the state of the conversation.

The proof is the part's signature and the provider in its metadata; the target's rules say what it accepts, for its model.
Reasons are those of the adaptations.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from llm_pure.adapters.dialects.common.turn_rules import Turn, TurnRules
from llm_pure.types.messages import Opaque, ProviderMetadata, Reasoning, ToolCall, ToolResult

NO_FIELDS = ("{}", "")


def is_understood(provider: str, service: str, rules: TurnRules) -> bool:
    """Whether metadata and opaque parts of this provider may be sent to the service: its own, or those of its other name."""
    return provider == service or provider in rules.compatible_providers


def reason_not_replayed(part: Reasoning, service: str, rules: TurnRules) -> str | None:
    """The reason why this reasoning is not sent back; None if it is.

    >>> reason_not_replayed(Reasoning("hm", "ErUB"), "mistral", TurnRules(reasoning="plain"))
    "it is signed, so it is another provider's reasoning"
    """
    metadata = part.provider_metadata
    if metadata is not None and not is_understood(metadata.provider, service, rules):
        is_accepted = part.signature is not None and metadata.provider in rules.reasoning_of
        if not is_accepted:
            return f"it is reasoning of {metadata.provider}"
    match rules.reasoning:
        case "none":
            has_fields = metadata is not None and metadata.json not in NO_FIELDS
            return None if has_fields else "the API takes no reasoning as input"
        case "signed":
            return None if part.signature else "reasoning without its signature is rejected"
        case "items":
            return None if metadata is not None else "it is reasoning of unknown origin"
        case "plain":
            is_foreign = metadata is None and part.signature is not None
            return "it is signed, so it is another provider's reasoning" if is_foreign else None


def needs_stand_in(call: ToolCall, own_fields: Mapping[str, Any], key: str, *, first: bool) -> bool:
    """Whether a stand-in is sent for the signature of a call, for models that require one with the first call of a turn.

    Calls of other providers have none, nor have those of the same provider's models that do not sign.
    """
    return first and not own_fields.get(key)


def foreign_fields(metadata: ProviderMetadata | None, service: str, rules: TurnRules) -> str | None:
    """The provider whose fields are lost with this metadata; None if nothing is lost."""
    if metadata is None or metadata.json in NO_FIELDS:
        return None
    return None if is_understood(metadata.provider, service, rules) else metadata.provider


def loop_lacks_reasoning(turns: Sequence[Turn]) -> bool:
    """Whether a tool loop is open whose last turn of the assistant does not begin with reasoning.

    Claude then refuses to think with a budget: "Expected `thinking` or `redacted_thinking`, but found `tool_use`". So it
    does for a last turn of the assistant that it has to continue.
    """
    last = next((i for i in range(len(turns) - 1, -1, -1) if turns[i].role == "assistant"), None)
    if last is None:
        return False
    first = last
    while first and turns[first - 1].role == "assistant":
        first -= 1
    parts = [part for turn in turns[first : last + 1] for _, part in turn.parts]
    later = [part for turn in turns[last + 1 :] for _, part in turn.parts]
    is_open = last == len(turns) - 1 or any(type(part) is ToolResult for part in later)
    head = parts[0] if parts else None
    begins = type(head) is Reasoning or (type(head) is Opaque and "reasoning" in _kind(head))
    return is_open and bool(parts) and not begins


def _kind(part: Opaque) -> str:
    """The kind, with Anthropic's word for encrypted reasoning under the common one."""
    return "reasoning" if part.kind == "redacted_thinking" else part.kind
