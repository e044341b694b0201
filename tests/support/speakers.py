"""Who is asked: providers, how each is reached on loopback, and what it is asked. A row of SPEAKERS for each."""

from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure import LLMConfig
from tests.support.questions import ANSWERS, COUNTS, EMBEDS, ERRORS, QUIRKS
from tests.support.services import LOOPBACK_PORT

KEY = "test-key-of-llm-pure"
"""Not secret; it is redacted all the same."""

AIMOCK_URL = "http://127.0.0.1:4010"
LOOPBACK_URL = f"http://127.0.0.1:{LOOPBACK_PORT}"

Server: TypeAlias = Literal["aimock", "loopback"]
Lack: TypeAlias = Literal["length_reason", "finish"]


class Speaker(msgspec.Struct, frozen=True, kw_only=True):
    """One provider and how it is reached on loopback.

    server: who answers there. lacks: what that server leaves out in this API. plans: tool calls come with a plan, which
    reads as reasoning.
    """

    provider: str
    config: LLMConfig
    questions: tuple[str, ...]
    server: Server = "aimock"
    streams: bool = True
    lacks: frozenset[Lack] = frozenset()
    plans: bool = False


def _speaker(
    provider: str,
    url: str,
    model: str,
    questions: tuple[str, ...],
    *,
    lacks: tuple[Lack, ...] = (),
    plans: bool = False,
    **more: Any,
) -> Speaker:
    """more: the configuration's further fields."""
    config = LLMConfig(api_type=provider, base_url=url, model=model, **{"api_key": KEY, **more})
    return Speaker(
        provider=provider,
        config=config,
        questions=questions,
        server="aimock" if url.startswith(AIMOCK_URL) else "loopback",
        streams=questions[0] not in (*EMBEDS, *COUNTS, "embed_one"),
        lacks=frozenset(lacks),
        plans=plans,
    )


def _aimock(
    provider: str, path: str, model: str, questions: tuple[str, ...], **more: Any
) -> Speaker:
    return _speaker(provider, AIMOCK_URL + path, model, questions, **more)


def _own(provider: str, path: str, model: str, questions: tuple[str, ...], **more: Any) -> Speaker:
    """At the loopback server; the path begins with the name of its service."""
    return _speaker(provider, f"{LOOPBACK_URL}/{path}", model, questions, **more)


_CLAUDE = "claude-sonnet-4-5"
_GEMINI = "gemini-2.5-flash"
_GPT = "gpt-5-mini"
_VERTEX = {"project": "project-1", "location": "us-central1", "api_version": "v1"}
_DATED = {"api_version": "2024-10-21"}
_INVOKE_CLAUDE = f"anthropic.{_CLAUDE}-v1:0"

SPEAKERS: tuple[Speaker, ...] = (
    _aimock("openai", "/v1", _GPT, (*ANSWERS, *ERRORS)),
    _aimock("openai", "/v1", "text-embedding-3-small", EMBEDS),
    _aimock("openai_responses", "/v1", _GPT, (*ANSWERS, *ERRORS), lacks=("length_reason",)),
    _aimock("openai_responses", "/v1", "text-embedding-3-small", EMBEDS),
    _own("openai_responses", "responses/v1", _GPT, COUNTS),
    _aimock("azure", "", "my-gpt", (*ANSWERS, *ERRORS), **_DATED),
    _own("azure", "azure", "my-embedding", EMBEDS, **_DATED),
    _aimock("azure_responses", "", "my-gpt", (*QUIRKS, "reasoning", "image")),
    _own("azure_responses", "azure", "my-embedding", EMBEDS),
    _own("azure_responses", "responses", "my-gpt", COUNTS),
    _aimock("open_llm", "/v1", "any-model", (*ANSWERS, *ERRORS)),
    _aimock("open_llm", "/v1", "any-embedding", EMBEDS),
    _aimock("anthropic", "", _CLAUDE, (*ANSWERS, *ERRORS)),
    _own("anthropic", "anthropic", _CLAUDE, COUNTS),
    _own("vertex_anthropic", "anthropic", _CLAUDE, (*ANSWERS, *ERRORS), **_VERTEX),
    _own("vertex_anthropic", "anthropic", _CLAUDE, COUNTS, **_VERTEX),
    _aimock("gemini", "", _GEMINI, (*ANSWERS, *ERRORS)),
    _own("gemini", "gemini", _GEMINI, COUNTS),
    _own("gemini", "gemini", "gemini-embedding-001", EMBEDS),
    _aimock("vertex", "", _GEMINI, (*QUIRKS, "reasoning", "image"), **_VERTEX),
    _own("vertex", "gemini", _GEMINI, COUNTS, **_VERTEX),
    _own("vertex", "gemini", "text-embedding-005", EMBEDS, **_VERTEX),
    _aimock("bedrock", "", _INVOKE_CLAUDE, (*ANSWERS, *ERRORS)),
    _own("bedrock", "bedrock", _INVOKE_CLAUDE, COUNTS),
    _own("bedrock_invoke", "bedrock", _INVOKE_CLAUDE, (*ANSWERS, *ERRORS)),
    _own("bedrock_invoke", "bedrock", "amazon.nova-lite-v1:0", ("hello", "tools", "length")),
    _own("bedrock_invoke", "bedrock", "meta.llama3-8b-instruct-v1:0", ("hello", "length")),
    _own("bedrock_invoke", "bedrock", "amazon.titan-text-express-v1", ("hello", "length")),
    _own("bedrock_invoke", "bedrock", _INVOKE_CLAUDE, COUNTS),
    _own("bedrock_invoke", "bedrock", "cohere.embed-english-v3", EMBEDS),
    _own("bedrock_invoke", "bedrock", "amazon.titan-embed-text-v2:0", ("embed_one",)),
    _own("ollama", "ollama", "llama3.2", (*ANSWERS, *ERRORS)),
    _own("ollama", "ollama", "all-minilm", EMBEDS),
    _own(
        "ollama.generate", "ollama", "llama3.2",
        ("hello", "pure", "reasoning", "schema", "length", "image", *ERRORS),
    ),
    _own("ollama.generate", "ollama", "all-minilm", EMBEDS),
    _own("ollama.embed", "ollama", "all-minilm", EMBEDS),
    _own("cohere", "cohere", "command-a-reasoning-08-2025", (*ANSWERS, *ERRORS), plans=True),
    _own("cohere", "cohere", "command-a-reasoning-08-2025", COUNTS),
    _own("cohere", "cohere", "embed-v4.0", EMBEDS),
    _own("ollama.embeddings", "ollama", "all-minilm", ("embed_one", "embed_429")),
)  # fmt: skip
