"""Gateways in this process for tests: models of chosen providers over an upstream that the test scripts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from llm_pure.gateway import CallRecord, Gateway, gateway
from llm_pure.settings.config_file import ConfigFile
from llm_pure.settings.config_parser import parse_config_file, read_yaml
from llm_pure.transports.base import AsyncStreamingResponse, Timeouts, read_body
from llm_pure.types.errors import ConnectionFailed, LLMError
from llm_pure.types.http import Headers, HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.asgi import Answer, Request

SSE: Headers = (("content-type", "text/event-stream"),)
JSON: Headers = (("content-type", "application/json"),)
HANG = "hang"
"""A step of an answer: nothing comes until the gateway hangs up."""

Step = bytes | LLMError | float | str | asyncio.Event
"""Bytes; a transport's error; seconds to wait; HANG; an event to wait for."""


class Reply(msgspec.Struct, frozen=True):
    """One answer of the upstream."""

    steps: tuple[Step, ...]
    headers: Headers = SSE
    status: int = 200
    head_delay_s: float = 0.0


Script = Callable[[HttpRequest], Reply | LLMError]


class Upstream:
    """An async transport that answers by a script. It knows what is still open, and what was cancelled."""

    def __init__(self, script: Script) -> None:
        self.requests: list[HttpRequest] = []
        self.open = 0
        self.cancelled = 0
        self._script = script

    async def asend(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        async with self.astream(request, timeouts) as opened:
            if isinstance(opened, Failure):
                return opened
            response = opened.unwrap()
            return read_body(response.head, [piece async for piece in response])

    @asynccontextmanager
    async def astream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> AsyncIterator[LLMResult[AsyncStreamingResponse]]:
        self.requests.append(request)
        self.open += 1
        response: _Response | None = None
        try:
            reply = self._script(request)
            if isinstance(reply, Reply):
                response = _Response(reply)
                await asyncio.sleep(reply.head_delay_s)
                yield Success(response)
            else:
                yield Failure(reply)
        finally:
            self.open -= 1
            self.cancelled += response is not None and not response.ended


class _Response:
    def __init__(self, reply: Reply) -> None:
        self.head = ResponseHead(reply.status, reply.headers)
        self._steps = list(reply.steps)
        self.ended = False

    def __aiter__(self) -> "_Response":
        return self

    async def __anext__(self) -> LLMResult[bytes]:
        while self._steps:
            step = self._steps.pop(0)
            if isinstance(step, bytes):
                await asyncio.sleep(0)
                return Success(step)
            if isinstance(step, float | int):
                await asyncio.sleep(step)
            elif step == HANG:
                await asyncio.Event().wait()
            elif isinstance(step, asyncio.Event):
                await step.wait()
            else:
                assert not isinstance(step, str)
                self.ended = True
                return Failure(step)
        self.ended = True
        raise StopAsyncIteration


RESET = ConnectionFailed(message="the connection to 10.1.2.3:8443 was reset")


def configuration(text: str) -> ConfigFile:
    """The configuration of a YAML text."""
    return read_yaml(text).bind(lambda sections: parse_config_file(sections, {})).unwrap()


TWO = """
models:
  fast: {api_type: openai, api_key: sk-upstream-secret-1, model: gpt-5-mini, base_url: "http://llm.internal/v1"}
  smart: {api_type: anthropic, api_key: sk-upstream-secret-2, model: claude-sonnet-4-5, base_url: "http://claude.internal"}
retry: {max_attempts: 1}
"""


class Running:
    """A gateway with its upstream and the records of its calls."""

    def __init__(self, text: str, script: Script, **options: Any) -> None:
        self.upstream = Upstream(script)
        self.records: list[CallRecord] = []
        self.application: Gateway = gateway(
            configuration(text),
            transport=self.upstream,
            env={},
            observers=(self.records.append,),
            **options,
        )

    def request(self, path: str, body: Any, **more: Any) -> Request:
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return Request(self.application, "POST", path, data, **more)

    async def post(self, path: str, body: Any, **more: Any) -> Answer:
        return await self.request(path, body, **more).run()

    async def get(self, path: str, **more: Any) -> Answer:
        return await Request(self.application, "GET", path, **more).run()


def openai_chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    """One chunk of OpenAI's chat completions."""
    chunk = {
        "id": "chatcmpl-9",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-5-mini",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        **more,
    }
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


USAGE = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
USAGE_CHUNK = b"data: " + msgspec.json.encode(
    {"id": "chatcmpl-9", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5-mini", "choices": [], "usage": USAGE}
) + b"\n\n"  # fmt: skip
DONE = b"data: [DONE]\n\n"
HELLO = (
    openai_chunk({"role": "assistant", "content": ""}),
    openai_chunk({"content": "Hel"}),
    openai_chunk({"content": "lo"}),
)
STREAM = (*HELLO, openai_chunk({}, "stop"), USAGE_CHUNK, DONE)
"""A complete stream of OpenAI's."""

COMPLETION = msgspec.json.encode({
    "id": "chatcmpl-9", "object": "chat.completion", "created": 1, "model": "gpt-5-mini", "x_unknown": {"kept": [1]},
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": USAGE,
})  # fmt: skip

QUESTION = [{"role": "user", "content": "Say hello."}]
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "openai_chat": ("/v1/chat/completions", {"model": "fast", "messages": QUESTION}),
    "openai_responses": ("/v1/responses", {"model": "fast", "input": "Say hello."}),
    "anthropic_messages": ("/v1/messages", {"model": "fast", "max_tokens": 50, "messages": QUESTION}),
    "gemini_content": (
        "/v1beta/models/fast:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": "Say hello."}]}]},
    ),
    "ollama_native": ("/api/chat", {"model": "fast", "messages": QUESTION, "stream": False}),
}  # fmt: skip
"""Dialect -> path and body of a request for a buffered answer."""


ERRORS_OF = {
    "openai_chat": b'data: {"error":{',
    "openai_responses": b"response.failed",
    "anthropic_messages": b"event: error",
    "gemini_content": b'data: {"error":{"code"',
    "ollama_native": b'{"error":"',
}
"""Dialect -> what is in the error of a stream."""


def streamed(dialect: str) -> tuple[str, dict[str, Any]]:
    """The same for a stream."""
    path, body = BODIES[dialect]
    if dialect == "gemini_content":
        return path.replace("generateContent", "streamGenerateContent") + "?alt=sse", body
    return path, {**body, "stream": True}


def hello(request: HttpRequest) -> Reply:
    """OpenAI's answer "Hello", as the request wants it."""
    if b'"stream":true' in request.body:
        return Reply(STREAM)
    return Reply((COMPLETION,), JSON)
