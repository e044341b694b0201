"""Code output: the code tool, and the code of a completion from its arguments, a fenced block, or the plain text."""

import re
from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.framing.json_codec import json_text
from llm_pure.output.json_parser import Edit
from llm_pure.output.json_repair import Exact, Repair, Repaired, Unrepairable, repair
from llm_pure.types.completion import Completion
from llm_pure.types.messages import ToolCall
from llm_pure.types.request import ChatRequest, NamedToolChoice, Tool

CODE_TOOL = Tool(
    name="execute",
    description="Run code for the user. Give all of the code in one call.",
    parameters={
        "type": "object",
        "properties": {
            "language": {
                "type": "string",
                "description": "The programming language, such as python, shell or javascript",
            },
            "code": {"type": "string", "description": "The code, ready to run"},
        },
        "required": ["language", "code"],
        "additionalProperties": False,
    },
)

_KEYS = frozenset({"language", "code"})
_FENCE_LINE = re.compile(r"[ \t]*+(```++|~~~++)[ \t]*+([\w+#.-]*+)")
_NAMED_OBJECT = re.compile(r"\{\s*+[\"']?(?:language|code)[\"']?\s*+:")

CodeSource: TypeAlias = Literal["call", "fence", "text"]


class CodeOutput(msgspec.Struct, frozen=True, kw_only=True):
    """The code of a completion."""

    language: str
    """As the model names it; "markdown" for a response without code."""
    code: str | None
    """None if the tool's arguments cannot be read without guessing; `repair` has the reason."""
    origin: CodeSource
    repair: Repair
    """The repair of the tool's arguments; Exact for the other origins."""


def code_request(request: ChatRequest) -> ChatRequest:
    """Return the request with the code tool as a forced tool call."""
    tools: Any = request.tools
    return msgspec.structs.replace(
        request,
        tools=(*tools, CODE_TOOL) if isinstance(tools, list | tuple) else tools,  # else an error
        tool_choice=NamedToolChoice(CODE_TOOL.name),
        parallel_tool_calls=None,
    )


def parse_code(completion: Completion, *, language: str = "python") -> CodeOutput:
    """Return the code of the code tool's call, else of the first fenced block, else the text as markdown.

    language: for code whose language is not named.
    """
    for call in completion.tool_calls:
        if call.name == CODE_TOOL.name:
            return _parse_call(call, language)
    text = completion.text
    block = _fenced_block(text)
    if block is not None:
        name, inner = block[0] or language, block[1]
        exact = Exact({"language": name, "code": inner})
        return CodeOutput(language=name, code=inner, origin="fence", repair=exact)
    exact = Exact({"language": "markdown", "code": text})
    return CodeOutput(language="markdown", code=text, origin="text", repair=exact)


def repair_code(text: str, *, language: str = "python") -> Repair:
    """Repair arguments of the code tool; without an object they may be a fenced block or the code itself.

    >>> repair_code("print(1)").value
    {'language': 'python', 'code': 'print(1)'}
    """
    result = repair(text, keys=_KEYS, required=_KEYS)
    if not isinstance(result, Unrepairable) or text.lstrip()[:1] in ("", "{", "[", '"'):
        return result
    block = _fenced_block(text)
    if block is not None and block[1].lstrip().startswith("{"):
        return result
    if block is None and _NAMED_OBJECT.search(text):
        return result
    name, code = block if block is not None else ("", text)
    name = name or language
    value = {"language": name, "code": code}
    edits = (Edit(0, text, json_text(value)),)
    return Repaired(value=value, edits=edits, method="fenced" if block else "bare")


def _fenced_block(text: str) -> tuple[str, str] | None:
    """(language, code) of the first fenced block that is closed, None if there is none.

    A block is closed by a line that begins with as many marks as its own, else by the next line that begins with three.
    """
    lines = text.split("\n")
    fences = [(at, fence) for at, line in enumerate(lines) if (fence := _FENCE_LINE.match(line))]
    unclosed: set[str] = set()
    for number, (at, opening) in enumerate(fences[:-1]):
        mark = opening[1]
        if mark[0] in unclosed:
            continue
        same = [(end, fence[1]) for end, fence in fences[number + 1 :] if fence[1][0] == mark[0]]
        closing = [end for end, other in same if len(other) >= len(mark)] or [
            end for end, _ in same
        ]
        if closing:
            return opening[2], "\n".join(lines[at + 1 : closing[0]])
        unclosed.add(mark[0])  # nothing closes a later one either
    return None


def _parse_call(call: ToolCall, language: str) -> CodeOutput:
    result = repair_code(call.arguments, language=language)
    if not isinstance(result, Unrepairable):
        code, name = result.value.get("code"), result.value.get("language", language)
        if isinstance(code, str) and isinstance(name, str):
            return CodeOutput(language=name, code=code, origin="call", repair=result)
        result = Unrepairable("the code is missing, or not a string")
    return CodeOutput(language="", code=None, origin="call", repair=result)
