"""Alibaba's DashScope (Model Studio): Qwen's own API, or OpenAI's if the base URL ends in /compatible-mode/v1.

The body of a response shows which of them answered. Other regions have other base URLs, such as
https://dashscope-intl.aliyuncs.com/api/v1. Docs: help.aliyun.com/en/model-studio, and dashscope 2.0.2; read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects import dashscope_generation, openai_chat
from llm_pure.adapters.dialects.common.dual_api import dual_api
from llm_pure.types.config import LLMConfig

NAME = "dashscope"
API_KEY_ENV = ("DASHSCOPE_API_KEY",)
SOURCE = "dashscope 2.0.2 (PyPI), aigc/ and utils/message_utils.py, read 2026-11-20"


def _uses_compatible_api(config: LLMConfig) -> bool:
    return (config.base_url or "").rstrip("/").endswith("/compatible-mode/v1")


def _is_compatible(body: Any) -> bool:
    return isinstance(body, dict) and ("choices" in body or "data" in body)


PROVIDER = dual_api(
    dashscope_generation.provider(
        name=NAME,
        api_key_env=API_KEY_ENV,
        base_url_env=("DASHSCOPE_HTTP_BASE_URL",),
        source=SOURCE,
    ),
    openai_chat.provider(
        name=NAME,
        base_url="https://dashscope.aliyuncs.com/compatible-mode/v1",
        quirks=dashscope_generation.COMPATIBLE,
        api_key_env=API_KEY_ENV,
        embeddings=True,
        source=SOURCE,
    ),
    uses_second=_uses_compatible_api,
    is_second=_is_compatible,
)
