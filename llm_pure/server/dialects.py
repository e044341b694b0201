"""The dialects with a server side, by name."""

from collections.abc import Iterator, Mapping
from importlib import import_module

from llm_pure.core.server import ServerDialect

_NAMES = (
    "anthropic_messages",
    "gemini_content",
    "ollama_native",
    "openai_chat",
    "openai_responses",
)


class _ServerDialects(Mapping[str, ServerDialect]):
    """The dialects with a server side; a dialect's module is loaded when it is looked up."""

    def __getitem__(self, name: str) -> ServerDialect:
        if name not in _NAMES:
            raise KeyError(name)
        module = import_module(f"llm_pure.adapters.dialects.{name}.server")
        dialect: ServerDialect = module.SERVER
        return dialect

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)

    def __contains__(self, name: object) -> bool:
        return name in _NAMES

    def __repr__(self) -> str:
        return f"server_dialects({', '.join(_NAMES)})"


server_dialects: Mapping[str, ServerDialect] = _ServerDialects()
"""Name of a dialect -> its server side."""
