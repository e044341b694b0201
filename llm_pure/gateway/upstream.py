"""One chat request of a client as a call of the client layer: each attempt builds for its target, and reads back for the client.

ChatExchange(request)  --call-->  _GatewayCall, for `call_steps`: retries, fallbacks, budgets and limits as everywhere
                       events of a streamed answer are pieces of bytes in the client's dialect
"""

from collections.abc import Callable
from functools import partial
from operator import methodcaller
from time import monotonic
from typing import Any

import msgspec

from llm_pure.client.call import CallSpec
from llm_pure.client.stream_reader import Decoder, StreamKind
from llm_pure.client.targets import Target
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.buffered_body import completion_to_events
from llm_pure.core.provider import Built
from llm_pure.core.server import ReceivedRequest, ServerDialect, StreamEncoder
from llm_pure.core.tool_names import restore_decoder, restore_result
from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.gateway.pass_through import (
    RawBody,
    Template,
    build_template,
    keeps_fields,
    pass_request,
    passes,
)
from llm_pure.gateway.passed_billing import PassedRequest, billed_request
from llm_pure.gateway.pieces import (
    EncodedStream,
    PassedStream,
    Piece,
    split_events,
    split_lines,
)
from llm_pure.server import (
    Exchange,
    TranslatedRequest,
    Upstream,
    has_envelopes,
    translate_received,
)
from llm_pure.types.completion import Completion
from llm_pure.types.http import Headers, HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.messages import Reasoning
from llm_pure.types.rejection import Rejected, ok
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success


def with_identity(received: ReceivedRequest, blank: ReceivedRequest) -> ReceivedRequest:
    """The request with the id and the time of its answer."""
    return msgspec.structs.replace(
        received, response_id=blank.response_id, created_s=blank.created_s
    )


