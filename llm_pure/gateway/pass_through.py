"""Bodies that go through as they came, where client and provider speak one dialect. Pure.

A request keeps every byte but the model's name; an answer keeps all of its frames. So signatures, unknown fields and the
provider's prompt caches survive. The decoder reads beside it, for the usage and the end.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from llm_pure.client.stream_reader import CHAT
from llm_pure.core.provider import Built, Provider, StreamDecoder
from llm_pure.types.completion import Completion
from llm_pure.types.config import FILE_DEFAULTS, LLMConfig
from llm_pure.types.events import StreamEvent, UsageReported
from llm_pure.types.http import Headers, HttpRequest
from llm_pure.types.messages import user
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success

VENDORS = frozenset({
    ("anthropic_messages", "anthropic"), ("anthropic_messages", "claude"), ("anthropic_messages", "vertex_anthropic"),
    ("gemini_content", "gemini"), ("gemini_content", "vertex"), ("ollama_native", "ollama"),
    ("openai_chat", "azure"), ("openai_chat", "open_llm"), ("openai_chat", "openai"),
    ("openai_responses", "azure_responses"), ("openai_responses", "openai_responses"),
})  # fmt: skip
"""(dialect, provider) whose API is the dialect itself. The others take parts of it, so that requests are adapted to them."""

_RAW = msgspec.json.Decoder(dict[str, msgspec.Raw])
_STREAM = msgspec.json.Decoder(bool)
_TEXT = msgspec.json.Decoder(str)

PASSED_HEADERS = {
    "anthropic_messages": ("anthropic-beta", "anthropic-version"),
    "openai_chat": ("openai-beta",),
    "openai_responses": ("openai-beta",),
}
"""Dialect -> headers of the client that go on to a provider of the same dialect; no others do."""

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
        except msgspec.DecodeError:
            return default


def _text(raw: msgspec.Raw | None) -> str:
    try:
        return "" if raw is None else _TEXT.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def read_raw(data: bytes) -> RawBody | None:
    """The fields of a JSON object, None if the body is none."""
    try:
        return RawBody(_RAW.decode(data), data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def without_file_defaults(config: LLMConfig) -> LLMConfig:
    """The configuration without what a file sets unasked: the client of a gateway decides that."""
    names = [name for name in config.default_fields if name in FILE_DEFAULTS]
    changes = dict.fromkeys(names, None)
    return msgspec.structs.replace(config, default_fields=(), **changes) if names else config


def passes(config: LLMConfig, provider: Provider, dialect: str) -> bool:
    """Whether the body of a client of this dialect needs no change: no field of the configuration would be added."""
    return (
        (dialect, provider.name) in VENDORS
        and not any(getattr(config, name) for name in _SHAPING)
    )


_EMPTY = frozenset({b"null", b"[]", b"{}", b"false", b'""'})


def keeps_fields(body: RawBody, built: Built) -> bool:
    """Whether the request that is built of a body has all of its fields, by the same names: then nothing has to be adapted.

    What is in messages and tools is as the client's dialect has it.
    """
    fields = _RAW.decode(built.request.body)
    return all([name in fields or bytes(raw) in _EMPTY for name, raw in body.fields.items()])


class Template(NamedTuple):
    """What a provider's request has besides the body of the client."""

    request: HttpRequest
    model: bytes
    """The provider's name of the model, as JSON; b"" if it stands in the URL."""
    stream_options: bytes
    """The field by which the provider is asked for usage in a stream, as JSON; b"" if there is none."""


@returns_failure
def build_template(config: LLMConfig, provider: Provider, *, stream: bool) -> Template:
    """The template of a target's requests."""
    chat = ChatRequest(model=config.model, messages=(user("Hi"),), stream=stream)
    built = ok(provider.build_chat(config, chat))
    fields = _RAW.decode(built.request.body)
    return Template(
        request=built.request,
        model=bytes(fields.get("model", b"")),
        stream_options=bytes(fields.get("stream_options", b"")),
    )


def pass_request(template: Template, body: RawBody, headers: Headers) -> Built:
    """The provider's request with the body of the client. headers: of the client, that go on."""
    data = body.data
    changes = {"model": template.model} if template.model else {}
    if template.stream_options:
        changes["stream_options"] = template.stream_options
    fields = body.fields
    changed = {
        name: raw for name, raw in changes.items() if bytes(fields.get(name, b"")) != raw
    }
    if changed:
        data = _with_fields(fields, changed)
    request = template.request
    if headers:
        names = {name for name, _ in headers}
        kept = [header for header in request.headers if header[0] not in names]
        request = msgspec.structs.replace(request, headers=(*kept, *headers), body=data)
    else:
        request = msgspec.structs.replace(request, body=data)
    return Built(request=request)


def _with_fields(fields: dict[str, msgspec.Raw], changed: dict[str, bytes]) -> bytes:
    """A JSON object with some fields in place of, or after, its own; the others keep their bytes and their order."""
    merged: dict[str, bytes | msgspec.Raw] = {**fields, **changed}
    pairs = [msgspec.json.encode(name) + b":" + bytes(raw) for name, raw in merged.items()]
    return b"{" + b",".join(pairs) + b"}"


# Answers

Split = Callable[[bytes], tuple[list[bytes], bytes]]

