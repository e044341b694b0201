"""Input modalities of models besides text (images, audio, documents, videos), as a table. Nothing is assumed of other models.

An unsupported part is an error before the call. `input_modalities` of the configuration overrides the table where it is
wrong or outdated.

Source: litellm 1.109.1 (supports_vision, supports_audio_input, supports_pdf_input, supported_modalities) and the vendors'
own pages of models, as generally known; read 2026-11-20. `providers` limits a row to services with which it is a fact.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from llm_pure.types.config import Modality
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.messages import Audio, Document, Image, Message, Part, ToolResult, Video

_KINDS: dict[type, Modality] = {
    Image: "image",
    Audio: "audio",
    Document: "document",
    Video: "video",
}
_PLURALS: dict[Modality, str] = {
    "image": "images",
    "audio": "audio",
    "document": "documents",
    "video": "videos",
}

OPENAI_ONLY = frozenset(["openai", "openai_responses", "azure", "azure_responses"])


class ModalitySupport(msgspec.Struct, frozen=True, kw_only=True):
    """Modalities of the models whose names begin with `prefix`; those in neither tuple are unknown."""

    prefix: str
    supports: tuple[Modality, ...] = ()
    unsupported: tuple[Modality, ...] = ()
    exact: bool = False
    """The name equals the prefix, or continues with ":" (a tag of Ollama's)."""
    providers: frozenset[str] = frozenset()
    """The services that the row applies to; empty: all."""


def _rows(
    names: str,
    supports: tuple[Modality, ...] = (),
    unsupported: tuple[Modality, ...] = (),
    **limits: Any,
) -> list[ModalitySupport]:
    return [
        ModalitySupport(prefix=name, supports=supports, unsupported=unsupported, **limits)
        for name in names.split()
    ]


_TEXT: tuple[Modality, ...] = ("image", "audio", "video")
"""Unsupported by text-only models. Documents are not listed: many providers extract their text for any model."""
_VISION: tuple[Modality, ...] = ("image", "document")

TABLE: Sequence[ModalitySupport] = (
    # OpenAI
    *_rows("gpt-audio gpt-4o-audio gpt-4o-mini-audio", ("audio",), ("image", "document")),
    *_rows("gpt-4o-transcribe gpt-4o-mini-transcribe", ("audio",), ("image", "document")),
    *_rows("gpt-realtime gpt-4o-realtime gpt-4o-mini-realtime", ("audio",)),
    *_rows("gpt-4-turbo-preview gpt-4-0 gpt-4-1106-p gpt-4-32k gpt-3.5 o1-mini o1-preview o3-mini",
           (), ("image", "audio", "document"), providers=OPENAI_ONLY),
    *_rows("gpt-4", (), ("image", "audio", "document"), exact=True, providers=OPENAI_ONLY),
    *_rows("gpt-4-turbo-preview gpt-4-0 gpt-4-1106-p gpt-4-32k gpt-3.5 o1-mini o1-preview o3-mini gpt-oss",
           (), _TEXT),
    *_rows("gpt-4", (), _TEXT, exact=True),
    *_rows("gpt-4o chatgpt-4o gpt-4.1 gpt-4-turbo gpt-4-vision o1 o3 o4 gpt-5", _VISION, ("audio",)),
    # Anthropic
    *_rows("claude-2 claude-v2 claude-instant", (), _TEXT),
    *_rows("claude-3-opus claude-3-sonnet claude-3-haiku", ("image",), ("audio",)),
    *_rows("claude-", _VISION, ("audio",)),
    # Google
    *_rows("gemini-1.0-pro", (), _TEXT),
    *_rows("gemini-2.5-pro-preview-tts gemini-2.5-flash-preview-tts"),  # tables differ
    *_rows("gemini-1.5 gemini-2.0-flash gemini-2.5-pro gemini-3", ("image", "audio", "document")),
    *_rows("gemini-2.5-flash", ("image",)),  # also speech and image models
    *_rows("gemma-2 gemma2 gemma-7b codegemma gemma-3-1b gemma3:1b gemma-3-270m gemma3:270m", (), _TEXT),
    *_rows("gemma-3n gemma3n", ("image", "audio")),
    *_rows("gemma-3 gemma3", ("image",), ("audio",)),
    # Meta
    *_rows("llama-2 llama2 codellama code-llama llama-guard-3-8b", (), _TEXT),
    *_rows("llama-3.2-11b llama-3.2-90b llama3-2-11b llama3-2-90b", ("image",), ("audio",)),
    *_rows("llama-3 llama3 meta-llama-3 llama-v2 llama-v3p1 llama-v3p3 llama-v3-", (), _TEXT),
    *_rows("llama-4 llama4", ("image",), ("audio",)),
    # Mistral
    *_rows("voxtral", ("audio",)),
    *_rows("pixtral", ("image",), ("audio",)),
    *_rows(
        "mixtral open-mixtral mistral-7b open-mistral mistral-tiny mistral-nemo mathstral codestral mistral-saba"
        " mistral-large-2402 mistral-large-2407 mistral-large-2411 mistral-medium-2312 mistral-small-2402"
        " mistral-small-2409 mistral-small-2501 ministral-3b-2410 ministral-8b-2410 magistral-small-2506"
        " magistral-small-2507 magistral-medium-2506 magistral-medium-2507 devstral-small-2505 devstral-small-2507"
        " devstral-medium-2507",
        (), _TEXT,
    ),
    *_rows("mistral", (), _TEXT, exact=True),
    # DeepSeek
    *_rows("deepseek-chat deepseek-reasoner deepseek-coder deepseek-r1 deepseek-v2 deepseek-v3 deepseek-v4-pro"
           " deepseek.r1 deepseek.v3", (), _TEXT),
    # Qwen
    *_rows("qwen3-omni qwen2.5-omni qwen-omni", ("image", "audio")),
    *_rows("qwen2-audio qwen-audio", ("audio",), ("image",)),
    *_rows("qwen-vl qwen2-vl qwen2.5-vl qwen2.5vl qwen3-vl qvq", ("image",), ("audio",)),
    *_rows("qwen-turbo qwen-coder qwen-math qwen1.5 qwen2 qwen3- qwq", (), _TEXT),
    *_rows("qwen3 qwen", (), _TEXT, exact=True),
    # Zhipu
    *_rows("glm-4v glm-4.1v glm-4.5v glm-4.6v glm-5v glm-5.3-flash", ("image",)),
    *_rows("glm-3 glm-4-plus glm-4-air glm-4-flash glm-4-long glm-4-0520 glm-4.5 glm-4.6 glm-4.7 glm-5.1",
           (), _TEXT),
    *_rows("glm-4 glm-5", (), _TEXT, exact=True),
    # Moonshot
    *_rows("kimi-k2.5 kimi-k2.6 kimi-k2p6", ("image",)),
    *_rows("kimi-k2- moonshot-v1", (), _TEXT),
    # xAI
    *_rows("grok-2-1 grok-3 grok-beta", (), _TEXT),
    *_rows("grok-4", ("image",), ("audio",)),
    # Cohere
    *_rows("command-a-vision command-a-plus", ("image",)),
    *_rows("command-r command-a command-light command-nightly aya-expanse c4ai-aya-expanse", (), _TEXT),
    *_rows("command", (), _TEXT, exact=True),
    # others
    *_rows("nova-micro titan-text", (), _TEXT),
    *_rows("nova-lite nova-pro nova-premier", _VISION, ("audio",)),
    *_rows("jamba j2- minimax-m1 minimax-m2 dbrx falcon vicuna wizardlm zephyr starcoder tinyllama smollm granite3 granite-3",
           (), _TEXT),
    *_rows("phi-2 phi-3-mini phi-3-small phi-3-medium phi-3.5-mini phi-3.5-moe phi-4-mini phi-4-reasoning phi3",
           (), _TEXT),
    *_rows("phi phi-4 phi4", (), _TEXT, exact=True),
    *_rows("yi-vision", ("image",)),
    *_rows("yi-34b yi-large yi-medium yi-spark yi-lightning yi-6b yi-9b", (), _TEXT),
    *_rows("ernie-3.5 ernie-4.0 ernie-speed ernie-lite ernie-tiny", (), _TEXT),
    *_rows("doubao-seed-1-6", ("image",)),
)  # fmt: skip
"""The first matching row counts."""

_MULTIMODAL = re.compile(
    r"vision|llava|vl\b|vl-|omni|ocr|multimodal|audio|voice|speech|-v-|bakllava"
)
"""Parts of names of models that are not text-only, although their family is."""


def supports(
    model: str, modality: Modality, *, plan: str | None = None, service: str = ""
) -> bool | None:
    """Return whether the model supports this, None if unknown. `plan`: config.pricing_plan. `service`: a provider's name.

    >>> supports("gpt-4o-mini", "image"), supports("o3-mini", "image"), supports("my-own-model", "image")
    (True, False, None)
    """
    row = _row(plan, service) or _row(model, service)
    if row is None:
        return None
    return True if modality in row.supports else False if modality in row.unsupported else None


def find_unsupported_part(
    messages: tuple[Message, ...],
    model: str,
    *,
    plan: str | None = None,
    service: str = "",
    input_modalities: tuple[Modality, ...] | None = None,
) -> UnsupportedFeature | None:
    """Return UnsupportedFeature for the first input part that the model does not support, else None.

    `feature` is the part's path. `input_modalities` overrides the table. Parts of assistant messages are not checked.
    """
    known: dict[Modality, bool] = {}
    for path, modality in _media(messages):
        if modality not in known:
            if input_modalities is not None:
                known[modality] = modality in input_modalities
            else:
                known[modality] = supports(model, modality, plan=plan, service=service) is not False
        if not known[modality]:
            return _error(path, model, modality, service, by_user=input_modalities is not None)
    return None


def _error(
    path: str, model: str, modality: Modality, service: str, *, by_user: bool
) -> UnsupportedFeature:
    reason = (
        "see input_modalities in the configuration"
        if by_user
        else f'if it does, add "{modality}" to input_modalities in the configuration'
    )
    message = f"{path}: {model} does not support {_PLURALS[modality]}; {reason}"
    return UnsupportedFeature(message=message, provider=service, feature=path)


def _media(messages: tuple[Message, ...]) -> Iterator[tuple[str, Modality]]:
    """(path, modality) of each media part, except in assistant messages."""
    for index, message in enumerate(messages):
        if message.role == "assistant":
            continue
        for number, part in enumerate(message.parts):
            path = f"messages/{index}/parts/{number}"
            if isinstance(part, ToolResult):
                for inner, item in enumerate(part.content):
                    yield from _modality(item, f"{path}/content/{inner}")
            else:
                yield from _modality(part, path)


def _modality(part: Part, path: str) -> Iterator[tuple[str, Modality]]:
    modality = _KINDS.get(type(part))
    if isinstance(part, Document) and (part.media_type or "").startswith("text/"):
        return  # a text file is text
    if isinstance(part, Document) and (part.media_type or "").startswith("video/"):
        modality = "video"
    if modality is not None:
        yield path, modality


def _row(model: str | None, service: str) -> ModalitySupport | None:
    name = (model or "").rsplit("/", 1)[-1].lower()
    name = name.removeprefix("ft:")
    if not name:
        return None
    for row in TABLE:
        if row.providers and service not in row.providers:
            continue
        if _matches(row, name):
            return None if row.unsupported == _TEXT and _MULTIMODAL.search(name) else row
    return None


def _matches(row: ModalitySupport, name: str) -> bool:
    """Bedrock's names have the vendor, and maybe a region, before the model: "us.meta.llama3-1-8b"."""
    if row.exact:
        return name == row.prefix or name.startswith(f"{row.prefix}:")
    return name.startswith(row.prefix) or f".{row.prefix}" in name
