"""Token counting by tokenizer profiles of models. Pure.

`llm_pure.client.tokenizers.load_tokenizer` loads tokenizers; nothing here reads a file or imports tiktoken.
"""

from llm_pure.media.image_info import image_size
from llm_pure.tokens.count import (
    Count,
    Method,
    TokenCounter,
    count_message,
    count_messages,
    count_request,
    count_text,
    count_tools,
)
from llm_pure.tokens.estimates import (
    count_completion,
    estimated_usage,
    input_limit,
    max_input_tokens,
    max_output_tokens,
    output_limit,
    partial_usage,
)
from llm_pure.tokens.images import image_tokens
from llm_pure.tokens.profiles import TOKENIZER_PROFILES, TokenizerProfile, profile_for
from llm_pure.tokens.sent_limits import names_stored_input, sent_output_tokens
from llm_pure.tokens.tokenizer import Tokenizer, first_tokens, last_tokens
from llm_pure.tokens.windows import Window, get_max_completion_tokens, window_for

__all__ = [
    "TOKENIZER_PROFILES",
    "Count",
    "Method",
    "TokenCounter",
    "Tokenizer",
    "TokenizerProfile",
    "Window",
    "count_completion",
    "count_message",
    "count_messages",
    "count_request",
    "count_text",
    "count_tools",
    "estimated_usage",
    "first_tokens",
    "get_max_completion_tokens",
    "image_size",
    "image_tokens",
    "input_limit",
    "last_tokens",
    "max_input_tokens",
    "max_output_tokens",
    "names_stored_input",
    "output_limit",
    "partial_usage",
    "profile_for",
    "sent_output_tokens",
    "window_for",
]
