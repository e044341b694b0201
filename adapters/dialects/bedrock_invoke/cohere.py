"""Messages and tools -> the body of Cohere's Command R: the last message and the earlier messages as history.

Tool calls have no ids in this API: a result repeats the tool's name and arguments of its call.
Source: docs.aws.amazon.com, "Cohere Command R and Command R+ models"; read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.common.adaptations import changed, dropped, dropped_tool_mark
from llm_pure.adapters.dialects.common.message_encoder import turns_of
from llm_pure.adapters.dialects.common.turn_rules import CallIds, Turn, TurnRules
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.resolved_request import ResolvedRequest, dropped_tool_choice
from llm_pure.core.service import AnyService
from llm_pure.framing.json_codec import json_object
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.messages import Message, Opaque, Reasoning, Refusal, Text, ToolCall, ToolResult
from llm_pure.types.rejection import Rejected, UnsupportedPart
from llm_pure.types.request import Tool

_TYPES: Mapping[str, str] = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list",
    "object": "dict",
}
"""JSON Schema's types -> the types of `parameter_definitions`, which are Python's."""

_SENT = frozenset({"type", "description", "title"})
"""The keywords of a parameter's schema that are sent, and `title`, which adds no information."""


RULES = TurnRules(result_media=None, left_out_if_empty=frozenset(), call_ids=CallIds(sent=False))
"""The body has neither ids nor reasoning."""


class _Turn(msgspec.Struct):
    role: str
    text: str = ""
    calls: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []


def encode_messages(
    service: AnyService, messages: tuple[Message, ...], adaptations: list[Adaptation]
) -> dict[str, Any]:
    """{message, chat_history[], preamble?, tool_results[]?}.

    Raises Rejected with UnsupportedFeature for a part that is neither text nor a call nor its result, with InvalidRequest
    when the last turn is the model's.
    """
    preamble: list[str] = []
    turns: list[_Turn] = []
    calls: dict[str, dict[str, Any]] = {}  # call id -> its encoded call
    for message in turns_of(messages, service.name, RULES, adaptations):
        path = message.path
        if message.name:
            adaptations.append(dropped(f"{path}/name", "this model has no names for speakers"))
        turn = _turn(service, message, calls, adaptations)
        if message.role == "system":
            preamble.append(turn.text)
        elif turn.results and turns and turns[-1].results and not turns[-1].text:
            turns[-1].results += turn.results  # of parallel calls
            turns[-1].text = turn.text
        else:
            turns.append(turn)
    if not turns or turns[-1].role == "CHATBOT":
        reason = "the last message must be the user's or a tool result for this model"
        raise Rejected(InvalidRequest(message=reason, provider=service.name, param="messages"))
    last = turns.pop()
    history = [entry for turn in turns for entry in _history(turn)]
    body: dict[str, Any] = {"message": last.text, "chat_history": history}
    if preamble:
        body["preamble"] = "\n\n".join(preamble)
    if last.results:
        body["tool_results"] = last.results
    return body


def _turn(
    service: AnyService,
    message: Turn,
    calls: dict[str, dict[str, Any]],
    adaptations: list[Adaptation],
) -> _Turn:
    turn = _Turn("CHATBOT" if message.role == "assistant" else "USER")
    for path, part in message.parts:
        match part:
            case Text(text=text) | Refusal(text=text):
                turn.text += text
            case ToolCall() if message.role == "assistant":
                arguments = json_object(part.arguments)
                if arguments is None:
                    reason = "the arguments are not a JSON object"
                    adaptations.append(dropped(f"{path}/arguments", reason))
                call = {"name": part.name, "parameters": arguments or {}}
                calls[part.id] = call
                turn.calls.append(call)
            case ToolResult() if message.role != "system" and _is_text(part):
                if part.is_error:
                    reason = "this model has no error flag for tool results; only the text shows the error"
                    adaptations.append(dropped(f"{path}/is_error", reason))
                turn.results.append(_result(part, calls))
            case Reasoning() | Opaque():
                reason = "this model accepts no reasoning and no opaque parts"
                adaptations.append(dropped(path, reason))
            case _:
                reason = f"Command R takes text, calls and their results, not {type(part).__name__}"
                raise UnsupportedPart(f"{path}: {reason}", provider=service.name)
    return turn


def encode_tools(resolved: ResolvedRequest, adaptations: list[Adaptation]) -> list[dict[str, Any]]:
    """[{name, description, parameter_definitions}]. Only the first level of a schema is supported."""
    encoded: list[dict[str, Any]] = []
    for index, tool in enumerate(resolved.tools):
        path = f"tools/{index}"
        if not isinstance(tool, Tool):
            adaptations.append(dropped(path, f"it is a native tool of {tool.provider}"))
            continue
        required = tool.parameters.get("required") or ()
        definitions = {
            key: {
                "description": str(schema.get("description", "")),
                "type": _TYPES.get(str(schema.get("type")), "str"),
                "required": key in required,
            }
            for key, schema in (tool.parameters.get("properties") or {}).items()
            if isinstance(schema, dict)
        }
        description = tool.description or ""
        encoded.append(
            {"name": tool.name, "description": description, "parameter_definitions": definitions}
        )
        lossy = [key for key in definitions if set(tool.parameters["properties"][key]) - _SENT]
        if lossy:
            reason = (
                f"only type and description of a parameter are sent, not the rest of {lossy[0]!r}"
            )
            adaptations.append(changed(f"{path}/parameters", reason))
        if tool.cache is not None:
            adaptations.append(dropped_tool_mark(index, resolved.model))
        if tool.strict:
            adaptations.append(dropped(f"{path}/strict", "this model has no strict tools"))
    if not encoded:
        adaptations += dropped_tool_choice(resolved)
        return encoded
    if resolved.parallel_tool_calls is False:
        reason = "this model has no limit of one call at a time"
        adaptations.append(dropped("parallel_tool_calls", reason))
    if resolved.tool_choice not in (None, "auto"):
        adaptations.append(dropped("tool_choice", "this model has no choice of tools"))
    return encoded


def _history(turn: _Turn) -> list[dict[str, Any]]:
    results = [{"role": "TOOL", "tool_results": turn.results}] if turn.results else []
    if turn.results and not turn.text:
        return results
    entry: dict[str, Any] = {"role": turn.role, "message": turn.text}
    return [*results, {**entry, "tool_calls": turn.calls} if turn.calls else entry]


def _is_text(result: ToolResult) -> bool:
    return all(isinstance(part, Text) for part in result.content)


def _result(part: ToolResult, calls: dict[str, dict[str, Any]]) -> dict[str, Any]:
    text = "".join([item.text for item in part.content if isinstance(item, Text)])
    call = calls.get(part.tool_call_id, {"name": part.name or "", "parameters": {}})
    output = json_object(text)
    return {"call": call, "outputs": [{"result": text} if output is None else output]}
