"""The methods of LLM, called the same way whether sync (`x`), on asyncio or on trio (`ax`)."""

import asyncio
from typing import Any

import pytest
import trio

from llm_pure import ChatRequest, Completion, StreamEvent
from llm_pure.client import LLM
from llm_pure.types.result import LLMResult

KINDS = ("sync", "asyncio", "trio")

every_kind = pytest.mark.parametrize("kind", KINDS)


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
    events: list[StreamEvent] = []
    if kind == "sync":
        with llm.stream(request) as stream:
            for event in stream:
                events.append(event)
                if len(events) >= most:
                    break
        return events, stream.result()

    async def main() -> LLMResult[Completion]:
        async with llm.astream(request) as stream:
            async for event in stream:
                events.append(event)
                if len(events) >= most:
                    break
        return stream.result()

    return events, trio.run(main) if kind == "trio" else asyncio.run(main())
