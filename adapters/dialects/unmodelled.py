"""What a provider says beyond this library's model: kept under its own name, told once and again when it changes."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from llm_pure.errors import EVIDENCE_LIMIT, ProtocolFault
from llm_pure.events import ExtraReceived, StreamEvent
from llm_pure.http import HttpResponse
from llm_pure.redact import conceal_bytes

Known = Mapping[str, Any]
"""What has been told so far, by name."""


def others(raw: Any, modelled: AbstractSet[str]) -> dict[str, Any]:
    """The keys of an object that are not modelled. Null and empty say nothing."""
    if not isinstance(raw, dict):
        return {}
    return {
        key: value
        for key, value in raw.items()
        if key not in modelled and value is not None and value not in ("", [], {})
    }


def tell_others(
    events: list[StreamEvent],
    known: Known,
    raw: Any,
    modelled: AbstractSet[str],
    choice: int | None = None,
) -> Known:
    """Adds an event for each that is new; the names that are known from now on."""
    scope = "" if choice is None else f"{choice}/"
    news: dict[str, Any] = {}
    for key, value in others(raw, modelled).items():
        if known.get(scope + key) != value:
            news[scope + key] = value
            events.append(ExtraReceived(key, value, choice=choice))
    return {**known, **news} if news else known


def broken(name: str, message: str, response: HttpResponse) -> ProtocolFault:
    """A 2xx body that is JSON but no answer."""
    return ProtocolFault(
        message=message,
        provider=name,
        status=response.status,
        where="body",
        evidence=conceal_bytes(response.body[:EVIDENCE_LIMIT]),
    )
