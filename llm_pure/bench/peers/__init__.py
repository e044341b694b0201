"""The libraries that are measured beside ours: one file each, all with the same job on the same bytes.

A peer's file has READERS: dialect -> Reader; maybe COLLECTING: the same, where the peer adds the answer up as ours does
while it streams; and maybe FRAMERS: cutting the stream into frames and no more.
"""

from collections.abc import Callable, Mapping
from importlib import import_module, metadata
from typing import Any

from llm_pure.bench.sample import Sample
from llm_pure.bench.timing import Prepare

Reader = Callable[[Sample, tuple[bytes, ...]], Prepare]
"""(sample, its body in pieces) -> what readies one answer. The Run that this gives reads the stream to its end, takes the
text out of every event and returns the whole text (a framer: the number of frames). Clients and requests are made
before; where a peer sends its call only with the first event, that call is in the measured time (README.md says where)."""

NAMES: Mapping[str, str] = {
    "openai": "openai",
    "anthropic": "anthropic",
    "google_genai": "google-genai",
    "litellm": "litellm",
    "lm15": "lm15",
    "httpx_sse": "httpx-sse",
    "botocore": "botocore",
}
"""File in this folder -> package."""

NOT_INSTALLED = "-"

EXPECTED: Mapping[str, tuple[str, ...]] = {
    "openai_chat": ("openai", "litellm", "lm15"),
    "openai_responses": ("openai", "litellm", "lm15"),
    "anthropic_messages": ("anthropic", "litellm", "lm15"),
    "gemini_content": ("google-genai", "litellm", "lm15"),
    "bedrock_converse": ("botocore", "litellm", "lm15"),
    "ollama_native": ("litellm", "lm15"),
}
"""Dialect -> the packages that a reader looks for; README.md says why one is missing."""


def readers(dialect: str, table: str = "READERS") -> dict[str, Reader]:
    """The peers that read this dialect and are installed, by package name."""
    installed: dict[str, Reader] = {}
    for name, package in NAMES.items():
        reader = peer(name, table).get(dialect)
        if reader is not None:
            installed[package] = reader
    return installed


def peer(name: str, table: str) -> Mapping[str, Any]:
    """Return a table of a peer's file; empty if the package is not installed. The package is imported by its first reader."""
    if _version(NAMES[name]) == NOT_INSTALLED:
        return {}
    readers: Mapping[str, Any] = getattr(import_module(f"llm_pure.bench.peers.{name}"), table, {})
    return readers


def versions() -> dict[str, str]:
    """What is installed of them, and of what we stand on."""
    packages = ["msgspec", "returns", *NAMES.values()]
    return {package: _version(package) for package in packages}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return NOT_INSTALLED
