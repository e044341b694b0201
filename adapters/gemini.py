"""Gemini: Google's Developer API, the one with a key from AI Studio.

Docs: ai.google.dev, "Gemini API reference" (v1beta); google-genai 3.4.0; read 2026-11-20.
"""

import re
from urllib.parse import quote

from llm_pure.adapters.dialects import gemini_content
from llm_pure.adapters.dialects.gemini_pictures import with_pictures
from llm_pure.config import LLMConfig
from llm_pure.endpoint import base_url
from llm_pure.result import Parsed
from llm_pure.signing.key import key_header

_NAME = "gemini"
_BASE_URL = "https://generativelanguage.googleapis.com"
_KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
_VERSION = "v1beta"
_VERSIONED = re.compile(r"/v\d\w*$")


def place(config: LLMConfig, model: str, method: str) -> Parsed[str]:
    """{base_url}/v1beta/models/{model}:{method}. A base URL that ends in a version keeps it."""
    path = quote(gemini_content.model_path(model), safe="/@:")
    version = config.api_version or _VERSION
    return base_url(config, _BASE_URL, provider=_NAME).map(
        lambda url: f"{url if _VERSIONED.search(url) else f'{url}/{version}'}/{path}:{method}"
    )


_CHAT = gemini_content.provider(
    name=_NAME,
    base_url=_BASE_URL,
    quirks=gemini_content.Quirks(
        place=place,
        files=f"{_BASE_URL}/{_VERSION}/files/",
        count_wrapped=True,
    ),
    authorize=key_header(_NAME, _KEYS, header="x-goog-api-key", prefix=""),
    key_variables=_KEYS,
    base_url_variables=("GOOGLE_GEMINI_BASE_URL",),
    source="ai.google.dev API reference (v1beta) and google-genai 3.4.0, read 2026-11-20",
)

PROVIDER = with_pictures(_CHAT)
