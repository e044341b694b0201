"""The server side of the dialects: requests of clients -> values, answers -> the bytes that these clients read. Pure.

dialect  = server_dialects["anthropic_messages"]
received = dialect.parse_request(http_request)
response = dialect.build_response(completion, received)        or build_error(error, received)
encoder  = dialect.open_encoder(received)                      encoder.encode(events), .keep_alive(), .close(outcome)

translated = translate_request(http_request, "anthropic_messages", "openai_chat")
answer     = translate_response(http_response, translated.exchange)
stream     = open_translation(head, translated.exchange)       stream.feed(data), .close()
"""

from typing import TYPE_CHECKING, Any

from llm_pure.core.server import (
    OperationResult,
    ReceivedRequest,
    ServedOperation,
    ServerDialect,
    StreamEncoder,
)
from llm_pure.server.dialects import server_dialects
from llm_pure.server.request_body import plain_request

if TYPE_CHECKING:
    from llm_pure.adapters.dialects.common.unsealing import has_envelopes
    from llm_pure.server.translation import (
        Exchange,
        StreamTranslation,
        TranslatedRequest,
        TranslatedResponse,
        Upstream,
        exchange_of,
        open_translation,
        translate_received,
        translate_request,
        translate_response,
        upstream_error,
        upstream_of,
    )

__all__ = [
    "Exchange",
    "OperationResult",
    "ReceivedRequest",
    "ServedOperation",
    "ServerDialect",
    "StreamEncoder",
    "StreamTranslation",
    "TranslatedRequest",
    "TranslatedResponse",
    "Upstream",
    "exchange_of",
    "has_envelopes",
    "open_translation",
    "plain_request",
    "server_dialects",
    "translate_received",
    "translate_request",
    "translate_response",
    "upstream_error",
    "upstream_of",
]


def __getattr__(name: str) -> Any:
    """Translation loads the client side of the dialects too, and is imported when it is used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "has_envelopes":
        from llm_pure.adapters.dialects.common import unsealing

        return unsealing.has_envelopes
    from llm_pure.server import translation

    return getattr(translation, name)
