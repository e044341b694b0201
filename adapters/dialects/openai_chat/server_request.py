"""A client's request for a chat completion -> ReceivedRequest.

Sources: openai/openai-openapi 2.3.0 (CreateChatCompletionRequest); ../shared/wire/server-side.md 6.1, read 2026-11-29.
"""

from typing import Any

from llm_pure.adapters.dialects.common.received import (
    EFFORTS,
    BodyReader,
    ServedCall,
    cache_mark,
    function_tool,
    invalid,
    messages_of,
    metadata_of,
    object_at,
    receive,
)
from llm_pure.adapters.dialects.common.received_keys import CHOICE_KEYS, report_unknown
from llm_pure.adapters.dialects.openai_chat.server_text import read_prompt
from llm_pure.adapters.dialects.openai_common.served import embed_request, user_of
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.server import ReceivedRequest
from llm_pure.types.http import HttpRequest
from llm_pure.types.rejection import returns_failure
from llm_pure.types.request import (
    AllowedTools,
    AudioOutput,
    ChatRequest,
    JsonFormat,
    NamedToolChoice,
    NativeTool,
    ReasoningRequest,
    ResponseFormat,
    SchemaFormat,
    Tool,
    ToolChoice,
)

DIALECT = "openai_chat"
PROVIDER = "openai"
"""Whose metadata, opaque parts and native tools they are."""


@returns_failure
def parse_request(request: HttpRequest) -> ReceivedRequest:
    """The request of a client. Fails with InvalidRequest, or with NotFound for another URL."""
    return receive(request, DIALECT, _read)


def _read(call: ServedCall) -> ReceivedRequest:
    body = call.body
    if call.operation == "embed":
        embed = embed_request(body)
        return ReceivedRequest(dialect=DIALECT, embed=embed, model=embed.model)
    options = body.object("stream_options")
    usage = options.flag("include_usage") if options is not None else None
    if options is not None:
        options.unread()
    is_text = call.match.groupdict().get("text") is not None
    chat = _chat(body, is_text=is_text)
    return ReceivedRequest(
        dialect=DIALECT,
        chat=chat,
        model=chat.model,
        stream=bool(chat.stream),
        usage_in_stream=bool(usage),
        form="text" if is_text else "",
    )


def _chat(body: BodyReader, *, is_text: bool) -> ChatRequest:
    model = body.text("model")
    if not model:
        invalid("model", "model is missing")
    turns = read_prompt(body) if is_text else _turns(body)
    tools = _tools(body)
    prediction = body.object("prediction")
    return ChatRequest(
        model=model,
        messages=messages_of(turns, PROVIDER, body.adaptations),
        tools=tools,
        tool_choice=_tool_choice(body),
        parallel_tool_calls=body.flag("parallel_tool_calls"),
        response_format=_format(body),
        max_tokens=_max_tokens(body),
        temperature=body.number("temperature"),
        top_p=body.number("top_p"),
        top_k=body.integer("top_k"),
        stop=body.texts("stop"),
        seed=body.integer("seed"),
        presence_penalty=body.number("presence_penalty"),
        frequency_penalty=body.number("frequency_penalty"),
        repetition_penalty=body.number("repetition_penalty"),
        n=body.integer("n"),
        logprobs=_logprobs(body),
        reasoning=_reasoning(body),
        stream=body.flag("stream"),
        metadata=metadata_of(body),
        user=user_of(body),
        service_tier=body.text("service_tier"),
        verbosity=body.one_of("verbosity", ("low", "medium", "high")),
        prompt_cache_key=body.text("prompt_cache_key"),
        store=body.flag("store"),
        modalities=body.texts("modalities"),
        audio=_audio(body),
        logit_bias=_logit_bias(body),
        prediction=None if prediction is None else _text_of(prediction),
    )


def _turns(body: BodyReader) -> list[Any]:
    """The messages; some clients send the input of the Responses API to this URL."""
    turns = body.list("messages")
    if turns is None and "input" in body.values:
        reason = "the messages of this API are called so"
        body.adaptations.append(Adaptation(field="input", action="renamed", reason=reason))
        value = body.any("input")
        turns = value if isinstance(value, list) else [{"role": "user", "content": value}]
    if not turns:
        invalid("messages", "messages is missing or empty")
    return turns


def _tools(body: BodyReader) -> tuple[Tool | NativeTool, ...]:
    tools = [
        _tool(tool, body, f"tools/{index}") for index, tool in enumerate(body.list("tools") or ())
    ]
    for index, function in enumerate(body.list("functions") or ()):  # before tools
        path = f"functions/{index}"
        fields = object_at(function, body.adaptations, path)
        tools.append(function_tool(fields, ("parameters",), None, path=path))
    return tuple(tools)


def _tool(value: Any, body: BodyReader, path: str) -> Tool | NativeTool:
    fields = object_at(value, body.adaptations, path)
    kind = fields.any("type")
    if kind not in (None, "function"):
        return NativeTool(PROVIDER, value)
    cache = cache_mark(fields)
    inner = fields.object("function")
    if inner is None:  # flat, as in the Responses API
        return function_tool(fields, ("parameters",), cache, path=path)
    fields.unread()
    return function_tool(inner, ("parameters",), cache, path=f"{path}/function")


