"""The paths that clients of each dialect call, in one table: parsers, `client_dialect` and the gateway read it.

Source: ../shared/wire/server-side.md section 2 (paths that clients build), read 2026-11-30.
"""

from collections.abc import Mapping
from typing import NamedTuple

from llm_pure.core.server import ServedOperation


class ServedPath(NamedTuple):
    """One path of a dialect."""

    method: str
    pattern: str
    """Of the end of the path, whatever comes before. The group "model" is a model's name, "method" the rest of a Gemini path; the
    others are a `ReceivedRequest.form`."""
    operation: ServedOperation


_HEALTH = ServedPath("GET", r"(?:/(?:health|healthz|readyz|livez)/?|(?<![\s\S])/?)", "health")
"""Probes: the root only as it is, the others below any path."""
_MODELS = ServedPath("GET", r"/models(?:/(?P<model>.+))?", "models")
_MODEL = r"/models/(?P<model>.+)"
"""The model's name may have colons in it: the last one counts."""

SERVED_PATHS: Mapping[str, tuple[ServedPath, ...]] = {
    "openai_chat": (
        ServedPath("POST", r"/chat/completions/?", "chat"),
        ServedPath("POST", r"(?P<text>/completions)/?", "chat"),
        ServedPath("POST", r"/embeddings/?", "embed"),
        _MODELS,
        _HEALTH,
    ),
    "openai_responses": (
        ServedPath("POST", r"/responses/input_tokens/?", "count_tokens"),
        ServedPath("POST", r"/responses/?", "chat"),
        ServedPath("POST", r"/embeddings/?", "embed"),
        _MODELS,
        _HEALTH,
    ),
    "anthropic_messages": (
        ServedPath("POST", r"/messages/count_tokens/?", "count_tokens"),
        ServedPath("POST", r"/messages/?", "chat"),
        ServedPath("POST", r"/models/count-tokens:rawPredict", "count_tokens"),
        ServedPath("POST", r"/models/(?P<model>[^/]+):(?P<method>rawPredict|streamRawPredict)", "chat"),
        _MODELS,
        ServedPath("GET", r"/api/hello/?", "health"),
        _HEALTH,
    ),
    "gemini_content": (
        ServedPath("POST", _MODEL + r":(?P<method>generateContent|streamGenerateContent)", "chat"),
        ServedPath("POST", _MODEL + r":(?P<method>countTokens)", "count_tokens"),
        ServedPath("POST", _MODEL + r":(?P<method>embedContent|batchEmbedContents)", "embed"),
        _MODELS,
        _HEALTH,
    ),
    "ollama_native": (
        ServedPath("POST", r"/api/chat/?", "chat"),
        ServedPath("POST", r"/api/(?P<text>generate)/?", "chat"),
        ServedPath("POST", r"/api/(?:embed|embeddings)/?", "embed"),
        ServedPath("POST", r"/api/show/?", "models"),
        ServedPath("GET", r"/api/(?:tags|(?P<running>ps))/?", "models"),
        ServedPath("GET", r"/api/version/?", "health"),
        ServedPath("GET", r"(?<![\s\S])(?P<text>/?)", "health"),
        _HEALTH,
    ),
}  # fmt: skip
"""Dialect -> its paths; the first that fits counts."""

NO_OPERATION = "unknown_url"
"""Code of a NotFound that is not about a model."""

PREFIX_LIMIT = 300
"""Maximum characters before the path of an operation, such as a mount point."""


def vendors_of(path: ServedPath) -> frozenset[str]:
    """The vendors whose clients call this path; OpenAI has two dialects."""
    return frozenset(
        [dialect.partition("_")[0] for dialect, paths in SERVED_PATHS.items() if path in paths]
    )
