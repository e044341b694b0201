"""What the command line and standard input ask, as a ChatRequest."""

import sys

from llm_pure.types.messages import Message, system, user
from llm_pure.types.request import ChatRequest


def read_question(words: list[str]) -> str:
    """The words of the command line, and what is piped in, below them."""
    spoken = " ".join(words)
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        return spoken
    piped = sys.stdin.buffer.read().decode("utf-8", "replace").strip()
    return "\n\n".join(filter(None, [spoken, piped]))


def ask_for(text: str, instructions: str | None, *, stream: bool) -> ChatRequest:
    """One question, below the instructions that there may be."""
    messages: tuple[Message, ...] = (user(text),)
    if instructions:
        messages = (system(instructions), *messages)
    return ChatRequest(messages=messages, stream=stream)
