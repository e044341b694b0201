"""The parameter types of official packages as checkers of request bodies, made strict.

Left as they are, TypedDicts pass over unknown keys and never look into an Iterable, and models keep or pass over what
they do not know; here an unknown key is an error at every depth, and lists are read to their end.
"""

import base64
import inspect
import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, TypeAlias, get_type_hints

import botocore.session  # type: ignore[import-untyped]
from botocore.validate import ParamValidator  # type: ignore[import-untyped]
from pydantic import TypeAdapter, create_model
from pydantic_core import SchemaValidator

Schema = Any
Check: TypeAlias = Callable[[dict[str, Any]], object]


def data_url(data: bytes, media_type: str) -> str:
    """Its data: URL, written here a second time."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


@cache
def checker(parameters: Any) -> SchemaValidator:
    """`checker(CompletionCreateParamsNonStreaming).validate_python(body)` raises ValidationError on a wrong body."""
    return SchemaValidator(_strict(TypeAdapter(parameters).core_schema))


def _strict(schema: Schema) -> Schema:
    if isinstance(schema, list | tuple):
        return type(schema)([_strict(one) for one in schema])
    if not isinstance(schema, dict):
        return schema
    inner = {key: value if key == "metadata" else _strict(value) for key, value in schema.items()}
    match inner.get("type"):
        case "typed-dict":
            return {**inner, "extra_behavior": "forbid", "config": {}}
        case "model-fields":
            return {**inner, "extra_behavior": "forbid"}
        case (
            "model"
        ):  # its fields alone: a class brings a validator of its own, which is not strict
            named = {"ref": inner["ref"]} if "ref" in inner else {}
            return {**inner["schema"], **named}
        case "generator":
            return {**inner, "type": "list"}
        case _:
            return inner


def openai_chat(body: dict[str, Any]) -> object:
    """openai-python's parameters of chat.completions.create."""
    from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming

    return checker(CompletionCreateParamsNonStreaming).validate_python(body)


def openai_responses(body: dict[str, Any]) -> object:
    """openai-python's parameters of responses.create."""
    from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

    return checker(ResponseCreateParamsNonStreaming).validate_python(body)


def anthropic(body: dict[str, Any]) -> object:
    """anthropic's parameters of messages.create.

    The package speaks API version 2026-10-21, which has no sampling settings: they are left out here.
    """
    from anthropic.types.message_create_params import MessageCreateParamsNonStreaming

    known = {key: body[key] for key in body if key not in ("temperature", "top_p", "top_k")}
    return checker(MessageCreateParamsNonStreaming).validate_python(known)


def anthropic_on_bedrock(body: dict[str, Any]) -> object:
    """The same, with the version in the body and the model in the path."""
    assert body["anthropic_version"] == "bedrock-2023-05-31"
    said = {key: value for key, value in body.items() if key != "anthropic_version"}
    return anthropic({"model": "said in the path", **said})


def gemini(body: dict[str, Any]) -> object:
    """google-genai's models, as it writes them itself: no field that they do not know."""
    return _gemini_body().model_validate(body)


@cache
def _gemini_body() -> Any:
    from google.genai import types

    fields = {
        "contents": (list[types.Content], ...),
        "systemInstruction": (types.Content | None, None),
        "tools": (list[types.Tool] | None, None),
        "toolConfig": (types.ToolConfig | None, None),
        "generationConfig": (types.GenerationConfig | None, None),
    }
    return create_model("Body", __config__={"extra": "forbid"}, **fields)  # type: ignore[call-overload]


def cohere(body: dict[str, Any]) -> object:
    """cohere's arguments of V2Client.chat."""
    assert body.pop("stream", False) is False
    return checker(_cohere_body()).validate_python(body)


@cache
def _cohere_body() -> Any:
    from cohere.v2.client import V2Client

    hints = get_type_hints(V2Client.chat)
    fields = {
        name: (hints[name], ... if name in ("model", "messages") else None)
        for name in inspect.signature(V2Client.chat).parameters
        if name not in ("self", "request_options")
    }
    return create_model("Chat", __config__={"arbitrary_types_allowed": True}, **fields)  # type: ignore[call-overload]


