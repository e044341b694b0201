"""One view of the bodies of all dialects: tools, schemas, calls, texts."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec


class SentTool(msgspec.Struct, frozen=True):
    """A function in a body."""

    name: str
    schema: Any
    strict: bool


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A body that was built, and for whom."""

    provider: str
    dialect: str
    model: str
    body: dict[str, Any]

    @property
    def messages(self) -> Sequence[dict[str, Any]]:
        """The turns of a chat completion; of DashScope too."""
        inner = (
            self.body.get("input", self.body)
            if self.dialect == "dashscope_generation"
            else self.body
        )
        messages = inner.get("messages") if isinstance(inner, dict) else None
        return messages if isinstance(messages, list) else ()

    @property
    def settings(self) -> dict[str, Any]:
        """Where the settings and the tools stand."""
        parameters = self.body.get("parameters")
        return parameters if isinstance(parameters, dict) and "model" in self.body else self.body

    @property
    def is_chat(self) -> bool:
        """True for the format of chat completions."""
        return self.dialect in ("openai_chat", "dashscope_generation", "llama_native") or (
            self.dialect == "bedrock_invoke" and self.model.startswith("openai")
        )

    @property
    def is_claude(self) -> bool:
        """True for the Messages API."""
        return self.dialect == "anthropic_messages" or (
            self.dialect == "bedrock_invoke" and "claude" in self.model
        )

    @property
    def is_converse(self) -> bool:
        """True for Converse's format, which is Nova's own too."""
        return self.dialect == "bedrock_converse" or (
            self.dialect == "bedrock_invoke" and "nova" in self.model
        )

    def text(self) -> str:
        """The body as JSON text."""
        return json.dumps(self.body, ensure_ascii=False)


def sent_tools(sent: Sent) -> Iterator[SentTool]:
    """Every function of the request."""
    body = sent.settings
    tools = list(body.get("tools") or ()) + list(body.get("functions") or ())
    tools += (body.get("toolConfig") or {}).get("tools", []) if sent.is_converse else []
    payload = body.get("payload")
    if isinstance(payload, dict):
        tools += payload.get("functions", {}).get("text", [])
    for tool in tools:
        yield from _functions(tool)


def _functions(tool: Any) -> Iterator[SentTool]:
    if not isinstance(tool, dict):
        return
    if "functionDeclarations" in tool:
        for function in tool["functionDeclarations"]:
            yield from _functions(function)
        return
    inner: Any = tool.get("function", tool.get("toolSpec", tool))
    for key in ("parameters", "input_schema", "inputSchema", "parametersJsonSchema"):
        if key in inner:
            schema = inner[key]
            schema = schema.get("json", schema) if key == "inputSchema" else schema
            yield SentTool(inner.get("name", ""), schema, bool(inner.get("strict")))
            return


def response_schema(sent: Sent) -> tuple[Any, bool]:
    """The schema of the answer and whether it is strict; None without one."""
    body = sent.settings
    form: Any = body.get("response_format")
    if isinstance(form, dict) and isinstance(form.get("json_schema"), dict):
        inner = form["json_schema"]
        if "schema" in inner and sent.dialect != "cohere_chat":
            return inner["schema"], bool(inner.get("strict"))
        return inner, False
    text: Any = body.get("text")
    if isinstance(text, dict) and text.get("format", {}).get("type") == "json_schema":
        return text["format"]["schema"], bool(text["format"].get("strict"))
    generation: Any = body.get("generationConfig", {})
    if "responseJsonSchema" in generation:
        return generation["responseJsonSchema"], False
    output: Any = body.get("output_config", {})
    if "format" in output:
        return output["format"].get("schema"), True
    return None, False


def subschemas(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every schema in a schema, with its path."""
    yield path, schema
    if not isinstance(schema, dict):
        return
    for key in ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas"):
        inner = schema.get(key)
        for name, value in inner.items() if isinstance(inner, dict) else ():
            yield from subschemas(value, f"{path}/{key}/{name}")
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        branches = schema.get(key)
        for number, value in enumerate(branches if isinstance(branches, list) else ()):
            yield from subschemas(value, f"{path}/{key}/{number}")
    for key in (
        "items",
        "not",
        "if",
        "then",
        "else",
        "contains",
        "propertyNames",
        "additionalProperties",
    ):
        if key in schema and not isinstance(schema[key], bool):
            yield from subschemas(schema[key], f"{path}/{key}")
