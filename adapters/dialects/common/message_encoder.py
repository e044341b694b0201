"""MessageEncoder: base of the message encoders of APIs with alternating `user` and `assistant` turns and separate system text.

Consecutive turns of one role become one turn. A dialect subclasses MessageEncoder and writes `add`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, Generic, Literal, TypeVar

from llm_pure.adapters.dialects.common.adaptations import changed, dropped
from llm_pure.adapters.dialects.common.turn_rules import Placed, Turn, TurnRules
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.service import Service
from llm_pure.framing.json_codec import json_object, json_text
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.messages import (
    CacheMark,
    Message,
    ProviderMetadata,
    Text,
    ToolCall,
    ToolResult,
)
from llm_pure.types.rejection import Rejected, UnsupportedPart

Q = TypeVar("Q")


def turns_of(
    messages: Sequence[Message],
    service: str,
    rules: TurnRules,
    adaptations: list[Adaptation],
    *,
    model: str = "",
) -> list[Turn]:
    """The turns to encode, after all rules of the service. Raises UnsupportedPart."""
    plain = _plain_turns(messages, rules)
    return _arranged(plain, messages, service, rules, adaptations, model=model)


def _arranged(
    plain: list[Turn] | None,
    messages: Sequence[Message],
    service: str,
    rules: TurnRules,
    adaptations: list[Adaptation],
    *,
    model: str,
) -> list[Turn]:
    if plain is None:
        from llm_pure.adapters.dialects.common.conversation import arrange  # late: start-up

        return arrange(messages, service, rules, adaptations, model=model)
    if rules.call_ids is None or not any(turn.role == "tool" for turn in plain):
        return plain
    from llm_pure.adapters.dialects.common import call_ids  # late: start-up

    return call_ids.with_wire_ids(plain, rules.call_ids, adaptations)


def _plain_turns(messages: Sequence[Message], rules: TurnRules) -> list[Turn] | None:
    """The turns of a conversation to which no rule applies but that of the ids, as `arrange` gives them; else None.

    Its parts are plain; it begins with the user and ends with the user or a tool; results directly follow the turn of their
    calls, and no turn of the assistant does.
    """
    if rules.alternating:
        return None
    turns: list[Turn] = []
    joined: dict[int, list[Placed]] = {}  # turn -> its results, of several messages
    waiting: list[str] = []  # ids of the calls without a result so far
    joins, ends = rules.results == "first", rules.after_results == "nothing"
    before, begun, has_calls = "", False, False
    for index, message in enumerate(messages):
        role, parts = message.role, message.parts
        if message.prefix or message.cache is not None or not parts:
            return None
        if role == "tool":
            if before not in ("assistant", "tool") or message.name is not None:
                return None
            if before == "tool" and ends and not joins:
                return None
        elif role == "assistant":
            if not begun or waiting or (has_calls and before == "assistant"):
                return None
        elif before == "tool" and ends:
            return None
        begun = begun or role == "user"
        has_calls = False
        path = f"messages/{index}"
        placed: list[Placed] = []
        for part in parts:
            if type(part) is Text and role != "tool":
                text = part.text
                if part.provider_metadata is not None or part.cache is not None:
                    return None
                if not text or text.isspace():
                    return None
            elif type(part) is ToolCall and role == "assistant":
                if part.provider_metadata is not None or part.cache is not None:
                    return None
                has_calls = True
                if rules.paired_results:
                    waiting.append(part.id)
            elif type(part) is ToolResult and role == "tool" and _is_plain_result(part):
                if rules.paired_results:
                    if not waiting or waiting[0] != part.tool_call_id:
                        return None
                    del waiting[0]
            else:
                return None
            placed.append((f"{path}/parts/{len(placed)}", part))
        if role == before == "tool" and joins:
            last = len(turns) - 1
            joined.setdefault(last, [*turns[last].parts]).extend(placed)
        else:
            turns.append(Turn(role, path, tuple(placed), message.name))
        before = role
    for last, results in joined.items():
        turns[last] = Turn("tool", turns[last].path, tuple(results))
    return turns if before in ("user", "tool") and not waiting else None


def _is_plain_result(result: ToolResult) -> bool:
    """Whether no rule about single parts applies: text that is not blank, or nothing if it is no error."""
    if result.provider_metadata is not None or result.cache is not None:
        return False
    for item in result.content:
        if type(item) is not Text or item.provider_metadata is not None or item.cache is not None:
            return False
        if not item.text or item.text.isspace():
            return False
    return bool(result.content) or not result.is_error


def no_turns(service: str) -> Rejected:
    """The error for a conversation of which nothing is left to send: no service takes an empty list of messages."""
    message = "no messages to send: all are empty or have role 'system'"
    return Rejected(InvalidRequest(message=message, provider=service, param="messages"))


class MessageEncoder(ABC, Generic[Q]):
    """Encodes the messages of one request, in order, into `turns` and `system`."""

    content_key = "content"
    """The field of a turn that holds its blocks; Gemini calls it "parts"."""

    def __init__(
        self,
        service: Service[Q],
        adaptations: list[Adaptation],
        rules: TurnRules,
        *,
        model: str = "",
    ) -> None:
        self.service = service
        self.adaptations = adaptations
        self.rules = rules
        self.model = model
        self.is_plain = False
        """No rule applies to the conversation; none of its parts has a cache mark or metadata."""
        self.turns: list[dict[str, Any]] = []
        self.system: list[Any] = []

    @abstractmethod
    def add(self, turn: Turn) -> None:
        """Encode one turn. Raises UnsupportedPart."""

    def add_all(self, messages: Sequence[Message]) -> list[Turn]:
        """Encode all messages; returns them as arranged by the rules.

        Raises Rejected, with the provider's name, for a part that is not supported and for no turns to send.
        """
        try:
            plain = _plain_turns(messages, self.rules)
            self.is_plain = plain is not None
            name, model = self.service.name, self.model
            turns = _arranged(plain, messages, name, self.rules, self.adaptations, model=model)
            for turn in turns:
                self.add(turn)
        except UnsupportedPart as part:
            raise part.of_provider(self.service.name) from None
        if not self.turns:
            raise no_turns(self.service.name)
        return turns

    def add_turn(self, role: str, blocks: list[Any]) -> None:
        """Append the blocks to the last turn if it has this role, else as a new turn. No blocks, no turn."""
        if not blocks:
            return
        if self.turns and self.turns[-1]["role"] == role:
            self.turns[-1][self.content_key] += blocks
        else:
            self.turns.append({"role": role, self.content_key: blocks})

    def drop(self, path: str, reason: str, before: object = None) -> None:
        """Report something that is not sent."""
        self.adaptations.append(dropped(path, reason, before))

    def change(self, path: str, reason: str, before: object = None, after: object = None) -> None:
        """Report something that is sent in a form that loses information."""
        self.adaptations.append(changed(path, reason, before, after))

    def understands(self, provider: str) -> bool:
        """Return true if metadata and opaque parts of this provider may be sent to the service."""
        return provider == self.service.name or provider in self.rules.compatible_providers

    def own_fields(self, provider_metadata: ProviderMetadata | None) -> dict[str, Any]:
        """The wire fields that this provider sent with a part, to be sent back; none of another provider's."""
        if provider_metadata is None or not self.understands(provider_metadata.provider):
            return {}
        return json_object(provider_metadata.json) or {}


