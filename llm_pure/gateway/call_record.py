"""`CallRecord`: what a gateway notes of one request, for its log, its metrics and its traces. No text and no key is in it."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import msgspec

from llm_pure.types.completion import Usage


class CallRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One request of a client, when it is over."""

    time: datetime
    request_id: str
    key: str = ""
    """The name of the client's key."""
    dialect: str = ""
    operation: str = ""
    model: str = ""
    """As the client named it."""
    model_used: str = ""
    """The name of the configured model."""
    provider: str = ""
    stream: bool = False
    status: int = 0
    """Of the answer; 499 if the client left before it began."""
    error: str = ""
    """The kind of the error, "client_gone" if the client left; "" for a success."""
    upstream_request_id: str = ""
    usage: Usage = Usage()
    cost_usd: Decimal | None = None
    duration_s: float = 0.0
    first_byte_s: float | None = None
    """From the beginning of the request to the first byte of a stream."""
    attempts: int = 0
    adaptations: int = 0
    passed: bool = False
    """The body went through as it came."""


Observer = Callable[[CallRecord], object]
"""Called after each request. It must be fast; what it raises is logged."""
