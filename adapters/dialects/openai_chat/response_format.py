"""The wanted form of an answer -> `response_format`, or words in the prompt where a service has no such field."""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.core.adaptations import Adaptation
from llm_pure.framing.json_codec import encode
from llm_pure.types.request import JsonFormat, ResponseFormat, SchemaFormat
from llm_pure.types.result import LLMResult, Success

_ANY_OBJECT = SchemaFormat(schema={"type": "object"}, strict=None)


class RequestedFormat(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent of it. in_words: what the prompt says, "" for nothing."""

    fields: Mapping[str, Any] = {}
    in_words: str = ""
    told: tuple[Adaptation, ...] = ()


def wanted_format(
    name: str, quirks: Quirks, wanted: ResponseFormat | None
) -> LLMResult[RequestedFormat]:
    """A schema goes as json_schema; else as json_object and in words; else in words alone.

    InvalidRequest when a schema that is told in words is no JSON.
    """
    match wanted:
        case None:
            return Success(RequestedFormat())
        case JsonFormat():
            return Success(_any_json(name, quirks))
        case SchemaFormat() if "json_schema" in quirks.json_formats:
            schema = _schema(quirks, wanted)
            return Success(RequestedFormat(fields=_format("json_schema", json_schema=schema)))
        case SchemaFormat():
            form = "json_object" if "json_object" in quirks.json_formats else None
            told = _changed(
                f"{name} takes no JSON Schema; the prompt tells it", "json_schema", form
            )
            return encode(wanted.schema, provider=name).map(
                lambda schema: RequestedFormat(
                    fields=_format(form) if form else {},
                    in_words=_in_words(wanted, schema.decode()),
                    told=(told,),
                )
            )


def _any_json(name: str, quirks: Quirks) -> RequestedFormat:
    if "json_object" in quirks.json_formats:
        return RequestedFormat(fields=_format("json_object"))
    if "json_schema" in quirks.json_formats:
        return RequestedFormat(
            fields=_format("json_schema", json_schema=_schema(quirks, _ANY_OBJECT))
        )
    reason = f"it is not known that {name} has JSON formats; the prompt asks for it"
    words = "Answer with a JSON object and nothing else."
    return RequestedFormat(in_words=words, told=(_changed(reason, "json_object", None),))


def with_words(messages: list[dict[str, Any]], words: str, role: str) -> list[dict[str, Any]]:
    """The messages with these words at the end of the first system message; with one more when there is none.

    >>> with_words([{"role": "user", "content": "hi"}], "Be brief.", "system")[0]
    {'role': 'system', 'content': 'Be brief.'}
    """
    if not words:
        return messages
    first = messages[0]
    if first["role"] not in ("system", "developer"):
        return [{"role": role, "content": words}, *messages]
    said = first["content"]
    content = f"{said}\n\n{words}" if isinstance(said, str) else [*said, _text(words)]
    return [{**first, "content": content}, *messages[1:]]


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def _in_words(wanted: SchemaFormat, schema: str) -> str:
    about = f" It is: {wanted.description}." if wanted.description else ""
    return f"Answer with JSON of this JSON Schema, and with nothing else.{about}\n{schema}"


def _format(kind: str, **more: Any) -> dict[str, Any]:
    return {"response_format": {"type": kind, **more}}


def _schema(quirks: Quirks, wanted: SchemaFormat) -> dict[str, Any]:
    schema: dict[str, Any] = {"name": wanted.name, "schema": wanted.schema}
    if wanted.description is not None:
        schema["description"] = wanted.description
    if wanted.strict is not None and quirks.strict_formats:
        schema["strict"] = wanted.strict
    return schema


def _changed(reason: str, before: str, after: str | None) -> Adaptation:
    return Adaptation(
        field="response_format", action="changed", reason=reason, before=before, after=after
    )