class ChatExchange:
    """A chat request of a client with the state of its call: the target of the last attempt, and what was adapted."""

    def __init__(
        self,
        dialect: ServerDialect,
        request: Callable[[], HttpRequest],
        body: RawBody | None,
        blank: ReceivedRequest,
        templates: "Templates",
        *,
        passed_headers: Headers = (),
        strict: bool = False,
        show_reasoning: bool = True,
    ) -> None:
        """request: the client's, made where it is parsed. passed_headers: of it, for a provider of the same dialect.
        blank: what is known without parsing: model, stream, framing, id and time."""
        self.dialect = dialect
        self.request = request
        self.body = body
        self.blank = blank
        self.templates = templates
        self.passed_headers = passed_headers
        self.strict = strict
        self.show_reasoning = show_reasoning
        self.target: Target | None = None
        self.attempts = 0
        self.passed = False
        """The body of the last attempt went as it came."""
        self.adaptations: tuple[Adaptation, ...] = ()
        self.response: HttpResponse | None = None
        """The provider's unary answer."""
        self.head: ResponseHead | HttpResponse | None = None
        """Status and headers of the provider's last answer."""
        self.encoder: StreamEncoder | None = None
        self.last_byte_s = monotonic()
        self.translation: Exchange | None = None
        """How the answer is translated back, of the last attempt that was not passed."""
        self._passes: tuple[Target, bool] | None = None
        """The last target and whether the body goes to it as it came."""
        self._may_pass = show_reasoning and not strict and blank.framing != "json_array"
        self.parsed: LLMResult[ReceivedRequest] | None = None
        """The client's request, once it is parsed."""

    # The client's request

    def parse(self) -> LLMResult[ReceivedRequest]:
        """Return the request, parsed once."""
        if self.parsed is None:
            self.parsed = self.dialect.parse_request(self.request()).map(
                partial(with_identity, blank=self.blank)
            )
        return self.parsed

    def answered(self) -> ReceivedRequest:
        """Return the request as the answer needs it, with the provider that answers."""
        if self.translation is not None:
            return self.translation.received
        if self.target is None:
            return self.blank
        provider = self.target.provider
        return msgspec.structs.replace(
            self.blank, upstream_dialect=provider.dialect, upstream_provider=provider.name
        )

    def passes_at(self, target: Target) -> bool:
        """Whether the body goes to this target as it came. Raises Rejected for a request that cannot be read."""
        if self._passes is None or self._passes[0] is not target:
            self._passes = (target, self._decide(target))
        return self._passes[1]

    def _decide(self, target: Target) -> bool:
        body = self.body
        if body is None or not self._may_pass:
            return False
        names = frozenset(body.fields)
        known = self.templates.decided(target, self.dialect.name, names)
        if known and has_envelopes(body.data):
            return False  # what is in it is another provider's
        if known is None:
            known = passes(target.config, target.provider, self.dialect.name)
            if known:
                built = self._translate(target, ok(self.parse()))
                known = type(built) is not Failure and keeps_fields(body, built.unwrap().request)
            self.templates.decide(target, self.dialect.name, names, passes=known)
            known = known and not has_envelopes(body.data)
        return known

    def call(self, *, stream: bool) -> "_GatewayCall":
        """Return the call, for a request that is parsed, or that passes at its first target."""
        request: ChatRequest
        if self.parsed is None:
            request = PassedRequest(
                stream=stream,
                parse=self.parse,
                size=0 if self.body is None else len(self.body.data),
            )
        else:
            request = billed_request(self.parsed.unwrap())
        return _GatewayCall(
            request, request, self._stream_kind() if stream else None, exchange=self
        )

    # One attempt

    def build(self, target: Target) -> LLMResult[Built]:
        """Build the request of an attempt."""
        self.target, self.attempts = target, self.attempts + 1
        self.encoder, self.response, self.head = None, None, None
        self.translation, self.adaptations = None, ()
        try:
            self.passed = self.passes_at(target)
        except Rejected as rejected:
            return Failure(rejected.error)
        if self.passed and self.body is not None:
            template = self.templates.get(target, stream=self.blank.stream)
            if type(template) is Failure:
                return template
            return Success(pass_request(template.unwrap(), self.body, self.passed_headers))
        parsed = self.parse()
        if type(parsed) is Failure:
            return parsed
        translated = self._translate(target, parsed.unwrap())
        if type(translated) is Failure:
            return translated
        value = translated.unwrap()
        self.translation, self.adaptations = value.exchange, value.adaptations
        return Success(Built(request=value.request))

    def _translate(self, target: Target, received: ReceivedRequest) -> LLMResult[TranslatedRequest]:
        upstream = Upstream(provider=target.provider, config=target.config)
        return translate_received(received, upstream, strict=self.strict)

    def parse_response(self, target: Target, response: HttpResponse) -> LLMResult[Completion]:
        """Parse the provider's unary answer."""
        self.response = self.head = response
        result = target.provider.parse_chat(response)
        if self.translation is None or not self.translation.tool_names:
            return result
        restored: LLMResult[Completion] = restore_result(result, self.translation.tool_names)
        return restored

    def build_response(self, completion: Completion) -> HttpResponse:
        """Return the unary answer for the client: the provider's own bytes if the request was passed on."""
        if self.passed and self.response is not None:
            kind = [("content-type", "application/json")]
            return HttpResponse(200, tuple(kind), self.response.body)
        if not self.show_reasoning:
            completion = _without_reasoning(completion)
        return self.dialect.build_response(completion, self.answered())

    # Streams

    def note_bytes(self) -> None:
        """The provider is alive."""
        self.last_byte_s = monotonic()

    def _stream_kind(self) -> StreamKind[Piece, Completion]:
        return StreamKind(
            open_decoder=self._open_decoder,
            on_disconnect=methodcaller("close"),
            is_content=lambda piece: piece.content,
            to_completion=lambda completion: completion,
        )

    def _open_decoder(self, target: Target, head: ResponseHead) -> Decoder[Piece, Completion]:
        self.head = head
        self.note_bytes()
        decoder = target.provider.open_stream(head)
        if self.translation is not None and self.translation.tool_names:
            decoder = restore_decoder(decoder, self.translation.tool_names)
        if self.passed:
            split = split_lines if self.dialect.name == "ollama_native" else split_events
            usage = self.dialect.name != "openai_chat" or _wants_usage(self.body)
            return PassedStream(decoder, split, usage=usage, on_bytes=self.note_bytes)
        self.encoder = self.dialect.open_encoder(self.answered())
        return EncodedStream(
            decoder, self.encoder, self.note_bytes, show_reasoning=self.show_reasoning
        )

    def keep_alive(self) -> bytes:
        """Return bytes that the client ignores, for between two pieces."""
        if self.encoder is None:
            if self.blank.framing == "json_array":
                return b"\n"
            received = self.blank if self.parsed is None else self.parsed.value_or(self.blank)
            return self.dialect.open_encoder(received).keep_alive()
        return self.encoder.keep_alive()

    def end(self, result: LLMResult[Completion]) -> bytes:
        """Return the end of a stream whose answer is complete, or the client's dialect's error."""
        if self.passed and type(result) is not Failure:
            return b""
        encoder = self.encoder
        if encoder is None:
            encoder = self.dialect.open_encoder(self.answered())
            if type(result) is Failure and result.failure().partial is not None:
                encoder.encode(completion_to_events(result.failure().partial))  # was sent already
        return encoder.close(result)


