"""A small ASGI client in this process: it sees every chunk that the application sends, and can leave at any moment."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

Application = Callable[..., Any]


class Answer(NamedTuple):
    """What came back. complete: the application ended the body."""

    status: int
    headers: dict[str, str]
    chunks: tuple[bytes, ...]
    complete: bool

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)


class Request:
    """One request. `leave` disconnects; `wait_for(text)` waits until a chunk has it."""

    def __init__(
        self,
        application: Application,
        method: str,
        path: str,
        body: bytes | Sequence[bytes] = b"",
        headers: Mapping[str, str] | Sequence[tuple[bytes, bytes]] = {},
        *,
        client: tuple[str, int] | None = ("127.0.0.1", 50000),
        pause: Callable[[], Any] | None = None,
    ) -> None:
        plain, _, query = path.partition("?")
        pieces = [body] if isinstance(body, bytes) else list(body)
        if isinstance(headers, Mapping):
            named = {"host": "127.0.0.1:4141", "content-type": "application/json", **headers}
            raw = [(name.encode(), value.encode()) for name, value in named.items()]
        else:
            raw = list(headers)
        self.scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "path": plain,
            "raw_path": plain.encode("latin-1", "replace"),
            "query_string": query.encode(),
            "headers": raw,
            "client": client,
            "server": ("127.0.0.1", 4141),
        }
        self._application = application
        self._messages: list[dict[str, Any]] = [
            {"type": "http.request", "body": piece, "more_body": index < len(pieces) - 1}
            for index, piece in enumerate(pieces)
        ]
        self._pause = pause
        self._left = asyncio.Event()
        self._changed = asyncio.Event()
        self.status = 0
        self.headers: dict[str, str] = {}
        self.chunks: list[bytes] = []
        self.complete = False

    async def receive(self) -> dict[str, Any]:
        if self._messages:
            return self._messages.pop(0)
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            assert self.status == 0
            self.status = message["status"]
            self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            assert self.status
            assert not self.complete
            if message.get("body"):
                self.chunks.append(message["body"])
            self.complete = not message.get("more_body", False)
        self._changed.set()
        if self._pause is not None:
            await self._pause()

    def leave(self) -> None:
        self._left.set()

    async def run(self) -> Answer:
        await self._application(self.scope, self.receive, self.send)
        return self.answer()

    def answer(self) -> Answer:
        return Answer(self.status, self.headers, tuple(self.chunks), self.complete)

    async def wait_for(self, text: bytes) -> None:
        while text not in b"".join(self.chunks):
            self._changed.clear()
            await self._changed.wait()


async def call(application: Application, method: str, path: str, *args: Any, **more: Any) -> Answer:
    """The answer to one request."""
    return await Request(application, method, path, *args, **more).run()
