"""`python -m tests.support.record_sample`: records the cassettes of tests/replay/sample_project anew.

A script answers in the service's place: nothing leaves this process, and each cassette says so.
"""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from llm_pure.client import transport_manager as links
from llm_pure.replay import load_cassette, save_cassette
from llm_pure.transports import httpx
from llm_pure.transports.base import TransportSettings
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.http import HttpRequest

PROJECT = Path(__file__).parents[1] / "replay" / "sample_project"
SOURCE = (
    "a script of llm-pure's own tests (tests/support/record_sample.py), not a provider's service"
)
CAPITALS = {"Norway": "Oslo", "Italy": "Rome", "Japan": "Tokyo", "Kenya": "Nairobi"}


class Service(ScriptedTransport):
    """Chat completions about capitals; also the module that a transport's name leads to."""

    def __init__(self, settings: TransportSettings | None = None) -> None:
        super().__init__(answer)

    def close(self) -> None:
        """Nothing is open."""

    async def aclose(self) -> None:
        """Nothing is open."""


def answer(request: HttpRequest) -> ScriptedResponse:
    """What a question of the sample project gets."""
    asked: dict[str, Any] = json.loads(request.body)
    [country] = [one for one in CAPITALS if one in asked["messages"][0]["content"]]
    words = ["It ", "is ", f"{CAPITALS[country]}."]
    about = {"id": f"chatcmpl-{country.lower()}", "created": 1763000000, "model": asked["model"]}
    usage = {"prompt_tokens": 14, "completion_tokens": 4, "total_tokens": 18}
    if not asked.get("stream"):
        message = {"role": "assistant", "content": "".join(words)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = {**about, "object": "chat.completion", "choices": [choice], "usage": usage}
        kind = (("content-type", "application/json"),)
        return ScriptedResponse(headers=kind, chunks=(json.dumps(body).encode(),))
    chunks: list[dict[str, Any]] = [
        {"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]}
        for word in words
    ]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    chunks.append({"choices": [], "usage": usage})
    told = [{**about, "object": "chat.completion.chunk", **chunk} for chunk in chunks]
    pieces = [f"data: {json.dumps(one)}\n\n".encode() for one in told]
    return ScriptedResponse(
        headers=(("content-type", "text/event-stream"),), chunks=(*pieces, b"data: [DONE]\n\n")
    )


open_sync = open_async = Service


def main() -> int:
    """0 when all of it was recorded."""
    links.NAMES["httpx"] = __name__
    httpx.HttpxTransport = Service  # type: ignore[misc, assignment]
    arguments = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-W",
        "ignore::pytest.PytestAssertRewriteWarning",
        "--llm-record",
        "rewrite",
        str(PROJECT),
    ]
    code = int(
        pytest.main([*arguments, "--rootdir", str(PROJECT), "-c", str(PROJECT / "pytest.ini")])
    )
    for path in sorted(PROJECT.rglob("*.yaml")):
        cassette = load_cassette(path).unwrap()
        save_cassette(path, msgspec.structs.replace(cassette, recorded_from=SOURCE)).unwrap()
    return code


if __name__ == "__main__":
    sys.exit(main())