def ollama_type(name: str) -> Any:
    """A type of ollama's requests. The package has no public name for them: `tests/architecture/test_foreign_names.py`."""
    return getattr(import_module("ollama._types"), name)


def ollama_chat(body: dict[str, Any]) -> object:
    """ollama's own request of /api/chat, its messages looked into. What a call is called (`id`) is not in the package."""
    from ollama import Message

    for message in body["messages"]:
        calls = [{"function": call["function"]} for call in message.get("tool_calls", ())]
        known = {key: one for key, one in message.items() if key != "tool_call_id"}
        checker(Message).validate_python(_with_images({**known, "tool_calls": calls}))
    return checker(ollama_type("ChatRequest")).validate_python(body)


def ollama_generate(body: dict[str, Any]) -> object:
    """ollama's own request of /api/generate."""
    return checker(ollama_type("GenerateRequest")).validate_python(_with_images(body))


def _with_images(given: dict[str, Any]) -> dict[str, Any]:
    """Pictures as the package holds them before it writes them as base64."""
    images = given.get("images")
    if images is None:
        return given
    return {**given, "images": [{"value": base64.b64decode(one, validate=True)} for one in images]}


def mistral(body: dict[str, Any]) -> object:
    """mistralai's request of chat completions: read and written by it, it is the same."""
    from mistralai.client.models import ChatCompletionRequest

    read = ChatCompletionRequest.model_validate(body)
    assert read.model_dump(mode="json", by_alias=True, exclude_unset=True) == body
    return read


def groq(body: dict[str, Any]) -> object:
    """groq's parameters of chat.completions.create."""
    from groq.types.chat.completion_create_params import CompletionCreateParams

    return checker(CompletionCreateParams).validate_python(body)


def llama_api(body: dict[str, Any]) -> object:
    """llama-api-client's parameters of chat.completions.create."""
    from llama_api_client.types.chat.completion_create_params import (
        CompletionCreateParamsNonStreaming,
    )

    return checker(CompletionCreateParamsNonStreaming).validate_python(body)


def converse(body: dict[str, Any]) -> object:
    """botocore's shape of Converse: names, types, required fields, one key in each union, words and lengths."""
    return _bedrock_takes("Converse", {"modelId": "m.m", **body})


def count_tokens(body: dict[str, Any]) -> object:
    """botocore's shape of CountTokens, with the model's id beside the body."""
    return _bedrock_takes("CountTokens", body)


def _bedrock_takes(operation: str, body: dict[str, Any]) -> object:
    shape = _bedrock().operation_model(operation).input_shape
    given = _with_bytes(body)
    report = ParamValidator().validate(given, shape)
    assert not report.has_errors(), report.generate_report()
    _allowed(shape, given)
    return report


@cache
def _bedrock() -> Any:
    return botocore.session.Session().get_service_model("bedrock-runtime")


def _with_bytes(value: Any, key: str = "") -> Any:
    """botocore takes blobs as bytes and encodes them; on the wire they are base64."""
    if isinstance(value, dict):
        return {name: _with_bytes(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_bytes(inner) for inner in value]
    if key in ("bytes", "redactedContent"):
        return base64.b64decode(value, validate=True)
    return value


def _allowed(shape: Any, value: Any) -> None:
    """What botocore leaves to the service: no unknown fields, strings of the right words, characters and length."""
    match shape.type_name, value:
        case "structure", dict() if not getattr(shape, "is_document_type", False):
            assert set(value) <= set(shape.members)
            for name, inner in value.items():
                _allowed(shape.members[name], inner)
        case "list", list():
            for inner in value:
                _allowed(shape.member, inner)
        case "string", str():
            assert not shape.enum or value in shape.enum
            assert len(value) <= shape.metadata.get("max", len(value))
            assert re.fullmatch(shape.metadata.get("pattern", r"[\s\S]*"), value)
        case _:
            pass
