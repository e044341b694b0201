"""Counting tokens: a pure core over a tokenizer value, by families of models.

`llm_pure.effects.encodings.load_tokenizer` gives the tokenizers; nothing here reads a file or imports tiktoken.
"""

from llm_pure.tokens.count import (
    Count,
    Meter,
    Method,
    count_message,
    count_messages,
    count_request,
    count_text,
    count_tools,
)
from llm_pure.tokens.estimates import (
    count_answer,
    cut_usage,
    estimated_usage,
    most_input_tokens,
    most_output_tokens,
)
from llm_pure.tokens.families import FAMILIES, Family, family_for
from llm_pure.tokens.images import image_tokens, size_of
from llm_pure.tokens.tokenizer import Tokenizer, first_tokens, last_tokens
from llm_pure.tokens.windows import Window, get_max_completion_tokens, window_for

__all__ = [
    "FAMILIES",
    "Count",
    "Family",
    "Meter",
    "Method",
    "Tokenizer",
    "Window",
    "count_answer",
    "count_message",
    "count_messages",
    "count_request",
    "count_text",
    "count_tools",
    "cut_usage",
    "estimated_usage",
    "family_for",
    "first_tokens",
    "get_max_completion_tokens",
    "image_tokens",
    "last_tokens",
    "most_input_tokens",
    "most_output_tokens",
    "size_of",
    "window_for",
]
