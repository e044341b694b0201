"""What every transport does around its library: headers completed, bytes of a body bounded and decoded, one event loop."""

import re
from functools import lru_cache
from typing import Protocol

from llm_pure.transports.base import TransportSettings
from llm_pure.transports.content_coding import ACCEPTED, BodyReader
from llm_pure.transports.loops import running_loop
from llm_pure.types.errors import ConnectionFailed, InvalidConfiguration, LLMError
from llm_pure.types.http import Headers, ResponseHead, redact_url
from llm_pure.types.result import Failure, LLMResult, Success

_FINE: LLMResult[None] = Success(None)

CLOSED = ConnectionFailed(message="this transport is closed", retryable=False)
"""The error of every call after `close`."""

_ADDED: Headers = (("accept", "*/*"), ("accept-encoding", ACCEPTED), ("user-agent", "llm-pure"))
"""Headers that are sent where the request has none of that name."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"(?:[!-~](?:[\t -~]*[!-~])?)?")  # printable ASCII, blanks but not at its ends


def sent_headers(headers: Headers, settings: TransportSettings) -> LLMResult[Headers]:
    """The request's headers, those of the settings and our own, each where no one before has that name.

    InvalidConfiguration for one that no header can hold; its value may be a key, and is not told.
    """
    sent = [*headers]
    names = {name for name, _ in sent}
    if settings.headers:
        sent += [
            (name.lower(), value) for name, value in settings.headers if name.lower() not in names
        ]
        names = {name for name, _ in sent}
    sent += [pair for pair in _ADDED if pair[0] not in names]
    for name, value in sent:
        if not (_is_name(name) and _VALUE.fullmatch(value)):
            what = f"the header {name[:80]!r} holds what no header can"
            return Failure(InvalidConfiguration(message=what, field="headers"))
    return Success(tuple(sent))


@lru_cache(maxsize=1024)
def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def unusable_address(text: str, why: str) -> InvalidConfiguration:
    """The error for an address that nothing can be sent to."""
    return InvalidConfiguration(
        message=f"the address {redact_url(text)!r} cannot be used: {why}", field="base_url"
    )


def unusable_proxy(why: str) -> InvalidConfiguration:
    """The error for a proxy that nothing can go through."""
    return InvalidConfiguration(
        message=f"the proxy cannot be used: {redact_url(why)}", field="proxy"
    )


def unusable_authorities(fault: OSError) -> InvalidConfiguration:
    """The error for authorities that cannot be read."""
    what = f"SSL_CERT_FILE or SSL_CERT_DIR names no certificates: {fault.strerror or fault}"
    return InvalidConfiguration(message=what, field="tls_ca_file")


class RequestContext(Protocol):
    """A request under way, as far as its body needs to know it."""

    @property
    def deadline_s(self) -> float:
        """When the whole call is to be over, by `time.monotonic`."""
        ...

    def error(self, fault: Exception, begun: bool = False, status: int | None = None) -> LLMError:
        """What this exception means for the request."""
        ...


class BodyDecoder:
    """What every kind of open answer does with the bytes that it is given."""

    def __init__(self, asked: RequestContext, head: ResponseHead, limit: int) -> None:
        self.head = head
        self.over = False
        self.deadline_s = asked.deadline_s
        self._asked = asked
        self._reader = BodyReader(head, limit)

    def feed(self, raw: bytes) -> LLMResult[bytes] | None:
        """A piece to hand on; None when these bytes make none yet."""
        return self._shown(self._reader.take(raw))

    def finish(self) -> LLMResult[bytes] | None:
        """The body is over: None, or why that is too early."""
        self.over = True
        return self._shown(self._reader.end())

    def fail(self, fault: Exception) -> LLMResult[bytes]:
        """The body broke off."""
        self.over = True
        begun = self._reader.begun
        return Failure(self._asked.error(fault, begun=begun, status=self.head.status))

    def _shown(self, got: LLMResult[bytes]) -> LLMResult[bytes] | None:
        if isinstance(got, Failure):
            self.over = True
            return got
        return got if got.unwrap() else None


def read_head(
    status: int, raw: "list[tuple[bytes, bytes]] | tuple[tuple[bytes, bytes], ...]"
) -> ResponseHead:
    """Status and headers as they came on the wire."""
    return ResponseHead(
        status, tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw])
    )


class EventLoopGuard:
    """Remembers the event loop that came first."""

    def __init__(self) -> None:
        self._first: object = None

    def check(self) -> LLMResult[None]:
        """Fails with InvalidConfiguration on every other one."""
        here = running_loop()
        if self._first is None:
            self._first = here
        if here is self._first:
            return _FINE
        return Failure(
            InvalidConfiguration(
                message="this transport belongs to another event loop: open one in each",
                field="transport",
            )
        )
