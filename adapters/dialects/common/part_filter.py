"""Which parts of a message are sent: replay, metadata and cache marks, and blank text.

Each decision is made by `replay` or by a row of `TurnRules`; what is lost is reported.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.adaptations import dropped, rewritten
from llm_pure.adapters.dialects.common.replay import (
    foreign_fields,
    is_understood,
    reason_not_replayed,
)
from llm_pure.adapters.dialects.common.turn_rules import Placed, Turn, TurnRules
from llm_pure.core.adaptations import Adaptation
from llm_pure.framing.json_codec import json_object
from llm_pure.types.media import media_type_of
from llm_pure.types.messages import (
    CacheMark,
    Document,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    ToolResultContent,
    Video,
)

IDENTITY = frozenset({"item", "id", "status", "index", "thoughtSignature", "caller", "namespace"})
"""Fields with which a provider knows its own parts again; no other provider loses anything without them."""


_WITH_TEXT = (Text, Refusal, ToolResult)
"""The types of parts whose text may be blank."""


class PartFilter:
    """Decides for each part of a conversation whether it is sent."""

    def __init__(
        self,
        service: str,
        rules: TurnRules,
        adaptations: list[Adaptation],
        model: str,
        messages: Sequence[Message] = (),
    ) -> None:
        self.messages = messages
        self.excess: int | None = None
        """The number of marks that are still to be dropped, since the service takes fewer; None: not counted yet."""
        self.service = service
        self.rules = rules
        self.adaptations = adaptations
        marks = rules.cache_marks
        name = model.rsplit("/", 1)[-1]
        if marks is not None and not name.startswith(marks.models):
            marks = None
        self.marks = marks
        self.kinds: set[type] = set()
        """The types of the parts so far that are not plain, also of those in tool results."""
        self.leaves_out = rules.blank_text != "sent" or rules.empty_text != "sent"

    def turn(self, message: Message, path: str) -> Turn:
        """The message as a turn of the parts that are sent."""
        role = message.role
        parts = message.parts
        if message.cache is not None:
            parts = self._marked(parts, message.cache, path)
        placed: list[Placed] = []
        may_be_blank = False
        for index, part in enumerate(parts):
            part_path = f"{path}/parts/{index}"
            if type(part) is Text and part.provider_metadata is None and part.cache is None:
                may_be_blank = may_be_blank or not part.text or part.text.isspace()
                placed.append((part_path, part))
                continue
            may_be_blank = may_be_blank or type(part) in _WITH_TEXT
            kept = self._part(part, part_path, role)
            if kept is not None:
                placed.append((part_path, kept))
        if may_be_blank and self.leaves_out:
            placed = self._without_blanks(placed)
        if not message.prefix:
            return Turn(role, path, tuple(placed), message.name)
        if role != "assistant":
            reason = "only an assistant's message can be continued"
            self.adaptations.append(dropped(f"{path}/prefix", reason, True))
        return Turn(role, path, tuple(placed), message.name, role == "assistant")

    def _part(self, part: Part, path: str, role: str) -> Part | None:
        """The part as it is encoded, None if it is not sent."""
        self.kinds.add(type(part))
        if isinstance(part, Reasoning):
            if self.rules.reasoning == "items":
                return part
            reason = reason_not_replayed(part, self.service, self.rules)
            if reason is None:
                return part
            self.adaptations.append(dropped(path, reason))
            return None
        if isinstance(part, Text):
            if part.provider_metadata is not None or part.cache is not None:
                return self._checked(part, path, role)
            return part
        if isinstance(part, Opaque):
            if is_understood(part.provider, self.service, self.rules):
                return part
            self.adaptations.append(dropped(path, f"{part.kind} is for {part.provider} only"))
            return None
        part = self._checked(part, path, role)
        if isinstance(part, Document) and _is_video(part):
            return _video(part)
        if isinstance(part, ToolResult):
            return self._result(part, path)
        return part

    def _result(self, result: ToolResult, path: str) -> ToolResult:
        content: list[ToolResultContent] = []
        for index, part in enumerate(result.content):
            kept = self._part(part, f"{path}/content/{index}", "result")
            if kept is not None:
                content.append(kept)  # type: ignore[arg-type]
        is_same = len(content) == len(result.content) and all(map(_is, content, result.content))
        return result if is_same else replace(result, content=tuple(content))

    def _checked(self, part: Part, path: str, role: str) -> Part:
        """The part without a cache mark that cannot be sent; reports the mark, and metadata that is lost."""
        foreign = foreign_fields(part.provider_metadata, self.service, self.rules)  # type: ignore[union-attr]
        if foreign is not None:
            keys = list(json_object(part.provider_metadata.json) or {})  # type: ignore[union-attr]
            reason = f"{', '.join(keys) or 'these fields'}: for {foreign} only"
            report = rewritten if IDENTITY.issuperset(keys) else dropped
            self.adaptations.append(report(f"{path}/provider_metadata", reason))
        mark: CacheMark | None = getattr(part, "cache", None)
        if mark is None:
            return part
        marks = self.marks
        if isinstance(part, Text) and not part.text.strip():
            # 400 "cache_control cannot be set for empty text blocks" (in public logs), read 2026-11-30
            self.adaptations.append(rewritten(f"{path}/cache", "an empty text is not cached"))
            return replace(part, cache=None)
        if marks is None:
            self._drop_mark(path, "it takes no cache marks", mark)
            return replace(part, cache=None)
        is_here = {
            "result": marks.in_results,
            "system": marks.system,
            "assistant": marks.assistant,
        }.get(role, True)
        if not is_here or type(part) not in marks.parts:
            self._drop_mark(path, f"it takes no cache mark at this part ({marks.key})", mark)
            return replace(part, cache=None)
        if self.excess is None:
            self.excess = _count_marks(self.messages) - (marks.max_marks or 10**9)
        if self.excess > 0 and role != "system":
            self.excess -= 1
            self._drop_mark(path, f"a request has at most {marks.max_marks} cache marks", mark)
            return replace(part, cache=None)
        if mark.ttl is not None and mark.ttl not in marks.ttls:
            reason = f"the supported times are {', '.join(sorted(marks.ttls)) or 'none'}"
            self.adaptations.append(dropped(f"{path}/cache/ttl", reason, mark.ttl))
            return replace(part, cache=CacheMark())
        return part

    def _drop_mark(self, path: str, reason: str, mark: CacheMark) -> None:
        before = mark.ttl or True
        self.adaptations.append(dropped(f"{path}/cache", f"{self.service}: {reason}", before))

    def _marked(self, parts: tuple[Part, ...], mark: CacheMark, path: str) -> tuple[Part, ...]:
        """The message's mark at its last part that can have one."""
        for index in range(len(parts) - 1, -1, -1):
            part = parts[index]
            if isinstance(part, Opaque | Reasoning | Refusal):
                continue
            if isinstance(part, Text) and not part.text.strip():
                continue
            if part.cache is not None:
                return parts
            return (*parts[:index], replace(part, cache=mark), *parts[index + 1 :])
        self._drop_mark(path, "the message has no part that can be marked", mark)
        return parts

    def _without_blanks(self, placed: list[Placed]) -> list[Placed]:
        """The parts without text that the service refuses; text with metadata of its own may carry a signature."""
        rules = self.rules
        keeps_blanks = rules.blank_text == "sent" or (
            rules.blank_text == "left_out_without_calls"
            and any(type(part) is ToolCall for _, part in placed)
        )
        kept: list[Placed] = []
        for path, part in placed:
            if isinstance(part, ToolResult):
                part = self._result_without_blanks(part, path)
            elif isinstance(part, Text | Refusal) and self._is_refused(part, keeps_blanks):
                self._report_blank(path, part.text)
                continue
            kept.append((path, part))
        return kept

    def _is_refused(self, part: Text | Refusal, keeps_blanks: bool) -> bool:
        if part.text and not part.text.isspace():
            return False
        metadata = part.provider_metadata
        if self.rules.blank_text == "sent" and metadata is not None and metadata.json != "{}":
            return False  # Gemini: a signature may come with no text
        return not part.text or not keeps_blanks

    def _result_without_blanks(self, result: ToolResult, path: str) -> ToolResult:
        keeps = self.rules.blank_text == "sent"
        content: list[ToolResultContent] = []
        for index, part in enumerate(result.content):
            if isinstance(part, Text) and self._is_refused(part, keeps):
                self._report_blank(f"{path}/content/{index}", part.text)
            else:
                content.append(part)
        return (
            result
            if len(content) == len(result.content)
            else replace(result, content=tuple(content))
        )

    def _report_blank(self, path: str, text: str) -> None:
        if text:
            reason = "text of white space alone is refused; it is left out"
            self.adaptations.append(rewritten(path, reason, text))


def _count_marks(messages: Sequence[Message]) -> int:
    """The number of cache marks in a conversation."""
    count = 0
    for message in messages:
        count += message.cache is not None
        for part in message.parts:
            count += getattr(part, "cache", None) is not None
            if type(part) is ToolResult:
                count += sum([getattr(item, "cache", None) is not None for item in part.content])
    return count


def _is(first: object, second: object) -> bool:
    return first is second


def _is_video(part: Document) -> bool:
    detected = media_type_of(part.data) if part.data is not None else None
    return (detected or part.media_type or "").startswith("video/")


def _video(part: Document) -> Video:
    return Video(
        data=part.data,
        url=part.url,
        file_id=part.file_id,
        media_type=part.media_type,
        provider_metadata=part.provider_metadata,
        cache=part.cache,
    )
