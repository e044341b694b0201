"""Jobs of the fake services: their rows, how they end, and what a row's model answers."""

from random import Random
from typing import Any, Literal, TypeAlias

import msgspec

Outcome: TypeAlias = Literal[
    "ok", "refused", "filtered", "status_0", "html_500", "busy", "expired", "cancelled", "missing"
]
"""What becomes of a row. "busy" is a passing error; the last three were not run."""

FINAL: frozenset[Outcome] = frozenset({"ok", "refused", "filtered"})
"""Outcomes that the same request would have again."""
NOT_RUN: frozenset[Outcome] = frozenset({"expired", "cancelled", "missing"})

_ODD_OUTCOMES: tuple[Outcome, ...] = ("refused", "status_0", "html_500", "busy", "missing")


class FakeRow(msgspec.Struct, frozen=True):
    """A request of a job."""

    custom_id: str
    body: dict[str, Any]

    @property
    def prompt(self) -> str:
        """The text of the first message."""
        return prompt_of(self.body)


class FakeJob(msgspec.Struct):
    """A job, and how it will end."""

    id: str
    rows: list[FakeRow]
    created_s: int
    key: str = ""
    model: str = ""
    input_file: str = ""
    polls: int = 0
    """Polls until it ends."""
    ending: Literal["completed", "expired", "failed", "cancelled"] = "completed"
    error_code: str = ""
    outcomes: list[Outcome] = []
    cancelling: bool = False
    output_file: str = ""
    error_file: str = ""

    @property
    def over(self) -> bool:
        """True if it has ended."""
        return self.polls <= 0

    def outcome_of(self, custom_id: str) -> Outcome:
        """What became of a row."""
        return self.outcomes[[row.custom_id for row in self.rows].index(custom_id)]


def plan_ending(job: FakeJob, chance: Random | None) -> None:
    """Choose how the job ends; without chance every row is answered."""
    job.outcomes = ["ok"] * len(job.rows)
    if chance is None:
        return
    job.polls = chance.choice((0, 1, 2, 3))
    job.ending = chance.choices(("completed", "expired", "failed"), (8, 2, 1))[0]
    if job.ending == "failed":
        job.error_code = chance.choice(("token_limit_exceeded", "invalid_json_line"))
        job.outcomes = ["missing"] * len(job.rows)
        return
    job.outcomes = [
        chance.choice(_ODD_OUTCOMES) if chance.random() < 0.15 else "ok" for _ in job.rows
    ]
    if job.ending == "expired":
        unfinished: Outcome = chance.choice(("expired", "missing"))
        job.outcomes = [
            unfinished if chance.random() < 0.5 else outcome for outcome in job.outcomes
        ]


def cancel_rows(job: FakeJob, chance: Random | None) -> None:
    """The user has cancelled: some rows are done."""
    job.ending, job.cancelling = "cancelled", True
    job.outcomes = [
        "cancelled" if chance is None or chance.random() < 0.5 else outcome
        for outcome in job.outcomes
    ]


def prompt_of(body: dict[str, Any]) -> str:
    """The text of the first message of a body of any dialect."""
    messages = body.get("messages") or body.get("contents") or body.get("input") or [{}]
    content = messages[0].get("content", messages[0].get("parts", ""))
    if isinstance(content, list):
        return str(content[0].get("text", "")) if content else ""
    return str(content)


def chat_completion(row: FakeRow, model: str) -> dict[str, Any]:
    """The answer of chat completions, or of responses to a request of theirs."""
    if "input" in row.body:
        return responses_body(row)
    return {
        "id": f"chatcmpl-{row.custom_id}",
        "object": "chat.completion",
        "created": 1_800_000_000,
        "model": row.body.get("model", model),
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": f"answer to {row.prompt}", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
    }  # fmt: skip


def anthropic_message(row: FakeRow) -> dict[str, Any]:
    """The answer of the Messages API."""
    return {
        "id": f"msg_{row.custom_id}",
        "type": "message",
        "role": "assistant",
        "model": row.body.get("model", ""),
        "content": [{"type": "text", "text": f"answer to {row.prompt}"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 5, "output_tokens": 7, "service_tier": "batch"},
    }


def gemini_response(row: FakeRow) -> dict[str, Any]:
    """The answer of generateContent."""
    return {
        "candidates": [
            {
                "content": {"role": "model", "parts": [{"text": f"answer to {row.prompt}"}]},
                "finishReason": "STOP",
                "index": 0,
            }
        ],
        "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 7, "totalTokenCount": 12},
        "modelVersion": "gemini-fake",
    }


def responses_body(row: FakeRow) -> dict[str, Any]:
    """The answer of the Responses API."""
    text = {"type": "output_text", "text": f"answer to {row.prompt}", "annotations": []}
    message = {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [text],
    }
    return {
        "id": f"resp_{row.custom_id}",
        "object": "response",
        "created_at": 1_800_000_000,
        "status": "completed",
        "model": row.body.get("model", ""),
        "output": [message],
        "usage": {"input_tokens": 5, "output_tokens": 7, "total_tokens": 12},
    }
