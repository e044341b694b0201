"""The server side of the dialects: requests of clients -> values, answers -> the bytes that these clients read. Pure.

dialect  = server_dialects["anthropic_messages"]
received = dialect.parse_request(http_request)
response = dialect.build_response(completion, received)        or build_error(error, received)
encoder  = dialect.open_encoder(received)                      encoder.encode(events), .keep_alive(), .close(outcome)
"""

from collections.abc import Iterator, Mapping
from importlib import import_module

from llm_pure.core.server import (
    OperationResult,
    ReceivedRequest,
    ServedOperation,
    ServerDialect,
    StreamEncoder,
)

_NAMES = (
    "anthropic_messages",
    "gemini_content",
    "ollama_native",
    "openai_chat",
    "openai_responses",
)


class _ServerDialects(Mapping[str, ServerDialect]):
    """The dialects with a server side; a dialect's module is loaded when it is looked up."""

    def __init__(self) -> None:
        self._loaded: dict[str, ServerDialect] = {}

    def __getitem__(self, name: str) -> ServerDialect:
        loaded = self._loaded.get(name)
        if loaded is not None:
            return loaded
        if name not in _NAMES:
            raise KeyError(name)
        module = import_module(f"llm_pure.adapters.dialects.{name}.server")
        dialect: ServerDialect = module.SERVER
        return self._loaded.setdefault(name, dialect)

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

__all__ = [
    "OperationResult",
    "ReceivedRequest",
    "ServedOperation",
    "ServerDialect",
    "StreamEncoder",
    "server_dialects",
]
