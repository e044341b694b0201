"""Ollama's /api/embed: vectors of length 1 for any number of texts. It does not chat.

Docs: ollama/ollama v0.33.0-rc2, docs/api.md; read 2026-11-20.
"""

from llm_pure.adapters.dialects import ollama_native

PROVIDER = ollama_native.provider(
    name="ollama.embed",
    build_chat=ollama_native.build_no_chat,
    source="ollama/ollama v0.33.0-rc2, docs/api.md, read 2026-11-20",
)
