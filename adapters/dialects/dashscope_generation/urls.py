"""The URLs of DashScope's operations."""

from llm_pure.core.urls import UrlFor, base_url
from llm_pure.types.config import LLMConfig
from llm_pure.types.result import LLMResult

BASE_URL = "https://dashscope.aliyuncs.com/api/v1"

TEXT = "/services/aigc/text-generation/generation"
MULTIMODAL = "/services/aigc/multimodal-generation/generation"


def under_api(provider: str) -> UrlFor:
    """Build URLs below the base URL. A base URL that ends in TEXT or MULTIMODAL is the URL of both."""

    def url_for(config: LLMConfig, model: str, operation: str) -> LLMResult[str]:
        def add_operation(url: str) -> str:
            is_chat = operation in (TEXT, MULTIMODAL)
            return url if is_chat and url.endswith((TEXT, MULTIMODAL)) else url + operation

        return base_url(config, BASE_URL, provider=provider).map(add_operation)

    return url_for
