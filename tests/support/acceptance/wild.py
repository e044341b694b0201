"""Requests as they are in the wild: turns of several providers mixed, tools with every kind of schema, any settings.

`wild_requests` is a Hypothesis strategy. Every text, name and argument has a word of its own, so that a test can find
what became of it: `Wild.words` is path -> word.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from hypothesis import strategies as st

from llm_pure import (
    Audio,
    ChatRequest,
    Document,
    Image,
    JsonFormat,
    Message,
    NamedToolChoice,
    ProviderMetadata,
    Reasoning,
    Refusal,
    SchemaFormat,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from tests.support.pdf import tiny_pdf
from tests.support.png import tiny_png
from tests.support.wav import tiny_wav

Draw = Callable[[st.SearchStrategy[Any]], Any]

PROVIDERS = ("openai", "openai_responses", "anthropic", "gemini", "bedrock", "mistral", "deepseek", "moonshot")  # fmt: skip
"""Whose turns are in a conversation."""

SIGNATURES = {
    name: base64.b64encode(f"{name:>18} signed this".encode()).decode() for name in PROVIDERS
}
"""Provider -> the signature of its reasoning."""

IDS = ("call_abc123XYZ", "toolu_01A09q90qw90lq917835lq9", "0", "chatcmpl-tool-7f6d8e9f0a1b4c2d8e9f0a1b4c2d3e4f", "weather:0", "ab12cd34e", "fc_68|rs.1")  # fmt: skip
"""Ids of calls as services make them; some come again in a later turn."""

TOOL_NAMES = (
    "get_weather",
    "lit.search",
    "mcp__files__read",
    "read_" * 16,
    "größe",
    "1st",
    "a b",
    "search",
    "ls",
)

STRING = {"type": "string"}
SCHEMAS: Mapping[str, dict[str, Any]] = {
    "plain": {"type": "object", "properties": {"city": STRING, "days": {"type": "integer", "minimum": 1}}, "required": ["city"]},
    "nothing": {},
    "type alone": {"type": "object"},
    "properties alone": {"properties": {"a": STRING}},
    "closed": {"type": "object", "properties": {"a": STRING}, "additionalProperties": False},
    "open": {"type": "object", "additionalProperties": STRING},
    "anyOf at the root": {
        "type": "object", "properties": {"file": STRING, "route": STRING}, "anyOf": [{"required": ["file"]}, {"required": ["route"]}],
    },
    "oneOf at the root": {
        "oneOf": [
            {"type": "object", "properties": {"kind": {"const": "a"}, "x": STRING}, "required": ["kind", "x"]},
            {"$ref": "#/$defs/B"},
        ],
        "$defs": {"B": {"type": "object", "properties": {"kind": {"const": "b"}}, "required": ["kind"]}},
    },
    "allOf at the root": {"allOf": [{"properties": {"a": STRING}, "required": ["a"]}, {"properties": {"b": STRING}}]},
    "a reference at the root": {"$ref": "#/$defs/A", "$defs": {"A": {"type": "object", "properties": {"a": STRING}}}},
    "arrays": {"type": "object", "properties": {"a": {"type": "array"}, "b": {"type": "array", "items": {}}, "c": {"type": ["array", "null"]}}},
    "tuples": {
        "type": "object",
        "properties": {
            "old": {"type": "array", "items": [{"type": "number"}, STRING], "additionalItems": False},
            "new": {"type": "array", "prefixItems": [STRING], "items": False, "minItems": 1, "maxItems": 1},
        },
    },
    "boolean schemas": {"type": "object", "properties": {"a": True, "b": {"type": "array", "items": True}, "c": False}},
    "draft 4": {
        "$schema": "http://json-schema.org/draft-04/schema#", "type": "object",
        "properties": {"n": {"type": "number", "minimum": 0, "exclusiveMinimum": True}}, "definitions": {"D": STRING},
    },
    "draft 7": {
        "$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
        "properties": {"d": {"$ref": "#/definitions/D", "description": "there"}}, "definitions": {"D": STRING},
        "dependencies": {"d": ["e"]},
    },
    "OpenAPI": {"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": True, "format": "uri", "example": "x"}}, "required": None},
    "by hand": {"type": "object", "properties": {"a": {"type": "str", "required": True}, "b": {"type": "any", "default": None}}},
    "enums": {
        "type": "object",
        "properties": {
            "empty": {"type": "string", "enum": ["a", ""]}, "null": {"type": ["string", "null"], "enum": ["a", None]},
            "numbers": {"enum": [1, 2]}, "mixed": {"enum": ["a", 1, True]}, "const": {"const": "x"}, "none": {"type": "string", "enum": []},
        },
    },
    "unions": {
        "type": "object",
        "properties": {
            "a": {"type": "object", "properties": {"p": STRING, "q": STRING}, "anyOf": [{"required": ["p"]}, {"required": ["q"]}]},
            "b": {"anyOf": [STRING, {"type": "null"}]}, "c": {"oneOf": [STRING, {"type": "array", "items": STRING}]},
            "d": {"allOf": [{"type": "string"}, {"minLength": 1}]}, "e": {"type": ["string", "integer"]}, "f": {"not": {"type": "string"}},
        },
    },
    "conditions": {
        "type": "object", "properties": {"a": STRING, "b": STRING}, "if": {"properties": {"a": {"const": "x"}}}, "then": {"required": ["b"]},
        "dependentRequired": {"a": ["b"]}, "not": {"required": ["z"]},
    },
    "constraints": {
        "type": "object", "minProperties": 1, "propertyNames": {"pattern": "^a"}, "patternProperties": {"^x": STRING},
        "properties": {
            "s": {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^(?!x)", "format": "iri"},
            "i": {"type": "integer", "exclusiveMinimum": 0, "multipleOf": 2}, "l": {"type": "array", "items": STRING, "uniqueItems": True, "minItems": 2},
        },
    },
    "recursive": {
        "type": "object", "properties": {"tree": {"$ref": "#/$defs/T"}},
        "$defs": {"T": {"type": "object", "properties": {"v": STRING, "kids": {"type": "array", "items": {"$ref": "#/$defs/T"}}}}},
    },
    "references into itself": {"type": "object", "properties": {"a": {"type": "object", "properties": {"x": STRING}}, "b": {"$ref": "#/properties/a/properties/x"}}},
    "unnamed requirements": {"type": "object", "properties": {"a": STRING}, "required": ["a", "b", "a"]},
    "requirements alone": {"type": "object", "required": ["a"]},
    "odd property names": {"type": "object", "properties": {"filter[id]": STRING, "$top": STRING}},
    "words of JSON Schema as names": {"type": "object", "properties": {"type": STRING, "properties": STRING, "$ref": STRING, "items": {"type": "array", "items": STRING}}},
    "annotations": {"title": "T", "description": "d", "examples": [{}], "type": "object", "properties": {"a": {"type": "string", "title": "A", "default": "x", "deprecated": True}}},
    "no object": {"type": "array", "items": STRING},
    "a type of nobody": {"type": "object", "properties": {"f": {"type": "file"}}},
    "a reference to nothing": {"type": "object", "properties": {"f": {"$ref": "#/$defs/none"}}},
    "many": {"type": "object", "properties": {f"p{number}": STRING for number in range(60)}},
}  # fmt: skip
"""Schemas of tools and of answers, as MCP servers, libraries and people write them."""

DEEP: dict[str, Any] = {"type": "string"}
for _level in range(12):
    DEEP = {"type": "object", "properties": {"x": DEEP}, "required": ["x"]}


class Wild(msgspec.Struct, frozen=True, kw_only=True):
    """A request, and the words by which its parts can be found."""

    request: ChatRequest
    words: Mapping[str, str]
    """Path of a part, a name or a setting -> the word that stands there."""
    model: int
    """Which of a provider's models is asked."""


