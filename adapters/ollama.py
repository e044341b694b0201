"""Ollama: conversations with /api/chat, embeddings with /api/embed.

Docs: ollama/ollama v0.33.0-rc2, docs/api.md; read 2026-11-20.
"""

from llm_pure.adapters.dialects import ollama_native

PROVIDER = ollama_native.provider(
    name="ollama",
    source="ollama/ollama v0.33.0-rc2, docs/api.md, read 2026-11-20",
)
