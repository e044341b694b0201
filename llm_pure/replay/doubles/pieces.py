"""Texts in pieces, and counts of tokens, as doubles send them."""

import re

from llm_pure.types.completion import Completion, Usage

_WORDS = re.compile(r"\s*\S+|\s+")
CHARACTERS_PER_TOKEN = 4


def words(text: str) -> list[str]:
    """The words of a text with the white space before them: the deltas of a streamed answer.

    >>> words("It is 4 °C.")
    ['It', ' is', ' 4', ' °C.']
    """
    return _WORDS.findall(text)


def estimate(length: int) -> int:
    """The number of tokens of so many characters or bytes, at least 1."""
    return max(1, length // CHARACTERS_PER_TOKEN)


def estimated_usage(sent: int, completion: Completion) -> Usage:
    """The usage of an answer to a body of so many bytes."""
    message = completion.message
    calls = "".join([call.name + call.arguments for call in message.tool_calls])
    answered = len(message.text) + len(message.reasoning) + len(message.refusal) + len(calls)
    return Usage(estimate(sent), estimate(answered))
