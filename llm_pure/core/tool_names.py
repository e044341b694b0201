"""Tool names in the form that a service accepts, and back.

`rename_tools` changes the names of a request. `Built.tool_names` has the caller's names; `parse_chat` and `open_stream`
know the sent names only, so `restore_completion` and `restore_decoder` put the caller's names back. The client does.
"""

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import StreamDecoder
from llm_pure.core.resolved_request import ResolvedRequest
from llm_pure.framing.json_codec import json_text
from llm_pure.types.completion import Completion
from llm_pure.types.errors import InvalidRequest, LLMError
from llm_pure.types.events import PartReceived, StreamEvent, ToolCallDelta
from llm_pure.types.messages import Message, ToolCall, ToolResult
from llm_pure.types.rejection import Rejected
from llm_pure.types.request import AllowedTools, NamedToolChoice, NativeTool, Tool
from llm_pure.types.result import Failure, LLMResult, Success

_UNNAMED = "unnamed"
"""For calls in the history without a name."""

_MAX_STEM = 55
"""Characters before the checksum: 64 in all, which every service accepts."""


def rename_tools(
    request: ResolvedRequest, pattern: re.Pattern[str], *, provider: str
) -> tuple[ResolvedRequest, tuple[Adaptation, ...]]:
    """Return the request with names that match the pattern, and an adaptation for each name that changed.

    Of names that would become the same, those that fit stay; a changed name does not depend on the order of the tools. A
    tool that is listed twice is sent once.
    Raises Rejected with InvalidRequest for a tool without a name, and for different tools of one name.
    """
    tools, repeated = _distinct_tools(request.tools, provider)
    used = set(_names(request))
    sent: dict[str, str] = {}
    adaptations: list[Adaptation] = list(repeated)
    for name, path in _named_paths(request):
        if name in sent or pattern.fullmatch(name):
            continue
        sent[name] = after = _fitting_name(name, pattern, used)
        used.add(after)
        reason = f"{provider} accepts names that match {pattern.pattern}"
        adaptations.append(
            Adaptation(field=path, action="renamed", reason=reason, before=name, after=after)
        )
    request = msgspec.structs.replace(
        request,
        tools=tuple([_renamed_tool(tool, sent) for tool in tools]),
        tool_choice=_renamed_choice(request.tool_choice, sent),
        messages=tuple([_renamed_message(message, sent) for message in request.messages]),
    )
    return request, tuple(adaptations)


def check_choice(request: ResolvedRequest, adaptations: list[Adaptation]) -> ResolvedRequest:
    """Return the request without a choice of tools that are not in it, which services refuse.

    OpenAI: "Tool choice 'g' not found in 'tools' parameter"; Anthropic: "Tool 'g' not found in provided tools"; as generally known on 2026-11-30, unconfirmed.
    """
    choice = request.tool_choice
    if "tools" in request.extra:
        return request
    if isinstance(choice, NamedToolChoice):
        if _is_offered(request, choice.name):
            return request
        reason = f"there is no tool {choice.name!r}"
        adaptations.append(
            Adaptation(field="tool_choice", action="dropped", reason=reason, before=choice.name)
        )
        return msgspec.structs.replace(request, tool_choice=None)
    if not isinstance(choice, AllowedTools):
        return request
    known = tuple([name for name in choice.names if _is_offered(request, name)])
    if known == choice.names:
        return request
    unknown = [name for name in choice.names if name not in known]
    adaptations.append(
        Adaptation(
            field="tool_choice/names",
            action="dropped",
            reason=f"there is no tool {', '.join(map(repr, unknown))}",
            before=tuple(unknown),
        )
    )
    narrowed = AllowedTools(known, choice.mode) if known else None
    return msgspec.structs.replace(request, tool_choice=narrowed)


def _is_offered(request: ResolvedRequest, name: str) -> bool:
    """Whether a tool has this name. That of a hosted tool stands somewhere in its JSON."""
    for tool in request.tools:
        if isinstance(tool, Tool):
            if tool.name == name:
                return True
        elif f'"{name}"' in json_text(tool.json):
            return True
    return False


def restore_completion(completion: Completion, names: Mapping[str, str]) -> Completion:
    """Return the completion with the caller's tool names. `names`: `Built.tool_names`."""
    if not names:
        return completion
    alternatives = tuple(
        [
            msgspec.structs.replace(choice, message=_renamed_message(choice.message, names))
            for choice in completion.alternatives
        ]
    )
    message = _renamed_message(completion.message, names)
    return msgspec.structs.replace(completion, message=message, alternatives=alternatives)


def restore_error(error: LLMError, names: Mapping[str, str]) -> LLMError:
    """Return the error with the caller's tool names in its partial completion."""
    partial = error.partial
    if not names or partial is None:
        return error
    return msgspec.structs.replace(error, partial=restore_completion(partial, names))


def restore_result(result: LLMResult[Any], names: Mapping[str, str]) -> LLMResult[Any]:
    """Return the result of `parse_chat` with the caller's tool names; other results are unchanged."""
    if isinstance(result, Failure):
        return Failure(restore_error(result.failure(), names))
    value = result.unwrap()
    return Success(restore_completion(value, names)) if isinstance(value, Completion) else result


