"""Ollama's old /api/embeddings: one text, one vector of any length. It does not chat; /api/embed replaced it.

Docs: ollama/ollama v0.33.0-rc2, docs/api.md; read 2026-11-20.
"""

from llm_pure.adapters.dialects import ollama_native
from llm_pure.types.operations import EmbedLimit

_SOURCE = "ollama/ollama v0.33.0-rc2, docs/api.md, read 2026-11-20"

PROVIDER = ollama_native.provider(
    name="ollama.embeddings",
    build_chat=ollama_native.build_no_chat,
    old_embeddings=True,
    embed_limits=(EmbedLimit(max_texts=1, source=_SOURCE),),
    source=_SOURCE,
)
