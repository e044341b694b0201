"""Transports over httpx2, the continuation of httpx (the extra `httpx2`). Importing this module loads it.

It trusts the authorities of the operating system (truststore); httpx trusts those of certifi.
"""

from llm_pure.transports.httpx_io import load_library
from llm_pure.transports.httpx_transport import BaseAsyncHttpxTransport, BaseHttpxTransport

_HTTPX2 = load_library("httpx2", "httpcore2")


class Httpx2Transport(BaseHttpxTransport):
    """Sync, for any number of threads. Close it, or use it as a context manager."""

    library = _HTTPX2


class AsyncHttpx2Transport(BaseAsyncHttpxTransport):
    """Async, on asyncio and trio. It belongs to the event loop that used it first; close it there."""

    library = _HTTPX2


open_sync = Httpx2Transport
open_async = AsyncHttpx2Transport
