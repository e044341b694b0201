"""Cohere: Command models with tools, documents and citations.

Documents, citation options and the safety mode are set in `ChatRequest.extra`; citations are in
`Completion.extra["citations"]`. Docs: docs.cohere.com, "Chat API v2", and cohere 7.3.1; read 2026-11-20.
"""

from llm_pure.adapters.dialects import cohere_chat

PROVIDER = cohere_chat.provider(
    name="cohere",
    api_key_env=("CO_API_KEY", "COHERE_API_KEY"),
    base_url_env=("CO_API_URL",),
    source="cohere 7.3.1 (PyPI), v2/raw_client.py and types/, read 2026-11-20",
)
