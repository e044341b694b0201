"""A client's request to Ollama's own API -> ReceivedRequest.

Sources: ollama/ollama v0.33.0-rc2, api/types.go; ../shared/wire/server-side.md 9, read 2026-11-29.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.common.received import (
    EFFORT_OF,
    EFFORTS,
    BodyReader,
    ServedCall,
    function_tool,
    invalid,
    messages_of,
    object_at,
    receive,
)
from llm_pure.core.server import ReceivedRequest
from llm_pure.types.http import HttpRequest
from llm_pure.types.operations import EmbedRequest
from llm_pure.types.rejection import returns_failure
from llm_pure.types.request import (
    ChatRequest,
    JsonFormat,
    NativeTool,
    ReasoningRequest,
    ResponseFormat,
    SchemaFormat,
    Tool,
)

DIALECT = "ollama_native"
PROVIDER = "ollama"

_NUMBERS: Mapping[str, str] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "repeat_penalty": "repetition_penalty",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
}
_INTEGERS: Mapping[str, str] = {"num_predict": "max_tokens", "top_k": "top_k", "seed": "seed"}
"""Key of `options` -> field of ChatRequest."""


@returns_failure
def parse_request(request: HttpRequest) -> ReceivedRequest:
    """The request of a client. Fails with InvalidRequest, or with NotFound for another URL."""
    return receive(request, DIALECT, _read)


def _read(call: ServedCall) -> ReceivedRequest:
    body = call.body
    if call.operation == "models":
        model = body.text("model") or body.text("name") or ""
        return ReceivedRequest(dialect=DIALECT, model=model)
    model = body.text("model") or invalid("model", "model is missing")
    if call.operation == "embed":
        texts, prompt = body.texts("input"), body.text("prompt")
        embed = EmbedRequest(
            input=(prompt or "") if texts is None else texts,
            model=model,
            dimensions=body.integer("dimensions"),
        )
        return ReceivedRequest(dialect=DIALECT, embed=embed, model=model)
    is_text = call.match.groupdict().get("text") is not None
    turns = _prompt(body) if is_text else _turns(body)
    stream = body.flag("stream")
    options = body.object("options")
    settings = {} if options is None else _settings(options)
    chat = ChatRequest(
        model=model,
        messages=messages_of(turns, PROVIDER, body.adaptations),
        tools=_tools(body),
        response_format=_format(body),
        reasoning=_reasoning(body),
        logprobs=_logprobs(body),
        stream=stream is not False,
        **settings,
    )
    rest = {} if options is None else options.unread()
    return ReceivedRequest(
        dialect=DIALECT,
        chat=chat,
        model=model,
        stream=bool(chat.stream),
        framing="ndjson",
        form="text" if is_text else "",
        unread={"options": rest} if rest else {},
    )


def _prompt(body: BodyReader) -> list[Any]:
    """The turns of /api/generate; none without a prompt."""
    system, prompt, images = body.text("system"), body.text("prompt"), body.list("images")
    if not prompt and not images:
        return []
    shown = {"images": images} if images else {}
    turns: list[Any] = [{"role": "system", "content": system}] if system else []
    return [*turns, {"role": "user", "content": prompt or "", **shown}]


def _turns(body: BodyReader) -> list[Any]:
    """The messages; none is a request that only loads the model.

    Calls of older clients have no ids: they get some, and results are matched with them by name and order. Images of a
    tool's result become its content.
    """
    pending: dict[str, deque[str]] = {}
    turns: list[Any] = []
    count = 0
    for index, turn in enumerate(body.list("messages") or ()):
        fields = dict(object_at(turn, body.adaptations, f"messages/{index}").values)
        calls = fields.get("tool_calls")
        if isinstance(calls, list):
            fields["tool_calls"] = numbered = []
            for call in calls:
                count += 1
                numbered.append(_with_id(call, f"call_{count}", pending))
        elif fields.get("role") == "tool":
            waiting = pending.get(str(fields.get("tool_name")))
            if waiting and not fields.get("tool_call_id"):
                fields["tool_call_id"] = waiting.popleft()
            fields = _with_images(fields)
        turns.append(fields)
    return turns


def _with_id(call: Any, call_id: str, pending: dict[str, deque[str]]) -> Any:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or call.get("id"):
        return call
    pending.setdefault(str(function.get("name")), deque()).append(call_id)
    return {**call, "id": call_id}


def _with_images(fields: dict[str, Any]) -> dict[str, Any]:
    """A tool's result with its images in its content."""
    images = fields.get("images")
    if not isinstance(images, list):
        return fields
    blocks = [{"type": "image", "source": {"type": "base64", "data": image}} for image in images]
    text = [{"type": "text", "text": fields["content"]}] if fields.get("content") else []
    kept = {name: value for name, value in fields.items() if name != "images"}
    return {**kept, "content": [*text, *blocks]}


def _settings(options: BodyReader) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for key, name in _NUMBERS.items():
        settings[name] = options.number(key)
    for key, name in _INTEGERS.items():
        settings[name] = options.integer(key)
    settings["stop"] = options.texts("stop")
    limit = settings["max_tokens"]
    if limit is not None and limit < 0:  # no limit
        settings["max_tokens"] = None
    return {name: value for name, value in settings.items() if value is not None}


def _tools(body: BodyReader) -> tuple[Tool | NativeTool, ...]:
    tools: list[Tool | NativeTool] = []
    for index, value in enumerate(body.list("tools") or ()):
        path = f"tools/{index}"
        fields = object_at(value, body.adaptations, path)
        if fields.any("type") not in (None, "function"):
            tools.append(NativeTool(PROVIDER, value))
            continue
        function = fields.object("function")
        if function is None:
            invalid(f"{path}/function", "a tool has a function")
        fields.unread()
        tools.append(function_tool(function, ("parameters",), None, path=f"{path}/function"))
    return tuple(tools)


def _format(body: BodyReader) -> ResponseFormat | None:
    value = body.any("format")
    if isinstance(value, dict):
        return SchemaFormat(schema=value)
    if value in (None, ""):
        return None
    if value == "json":
        return JsonFormat()
    invalid("format", "format is json or a schema")


def _reasoning(body: BodyReader) -> ReasoningRequest | None:
    value = body.any("think")
    match value:
        case None:
            return None
        case False:
            return ReasoningRequest(enabled=False)
        case True:
            return ReasoningRequest()
        case str():
            effort = EFFORT_OF.get(value)
            if effort is None:
                body.drop("think", f"it is true, false or one of {', '.join(EFFORTS)}", value)
            return ReasoningRequest(effort=effort)
        case _:
            invalid("think", "think is true, false or an effort")


def _logprobs(body: BodyReader) -> bool | int | None:
    flag, number = body.flag("logprobs"), body.integer("top_logprobs")
    if not flag:
        return None
    return True if number is None else number