class _Draft:
    """A conversation while it is drawn."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.messages: list[Message] = []
        self.words: dict[str, str] = {}
        self.count = 0
        self.media = False

    def word(self) -> str:
        self.count += 1
        return f"word{self.count}x"

    def add(self, role: Any, parts: list[tuple[Any, str]], name: str | None = None) -> None:
        """Append a message; every part comes with its word, "" for none."""
        index = len(self.messages)
        for number, (_, word) in enumerate(parts):
            if word:
                self.words[f"messages/{index}/parts/{number}"] = word
        self.messages.append(Message(role, tuple([part for part, _ in parts]), name))

    def text(self) -> tuple[Text, str]:
        word = self.word()
        return Text(word), word

    def pick(self, *values: Any) -> Any:
        return self.draw(st.sampled_from(values))


def _media(draft: _Draft) -> tuple[Any, str]:
    word = draft.word()
    match draft.pick("png", "url", "pdf", "csv", "wav"):
        case "png":
            return Image(data=tiny_png()), ""
        case "url":
            return Image(url=f"https://example.org/{word}.png"), word
        case "pdf":
            return Document(data=tiny_pdf(), media_type="application/pdf"), ""
        case "csv":
            return Document(data=b"a,b\n", media_type="text/csv", name=f"{word}.csv"), ""
        case _:
            return Audio(data=tiny_wav(), media_type="audio/wav"), ""


def _user(draft: _Draft) -> None:
    match draft.pick("text", "text", "text", "two", "media", "blank", "empty"):
        case "text":
            draft.add("user", [draft.text()], draft.pick(None, None, "ann"))
        case "two":
            draft.add("user", [draft.text(), (Text(""), ""), draft.text()])
        case "media" if draft.media:
            draft.add("user", [draft.text(), _media(draft)])
        case "blank":
            draft.add("user", [(Text(" \n"), "")])
        case _:
            draft.add("user", [(Text(""), "")])


def _system(draft: _Draft) -> None:
    draft.add("system", [draft.text() if draft.pick(True, True, False) else (Text("  "), "")])


def _reasoning(draft: _Draft) -> tuple[Reasoning, str]:
    provider, word = draft.pick(*PROVIDERS), draft.word()
    signature = draft.pick(None, SIGNATURES[provider])
    metadata = draft.pick(None, ProviderMetadata(provider))
    # a mapping's block of thinking alone names no provider
    if signature is not None and provider != "anthropic":
        metadata = ProviderMetadata(provider)
    return Reasoning(word, signature, metadata), word


def _assistant(draft: _Draft) -> None:
    match draft.pick("text", "text", "thoughts", "thoughts alone", "blank", "refusal", "empty"):
        case "text":
            draft.add("assistant", [draft.text()])
        case "thoughts":
            draft.add("assistant", [_reasoning(draft), draft.text()])
        case "thoughts alone":
            draft.add("assistant", [_reasoning(draft)])
        case "blank":
            draft.add("assistant", [(Text("\n\n"), "")])
        case "refusal":
            word = draft.word()
            draft.add("assistant", [(Refusal(word), word)])
        case _:
            draft.add("assistant", [])


def _round(draft: _Draft) -> None:
    """A turn with calls, and their results."""
    calls: list[tuple[ToolCall, str]] = []
    ids = draft.draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=3, unique=True))
    for call_id in ids:
        word = draft.word()
        arguments = draft.pick(f'{{"city":"{word}"}}', f'{{"city":"{word}"}}', "{}")
        metadata = draft.pick(None, None, ProviderMetadata(draft.pick(*PROVIDERS)))
        call = ToolCall(call_id, draft.pick(*TOOL_NAMES), arguments, metadata)
        calls.append((call, word if word in arguments else ""))
    before: list[tuple[Any, str]] = []
    if draft.pick(True, False):
        before.append(_reasoning(draft))
    match draft.pick("nothing", "text", "blank"):
        case "text":
            before.append(draft.text())
        case "blank":
            before.append((Text("\n"), ""))
        case _:
            pass
    draft.add("assistant", [*before, *calls])
    results: list[tuple[Any, str]] = []
    for call, _ in calls:
        content: list[Any] = []
        text, word = draft.text()
        kind = draft.pick("text", "text", "text", "nothing", "media")
        if kind == "text":
            content = [text]
        elif kind == "media" and draft.media:
            content = [text, Image(data=tiny_png())]
        else:
            word = ""
        is_error = draft.pick(False, False, True)
        result = ToolResult(
            tool_call_id=call.id,
            content=tuple(content),
            name=draft.pick(call.name, None),
            is_error=is_error,
        )
        results.append((result, word))
    if draft.pick(True, False):
        results.reverse()
    match draft.pick("all", "all", "all", "all", "one is missing", "one too many"):
        case "one is missing":
            results.pop()
            if not results:
                return
        case "one too many":
            text, word = draft.text()
            results.append((ToolResult(tool_call_id="call_of_nobody", content=(text,)), word))
        case _:
            pass
    if draft.pick(True, False):
        draft.add("tool", results)
    else:
        for answered in results:
            draft.add("tool", [answered])


_TURNS = (_user, _user, _assistant, _round, _round, _system)


def _tools(draft: _Draft) -> tuple[Tool, ...]:
    names = draft.draw(st.lists(st.sampled_from(TOOL_NAMES), max_size=3, unique=True))
    tools: list[Tool] = []
    for index, name in enumerate(names):
        kind = draft.pick(*SCHEMAS, "deep")
        word = draft.word()
        draft.words[f"tools/{index}/description"] = word
        tools.append(
            Tool(
                name=name,
                description=word,
                parameters=DEEP if kind == "deep" else SCHEMAS[kind],
                strict=draft.pick(None, None, False, True),
            )
        )
    return tuple(tools)


def _format(draft: _Draft) -> JsonFormat | SchemaFormat | None:
    match draft.pick(None, None, None, "json", "schema"):
        case "json":
            return JsonFormat()
        case "schema":
            schema = SCHEMAS[draft.pick(*SCHEMAS)]
            name = draft.pick("answer", "My answer!")
            return SchemaFormat(schema=schema, name=name, strict=draft.pick(True, False, None))
        case _:
            return None


SETTINGS: Mapping[str, tuple[Any, ...]] = {
    "max_tokens": (7, 1717),
    "temperature": (0.0, 0.7, 1.9),
    "top_p": (0.5, 1.0),
    "top_k": (17,),
    "stop": (("stopword",), ("\n\n",), ("a", "b", "c", "d", "e", "f")),
    "seed": (717,),
    "presence_penalty": (0.17,),
    "frequency_penalty": (-0.17,),
    "repetition_penalty": (1.17,),
    "n": (1, 2),
    "logprobs": (True, 3),
    "reasoning": ("none", "low", "high", "max", 2048, 0),
    "parallel_tool_calls": (False, True),
    "metadata": ({"user_id": "metaword"}, {"team": "metaword"}),
    "stream": (True,),
}
"""Settings and their values; a request has a few of them."""


_SETTING_WORDS: Mapping[tuple[str, str], str] = {
    ("max_tokens", "1717"): "1717", ("temperature", "0.7"): "0.7", ("top_p", "0.5"): "0.5", ("top_k", "17"): "17",
    ("stop", "('stopword',)"): "stopword", ("seed", "717"): "717", ("presence_penalty", "0.17"): "0.17",
    ("frequency_penalty", "-0.17"): "-0.17", ("repetition_penalty", "1.17"): "1.17", ("n", "2"): ": 2",
    ("logprobs", "True"): "ogprobs", ("logprobs", "3"): "ogprobs", ("reasoning", "2048"): "2048",
    ("metadata", "{'user_id': 'metaword'}"): "metaword", ("metadata", "{'team': 'metaword'}"): "metaword",
}  # fmt: skip
"""(setting, value) -> the word by which it is found in a body, of those that no default looks like."""


@st.composite
def wild_requests(draw: Draw) -> Wild:
    """Any request."""
    draft = _Draft(draw)
    draft.media = draft.pick(True, False, False)
    if draft.pick(True, False):
        _system(draft)
    for turn in draw(st.lists(st.sampled_from(_TURNS), min_size=1, max_size=6)):
        turn(draft)
    if draft.messages[-1].role in ("assistant", "system") and draft.pick(True, True, True, False):
        draft.add("user", [draft.text()])
    tools = _tools(draft)
    names = draw(st.lists(st.sampled_from(tuple(SETTINGS)), max_size=4, unique=True))
    settings = {name: draft.pick(*SETTINGS[name]) for name in names}
    for name, value in settings.items():
        word = _SETTING_WORDS.get((name, repr(value)), "")
        if word:
            draft.words[name] = word
    choice: Any = draft.pick(None, None, "auto", "none", "required", "named")
    if choice == "named":
        choice = NamedToolChoice(tools[0].name) if tools else None
    if settings.get("parallel_tool_calls") is False and tools and choice != "none":
        draft.words["parallel_tool_calls"] = "parallel"
    request = ChatRequest(
        messages=tuple(draft.messages),
        tools=tools,
        tool_choice=choice,
        response_format=_format(draft),
        **settings,
    )
    return Wild(request=request, words=draft.words, model=draw(st.integers(0, 30)))
