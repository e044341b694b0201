"""Meta's Llama API: in its own shapes, and in OpenAI's where the base URL ends in /compat/v1.

Which of them answered is read from the answer. SDK: llama-api-client 0.6.0 (LLAMA_API_KEY, LLAMA_API_CLIENT_BASE_URL); read
2026-11-20. That the service is still there beside Meta's newer one is unconfirmed.
"""

from typing import Any

from llm_pure.adapters.dialects import llama_native, openai_chat
from llm_pure.adapters.dialects.common.dual_api import dual_api
from llm_pure.types.config import LLMConfig

NAME = "llama_api"
API_KEY_ENV = ("LLAMA_API_KEY",)
SOURCE = "llama-api-client 0.6.0 (PyPI), types/, read 2026-11-20"


def _asks_compatible(config: LLMConfig) -> bool:
    return (config.base_url or "").rstrip("/").endswith("/compat/v1")


def _is_compatible(body: Any) -> bool:
    return isinstance(body, dict) and "choices" in body


PROVIDER = dual_api(
    llama_native.provider(
        name=NAME,
        base_url="https://api.llama.com/v1",
        api_key_env=API_KEY_ENV,
        base_url_env=("LLAMA_API_CLIENT_BASE_URL",),
        source=SOURCE,
    ),
    openai_chat.provider(
        name=NAME,
        base_url="https://api.llama.com/compat/v1",
        quirks=openai_chat.Quirks(max_tokens_key="max_completion_tokens"),
        api_key_env=API_KEY_ENV,
        source=SOURCE,
    ),
    chosen=_asks_compatible,
    tells=_is_compatible,
)