def restore_decoder(decoder: StreamDecoder, names: Mapping[str, str]) -> StreamDecoder:
    """Return a decoder whose events have the caller's tool names."""
    return _RestoringDecoder(decoder, names) if names else decoder


class _RestoringDecoder:
    def __init__(self, decoder: StreamDecoder, names: Mapping[str, str]) -> None:
        self._decoder = decoder
        self._names = names

    def feed(self, data: bytes) -> LLMResult[tuple[StreamEvent, ...]]:
        return self._restored(self._decoder.feed(data))

    def close(self) -> LLMResult[tuple[StreamEvent, ...]]:
        return self._restored(self._decoder.close())

    def partial(self) -> Completion:
        return restore_completion(self._decoder.partial(), self._names)

    def _restored(
        self, events: LLMResult[tuple[StreamEvent, ...]]
    ) -> LLMResult[tuple[StreamEvent, ...]]:
        if isinstance(events, Failure):
            return Failure(restore_error(events.failure(), self._names))
        return Success(tuple([_restored_event(event, self._names) for event in events.unwrap()]))


def _restored_event(event: StreamEvent, names: Mapping[str, str]) -> StreamEvent:
    if isinstance(event, ToolCallDelta):
        name = names.get(event.name)
        return event if name is None else msgspec.structs.replace(event, name=name)
    if isinstance(event, PartReceived):
        part = _with_name(event.part, names)
        return event if part is event.part else msgspec.structs.replace(event, part=part)
    return event


def _names(request: ResolvedRequest) -> Iterator[str]:
    """Every name in the request, and those of native tools, which keep theirs."""
    for name, _ in _named_paths(request):
        yield name
    for tool in request.tools:
        if isinstance(tool, NativeTool):
            yield str(tool.json.get("name", ""))


def _named_paths(request: ResolvedRequest) -> Iterator[tuple[str, str]]:
    """(name, path) of every tool, call and result."""
    for index, tool in enumerate(request.tools):
        if isinstance(tool, Tool):
            yield tool.name, f"tools/{index}/name"
    for index, message in enumerate(request.messages):
        for number, part in enumerate(message.parts):
            if isinstance(part, ToolCall) or (isinstance(part, ToolResult) and part.name):
                yield part.name or "", f"messages/{index}/parts/{number}/tool_name"


def _distinct_tools(
    tools: Sequence[Tool | NativeTool], provider: str
) -> tuple[list[Tool | NativeTool], list[Adaptation]]:
    seen: dict[str, Tool] = {}
    kept: list[Tool | NativeTool] = []
    repeated: list[Adaptation] = []
    for index, tool in enumerate(tools):
        if isinstance(tool, Tool):
            path = f"tools/{index}"
            if not tool.name:
                message = "a tool needs a name"
                raise Rejected(
                    InvalidRequest(message=message, param=f"{path}/name", provider=provider)
                )
            if seen.get(tool.name) == tool:
                reason = "the same tool stands in the list before"
                repeated.append(Adaptation(field=path, action="rewritten", reason=reason))
                continue
            if tool.name in seen:
                message = f"two different tools have the name {tool.name!r}"
                raise Rejected(
                    InvalidRequest(message=message, param=f"{path}/name", provider=provider)
                )
            seen[tool.name] = tool
        kept.append(tool)
    return kept, repeated


def _fitting_name(name: str, pattern: re.Pattern[str], used: set[str]) -> str:
    """The name with underscores for what does not fit; with a checksum if it is too long or no longer unique.

    >>> _fitting_name("lit.search", re.compile("[a-z_]+"), set())
    'lit_search'
    """
    fitting = "".join([letter if pattern.fullmatch(f"aa{letter}") else "_" for letter in name])
    if not fitting.strip("_"):
        fitting = _UNNAMED
    if not pattern.fullmatch(f"{fitting[0]}aa"):
        fitting = f"t_{fitting}"
    if pattern.fullmatch(fitting) and fitting not in used:
        return fitting
    checksum = f"{zlib.crc32(name.encode('utf-8', 'surrogatepass')):08x}"
    return f"{fitting[:_MAX_STEM]}_{checksum}"


def _renamed_choice(choice: Any, sent: Mapping[str, str]) -> Any:
    if isinstance(choice, NamedToolChoice):
        return NamedToolChoice(sent.get(choice.name, choice.name))
    names: tuple[str, ...] | None = getattr(choice, "names", None)  # of a choice among several
    if names is not None:
        return msgspec.structs.replace(
            choice, names=tuple([sent.get(name, name) for name in names])
        )
    return choice


def _renamed_tool(tool: Tool | NativeTool, sent: Mapping[str, str]) -> Tool | NativeTool:
    if isinstance(tool, Tool) and tool.name in sent:
        return msgspec.structs.replace(tool, name=sent[tool.name])
    return tool


def _renamed_message(message: Message, names: Mapping[str, str]) -> Message:
    parts = tuple([_with_name(part, names) for part in message.parts])
    if all(part is before for part, before in zip(parts, message.parts, strict=True)):
        return message
    return msgspec.structs.replace(message, parts=parts)


def _with_name(part: Any, names: Mapping[str, str]) -> Any:
    if not isinstance(part, ToolCall | ToolResult):
        return part
    name = names.get(part.name or "")
    return part if name is None else msgspec.structs.replace(part, name=name)
