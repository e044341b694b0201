"""An LLM over a script, and the methods of LLM, called the same way whether sync (`x`), on asyncio or on trio (`ax`)."""

import asyncio
from typing import Any

import pytest
import trio

from llm_pure import ChatRequest, Completion, LLMConfig, StreamEvent
from llm_pure.client import LLM
from llm_pure.transports.scripted import ResponseScript, ScriptedTransport
from llm_pure.types.result import LLMResult

KINDS = ("sync", "asyncio", "trio")

every_kind = pytest.mark.parametrize("kind", KINDS)


def scripted_llm(
    config: LLMConfig, script: ResponseScript, **options: Any
) -> tuple[LLM, ScriptedTransport]:
    """An LLM whose responses are the script's, and its transport."""
    transport = ScriptedTransport(script)
    return LLM(config, transport, **options), transport


def called(kind: str, llm: LLM, method: str, *args: Any, **named: Any) -> Any:
    """What the method, or its twin, returns."""
    if kind == "sync":
        return getattr(llm, method)(*args, **named)

    async def main() -> Any:
        return await getattr(llm, f"a{method}")(*args, **named)

    return trio.run(main) if kind == "trio" else asyncio.run(main())


def streamed(
    kind: str, llm: LLM, request: ChatRequest | str, most: int = 1000
) -> tuple[list[StreamEvent], LLMResult[Completion]]:
    """The events of a stream that is left after `most`, and its result."""
    return read_stream(kind, llm, "stream", request, most)


def texts(
    kind: str, llm: LLM, request: ChatRequest | str
) -> tuple[list[str], LLMResult[Completion]]:
    """What `texts()` of a stream yields, and its result."""
    if kind == "sync":
        with llm.stream(request) as stream:
            return list(stream.texts()), stream.result()

    async def main() -> tuple[list[str], LLMResult[Completion]]:
        async with llm.astream(request) as stream:
            return [text async for text in stream.texts()], stream.result()

    return trio.run(main) if kind == "trio" else asyncio.run(main())


def read_stream(kind: str, llm: LLM, method: str, request: Any, most: int) -> tuple[list[Any], Any]:
    """The items of the stream of this method that is left after `most`, and its result."""
    items: list[Any] = []
    if kind == "sync":
        with getattr(llm, method)(request) as stream:
            for item in stream:
                items.append(item)
                if len(items) >= most:
                    break
        return items, stream.result()

    async def main() -> Any:
        async with getattr(llm, f"a{method}")(request) as stream:
            async for item in stream:
                items.append(item)
                if len(items) >= most:
                    break
        return stream.result()

    return items, trio.run(main) if kind == "trio" else asyncio.run(main())
