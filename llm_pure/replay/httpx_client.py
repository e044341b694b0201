"""Our transports as the transport of an httpx client. Importing this module loads httpx."""

from typing import Any, ClassVar

import httpx

from llm_pure.replay.http_client import TIMEOUT_S, AsyncBody, Body, ClientTransport, Source
from llm_pure.transports import httpx as network


class _Body(Body, httpx.SyncByteStream):
    pass


class _AsyncBody(AsyncBody, httpx.AsyncByteStream):
    pass


class HttpxClientTransport(ClientTransport, httpx.BaseTransport, httpx.AsyncBaseTransport):
    """For httpx.Client and httpx.AsyncClient."""

    library: ClassVar[Any] = httpx
    network: ClassVar[Any] = network
    body: ClassVar[type[Body]] = _Body
    async_body: ClassVar[type[AsyncBody]] = _AsyncBody


def httpx_transport(source: Source) -> HttpxClientTransport:
    """Return a transport for httpx.Client and httpx.AsyncClient that responds with `source`.

    source: a replay, a recorder, the double of a test, or any other transport; or the cassette of `open_cassette`, which
    then replays and records over httpx.
    """
    return HttpxClientTransport(source)


class HttpxClients:
    """Clients of httpx over one source, sync and async, which wait and follow redirects as those of the vendors' packages do."""

    def __init__(self, source: Source) -> None:
        self.transport = httpx_transport(source)
        self.client = httpx.Client(
            transport=self.transport, timeout=TIMEOUT_S, follow_redirects=True
        )
        self.async_client = httpx.AsyncClient(
            transport=self.transport, timeout=TIMEOUT_S, follow_redirects=True
        )