def _tool_choice(body: BodyReader) -> ToolChoice | None:
    value = body.any("tool_choice")
    legacy = body.any("function_call")
    if value is not None and legacy not in (None, value):
        body.drop("function_call", "tool_choice is there too", legacy)
    value = legacy if value is None else value
    report_unknown(value, CHOICE_KEYS, body.adaptations, "tool_choice")
    match value:
        case None | "auto" | "none" | "required":
            return value
        case "any":
            return "required"
        case {"type": "allowed_tools", "allowed_tools": {"tools": [*tools], "mode": mode}}:
            names = tuple([name for name in map(_name_of, tools) if name])
            return AllowedTools(names, "required" if mode == "required" else "auto")
        case dict() if (name := _name_of(value)) is not None:
            return NamedToolChoice(name)
        case _:
            invalid("tool_choice", "tool_choice is auto, none, required or names a tool")


def _name_of(value: Any) -> str | None:
    """The name of a function or a custom tool; of another tool its type."""
    if not isinstance(value, dict):
        return None
    for key in ("function", "custom"):
        inner = value.get(key)
        if isinstance(inner, dict) and isinstance(inner.get("name"), str):
            return str(inner["name"])
    for key in ("name", "type"):
        if isinstance(value.get(key), str):
            return str(value[key])
    return None


def _format(body: BodyReader) -> ResponseFormat | None:
    fields = body.object("response_format")
    if fields is None:
        return None
    kind, inner = fields.any("type"), None
    if kind == "json_schema":
        inner = fields.object("json_schema")
    fields.unread()
    match kind:
        case "text":
            return None
        case "json_object":
            return JsonFormat()
        case "json_schema":
            if inner is None:
                invalid("response_format/json_schema", "json_schema is missing")
            return schema_format(inner)
        case _:
            body.drop("response_format", "it is text, json_object or json_schema", kind)
            return None


def schema_format(fields: BodyReader) -> SchemaFormat:
    """{name, schema, description?, strict?}"""
    schema = fields.object("schema")
    requested = SchemaFormat(
        schema={} if schema is None else schema.values,
        name=fields.text("name") or "answer",
        description=fields.text("description"),
        strict=fields.flag("strict"),
    )
    fields.unread()
    return requested


def _max_tokens(body: BodyReader) -> int | None:
    newer, older = body.integer("max_completion_tokens"), body.integer("max_tokens")
    if newer is not None and older not in (None, newer):
        body.drop("max_tokens", "max_completion_tokens is there too", older)
    return older if newer is None else newer


def _logprobs(body: BodyReader) -> bool | int | None:
    value, number = body.any("logprobs"), body.integer("top_logprobs")
    if value is not None and not isinstance(value, bool | int):
        invalid("logprobs", "logprobs is true or false")
    if value is True and number is not None:
        return number
    return value if value else None


def _reasoning(body: BodyReader) -> ReasoningRequest | None:
    """`reasoning_effort`; `reasoning` of OpenRouter; `thinking` and `enable_thinking` of other services."""
    effort = body.one_of("reasoning_effort", EFFORTS)
    budget: int | None = None
    enabled: bool | None = body.flag("enable_thinking")
    for key in ("reasoning", "thinking"):
        if not isinstance(body.values.get(key), dict):
            continue
        fields = body.object(key)
        if fields is None:
            continue
        effort = fields.one_of("effort", EFFORTS) or effort
        for name in ("max_tokens", "budget_tokens"):
            tokens = fields.integer(name)
            budget = budget if tokens is None else tokens
        kind = fields.any("type")
        if kind in ("enabled", "disabled"):
            enabled = kind == "enabled"
        flag = fields.flag("enabled")
        enabled = enabled if flag is None else flag
        fields.unread()
    if effort is None and budget is None and enabled is None:
        return None
    if enabled is False:
        return ReasoningRequest(enabled=False)
    return ReasoningRequest(effort=effort, budget_tokens=budget)


def _audio(body: BodyReader) -> AudioOutput | None:
    fields = body.object("audio")
    if fields is None:
        return None
    voice = fields.any("voice")
    name = voice.get("id") if isinstance(voice, dict) else voice
    if not isinstance(name, str):
        invalid("audio/voice", "voice is missing")
    audio = AudioOutput(voice=name, format=fields.text("format"))
    fields.unread()
    return audio


def _logit_bias(body: BodyReader) -> dict[Any, float] | None:
    fields = body.object("logit_bias")
    if fields is None:
        return None
    return {key: fields.number(key) or 0 for key in list(fields.values)}


def _text_of(prediction: BodyReader) -> str | None:
    content = prediction.any("content")
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "".join([text for text in texts if isinstance(text, str)])
    if not isinstance(content, str):
        invalid("prediction/content", "the content of a prediction is text")
    return content
