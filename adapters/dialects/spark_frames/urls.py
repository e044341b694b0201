"""The URLs of Spark's websockets: one for each domain, which is Spark's word for a model.

Source: spark_ai_python 0.4.5, sparkai/llm/llm.py (host_map), read 2026-11-20.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from llm_pure.core.urls import UrlFor, base_url
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult

BASE_URL = "wss://spark-api.xf-yun.com"

URLS: Mapping[str, str] = {
    "general": f"{BASE_URL}/v1.1/chat",
    "lite": f"{BASE_URL}/v1.1/chat",
    "generalv2": f"{BASE_URL}/v2.1/chat",
    "generalv3": f"{BASE_URL}/v3.1/chat",
    "pro-128k": f"{BASE_URL}/chat/pro-128k",
    "generalv3.5": f"{BASE_URL}/v3.5/chat",
    "max-32k": f"{BASE_URL}/chat/max-32k",
    "4.0Ultra": f"{BASE_URL}/v4.0/chat",
    "image": "wss://spark-api.cn-huabei-1.xf-yun.com/v2.1/image",
}
"""Domain -> URL."""


def by_domain(provider: str) -> UrlFor:
    """The configured base URL, else the domain's URL. A base URL without a path gets the path of the domain's URL."""

    def url_for(config: LLMConfig, domain: str, operation: str) -> LLMResult[str]:
        default = URLS.get(domain, "")
        if config.base_url or default:
            path = urlsplit(default).path
            return base_url(config, default, provider=provider).map(
                lambda url: url if urlsplit(url).path else url + path
            )
        return Failure(
            InvalidConfiguration(
                message=f"the URL of Spark's domain {domain!r} is not known: set base_url, such as {URLS['4.0Ultra']}",
                field="base_url",
                provider=provider,
                suggestions=tuple(sorted(URLS)),
            )
        )

    return url_for
