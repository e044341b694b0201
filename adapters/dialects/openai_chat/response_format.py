"""The requested response format -> `response_format`, or an instruction in the prompt where the provider has no such field."""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.common.adaptations import changed
from llm_pure.adapters.dialects.common.json_objects import JSON_INSTRUCTION, mentions_json
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.service import Service
from llm_pure.framing.json_codec import encode
from llm_pure.types.rejection import ok
from llm_pure.types.request import JsonFormat, ResponseFormat, SchemaFormat

_ANY_OBJECT = SchemaFormat(schema={"type": "object"}, strict=None)


class EncodedFormat(msgspec.Struct, frozen=True, kw_only=True):
    """The response format in the form in which it is sent."""

    fields: Mapping[str, Any] = {}
    instruction: str = ""
    """Text to add to the prompt, "" for none."""


_NO_FORMAT = EncodedFormat()


def encode_format(
    service: Service[Quirks],
    requested: ResponseFormat | None,
    adaptations: list[Adaptation],
    *,
    schema_error: str = "",
    refused: str = "",
) -> EncodedFormat:
    """A schema becomes json_schema, else json_object with an instruction, else an instruction alone.

    `schema_error`: why the schema cannot be sent; then an instruction alone describes it, since it may not be an object.
    `refused`: where the service refuses every format, such as "beside tools".
    Raises Rejected with InvalidRequest if the schema of an instruction is not JSON.
    """
    name, formats = service.name, service.quirks.json_formats
    if refused:
        formats = ()
    match requested:
        case None:
            return _NO_FORMAT
        case JsonFormat() if "json_object" in formats:
            return EncodedFormat(fields=_field("json_object"))
        case JsonFormat() if "json_schema" in formats:
            return EncodedFormat(fields=_schema_field(service.quirks, _ANY_OBJECT))
        case JsonFormat():
            reason = f"it is not known that {name} has JSON formats; the prompt asks for JSON"
            if refused:
                reason = f"{name} has no response format {refused}; the prompt asks for JSON"
            adaptations.append(changed("response_format", reason, "json_object"))
            return EncodedFormat(instruction=JSON_INSTRUCTION)
        case SchemaFormat() if "json_schema" in formats and not schema_error:
            return EncodedFormat(fields=_schema_field(service.quirks, requested))
        case SchemaFormat():
            schema = ok(encode(requested.schema, provider=name)).decode()
            kind = "json_object" if "json_object" in formats and not schema_error else None
            reason = (
                f"{schema_error or f'{name} does not support JSON Schema'}; the prompt contains it"
            )
            if refused:
                reason = f"{name} has no response format {refused}; the prompt has the schema"
            adaptations.append(changed("response_format", reason, "json_schema", kind))
            about = f" It is: {requested.description}." if requested.description else ""
            return EncodedFormat(
                fields=_field(kind) if kind else {},
                instruction=f"Answer with JSON of this JSON Schema, and with nothing else.{about}\n{schema}",
            )


def add_instruction(
    messages: list[dict[str, Any]], instruction: str, role: str
) -> list[dict[str, Any]]:
    """The messages with the instruction at the end of the first system message, which is added if there is none.

    >>> add_instruction([{"role": "user", "content": "hi"}], "Be brief.", "system")[0]
    {'role': 'system', 'content': 'Be brief.'}
    """
    first = messages[0]
    if first["role"] not in ("system", "developer"):
        return [{"role": role, "content": instruction}, *messages]
    content: Any = first["content"]
    if isinstance(content, str):
        content = f"{content}\n\n{instruction}"
    else:
        content = [*content, {"type": "text", "text": instruction}]
    return [{**first, "content": content}, *messages[1:]]


def with_json_word(
    body: dict[str, Any], role: str, adaptations: list[Adaptation]
) -> dict[str, Any]:
    """The body with an instruction if it requests a JSON object and no message has the word JSON.

    "'messages' must contain the word 'json' in some form" (vercel/ai#7913, read 2026-11-29); DeepSeek and DashScope
    refuse it in the same words.
    """
    requested, messages = body.get("response_format"), body.get("messages")
    if not isinstance(requested, dict) or requested.get("type") != "json_object":
        return body
    if not isinstance(messages, list) or not messages or any(map(mentions_json, messages)):
        return body
    reason = "a response format json_object needs the word JSON in the prompt"
    adaptations.append(
        Adaptation(field="messages", action="added", reason=reason, after=JSON_INSTRUCTION)
    )
    return {**body, "messages": add_instruction(messages, JSON_INSTRUCTION, role)}


def _field(kind: str, **details: Any) -> dict[str, Any]:
    return {"response_format": {"type": kind, **details}}


def _schema_field(quirks: Quirks, requested: SchemaFormat) -> dict[str, Any]:
    schema: dict[str, Any] = {"name": requested.name, "schema": requested.schema}
    if requested.description is not None:
        schema["description"] = requested.description
    if requested.strict is not None and quirks.strict_formats:
        schema["strict"] = requested.strict
    return _field("json_schema", json_schema=schema)
