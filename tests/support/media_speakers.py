"""Who is asked for pictures, speech, transcripts, judgements and lists of models."""

from tests.support.questions import FORMATS, MODERATE, PICTURES, SPEECH, TRANSCRIBE
from tests.support.speaker import KEY, Speaker, aimock, own

_VERTEX = {"project": "project-1", "location": "us-central1", "api_version": "v1"}
_DATED = {"api_version": "2024-10-21"}
_EDITS = ("edit", "edit_429")

_ENDPOINTS: tuple[Speaker, ...] = (
    aimock("openai", "/v1", "gpt-4o-mini-tts", (*PICTURES, *_EDITS, *SPEECH, *TRANSCRIBE)),
    aimock("openai", "/v1", "dall-e-2", ("variation_404",)),
    own("openai", "openai_media/v1", "gpt-4o-mini-tts", ("speech_events", *FORMATS, *MODERATE)),
    aimock("azure", "", "my-media", (*PICTURES, *_EDITS, *SPEECH, *TRANSCRIBE), **_DATED),
    aimock("open_llm", "/v1", "any-media", (*PICTURES, *SPEECH, *TRANSCRIBE)),
    own("open_llm", "openai_media/v1", "any-media", ("variation", *MODERATE)),
    aimock("groq", "/groq/openai/v1", "playai-tts", (*SPEECH, *TRANSCRIBE)),
    aimock("mistral", "/v1", "voxtral-mini-latest", TRANSCRIBE),
    own("mistral", "mistral_media/v1", "mistral-moderation-latest", MODERATE),
    aimock("siliconflow", "/v1", "FunAudioLLM/CosyVoice2-0.5B", (*SPEECH, *TRANSCRIBE)),
    own("siliconflow", "siliconflow_media/v1", "Kwai-Kolors/Kolors", PICTURES),
    aimock("xai", "/v1", "grok-imagine-image", PICTURES),
    own("gemini", "gemini", "gemini-2.5-flash-image", (*PICTURES, *_EDITS)),
    aimock("gemini", "", "imagen-4.0-generate-001", PICTURES),
    own("vertex", "gemini", "gemini-2.5-flash-image", PICTURES, **_VERTEX),
    own("vertex", "gemini", "imagen-4.0-generate-001", PICTURES, **_VERTEX),
)

_PAGED = ("anthropic", "cohere", "gemini")
_LISTS: tuple[tuple[str, str], ...] = (
    *[(name, "openai/v1") for name in (
        "cerebras", "deepseek", "groq", "huggingface", "mistral", "moonshot", "nvidia", "open_llm",
        "open_llm_raw", "openai", "openai_responses", "openrouter", "openrouter_reasoning", "siliconflow",
        "xai", "yi",
    )],
    ("together", "together/v1"),
    ("azure", "azure"),
    ("azure_responses", "azure"),
    ("anthropic", "anthropic"),
    ("gemini", "gemini"),
    ("cohere", "cohere"),
    *[(name, "ollama") for name in ("ollama", "ollama.embed", "ollama.embeddings", "ollama.generate")],
)  # fmt: skip
"""Who lists models, and where; the path begins with the name of the API."""


def _listed(name: str, path: str) -> tuple[Speaker, ...]:
    more = {"api_key": KEY, **(_DATED if name == "azure" else {})}
    asked = ("models", "models_2") if path in _PAGED else ("models",)
    return (
        own(name, f"model_lists/{path}", "", asked, **more),
        own(name, f"model_lists/refusing/{path}", "", ("models_401",), **more),
    )


MEDIA_SPEAKERS: tuple[Speaker, ...] = (
    *_ENDPOINTS,
    *[speaker for name, path in _LISTS for speaker in _listed(name, path)],
)
