"""Detect the service of a recorded request, its operation, and the providers that parse the response, by tables.

A new service is one row of SERVICES. A new wire API is rows of ROUTES and one row of DIALECT_PROVIDERS. Hosts are not read
from providers' base URLs: recordings go to hosts of other regions and of services that the registry does not have. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias
from urllib.parse import unquote, urlsplit

import msgspec

from llm_pure.types.http import HttpRequest

CallKind: TypeAlias = Literal["chat", "embed", "count"]
"""The operation of a model call."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A model call."""

    operation: CallKind
    service: str
    """The service of the host, "" if unknown."""
    dialect: str
    """The wire API."""
    providers: tuple[str, ...]
    """Names in the registry of providers that parse the response, the best first."""
    streams: bool = False
    """Whether the path alone shows that the response is a stream."""


class UnknownCall(msgspec.Struct, frozen=True):
    """A request that is not a model call, or whose operation is not supported here."""

    reason: str


class Service(msgspec.Struct, frozen=True):
    """The hosts of a service and its provider."""

    provider: str
    host: str
    """A pattern for the complete host, in lower case and without port."""
    dialects: tuple[str, ...] = ("openai_chat",)
    """The dialects that this provider parses; other providers parse further APIs of the service."""


class Route(msgspec.Struct, frozen=True):
    """The end of a path and its wire API."""

    path: str
    """A pattern for the percent-decoded path."""
    dialect: str
    operation: CallKind = "chat"
    streams: bool = False


ROUTES = (
    Route(r"/chat/completions", "openai_chat"),
    Route(r"/v1/sonar", "openai_chat"),
    Route(r"/text/chatcompletion_v2", "openai_chat"),
    Route(r"/responses", "openai_responses"),
    Route(r"/responses/input_tokens", "openai_responses", "count"),
    Route(r"/v1/messages", "anthropic_messages"),
    Route(r"/v1/messages/count_tokens", "anthropic_messages", "count"),
    Route(r"/publishers/anthropic/models/count-tokens:rawPredict", "anthropic_messages", "count"),
    Route(r"/publishers/anthropic/models/[^/]+:rawPredict", "anthropic_messages"),
    Route(r"/publishers/anthropic/models/[^/]+:streamRawPredict", "anthropic_messages", "chat", True),
    Route(r":generateContent", "gemini_content"),
    Route(r":streamGenerateContent", "gemini_content", "chat", True),
    Route(r":countTokens", "gemini_content", "count"),
    Route(r":(?:batchE|e)mbedContents?", "gemini_content", "embed"),
    Route(r"/publishers/google/models/[^/]*embedding[^/]*:predict", "gemini_content", "embed"),
    Route(r"/model/.+/converse", "bedrock_converse"),
    Route(r"/model/.+/converse-stream", "bedrock_converse", "chat", True),
    Route(r"/model/.+/count-tokens", "bedrock_converse", "count"),
    Route(r"/model/[^/]*embed[^/]*/invoke", "bedrock_invoke", "embed"),
    Route(r"/model/.+/invoke", "bedrock_invoke"),
    Route(r"/model/.+/invoke-with-response-stream", "bedrock_invoke", "chat", True),
    Route(r"/api/chat", "ollama"),
    Route(r"/api/generate", "ollama_generate"),
    Route(r"/api/embed", "ollama_embed", "embed"),
    Route(r"/api/embeddings", "ollama_embeddings", "embed"),
    Route(r"/v2/chat", "cohere"),
    Route(r"/v[12]/embed", "cohere", "embed"),
    Route(r"/v1/tokenize", "cohere", "count"),
    Route(r"/api/v1/services/aigc/(?:text|multimodal)-generation/generation", "dashscope"),
    Route(r"/api/v1/services/embeddings/.+", "dashscope", "embed"),
    Route(r"/rpc/2\.0/ai_custom/v1/wenxinworkshop/chat/[^/]+", "qianfan"),
    Route(r"/rpc/2\.0/ai_custom/v1/wenxinworkshop/embeddings/[^/]+", "qianfan", "embed"),
    Route(r"(?:/v\d\.\d/(?:chat|image)|/chat/(?:pro-128k|max-32k))", "spark_frames", "chat", True),
    Route(r"/embeddings", "openai_chat", "embed"),
)  # fmt: skip
"""Ends of paths; the first match counts."""

DIALECT_PROVIDERS: Mapping[str, tuple[str, ...]] = {
    "openai_chat": ("open_llm",),
    "openai_responses": ("openai_responses",),
    "anthropic_messages": ("anthropic",),
    "gemini_content": ("gemini",),
    "bedrock_converse": ("bedrock",),
    "bedrock_invoke": ("bedrock_invoke",),
    "ollama": ("ollama",),
    "ollama_generate": ("ollama.generate",),
    "ollama_embed": ("ollama.embed", "ollama"),
    "ollama_embeddings": ("ollama.embeddings",),
    "cohere": ("cohere",),
    "dashscope": ("dashscope",),
    "qianfan": ("qianfan",),
    "spark_frames": ("spark",),
}
"""Dialect -> the providers that parse it on any host."""

