"""The code tool, and the code in a model's answer: from the tool's arguments, a fenced block, or the bare text."""

import re
from typing import Literal, TypeAlias

import msgspec

from llm_pure.framing.json_codec import json_text
from llm_pure.output.json_repair import Edit, Exact, Repair, Repaired, Unrepairable, repair
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
_FENCE = re.compile(r"(?m)^[ \t]*(```+|~~~+)[ \t]*([\w+#.-]*)[^\n]*\n(.*?)^[ \t]*\1", re.DOTALL)

CodeSource: TypeAlias = Literal["call", "fence", "text"]


class CodeOutput(msgspec.Struct, frozen=True, kw_only=True):
    """What to run.

    code: None when the tool's arguments could not be read without guessing; `repair` says why. language: in the model's
    word; "markdown" of an answer in words alone. origin: where it stood. repair: what was done to the arguments.
    """

    language: str
    code: str | None
    origin: CodeSource
    repair: Repair


def code_request(request: ChatRequest) -> ChatRequest:
    """The request with the code tool, which the model must call."""
    return msgspec.structs.replace(
        request,
        tools=(*request.tools, CODE_TOOL),
        tool_choice=NamedToolChoice(CODE_TOOL.name),
        parallel_tool_calls=None,
    )


def parse_code(completion: Completion, *, language: str = "python") -> CodeOutput:
    """The code of an answer: the tool's, else the first fenced block, else the text itself as markdown.

    language: of code that stands there with no word about it.
    """
    for call in completion.tool_calls:
        if call.name == CODE_TOOL.name:
            return _of_call(call, language)
    text = completion.text
    block = _FENCE.search(text)
    if block:
        inner, word = block[3].removesuffix("\n"), block[2] or language
        made = Exact({"language": word, "code": inner})
        return CodeOutput(language=word, code=inner, origin="fence", repair=made)
    made = Exact({"language": "markdown", "code": text})
    return CodeOutput(language="markdown", code=text, origin="text", repair=made)


def repair_code(text: str, *, language: str = "python") -> Repair:
    """The code tool's arguments, repaired; where they hold no object they may be a fenced block or the code itself.

    >>> repair_code("print(1)").value
    {'language': 'python', 'code': 'print(1)'}
    """
    got = repair(text, keys=_KEYS, required=_KEYS)
    if not isinstance(got, Unrepairable) or text.lstrip()[:1] in ("", "{", "[", '"'):
        return got
    block = _FENCE.search(text)
    if block and block[3].lstrip().startswith("{"):
        return got
    word = (block[2] if block else "") or language
    code = block[3].removesuffix("\n") if block else text
    if not block and re.search(r"\{\s*[\"']?(?:language|code)[\"']?\s*:", text):
        return got
    value = {"language": word, "code": code}
    edits = (Edit(0, text, json_text(value)),)
    return Repaired(value=value, edits=edits, method="fenced" if block else "bare")


def _of_call(call: ToolCall, language: str) -> CodeOutput:
    got = repair_code(call.arguments, language=language)
    if not isinstance(got, Unrepairable):
        code, word = got.value.get("code"), got.value.get("language", language)
        if isinstance(code, str) and isinstance(word, str):
            return CodeOutput(language=word, code=code, origin="call", repair=got)
        got = Unrepairable("the code is missing, or no text")
    return CodeOutput(language="", code=None, origin="call", repair=got)


__all__ = ["CODE_TOOL", "CodeOutput", "CodeSource", "code_request", "parse_code", "repair_code"]
