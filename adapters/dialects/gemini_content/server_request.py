"""A client's request for generateContent -> ReceivedRequest.

Sources: ai.google.dev (v1beta) and google-genai 3.6.1; ../shared/wire/server-side.md 8.1, read 2026-11-29.
"""

from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from llm_pure.adapters.dialects.common.received import (
    EFFORT_OF,
    EFFORTS,
    BodyReader,
    ServedCall,
    function_tool,
    invalid,
    metadata_of,
    object_at,
    receive,
)
from llm_pure.adapters.dialects.gemini_content.server_contents import (
    PROVIDER,
    ContentsReader,
    camel,
)
from llm_pure.core.server import ReceivedRequest
from llm_pure.types.http import HttpRequest
from llm_pure.types.messages import Message
from llm_pure.types.operations import EmbedRequest
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

DIALECT = "gemini_content"


@returns_failure
def parse_request(request: HttpRequest) -> ReceivedRequest:
    """The request of a client. Fails with InvalidRequest, or with NotFound for another URL."""
    return receive(request, DIALECT, _read)


def _read(call: ServedCall) -> ReceivedRequest:
    call.body.values = camel(call.body.values)
    body, model = call.body, call.model
    if call.operation == "embed":
        return ReceivedRequest(dialect=DIALECT, embed=_embed(body, model), model=model)
    if call.operation == "count_tokens" and "generateContentRequest" in body.values:
        inner = body.object("generateContentRequest")
        body.unread()
        body.values = {} if inner is None else camel(inner.values)
        body.any("model")
    streams = call.match["method"] == "streamGenerateContent"
    chat, rest = _chat(body, model, streams=streams)
    return ReceivedRequest(
        dialect=DIALECT,
        chat=chat,
        model=model,
        stream=streams,
        framing=_framing(call.request),
        unread=rest,
    )


def _framing(request: HttpRequest) -> Literal["sse", "json_array"]:
    try:
        query = parse_qs(urlsplit(request.url).query)
    except ValueError:
        return "json_array"
    return "sse" if query.get("alt") == ["sse"] else "json_array"


def _chat(body: BodyReader, model: str, *, streams: bool) -> tuple[ChatRequest, dict[str, Any]]:
    """The request, and what is left of generationConfig."""
    reader = ContentsReader(body.adaptations)
    system = body.any("systemInstruction")
    messages: list[Message] = []
    if system is not None:
        messages.append(reader.message(system, "systemInstruction", "system"))
    messages += reader.messages(body.any("contents"))
    choice, validated = _tool_choice(body)
    generation = body.object("generationConfig")
    config = BodyReader({}, body.adaptations, "generationConfig")
    if generation is not None:
        config = BodyReader(camel(generation.values), body.adaptations, "generationConfig")
    modalities = config.texts("responseModalities")
    chat = ChatRequest(
        model=model,
        messages=messages,
        tools=_tools(body, strict=True if validated else None),
        tool_choice=choice,
        response_format=_format(config),
        reasoning=_reasoning(config),
        logprobs=_logprobs(config),
        stop=config.texts("stopSequences") or None,
        stream=streams,
        modalities=None if modalities is None else tuple([name.lower() for name in modalities]),
        audio=_audio(config),
        metadata=_labels(body),
        safety_settings=_safety(body),
        cached_content=body.text("cachedContent"),
        service_tier=body.text("serviceTier"),
        store=body.flag("store"),
        temperature=config.number("temperature"),
        top_p=config.number("topP"),
        presence_penalty=config.number("presencePenalty"),
        frequency_penalty=config.number("frequencyPenalty"),
        top_k=config.integer("topK"),
        n=config.integer("candidateCount"),
        max_tokens=config.integer("maxOutputTokens"),
        seed=config.integer("seed"),
    )
    rest = config.unread()
    return chat, ({"generationConfig": rest} if rest else {})


def _tools(body: BodyReader, *, strict: bool | None) -> tuple[Tool | NativeTool, ...]:
    """Functions, and the tools that Google runs itself. `strict`: calls follow their schemas."""
    tools: list[Tool | NativeTool] = []
    for index, value in enumerate(body.list("tools") or ()):
        path = f"tools/{index}"
        fields = object_at(value, body.adaptations, path)
        fields.values = camel(fields.values)
        for number, function in enumerate(fields.list("functionDeclarations") or ()):
            at = f"{path}/functionDeclarations/{number}"
            inner = object_at(function, body.adaptations, at)
            inner.values = camel(inner.values)
            schemas = ("parametersJsonSchema", "parameters")
            tool = function_tool(inner, schemas, None, path=at)
            tools.append(tool if strict is None else _strict(tool))
        tools += [NativeTool(PROVIDER, {key: item}) for key, item in fields.values.items()]
    return tuple(tools)


