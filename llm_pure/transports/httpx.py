"""The default transports, over httpx. Importing this module loads httpx without its command line."""

from llm_pure.transports.httpx_io import load_library
from llm_pure.transports.httpx_transport import BaseAsyncHttpxTransport, BaseHttpxTransport

_HTTPX = load_library("httpx", "httpcore")


class HttpxTransport(BaseHttpxTransport):
    """Sync, for any number of threads. Close it, or use it as a context manager."""

    library = _HTTPX


class AsyncHttpxTransport(BaseAsyncHttpxTransport):
    """Async, on asyncio and trio. It belongs to the event loop that used it first; close it there."""

    library = _HTTPX


open_sync = HttpxTransport
open_async = AsyncHttpxTransport
