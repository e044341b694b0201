"""Tool loops in tests: `run_tools`, and `arun_tools` on asyncio and trio; answers of a scripted model in OpenAI's format."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import trio

from llm_pure import LLM, LLMConfig, LLMError, LLMResult, ToolRun, arun_tools, run_tools
from llm_pure.policy.retry import NO_RETRY
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport

JSON = (("content-type", "application/json"),)
SSE = (("content-type", "text/event-stream"),)
KEY = "k-0123456789abcdef01234567"
Call = tuple[str, str, Any]
"""Id, name, arguments: as JSON, or as text."""


def looped(kind: str, llm: LLM, *args: Any, **named: Any) -> LLMResult[ToolRun]:
    """What the loop returns: "sync", "asyncio" or "trio"."""
    if kind == "sync":
        return run_tools(llm, *args, **named)

    async def main() -> LLMResult[ToolRun]:
        return await arun_tools(llm, *args, **named)

    return trio.run(main) if kind == "trio" else asyncio.run(main())


def scripted(*script: ScriptedResponse | LLMError, **fields: Any) -> tuple[LLM, ScriptedTransport]:
    """A client of OpenAI's dialect over these answers, and its transport."""
    config = LLMConfig(**{"api_type": "openai", "model": "gpt-5-mini", "api_key": KEY, **fields})
    transport = ScriptedTransport(script)
    return LLM(config, transport, retry=NO_RETRY), transport


def says(text: str, *, finish: str = "stop") -> ScriptedResponse:
    """An answer of text."""
    return _answer({"role": "assistant", "content": text}, finish)


def calls(*calls: Call, finish: str = "tool_calls") -> ScriptedResponse:
    """An answer that calls tools."""
    return _answer({"role": "assistant", "content": None, "tool_calls": _calls(calls)}, finish)


def streamed(*words: str, calls: Sequence[Call] = ()) -> ScriptedResponse:
    """A streamed answer of words, then of calls."""
    deltas: list[dict[str, Any]] = [{"content": word} for word in words]
    deltas += [
        {"tool_calls": [{"index": index, **call}]} for index, call in enumerate(_calls(calls))
    ]
    chunks = [_chunk(delta, None) for delta in deltas]
    chunks.append(_chunk({}, "tool_calls" if calls else "stop"))
    return ScriptedResponse(headers=SSE, chunks=(*chunks, b"data: [DONE]\n\n"))


def _calls(calls: Sequence[Call]) -> list[dict[str, Any]]:
    return [
        {
            "id": call_id,
            "type": "function",
            "function": {
                "name": name,
                "arguments": value if isinstance(value, str) else json.dumps(value),
            },
        }
        for call_id, name, value in calls
    ]


def _answer(message: dict[str, Any], finish: str) -> ScriptedResponse:
    body = {
        "id": "c",
        "object": "chat.completion",
        "model": "gpt-5-mini",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }
    return ScriptedResponse(headers=JSON, chunks=(json.dumps(body).encode(),))


def _chunk(delta: dict[str, Any], finish: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def sent(transport: ScriptedTransport, index: int = -1) -> dict[str, Any]:
    """The body of a request."""
    body: dict[str, Any] = json.loads(transport.requests[index].body)
    return body
