"""What a double was sent: the operation and the form of the answer, worked out from the request alone. Pure."""

import re
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

from llm_pure.adapters.dialects.bedrock_invoke.vendors import vendor_of
from llm_pure.framing.json_codec import any_json
from llm_pure.replay.checks.service_detection import Call, detect_call
from llm_pure.types.http import HttpRequest, get_header

Operation: TypeAlias = Literal[
    "chat",
    "embed",
    "count_tokens",
    "images",
    "speech",
    "transcribe",
    "moderate",
    "models",
    "unknown",
]

_OPERATIONS: tuple[tuple[str, Operation], ...] = (
    (r".*/images/[a-z]+", "images"),
    (r".*/audio/speech", "speech"),
    (r".*/audio/(?:transcriptions|translations)", "transcribe"),
    (r".*/moderations", "moderate"),
    (r".*/embeddings?(?:/[^/]+)?", "embed"),
    (r".*:predict", "images"),
    (r".*/tokenize", "count_tokens"),
)
"""End of a path -> operation, for those that `detect_call` does not know."""

_FORM_VALUE = rb'"[^\r\n]{0,200}\r\n(?:[^\r\n]{1,200}\r\n){0,9}\r\n([^\r\n]*)'
"""After the name of a field: the rest of its headers, and the first line of its value."""

_STREAMED_PATHS = re.compile(
    r":stream(?:GenerateContent|RawPredict)|/converse-stream|/invoke-with-response-stream"
)


class SentRequest(HttpRequest, frozen=True, kw_only=True, gc=False):
    """A request as a double received it, and what it asks for."""

    operation: Operation = "unknown"
    service: str = ""
    """The provider whose host it is, "" for other hosts."""
    form: str = ""
    """The dialect of the answer, or for InvokeModel the form of its vendor's."""

    @property
    def json(self) -> Any:
        """The decoded body, None if it is no JSON."""
        return any_json(self.body)

    @property
    def fields(self) -> dict[str, Any]:
        """The body if it is a JSON object, else {}."""
        value = self.json
        return value if isinstance(value, dict) else {}

    @property
    def streamed(self) -> bool:
        """Whether a streamed answer was requested."""
        if _STREAMED_PATHS.search(self.url) or self.url.startswith(("ws://", "wss://")):
            return True
        if get_header(self.headers, "x-dashscope-sse") == "enable":
            return True
        default = self.form in ("ollama_native", "ollama_generate")
        return self.fields.get("stream", default) is True

    @property
    def model(self) -> str:
        """The name of the model: of the body, else of the path."""
        name = self.fields.get("model")
        if isinstance(name, str) and name:
            return name
        path = unquote(urlsplit(self.url).path)
        match = re.search(r"/(?:models?|deployments)/([^/]+?)(?::[A-Za-z]+)?(?:/|$)", path)
        return match[1] if match else ""

    @property
    def prompt(self) -> str:
        """The last text of the body: in a conversation that of its newest message."""
        texts = list(_texts(_conversation(self.fields)))
        return texts[-1] if texts else ""


def read_request(request: HttpRequest) -> SentRequest:
    """Return the request with its operation and the form of the answer."""
    operation, service, form = _detect(request)
    return SentRequest(
        method=request.method,
        url=request.url,
        headers=request.headers,
        body=request.body,
        operation=operation,
        service=service,
        form=form,
    )


def _detect(request: HttpRequest) -> tuple[Operation, str, str]:
    try:
        path = unquote(urlsplit(request.url).path).rstrip("/")
    except ValueError:
        path = ""
    call = detect_call(request)
    if isinstance(call, Call):
        operation: Operation = "count_tokens" if call.operation == "count" else call.operation
        return operation, call.service, _form(call, path)
    if request.method.upper() == "GET":
        return "models", "", "openai_chat"
    for pattern, operation in _OPERATIONS:
        if re.fullmatch(pattern, path):
            return operation, "", _google(request) or "openai_chat"
    return "unknown", "", "openai_chat"


def _form(call: Call, path: str) -> str:
    match call.dialect:
        case "ollama":
            return "ollama_native"
        case "openai_chat" if call.service == "llama_api" and "/compat/" not in path:
            return "llama_native"
        case "bedrock_invoke" if call.operation == "chat":
            match = re.search(r"/model/([^/]+)/", path)
            vendor = vendor_of(match[1]) if match else None
            return f"invoke_{vendor.family}" if vendor else "invoke_anthropic"
        case dialect:
            return dialect


def _google(request: HttpRequest) -> str:
    return "gemini_content" if ":predict" in request.url else ""


def framing(request: SentRequest) -> Literal["sse", "json_array"]:
    """How a stream of Gemini's is to be divided."""
    query = parse_qs(urlsplit(request.url).query)
    return "sse" if query.get("alt") == ["sse"] else "json_array"


_NO_TEXT = frozenset(
    {
        "cache_control", "call_id", "content_type", "data", "detail", "format", "id", "media_type", "mimeType", "model", "name",
        "role", "signature", "status", "stream", "thoughtSignature", "toolUseId", "tool_call_id", "tool_name", "tool_use_id",
        "type", "url", "user",
    }
)  # fmt: skip
"""Keys whose strings are no text of a conversation."""
_CONVERSATIONS = ("tool_results", "messages", "input", "contents", "prompt", "payload", "message")


def _conversation(fields: dict[str, Any]) -> Any:
    return next((fields[key] for key in _CONVERSATIONS if key in fields), None)


def _texts(value: Any) -> Iterator[str]:
    """The texts in JSON, in order."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            stack += [field for key, field in reversed(item.items()) if key not in _NO_TEXT]
        elif isinstance(item, list):
            stack += reversed(item)


def embed_texts(request: SentRequest) -> list[str]:
    """The texts to embed, under the names of any dialect."""
    fields = request.fields
    for key in ("input", "texts", "prompt", "inputText", "requests", "instances", "content"):
        value = fields.get(key)
        if isinstance(value, dict):
            value = value.get("texts", value)
        if isinstance(value, list):
            return ["".join(_texts(item)) for item in value]
        if value is not None:
            return ["".join(_texts(value))]
    return ["".join(_texts(fields.get("singleEmbeddingParams", "")))]


def form_field(request: SentRequest, name: str) -> str:
    """A field of a multipart form, "" without it."""
    match = re.search(rb'name="' + re.escape(name.encode()) + _FORM_VALUE, request.body)
    return match[1].decode("utf-8", "replace") if match else ""
