"""Servers beside which the gateway is measured: `python -m bench.gateway_server NAME UPSTREAM` prints its port and serves.

floor: raw ASGI on uvicorn and aiohttp; each answer and each event of a stream is decoded and encoded with msgspec, and nothing
else is done: no key, no check, no cost. through: the same, with the bytes as they come. ours: the gateway, without its command.
"""

import socket
import sys
from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec
import uvicorn

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Floor:
    """The least that a translating gateway does."""

    def __init__(self, upstream: str, *, decodes: bool) -> None:
        self._url = f"{upstream}/chat/completions"
        self._decodes = decodes
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if not body:
            await _start(send, 200, b"application/json")
            await send({"type": "http.response.body", "body": b"{}"})
            return
        request = _decode(body)
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False)
        headers = {"authorization": "Bearer k", "content-type": "application/json"}
        data = _encode(request) if self._decodes else body
        async with self._session.post(self._url, data=data, headers=headers) as response:
            if not request.get("stream"):
                answer = await response.read()
                if self._decodes:
                    answer = _encode(_decode(answer))
                await _start(send, response.status, b"application/json")
                await send({"type": "http.response.body", "body": answer})
                return
            await _start(send, response.status, b"text/event-stream")
            rest = b""
            async for chunk in response.content.iter_any():
                if not self._decodes:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                    continue
                *events, rest = (rest + chunk).split(b"\n\n")
                out = [
                    event if event == b"data: [DONE]" else b"data: " + _encode(_decode(event[6:]))
                    for event in events
                ]
                if out:
                    data = b"\n\n".join(out) + b"\n\n"
                    await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


async def _start(send: Any, status: int, kind: bytes) -> None:
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]}
    )


def configuration(upstream: str) -> str:
    """The file of a gateway in front of this service."""
    return (
        f"models: {{bench: {{api_type: openai, model: bench, api_key: k, base_url: {upstream}}}}}\n"
        "prices: {bench: {input: 1, output: 2}}\n"
        'serve: {log: "", keys: {}}\n'
    )


def application(name: str, upstream: str) -> Any:
    """The ASGI application."""
    if name in ("floor", "through"):
        return Floor(upstream, decodes=name == "floor")
    import yaml

    from llm_pure.gateway import gateway
    from llm_pure.settings.config_parser import parse_config_file

    sections = yaml.safe_load(configuration(upstream))
    from llm_pure.gateway.metrics import Metrics

    return gateway(parse_config_file(sections, {}).unwrap(), observers=(Metrics().observe,))


def main(name: str, upstream: str) -> None:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        application(name, upstream),
        http="httptools",
        loop="uvloop",
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=False,
        lifespan="off",
        timeout_keep_alive=75,
    )
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
