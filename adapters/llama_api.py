"""Meta's Llama API: in its own shapes, and in OpenAI's where the base URL ends in /compat/v1.

Which of them answered is read from the answer. SDK: llama-api-client 0.6.0 (LLAMA_API_KEY, LLAMA_API_CLIENT_BASE_URL); read
2026-11-20. That the service is still there beside Meta's newer one is unconfirmed.
"""

from typing import Any

from llm_pure.adapters.dialects import llama_native, openai_chat
from llm_pure.adapters.dialects.either import either
from llm_pure.config import LLMConfig

NAME = "llama_api"
KEY_VARIABLES = ("LLAMA_API_KEY",)
SOURCE = "llama-api-client 0.6.0 (PyPI), types/, read 2026-11-20"


def _asks_compatible(config: LLMConfig) -> bool:
    return (config.base_url or "").rstrip("/").endswith("/compat/v1")


def _is_compatible(body: Any) -> bool:
    return isinstance(body, dict) and "choices" in body


PROVIDER = either(
    llama_native.provider(
        name=NAME,
        base_url="https://api.llama.com/v1",
        key_variables=KEY_VARIABLES,
        base_url_variables=("LLAMA_API_CLIENT_BASE_URL",),
        source=SOURCE,
    ),
    openai_chat.provider(
        name=NAME,
        base_url="https://api.llama.com/compat/v1",
        quirks=openai_chat.Quirks(max_tokens_key="max_completion_tokens"),
        key_variables=KEY_VARIABLES,
        source=SOURCE,
    ),
    chosen=_asks_compatible,
    tells=_is_compatible,
)
