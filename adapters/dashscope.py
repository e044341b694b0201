"""Alibaba's DashScope (Model Studio): Qwen's own API, or OpenAI's if the base URL ends in /compatible-mode/v1.

The body of a response shows which of them answered. Other regions have other base URLs, such as
https://dashscope-intl.aliyuncs.com/api/v1. Docs: help.aliyun.com/en/model-studio, and dashscope 2.0.2; read 2026-11-20.
"""

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from llm_pure.adapters.dialects import dashscope_generation, openai_chat
from llm_pure.adapters.dialects.common.dual_api import dual_api
from llm_pure.core.provider import Provider
from llm_pure.core.urls import under_base_url
from llm_pure.types.config import LLMConfig
from llm_pure.types.result import LLMResult

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi

NAME = "dashscope"
API_KEY_ENV = ("DASHSCOPE_API_KEY",)
SOURCE = "dashscope 2.0.2 (PyPI), aigc/ and utils/message_utils.py, read 2026-11-20"


def _uses_compatible_api(config: LLMConfig) -> bool:
    return (config.base_url or "").rstrip("/").endswith("/compatible-mode/v1")


def _is_compatible(body: Any) -> bool:
    return isinstance(body, dict) and ("choices" in body or "data" in body)


_COMPATIBLE = openai_chat.provider(
    name=NAME,
    base_url="https://dashscope.aliyuncs.com/compatible-mode/v1",
    quirks=dashscope_generation.COMPATIBLE,
    api_key_env=API_KEY_ENV,
    embeddings=True,
    source=SOURCE,
)


def _compatible_url(config: LLMConfig, model: str, operation: str) -> LLMResult[str]:
    """The URL in the compatible API, also where the base URL is that of Qwen's own API."""
    base = (config.base_url or "").rstrip("/")
    if base.endswith("/api/v1"):
        config = replace(config, base_url=f"{base.removesuffix('/api/v1')}/compatible-mode/v1")
    return under_base_url(NAME, _COMPATIBLE.base_url)(config, model, operation)


def _make_batch(provider: Provider) -> "BatchApi":
    """Of the compatible API only; the bodies of its results are read by either."""
    from llm_pure.adapters.shared import dashscope_batches  # late

    return dashscope_batches.batches(_COMPATIBLE, _compatible_url)


PROVIDER = replace(
    dual_api(
        dashscope_generation.provider(
            name=NAME,
            api_key_env=API_KEY_ENV,
            base_url_env=("DASHSCOPE_HTTP_BASE_URL",),
            source=SOURCE,
        ),
        _COMPATIBLE,
        uses_second=_uses_compatible_api,
        is_second=_is_compatible,
    ),
    make_batch=_make_batch,
)
