"""Ollama's old /api/embeddings: one text, one vector of any length. It does not chat; /api/embed replaced it.

Docs: ollama/ollama v0.33.0-rc2, docs/api.md; read 2026-11-20.
"""

from functools import partial

from llm_pure.adapters.dialects import ollama_native
from llm_pure.operations import EmbedLimit

NAME = "ollama.embeddings"
_SOURCE = "ollama/ollama v0.33.0-rc2, docs/api.md, read 2026-11-20"

PROVIDER = ollama_native.provider(
    name=NAME,
    build_chat=partial(ollama_native.build_no_chat, NAME),
    embed=ollama_native.old_embed_operation(NAME),
    embed_limits=(EmbedLimit(texts=1, source=_SOURCE),),
    source=_SOURCE,
)
