"""The client `LLM` and its parts: calls, streams, budgets, rate limits, prices, plug-ins."""

import logging
from typing import TYPE_CHECKING

from llm_pure.chat.prompt import DEFAULT_SYSTEM_PROMPT, build_prompt
from llm_pure.client.llm import LLM
from llm_pure.settings.environment import load_env, read_env

if TYPE_CHECKING:
    from llm_pure.client.media import load_part as load_part
    from llm_pure.client.media import to_pil as to_pil
    from llm_pure.client.streams import AsyncChatStream as AsyncChatStream
    from llm_pure.client.streams import AsyncSpeechStream as AsyncSpeechStream
    from llm_pure.client.streams import AsyncStream as AsyncStream
    from llm_pure.client.streams import ChatStream as ChatStream
    from llm_pure.client.streams import SpeechStream as SpeechStream
    from llm_pure.client.streams import Stream as Stream

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


if not TYPE_CHECKING:  # a type checker would take every name as known

    def __getattr__(name: str) -> object:
        """Import a name of `media` or `streams` when it is used."""
        if name in ("load_part", "to_pil"):
            from llm_pure.client import media

            return getattr(media, name)
        if name in __all__:
            from llm_pure.client import streams

            return getattr(streams, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