SERVICES = (
    Service("openai", r"(?:[a-z]+\.)?api\.openai\.com"),
    Service("azure", r".+\.openai\.azure\.(?:com|us|cn)|.+\.cognitiveservices\.azure\.com"
                     r"|.+\.services\.ai\.azure\.com|.+\.api\.cognitive\.microsoft\.com"),
    Service("anthropic", r"api\.anthropic\.com", ("anthropic_messages",)),
    Service("gemini", r"generativelanguage\.googleapis\.com", ("gemini_content",)),
    Service("vertex", r"(?:[a-z0-9-]+-)?aiplatform\.googleapis\.com"
                      r"|aiplatform\.[a-z]+\.rep\.googleapis\.com", ("gemini_content",)),
    Service("bedrock", r"bedrock-runtime(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?",
            ("bedrock_converse",)),
    Service("bedrock_mantle", r"bedrock-mantle\.[a-z0-9-]+\.api\.aws"),
    Service("ollama", r"(?:www\.)?ollama\.com", ("ollama",)),
    Service("cohere", r"api\.cohere\.(?:com|ai)", ("cohere",)),
    Service("ark", r"ark\.[a-z0-9-]+\.volces\.com|ark\.[a-z0-9-]+\.bytepluses\.com"),
    Service("cerebras", r"api\.cerebras\.ai"),
    Service("dashscope", r"(?:[a-z-]+\.)?dashscope(?:-[a-z]+)?\.aliyuncs\.com|.+\.maas\.aliyuncs\.com",
            ("dashscope", "openai_chat")),
    Service("deepseek", r"api\.deepseek\.com"),
    Service("fireworks", r"api\.fireworks\.ai"),
    Service("github", r"models\.github\.ai|models\.inference\.ai\.azure\.com"),
    Service("groq", r"api\.groq\.com"),
    Service("huggingface", r"router\.huggingface\.co|api-inference\.huggingface\.co"),
    Service("llama_api", r"api\.llama\.com"),
    Service("mistral", r"api\.mistral\.ai|codestral\.mistral\.ai"),
    Service("moonshot", r"api\.moonshot\.(?:ai|cn)"),
    Service("nvidia", r"(?:integrate|ai)\.api\.nvidia\.com"),
    Service("openrouter", r"openrouter\.ai"),
    Service("perplexity", r"api\.perplexity\.ai"),
    Service("qianfan", r"qianfan\.baidubce\.com|aip\.baidubce\.com", ("openai_chat", "qianfan")),
    Service("siliconflow", r"api(?:\.[a-z]+)?\.siliconflow\.(?:cn|com)"),
    Service("spark", r"spark-api(?:-open)?(?:\.[a-z0-9-]+)?\.xf-yun\.com",
            ("openai_chat", "spark_frames")),
    Service("together", r"api\.together\.(?:xyz|ai)"),
    Service("xai", r"api\.x\.ai"),
    Service("yi", r"api\.lingyiwanwu\.com|api\.01\.ai"),
    Service("zai", r"api\.z\.ai"),
    Service("zhipuai", r"open\.bigmodel\.cn"),
)  # fmt: skip
"""Hosts of services. A known dialect on an unknown host is parsed as that dialect."""

_SECOND_NAMES = {"openai_responses": "responses", "anthropic_messages": "anthropic"}
"""Suffixes of the providers for further dialects of a service: azure_responses, vertex_anthropic."""

_NO_CALLS = (
    (r"/(?:oauth2?|sts|token|login|auth)(?:/.*)?|.*/(?:access_)?token", "a token exchange"),
    (r".*/(?:files|uploads)(?:/.*)?", "a file upload"),
    (r".*/(?:batches|batchPredictionJobs|cachedContents|fine_tuning)(?:/.*)?", "housekeeping"),
    (r".*/(?:conversations|assistants|threads|vector_stores|containers)(?:/.*)?", "housekeeping"),
    (r".*/(?:traces|metrics|logs|telemetry|events|track|envelope|capture)/?", "telemetry"),
    (r".*/moderations", "a moderation, which is not read yet"),
    (r".*/images/[a-z]+|.*:predict", "an image or a prediction, which is not read yet"),
    (r".*/audio/[a-z]+|.*/speech", "speech, which is not read yet"),
    (r".*/(?:rerank|classify|tokenize|detokenize|completions|api/show|api/pull|responses/compact)",
     "an operation that is not read yet"),
)  # fmt: skip


PREFIX_LIMIT = 300
"""Maximum characters before the path of a route, such as a gateway's own path."""


def detect_call(request: HttpRequest) -> Call | UnknownCall:
    """Detect the call of a request.

    >>> detect_call(HttpRequest("POST", "https://api.groq.com/openai/v1/chat/completions"))
    Call(operation='chat', service='groq', dialect='openai_chat', providers=('groq', 'open_llm'), streams=False)
    """
    try:
        parts = urlsplit(request.url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return UnknownCall("no URL")
    if request.method.upper() != "POST" and parts.scheme not in ("ws", "wss"):
        return UnknownCall(f"a {request.method.upper()[:20]} asks no model")
    path = unquote(parts.path).rstrip("/")
    for route in ROUTES:
        if re.fullmatch(f".{{0,{PREFIX_LIMIT}}}{route.path}", path):
            service = next((row for row in SERVICES if re.fullmatch(row.host, host)), None)
            return Call(
                operation=route.operation,
                service=service.provider if service else "",
                dialect=route.dialect,
                providers=tuple(dict.fromkeys(_providers(service, route.dialect))),
                streams=route.streams,
            )
    for no_call, reason in _NO_CALLS:
        if re.fullmatch(no_call, path, re.DOTALL):
            return UnknownCall(reason)
    return UnknownCall("no model API is known at this URL")


def _providers(service: Service | None, dialect: str) -> Iterator[str]:
    if service is not None:
        if dialect in service.dialects:
            yield service.provider
        elif dialect in _SECOND_NAMES:
            yield f"{service.provider}_{_SECOND_NAMES[dialect]}"
    yield from DIALECT_PROVIDERS[dialect]