_BLANK = re.compile(rb"(?:\r\n|\n|\r(?!\n)){2}")


def split_events(data: bytes) -> tuple[list[bytes], bytes]:
    """Server-sent events, each with its blank line, and the rest.

    >>> split_events(b"data: 1\\n\\ndata: 2\\n\\ndat")
    ([b'data: 1\\n\\n', b'data: 2\\n\\n'], b'dat')
    """
    if b"\r" not in data:
        frames = [frame + b"\n\n" for frame in data.split(b"\n\n")]
        rest = frames.pop()[:-2]
        return frames, rest
    frames, start = [], 0
    for match in _BLANK.finditer(data):
        frames.append(data[start : match.end()])
        start = match.end()
    return frames, data[start:]


def split_lines(data: bytes) -> tuple[list[bytes], bytes]:
    """Lines, each with its end, and the rest."""
    lines = data.splitlines(keepends=True) if data else []
    rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
    return lines, rest


MAX_FRAME = 16 * 1024 * 1024


class Piece(NamedTuple):
    """Bytes for the client."""

    data: bytes
    content: bool
    """There is model output in them: from here on the call is not repeated."""


_NOTHING: LLMResult[tuple[Piece, ...]] = Success(())
_MARK = b"error"
"""In every frame that is an error."""
_NO_CHOICES = re.compile(rb'"choices"\s*:\s*\[\s*\]')
"""In the frame of OpenAI's chat completions that has only the usage."""


def _readable(frames: list[bytes]) -> list[bytes]:
    """The frames before the first that is no JSON; none if all are, since then the order of them is at fault."""
    for number, frame in enumerate(frames):
        for line in frame.splitlines():
            value = line.removeprefix(b"data:").strip()
            if not value.startswith((b"{", b"[")) or value == b"[DONE]":
                continue
            try:
                msgspec.json.decode(value)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return frames[:number]
    return []


class PassedStream:
    """Decodes a stream for its end and its usage, and gives its frames as they came, up to the first that is faulty.

    Only complete frames are given, so that anything may be sent between two of them.
    """

    def __init__(
        self,
        decoder: StreamDecoder,
        split: Split,
        *,
        usage: bool = True,
        on_bytes: Callable[[], object] = bool,
    ) -> None:
        """usage: the client wants the frame that has only the usage. on_bytes: called when bytes arrive."""
        self._decoder = decoder
        self._split = split
        self._usage = usage
        self._on_bytes = on_bytes
        self._rest = b""
        self._fault: Any = None

    def feed(self, data: bytes) -> LLMResult[tuple[Piece, ...]]:
        """Return the frames that these bytes complete. A fault comes after the frames before it."""
        self._on_bytes()
        if self._fault is not None:
            failure: LLMResult[tuple[Piece, ...]] = self._fault
            return failure
        frames, self._rest = self._split(self._rest + data if self._rest else data)
        if not frames:
            return _NOTHING
        complete = b"".join(frames)
        if (
            len(frames) == 1
            or _MARK in complete
            or (not self._usage and _NO_CHOICES.search(complete) is not None)
        ):
            return self._feed_each(frames)
        events = self._decoder.feed(complete)
        if type(events) is Failure:
            return events
        fault = self._decoder.feed(b"")  # a fault comes with the call after it
        if type(fault) is Failure:
            self._fault = fault
            complete = b"".join(_readable(frames))
        content = any(map(CHAT.is_content, events.unwrap()))
        return Success((Piece(complete, content=content),)) if complete else _NOTHING

    def _feed_each(self, frames: list[bytes]) -> LLMResult[tuple[Piece, ...]]:
        """Feed frame by frame, where one of them may be an error, or only for us."""
        kept: list[bytes] = []
        content = False
        for frame in frames:
            events = self._decoder.feed(frame)
            if type(events) is Failure:
                if not kept:
                    return events
                self._fault = events
                break
            decoded = events.unwrap()
            if not self._usage and _is_only_usage(decoded):
                continue
            kept.append(frame)
            content = content or any(map(CHAT.is_content, decoded))
        return Success((Piece(b"".join(kept), content=content),)) if kept else _NOTHING

    def close(self) -> LLMResult[tuple[Piece, ...]]:
        """End the body; a frame without its blank line still counts."""
        if self._fault is not None:
            failure: LLMResult[tuple[Piece, ...]] = self._fault
            return failure
        rest, self._rest = self._rest, b""
        if rest:
            events = self._decoder.feed(rest)
            if type(events) is Failure:
                return events
        closed = self._decoder.close()
        if type(closed) is Failure:
            return closed
        end = b"\n" if self._split is split_lines else b"\n\n"
        return Success((Piece(rest + end, content=False),) if rest else ())

    def partial(self) -> Completion:
        """The completion as far as it has been received."""
        return self._decoder.partial()


def _is_only_usage(events: tuple[StreamEvent, ...]) -> bool:
    return bool(events) and all([type(event) is UsageReported for event in events])


__all__ = [
    "PASSED_HEADERS", "PassedStream", "Piece", "RawBody", "Template", "build_template", "keeps_fields", "pass_request", "passes", "read_raw",
    "split_events", "split_lines", "without_file_defaults",
]  # fmt: skip
