"""Requests that go through as they came, where client and provider speak one dialect. Pure.

Every value but the model's name keeps its bytes: signatures, unknown fields and the provider's prompt caches survive.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from llm_pure.core.provider import Built, Provider
from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.types.config import FILE_DEFAULTS, LLMConfig
from llm_pure.types.http import Headers, HttpRequest
from llm_pure.types.messages import user
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import ChatRequest

VENDORS = frozenset({
    ("anthropic_messages", "anthropic"), ("anthropic_messages", "claude"), ("anthropic_messages", "vertex_anthropic"),
    ("gemini_content", "gemini"), ("gemini_content", "vertex"), ("ollama_native", "ollama"),
    ("openai_chat", "azure"), ("openai_chat", "open_llm"), ("openai_chat", "openai"),
    ("openai_responses", "azure_responses"), ("openai_responses", "openai_responses"),
})  # fmt: skip
"""(dialect, provider) whose API is the dialect itself. The others take parts of it, so that requests are adapted to them."""

_RAW = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode
_STREAM = msgspec.json.Decoder(bool)
_TEXT = msgspec.json.Decoder(str)

PASSED_HEADERS = {
    "anthropic_messages": frozenset({b"anthropic-beta", b"anthropic-version"}),
    "openai_chat": frozenset({b"openai-beta"}),
    "openai_responses": frozenset({b"openai-beta"}),
}
"""Dialect -> headers of the client that go on to a provider of the same dialect; no others do."""


def passed_headers(dialect: str, headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers of a client that go on."""
    names = PASSED_HEADERS.get(dialect)
    if names is None:
        return ()
    return tuple(
        [(name.decode(), value.decode("latin-1")) for name, value in headers if name in names]
    )


_SHAPING = (
    "max_token", "temperature", "top_p", "top_k", "repetition_penalty", "stop", "presence_penalty", "frequency_penalty",
    "best_of", "n", "seed", "logprobs", "top_logprobs", "reasoning",
)  # fmt: skip
"""Fields of a configuration that would change the body."""


class RawBody(NamedTuple):
    """A JSON body whose fields are not read."""

    fields: dict[str, msgspec.Raw]
    data: bytes

    @property
    def model(self) -> str:
        """The model's name in the body, "" without one."""
        return _text(self.fields.get("model"))

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A field that is true or false."""
        raw = self.fields.get(name)
        try:
            return default if raw is None else _STREAM.decode(raw)
        except DECODE_ERRORS:
            return default


def _text(raw: msgspec.Raw | None) -> str:
    try:
        return "" if raw is None else _TEXT.decode(raw)
    except DECODE_ERRORS:
        return ""


def read_raw(data: bytes) -> RawBody | None:
    """The fields of a JSON object, None if the body is none."""
    try:
        return RawBody(_RAW.decode(data), data)
    except DECODE_ERRORS:
        return None


def without_file_defaults(config: LLMConfig) -> LLMConfig:
    """The configuration without what a file sets unasked: the client of a gateway decides that."""
    names = [name for name in config.default_fields if name in FILE_DEFAULTS]
    changes = dict.fromkeys(names, None)
    return msgspec.structs.replace(config, default_fields=(), **changes) if names else config


def passes(config: LLMConfig, provider: Provider, dialect: str) -> bool:
    """Whether the body of a client of this dialect needs no change: no field of the configuration would be added."""
    return (dialect, provider.name) in VENDORS and not any(
        getattr(config, name) for name in _SHAPING
    )


_EMPTY = frozenset({b"null", b"[]", b"{}", b"false", b'""'})


def keeps_fields(body: RawBody, built: HttpRequest) -> bool:
    """Whether the request that is built of a body has all of its fields, by the same names: then nothing has to be adapted.

    What is in messages and tools is as the client's dialect has it.
    """
    fields = _RAW.decode(built.body)
    return all(name in fields or bytes(raw) in _EMPTY for name, raw in body.fields.items())


class Template(NamedTuple):
    """What a provider's request has besides the body of the client."""

    request: HttpRequest
    changes: dict[str, msgspec.Raw]
    """Fields in place of the client's: the provider's name of the model, if it does not stand in the URL, and what requests
    usage in a stream."""


@returns_failure
def build_template(config: LLMConfig, provider: Provider, *, stream: bool) -> Template:
    """The template of a target's requests."""
    chat = ChatRequest(model=config.model, messages=(user("Hi"),), stream=stream)
    built = ok(provider.build_chat(config, chat))
    fields = _RAW.decode(built.request.body)
    changes = {name: raw for name, raw in fields.items() if name in ("model", "stream_options")}
    return Template(request=built.request, changes=changes)


def pass_request(template: Template, body: RawBody, headers: Headers) -> Built:
    """The provider's request with the body of the client: some fields in place of, or after, its own; the values keep their
    bytes, and the fields their order. headers: of the client, that go on.

    The body is joined anew also if nothing changes: a field that stands twice would be one thing here, another at the provider.
    """
    request = template.request
    kept = request.headers
    if headers:
        names = {name for name, _ in headers}
        kept = (*[header for header in kept if header[0] not in names], *headers)
    data = _encode({**body.fields, **template.changes})
    return Built(request=HttpRequest(request.method, request.url, kept, data))
