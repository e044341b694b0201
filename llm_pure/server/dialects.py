"""The dialects with a server side, by name."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module

from msgspec.structs import replace

from llm_pure.core.server import ReceivedRequest, ServerDialect
from llm_pure.server.request_body import plain_request
from llm_pure.types.http import HttpRequest, get_header
from llm_pure.types.result import LLMResult

_NAMES = (
    "anthropic_messages",
    "gemini_content",
    "ollama_native",
    "openai_chat",
    "openai_responses",
)


@cache
def _load(name: str) -> ServerDialect:
    """The dialect, with `parse_request` for compressed bodies too."""
    module = import_module(f"llm_pure.adapters.dialects.{name}.server")
    dialect: ServerDialect = module.SERVER
    parse_plain = dialect.parse_request

    def parse_request(request: HttpRequest) -> LLMResult[ReceivedRequest]:
        if get_header(request.headers, "content-encoding") is None:
            return parse_plain(request)
        return plain_request(request).bind(parse_plain)

    return replace(dialect, parse_request=parse_request)


class _ServerDialects(Mapping[str, ServerDialect]):
    """The dialects with a server side; a dialect's module is loaded when it is looked up."""

    def __getitem__(self, name: str) -> ServerDialect:
        if name not in _NAMES:
            raise KeyError(name)
        return _load(name)

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
