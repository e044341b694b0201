"""Who is measured under load: each makes `call(stream) -> text` over connections that it keeps."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import msgspec

Call = Callable[[bool], Awaitable[str]]
Contestant = Callable[[str], AbstractAsyncContextManager[Call]]
"""(address of the service) -> a caller, open."""

QUESTION = "How is the weather in Paris?"
LIMIT = 1000


def _body(stream: bool) -> bytes:
    return msgspec.json.encode(
        {
            "model": "bench",
            "messages": [{"role": "user", "content": QUESTION}],
            "max_completion_tokens": 4096,
            "stream": stream,
        }
    )


_HEADERS = {"authorization": "Bearer k", "content-type": "application/json"}


def _text(answer: bytes) -> str:
    text: str = msgspec.json.decode(answer)["choices"][0]["message"]["content"]
    return text


class _Words:
    """The least that reads a stream: lines, JSON, the word."""

    def __init__(self) -> None:
        self._rest = b""
        self.words: list[str] = []

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data: {"):
                delta = msgspec.json.decode(line[6:])["choices"][0]["delta"]
                self.words.append(delta.get("content", ""))


def _pure(transport: str) -> Contestant:
    @asynccontextmanager
    async def opened(url: str) -> AsyncIterator[Call]:
        from llm_pure import LLM, ChatRequest, LLMConfig, user
        from llm_pure.types.events import TextDelta

        config = LLMConfig(api_key="k", model="bench", base_url=url)
        async with LLM(config, transport) as llm:

            async def call(stream: bool) -> str:
                request = ChatRequest(messages=(user(QUESTION),), stream=stream)
                if not stream:
                    return (await llm.acompletion(request)).unwrap().text
                words: list[str] = []
                async with llm.astream(request) as events:
                    async for event in events:
                        if isinstance(event, TextDelta):
                            words.append(event.text)
                events.result().unwrap()
                return "".join(words)

            yield call

    return opened


def _httpx(name: str) -> Contestant:
    @asynccontextmanager
    async def opened(url: str) -> AsyncIterator[Call]:
        httpx: Any = __import__(name)
        limits = httpx.Limits(max_connections=LIMIT, max_keepalive_connections=LIMIT)
        async with httpx.AsyncClient(limits=limits, timeout=60) as client:
            address = f"{url}/chat/completions"

            async def call(stream: bool) -> str:
                body = _body(stream)
                if not stream:
                    answer = await client.post(address, content=body, headers=_HEADERS)
                    return _text(answer.content)
                words = _Words()
                async with client.stream(
                    "POST", address, content=body, headers=_HEADERS
                ) as response:
                    async for piece in response.aiter_bytes():
                        words.feed(piece)
                return "".join(words.words)

            yield call

    return opened


@asynccontextmanager
async def _aiohttp(url: str) -> AsyncIterator[Call]:
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=LIMIT)) as session:
        address = f"{url}/chat/completions"

        async def call(stream: bool) -> str:
            async with session.post(address, data=_body(stream), headers=_HEADERS) as response:
                if not stream:
                    return _text(await response.read())
                words = _Words()
                async for piece in response.content.iter_any():
                    words.feed(piece)
                return "".join(words.words)

        yield call


@asynccontextmanager
async def _openai(url: str) -> AsyncIterator[Call]:
    import openai

    async with openai.AsyncOpenAI(api_key="k", base_url=url, max_retries=0) as client:
        messages: Any = [{"role": "user", "content": QUESTION}]

        async def call(stream: bool) -> str:
            if not stream:
                answer = await client.chat.completions.create(model="bench", messages=messages)
                return answer.choices[0].message.content or ""
            words: list[str] = []
            chunks = await client.chat.completions.create(
                model="bench", messages=messages, stream=True
            )
            async for chunk in chunks:
                words.append(chunk.choices[0].delta.content or "")
            return "".join(words)

        yield call


@asynccontextmanager
async def _litellm(url: str) -> AsyncIterator[Call]:
    litellm: Any = __import__("litellm")
    messages = [{"role": "user", "content": QUESTION}]

    async def call(stream: bool) -> str:
        answer = await litellm.acompletion(
            model="openai/bench", messages=messages, api_base=url, api_key="k", stream=stream
        )
        if not stream:
            text: str = answer.choices[0].message.content
            return text
        return "".join([chunk.choices[0].delta.content or "" async for chunk in answer])

    yield call


CONTESTANTS: dict[str, tuple[str, Contestant]] = {
    "llm_pure httpx": ("httpx", _pure("httpx")),
    "bare httpx": ("httpx", _httpx("httpx")),
    "llm_pure httpx2": ("httpx2", _pure("httpx2")),
    "bare httpx2": ("httpx2", _httpx("httpx2")),
    "llm_pure aiohttp": ("aiohttp", _pure("aiohttp")),
    "bare aiohttp": ("aiohttp", _aiohttp),
    "openai": ("openai", _openai),
    "litellm": ("litellm", _litellm),
}
"""Name -> the package that it needs, and how it is opened."""
