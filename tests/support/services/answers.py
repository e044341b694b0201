"""Which answer a question gets: the fixtures of aimock.json, read for this server."""

from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from tests.support.services.exchange import Asked

FIXTURES = Path(__file__).parents[1] / "aimock.json"
TOOL_RESULT_WORDS = (
    '"role":"tool"',
    '"role":"function"',
    '"tool_result"',
    '"tool_results"',
    '"function_call_output"',
    "functionResponse",
    "toolResult",
)
"""How the APIs say that a tool has answered."""


class Call(msgspec.Struct, frozen=True):
    """A tool call."""

    id: str
    name: str
    arguments: dict[str, Any]

    @property
    def json(self) -> str:
        """The arguments as text."""
        return msgspec.json.encode(self.arguments).decode()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the model says. output_tokens include the reasoning_tokens. status: other than 200 for an error."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[Call, ...] = ()
    finish: Literal["stop", "length", "tool_calls"] = "stop"
    input_tokens: int = 0
    output_tokens: int = 0
    vector: tuple[float, ...] = ()
    status: int = 200
    message: str = ""
    error_type: str = ""

    @property
    def reasoning_tokens(self) -> int:
        """All but as many as the text has words."""
        return self.output_tokens - len(self.text.split()) if self.reasoning else 0


def answer_to(asked: Asked) -> Answer:
    """The answer of the first fixture whose words are in the body."""
    return answer_for(msgspec.json.encode(asked.body).decode())


def answer_for(body: str) -> Answer:
    """The answer to a body, as text."""
    used = any(word in body for word in TOOL_RESULT_WORDS)
    for fixture in _fixtures():
        match = fixture["match"]
        words = match.get("userMessage") or match["inputText"]
        if words in body and match.get("hasToolResult", used) == used:
            return _answer(fixture["response"])
    return Answer(status=400, message="nobody asks that here", error_type="invalid_request_error")


def _answer(said: dict[str, Any]) -> Answer:
    if "error" in said:
        return Answer(
            status=said["status"],
            message=said["error"]["message"],
            error_type=said["error"]["type"],
        )
    calls = said.get("toolCalls", [])
    usage = said.get("usage", {})
    return Answer(
        text=said.get("content", ""),
        reasoning=said.get("reasoning", ""),
        calls=tuple([Call(one["id"], one["name"], one["arguments"]) for one in calls]),
        finish="tool_calls" if calls else said.get("finishReason", "stop"),
        input_tokens=usage.get("prompt_tokens", 0),
        output_tokens=usage.get("completion_tokens", 0),
        vector=tuple(said.get("embedding", ())),
    )


@cache
def _fixtures() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = msgspec.json.decode(FIXTURES.read_bytes())["fixtures"]
    return [
        one for one in found if "endpoint" not in one["match"]
    ]  # pictures and sound: openai_media


def parts(text: str, size: int = 16) -> list[str]:
    """The text as a stream brings it."""
    return [text[place : place + size] for place in range(0, len(text), size)]
