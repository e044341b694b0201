"""Meta's Llama API: its native API, and OpenAI's chat completions if the base URL ends in /compat/v1.

Responses of the two are recognised by their bodies. SDK: llama-api-client 0.6.0 (LLAMA_API_KEY, LLAMA_API_CLIENT_BASE_URL);
read 2026-11-20. It is unconfirmed whether the service still exists beside Meta's newer one.
"""

from typing import Any

from llm_pure.adapters.dialects import llama_native, openai_chat
from llm_pure.adapters.dialects.common.dual_api import dual_api
from llm_pure.types.config import LLMConfig

NAME = "llama_api"
API_KEY_ENV = ("LLAMA_API_KEY",)
SOURCE = "llama-api-client 0.6.0 (PyPI), types/, read 2026-11-20"


def _uses_compatible_api(config: LLMConfig) -> bool:
    return (config.base_url or "").rstrip("/").endswith("/compat/v1")


def _is_compatible(body: Any) -> bool:
    return isinstance(body, dict) and "choices" in body


PROVIDER = dual_api(
    llama_native.provider(
        name=NAME,
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
    uses_second=_uses_compatible_api,
    is_second=_is_compatible,
)
