"""Messages and tools -> the body of Cohere's Command R: the last words apart from the history before them.

Calls have no ids here: a result names its call's tool and arguments.
Source: docs.aws.amazon.com, "Cohere Command R and Command R+ models"; read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.core.adaptations import Adaptation
from llm_pure.core.resolved_request import ResolvedRequest, dropped_tool_choice
from llm_pure.framing.json_codec import json_object
from llm_pure.types.errors import InvalidRequest, LLMError, UnsupportedFeature
from llm_pure.types.messages import Message, Opaque, Reasoning, Refusal, Text, ToolCall, ToolResult
from llm_pure.types.request import Tool
from llm_pure.types.result import Failure, LLMResult, Success

_TYPES: Mapping[str, str] = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list",
    "object": "dict",
}
"""JSON Schema's types in the words of `parameter_definitions`, which are Python's."""

_TAKEN = frozenset({"type", "description", "title"})
"""What is taken of a parameter's schema, and the title that says nothing new."""


class _Turn(msgspec.Struct):
    role: str
    text: str = ""
    calls: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []


def conversation(
    name: str, messages: tuple[Message, ...]
) -> LLMResult[tuple[dict[str, Any], tuple[Adaptation, ...]]]:
    """{message, chat_history[], preamble?, tool_results[]?}, and what was left out.

    UnsupportedFeature for a part that is neither text nor a call nor its result; InvalidRequest when the model spoke last.
    """
    preamble: list[str] = []
    turns: list[_Turn] = []
    told: list[Adaptation] = []
    known: dict[str, dict[str, Any]] = {}  # call id -> the call as it goes back
    for place, message in enumerate(messages):
        turn = _Turn("CHATBOT" if message.role == "assistant" else "USER")
        if message.name:
            told.append(
                _dropped(f"messages/{place}/name", "this model takes no names for speakers")
            )
        for number, part in enumerate(message.parts):
            path = f"messages/{place}/parts/{number}"
            match part:
                case Text(text=text) | Refusal(text=text):
                    turn.text += text
                case ToolCall() if message.role == "assistant":
                    given = json_object(part.arguments)
                    if given is None:
                        reason = "arguments are an object here, and these are none"
                        told.append(_dropped(f"{path}/arguments", reason))
                    call = {"name": part.name, "parameters": given or {}}
                    known[part.id] = call
                    turn.calls = [*turn.calls, call]
                case ToolResult() if message.role != "system" and all(
                    isinstance(one, Text) for one in part.content
                ):
                    if part.is_error:
                        reason = "there is no mark for a tool that failed; its words must say it"
                        told.append(_dropped(f"{path}/is_error", reason))
                    turn.results = [*turn.results, _result(part, known)]
                case Reasoning() | Opaque():
                    reason = "this model takes back no reasoning and no opaque parts"
                    told.append(_dropped(path, reason))
                case _:
                    return Failure(_unsupported(name, path, type(part).__name__))
        if message.role == "system":
            preamble.append(turn.text)
        elif turn.results and turns and turns[-1].results and not turns[-1].text:
            turns[-1].results += turn.results  # of calls that were made at once
            turns[-1].text = turn.text
        else:
            turns.append(turn)
    if not turns or turns[-1].role == "CHATBOT":
        message_ = "the last words are the user's, or a tool's results, for this model"
        return Failure(InvalidRequest(message=message_, provider=name, param="messages"))
    last = turns.pop()
    history = [said for turn in turns for said in _history(turn)]
    body: dict[str, Any] = {"message": last.text, "chat_history": history}
    if preamble:
        body["preamble"] = "\n\n".join(preamble)
    if last.results:
        body["tool_results"] = last.results
    return Success((body, tuple(told)))


def tools(call: ResolvedRequest) -> tuple[list[dict[str, Any]], tuple[Adaptation, ...]]:
    """[{name, description, parameter_definitions}], and what is not taken. Only the first level of a schema has a place."""
    wire: list[dict[str, Any]] = []
    told: list[Adaptation] = []
    for place, tool in enumerate(call.tools):
        if not isinstance(tool, Tool):
            reason = f"it is a tool of {tool.provider}'s own"
            told.append(_dropped(f"tools/{place}", reason))
            continue
        needed = tool.parameters.get("required") or ()
        definitions = {
            key: {
                "description": str(schema.get("description", "")),
                "type": _TYPES.get(str(schema.get("type")), "str"),
                "required": key in needed,
            }
            for key, schema in (tool.parameters.get("properties") or {}).items()
            if isinstance(schema, dict)
        }
        made = {"name": tool.name, "description": tool.description or ""}
        wire.append({**made, "parameter_definitions": definitions})
        more = [key for key in definitions if set(tool.parameters["properties"][key]) - _TAKEN]
        if more:
            reason = f"only type and description of a parameter have a place, not the rest of {more[0]!r}"
            told.append(
                Adaptation(field=f"tools/{place}/parameters", action="changed", reason=reason)
            )
        if tool.strict:
            reason = "this model is not held to a schema"
            told.append(_dropped(f"tools/{place}/strict", reason))
    if not wire:
        told += dropped_tool_choice(call)
    if wire and call.parallel_tool_calls is False:
        reason = "this model cannot be held to one call at a time"
        told.append(_dropped("parallel_tool_calls", reason))
    if wire and call.tool_choice not in (None, "auto"):
        reason = "this model has no choice of tools"
        told.append(_dropped("tool_choice", reason))
    return wire, tuple(told)


def _history(turn: _Turn) -> list[dict[str, Any]]:
    results = [{"role": "TOOL", "tool_results": turn.results}] if turn.results else []
    if turn.results and not turn.text:
        return results
    said: dict[str, Any] = {"role": turn.role, "message": turn.text}
    return [*results, {**said, "tool_calls": turn.calls} if turn.calls else said]


def _result(part: ToolResult, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    text = "".join([one.text for one in part.content if isinstance(one, Text)])
    call = known.get(part.tool_call_id, {"name": part.name or "", "parameters": {}})
    found = json_object(text)
    return {"call": call, "outputs": [{"result": text} if found is None else found]}


def _dropped(field: str, reason: str) -> Adaptation:
    return Adaptation(field=field, action="dropped", reason=reason)


def _unsupported(name: str, path: str, kind: str) -> LLMError:
    message = f"{path}: Command R takes text, calls and their results, not {kind}"
    return UnsupportedFeature(message=message, provider=name, feature="messages")