def object_arguments(call: ToolCall, path: str, adaptations: list[Adaptation]) -> str:
    """The arguments of a call as JSON text of an object, for services that take nothing else.

    Text that is none, as a model writes it that is cut off, stands in an object, as Anthropic advises (platform.claude.com,
    Fine-grained tool streaming, "Handling invalid JSON"; read 2026-11-30).
    """
    text = call.arguments
    if json_object(text) is not None:
        return text
    if not text.strip():
        return "{}"
    reason = "the arguments are not a JSON object"
    adaptations.append(changed(path, reason, text))
    return json_text({"INVALID_JSON": text})


MAX_MARKS = 4
"""Of Claude: "A maximum of 4 blocks with cache_control may be provided" (platform.claude.com, Prompt caching; read 2026-11-30)."""


def fit_marks(
    groups: Iterable[list[dict[str, Any]]],
    key: Literal["cache_control", "cachePoint"],
    adaptations: list[Adaptation],
) -> None:
    """Take from Claude's body the cache marks that it cannot have. `groups`: its lists of blocks: tools, system, then turns.

    No marks beyond the fourth: those of the earliest turns go first. No mark of an hour after a shorter one: "a ttl='1h'
    cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are processed in the following
    order: `tools`, `system`, `messages`" (headroomlabs-ai/headroom#2939, claude-code-cache-fix#44); read 2026-11-30.
    """
    marked = [
        (number, group, block)
        for number, group in enumerate(groups)
        for block in group
        if key in block
    ]
    if not marked:
        return
    excess = len(marked) - MAX_MARKS
    if excess > 0:
        in_turns = [entry for entry in marked if entry[0] > 1]
        removed = [*in_turns, *[entry for entry in marked if entry[0] <= 1]][:excess]
        for _, group, block in removed:
            others = {name: value for name, value in block.items() if name != key}
            index = next(index for index, item in enumerate(group) if item is block)
            group[index : index + 1] = [others] if others else []
        adaptations.append(
            dropped(key, f"a request has at most {MAX_MARKS} cache marks", len(marked))
        )
        marked = [entry for entry in marked if entry not in removed]
    is_shorter = False
    for _, group, block in marked:
        mark = block[key]
        if not isinstance(mark, dict) or mark.get("ttl") != "1h":
            is_shorter = True
        elif is_shorter:
            shorter = {name: value for name, value in mark.items() if name != "ttl"}
            index = next(index for index, item in enumerate(group) if item is block)
            group[index] = {**block, key: shorter}
            reason = "a mark of an hour cannot come after a shorter one"
            adaptations.append(changed(f"{key}/ttl", reason, "1h"))


def mark_fields(mark: CacheMark | None) -> dict[str, Any]:
    """`cache_control` of a part with a cache mark; the rules have removed marks that cannot be sent.

    >>> mark_fields(CacheMark("1h"))
    {'cache_control': {'type': 'ephemeral', 'ttl': '1h'}}
    """
    if mark is None:
        return {}
    ttl = {} if mark.ttl is None else {"ttl": mark.ttl}
    return {"cache_control": {"type": "ephemeral", **ttl}}