def _strict(tool: Tool) -> Tool:
    return Tool(
        name=tool.name, description=tool.description, parameters=tool.parameters, strict=True
    )


def _tool_choice(body: BodyReader) -> tuple[ToolChoice | None, bool]:
    """The choice, and whether all calls follow their schemas."""
    outer = body.object("toolConfig")
    if outer is None:
        return None, False
    outer.values = camel(outer.values)
    config = outer.object("functionCallingConfig")
    outer.unread()
    if config is None:
        return None, False
    config.values = camel(config.values)
    mode = (config.text("mode") or "AUTO").upper()
    names = config.texts("allowedFunctionNames") or ()
    config.unread()
    if names and mode not in ("ANY", "VALIDATED"):
        config.drop("allowedFunctionNames", f"there is no choice among functions in mode {mode}")
    match mode:
        case "ANY" if len(names) == 1:
            return NamedToolChoice(names[0]), False
        case "ANY":
            return (AllowedTools(names, "required") if names else "required"), False
        case "NONE":
            return "none", False
        case "VALIDATED":
            return (AllowedTools(names) if names else None), not names
        case "AUTO" | "MODE_UNSPECIFIED":
            return ("auto" if mode == "AUTO" else None), False
        case _:
            invalid(config.at("mode"), f"unknown mode {mode!r}")


def _format(config: BodyReader) -> ResponseFormat | None:
    media_type = config.text("responseMimeType")
    native, older = config.object("responseJsonSchema"), config.object("responseSchema")
    schema = native or older
    if native is not None and older is not None:
        config.drop("responseSchema", "responseJsonSchema is there too")
    if schema is not None:
        return SchemaFormat(schema=schema.values)
    if media_type == "application/json":
        return JsonFormat()
    if media_type not in (None, "text/plain"):
        config.drop("responseMimeType", "it is application/json or text/plain", media_type)
    return None


def _reasoning(config: BodyReader) -> ReasoningRequest | None:
    fields = config.object("thinkingConfig")
    if fields is None:
        return None
    fields.values = camel(fields.values)
    budget, level = fields.integer("thinkingBudget"), fields.text("thinkingLevel")
    summary = bool(fields.flag("includeThoughts"))
    fields.unread()
    if budget == 0:
        return ReasoningRequest(enabled=False)
    effort = EFFORT_OF.get((level or "").lower())
    if effort is None and level not in (None, "THINKING_LEVEL_UNSPECIFIED"):
        fields.drop("thinkingLevel", f"it is one of {', '.join(EFFORTS)}", level)
    if budget is not None and budget < 0:  # as much as the model likes
        budget = None
    return ReasoningRequest(effort=effort, budget_tokens=budget, summary=summary)


def _logprobs(config: BodyReader) -> bool | int | None:
    flag, number = config.flag("responseLogprobs"), config.integer("logprobs")
    if not flag:
        return None
    return True if number is None else number


def _audio(config: BodyReader) -> AudioOutput | None:
    """The voice; other settings of speech are not read."""
    fields = config.any("speechConfig")
    try:
        voice = camel(camel(camel(fields)["voiceConfig"])["prebuiltVoiceConfig"])["voiceName"]
    except (AttributeError, KeyError, TypeError):
        if fields is not None:
            config.values["speechConfig"] = fields
        return None
    if not isinstance(voice, str):
        invalid(config.at("speechConfig"), "the name of a voice is a string")
    return AudioOutput(voice=voice)


def _labels(body: BodyReader) -> dict[str, str] | None:
    if "labels" in body.values:
        body.values["metadata"] = body.values.pop("labels")
    return metadata_of(body)


def _safety(body: BodyReader) -> dict[str, str] | None:
    settings: dict[str, str] = {}
    for index, value in enumerate(body.list("safetySettings") or ()):
        fields = object_at(value, body.adaptations, f"safetySettings/{index}")
        category, threshold = fields.text("category"), fields.text("threshold")
        if category and threshold:
            settings[category] = threshold
        fields.unread()
    return settings or None


def _embed(body: BodyReader, model: str) -> EmbedRequest:
    """One text, or one of each of `requests`."""
    requests = body.list("requests")
    values = body if requests is None else None
    rows = [values] if values is not None else []
    for index, value in enumerate(requests or ()):
        fields = object_at(value, body.adaptations, f"requests/{index}")
        fields.values = camel(fields.values)
        fields.any("model")
        rows.append(fields)
    reader = ContentsReader(body.adaptations)
    texts: list[str] = []
    task: str | None = None
    dimensions: int | None = None
    for row in rows:
        texts.append(reader.message(row.any("content"), row.at("content")).text)
        task = row.text("taskType") or task
        dimensions = row.integer("outputDimensionality") or dimensions
        if row is not body:
            row.unread()
    value = texts[0] if requests is None else tuple(texts)
    return EmbedRequest(input=value, model=model, task=task, dimensions=dimensions)
