"""The client `LLM` and its parts: calls, streams, budgets, rate limits, prices, plug-ins."""

import logging

from llm_pure.chat.prompt import DEFAULT_SYSTEM_PROMPT, build_prompt
from llm_pure.client.llm import LLM
from llm_pure.client.media import load_part, to_pil
from llm_pure.client.streams import (
    AsyncChatStream,
    AsyncSpeechStream,
    AsyncStream,
    ChatStream,
    SpeechStream,
    Stream,
)
from llm_pure.settings.environment import load_env, read_env

__all__ = [
    "DEFAULT_SYSTEM_PROMPT",
    "LLM",
    "AsyncChatStream",
    "AsyncSpeechStream",
    "AsyncStream",
    "ChatStream",
    "SpeechStream",
    "Stream",
    "build_prompt",
    "load_env",
    "load_part",
    "read_env",
    "to_pil",
]

logging.getLogger("llm_pure").addHandler(logging.NullHandler())  # prints nothing by default