def _wants_usage(body: RawBody | None) -> bool:
    options = None if body is None else body.fields.get("stream_options")
    if options is None:
        return False
    try:
        return bool(msgspec.json.decode(options, type=dict[str, Any]).get("include_usage"))
    except DECODE_ERRORS:
        return False


def _without_reasoning(completion: Completion) -> Completion:
    parts = [part for part in completion.message.parts if not isinstance(part, Reasoning)]
    message = msgspec.structs.replace(completion.message, parts=tuple(parts))
    return msgspec.structs.replace(completion, message=message)


_MAX_DECISIONS = 1000
_MAX_NAMES = 4096
"""Characters of all names of fields together."""


class Templates:
    """Templates of passed requests, by target, and which requests pass: finding out costs as much as a request."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, bool], tuple[Target, LLMResult[Template]]] = {}
        self._decisions: dict[tuple[int, str, frozenset[str]], tuple[Target, bool]] = {}

    def decided(self, target: Target, dialect: str, names: frozenset[str]) -> bool | None:
        """Whether requests of a dialect with these fields pass; None if that is not known."""
        known = self._decisions.get((id(target), dialect, names))
        return None if known is None or known[0] is not target else known[1]

    def decide(self, target: Target, dialect: str, names: frozenset[str], *, passes: bool) -> None:
        """Remember it, unless the names are none of a real request: clients choose them, and they are kept."""
        if sum(map(len, names)) > _MAX_NAMES:
            return
        if len(self._decisions) >= _MAX_DECISIONS:
            self._decisions.clear()  # one client's names are not to keep out those of the others
        self._decisions[id(target), dialect, names] = (target, passes)

    def get(self, target: Target, *, stream: bool) -> LLMResult[Template]:
        """Return the template of a target."""
        key = (id(target), stream)
        known = self._known.get(key)
        if known is not None and known[0] is target:
            return known[1]
        template = build_template(target.config, target.provider, stream=stream)
        if len(self._known) < _MAX_DECISIONS:
            self._known[key] = (target, template)
        return template


class _GatewayCall(CallSpec[Completion], frozen=True, kw_only=True):
    """The call of a ChatExchange."""

    exchange: Any = None

    def build(self, target: Target) -> LLMResult[Built]:
        result: LLMResult[Built] = self.exchange.build(target)
        return result

    def parse(self, target: Target, response: HttpResponse) -> LLMResult[Completion]:
        result: LLMResult[Completion] = self.exchange.parse_response(target, response)
        return result
