"""The older /v1/completions, which some clients still call: a prompt is a user's message, and the answer is its text.

Sources: openai 3.57.0 (types/completion.py, types/completion_create_params.py), read 2026-11-30.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.common.part_encoder import PartEncoder
from llm_pure.adapters.dialects.common.received import BodyReader, invalid
from llm_pure.adapters.dialects.common.sent_parts import Sent
from llm_pure.adapters.dialects.common.served_errors import response_id
from llm_pure.adapters.dialects.common.served_json import encode_json
from llm_pure.adapters.dialects.openai_chat import wire
from llm_pure.adapters.dialects.openai_chat.stream import FINISH
from llm_pure.adapters.dialects.openai_common.served import error_object, usage_object
from llm_pure.types.completion import FinishReason
from llm_pure.types.errors import LLMError

USAGE_NAMES = {
    "input": "prompt_tokens",
    "output": "completion_tokens",
    "input_details": "prompt_tokens_details",
    "output_details": "completion_tokens_details",
}
_REASONS: Mapping[FinishReason, str] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "stop",
    "content_filter": "content_filter",
    "refusal": "content_filter",
    "pause": "length",
    "error": "error",
    "unknown": "stop",
}


def read_prompt(body: BodyReader) -> list[Any]:
    """The messages of a prompt. Raises Rejected with InvalidRequest for several prompts, and for tokens."""
    prompt = body.any("prompt")
    if isinstance(prompt, list) and len(prompt) == 1:
        (prompt,) = prompt
    if not isinstance(prompt, str):
        invalid("prompt", "prompt is one text; send a request for each of several, and no tokens")
    count = body.integer("logprobs")
    if count is not None:
        body.values |= {"logprobs": True, "top_logprobs": count}
    return [{"role": "user", "content": prompt}]


class TextEncoder(PartEncoder):
    """Events -> chunks of text."""

    one_choice = False
    sequential = False

    def begin_response(self) -> None:
        self.head = {
            "id": response_id("cmpl-", self.started.id, self.received),
            "object": "text_completion",
            "created": self.received.created_s,
            "model": self.started.model or self.received.model,
        }

    def send(self, choices: list[dict[str, Any]], **fields: Any) -> None:
        """Send one chunk."""
        data = encode_json({**self.head, "choices": choices, **fields})
        self.out += (b"data: ", data, b"\n\n")

    def begin_part(self, part: Sent) -> None:
        if part.kind not in ("text", "refusal"):
            self.drop_part(part)

    def add_text(self, part: Sent, text: str) -> None:
        if part.kind in ("text", "refusal"):
            self.send([_choice(part.choice, text)])

    def end_response(self) -> None:
        for number in sorted(self.sequences):
            reason = self.wire_reason(self.sequences[number], FINISH, _REASONS)
            self.send([_choice(number, "", reason)])
        for name in self.final_extra():
            if name not in wire.KNOWN_FIELDS_BODY and name != "request_id":
                self.adapt(f"extra/{name}", "dropped", "the answer to a prompt has no such field")
        usage = usage_object(self.usage, USAGE_NAMES) if self.received.usage_in_stream else None
        if usage is not None:
            self.send([], usage=usage)
        self.out.append(b"data: [DONE]\n\n")

    def fail(self, error: LLMError) -> None:
        self.out += (b"data: ", encode_json({"error": error_object(error)}), b"\n\n")


class TextBodyEncoder(TextEncoder):
    """Events -> one body."""

    def begin_response(self) -> None:
        super().begin_response()
        self.choices: dict[int, dict[str, Any]] = {}
        self.texts: dict[int, list[str]] = {}
        self.body: dict[str, Any] = {}

    def send(self, choices: list[dict[str, Any]], **fields: Any) -> None:
        for choice in choices:
            number = choice["index"]
            self.choices[number] = choice
            self.texts.setdefault(number, []).append(choice["text"])

    def end_response(self) -> None:
        super().end_response()
        usage = usage_object(self.usage, USAGE_NAMES)
        kept = {} if usage is None else {"usage": usage}
        choices = [
            {**choice, "text": "".join(self.texts[number])}
            for number, choice in self.choices.items()
        ]
        self.body = {**self.head, "choices": choices, **kept}


def _choice(index: int, text: str, reason: str | None = None) -> dict[str, Any]:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": reason}
