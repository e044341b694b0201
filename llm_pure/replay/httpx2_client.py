"""Our transports as the transport of an httpx2 client. Importing this module loads httpx2 (the extra `httpx2`)."""

from typing import Any, ClassVar

import httpx2

from llm_pure.replay.http_client import TIMEOUT_S, AsyncBody, Body, ClientTransport, Source
from llm_pure.transports import httpx2 as network


class _Body(Body, httpx2.SyncByteStream):
    pass


class _AsyncBody(AsyncBody, httpx2.AsyncByteStream):
    pass


class Httpx2ClientTransport(ClientTransport, httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """For httpx2.Client and httpx2.AsyncClient."""

    library: ClassVar[Any] = httpx2
    network: ClassVar[Any] = network
    body: ClassVar[type[Body]] = _Body
    async_body: ClassVar[type[AsyncBody]] = _AsyncBody


def httpx2_transport(source: Source) -> Httpx2ClientTransport:
    """Return a transport for httpx2.Client and httpx2.AsyncClient that responds with `source`.

    source: a replay, a recorder, the double of a test, or any other transport; or the cassette of `open_cassette`, which
    then replays and records over httpx2.
    """
    return Httpx2ClientTransport(source)


class Httpx2Clients:
    """Clients of httpx2 over one source, sync and async, which wait and follow redirects as those of the vendors' packages do."""

    def __init__(self, source: Source) -> None:
        self.transport = httpx2_transport(source)
        self.client = httpx2.Client(
            transport=self.transport, timeout=TIMEOUT_S, follow_redirects=True
        )
        self.async_client = httpx2.AsyncClient(
            transport=self.transport, timeout=TIMEOUT_S, follow_redirects=True
        )
