"""Any server with chat completions: vLLM, llama.cpp, LM Studio, Ollama's /v1, a gateway. A key is optional.

Some also have OpenAI's images, speech, transcription and moderation (LocalAI, vLLM, Speaches); the others return 404.

Docs: vLLM "OpenAI-compatible server", llama.cpp tools/server/README.md, Ollama "OpenAI compatibility"; read 2026-11-20.
"""

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_media import with_media
from llm_pure.adapters.shared.openai_models import OPTIONS

_CHAT = openai_chat.provider(
    name="open_llm",
    base_url="http://localhost:8000/v1",
    api_key_env=("OPEN_LLM_API_KEY",),
    base_url_env=("OPEN_LLM_BASE_URL",),
    key_required=False,
    embeddings=True,
    list_models=True,
    quirks=openai_chat.Quirks(
        reasoning_style="effort",
        options={**OPTIONS, "user": "user"},
        turns=openai_chat.ANY_SERVER,
        media_in_system=True,
    ),
    source="vLLM, llama.cpp and Ollama documentation, read 2026-11-20",
)

PROVIDER = with_media(_CHAT)
