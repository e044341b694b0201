"""Errors of calls -> errors for clients: they say nothing of the configuration, and lead the client to do the right thing. Pure.

A provider's "wrong key" is not the client's: its own key is fine. Texts of providers are kept where they help (a request
that is invalid, a limit), without URLs, addresses and account ids; texts of the network are not.
Source: ../shared/wire/server-side.md 4.3, read 2026-11-30.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.types.errors import (
    LLMError,
    Overloaded,
    PermissionDenied,
    ServerError,
    retry_after_s,
)

_HIDDEN = re.compile(
    r"(?:https?|wss?)://[^\s\"'<>)\]}]+"
    r"|\b(?:org|proj|user|acct|req)[-_][A-Za-z0-9_-]{6,}"
    r"|\bprojects/[^\s/\"']+(?:/locations/[^\s/\"']+)?"
    r"|\barn:aws[^\s\"']+"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"
)
"""URLs, ids of accounts, and addresses."""

_TEXTS: Mapping[str, str] = {
    "configuration": "the gateway is not set up for this model",
    "authentication": "the provider of this model did not accept the gateway's credentials",
    "permission": "the provider of this model does not permit this to the gateway",
    "not_found": "the provider of this model does not know it",
    "quota": "the gateway's account at the provider of this model is used up",
    "connection": "the provider of this model could not be reached",
    "protocol": "the provider of this model sent an unreadable answer",
    "timeout": "the provider of this model did not answer in time",
    "stream_interrupted": "the provider of this model ended its answer early",
    "budget_exceeded": "the budget is used up, or the rest is less than this request may cost",
}
"""Kind -> what clients are shown in place of the message."""

_UPSTREAM_ONLY = frozenset({"configuration", "authentication", "permission", "not_found", "quota"})
"""Kinds that would mean something else at the client: of the gateway's own account or set-up."""


_NO_LEDGER = "the gateway cannot reach the ledger of its budgets at the moment"
"""A call whose cost nobody counts is not sent; the database may be back at once."""


def public_error(error: LLMError, request_id: str, *, repeated: bool = False) -> LLMError:
    """The error for the client, with the gateway's id of the request.

    repeated: the gateway has tried several times, and the client need not; with a hint how long to wait it may.
    """
    if "budget" in (getattr(error, "field", ""), getattr(error, "phase", "")):
        return Overloaded(
            message=_NO_LEDGER, request_id=request_id, status=503, retryable=True, retry_after_s=1
        )
    changes: dict[str, Any] = {
        "message": _TEXTS.get(error.kind) or hide(error.message),
        "request_id": request_id,
        "partial": None,
        "body": None,
        "provider": "",
        "remedy": "",
    }
    if error.kind in _UPSTREAM_ONLY:
        return ServerError(
            message=changes["message"], request_id=request_id, status=500, retryable=False
        )
    if error.kind == "price_unknown":
        message = "the price of this model is unknown, so the budget of the key does not allow it"
        return PermissionDenied(message=message, request_id=request_id, status=403)
    if error.kind == "incomplete":
        return ServerError(message=hide(error.message), request_id=request_id)
    if error.kind == "protocol":
        changes["evidence"] = b""
    if error.kind in ("connection", "timeout", "protocol", "stream_interrupted"):
        changes["status"] = None
    if repeated and retry_after_s(error) is None:
        changes["retryable"] = False
    return msgspec.structs.replace(error, **changes)


def hide(text: str) -> str:
    """The text without URLs, addresses and ids of accounts.

    >>> hide("no access for org-abcdef123456 at https://api.example.com/v1: see 10.0.0.1:80")
    'no access for *** at *** see ***'
    """
    return _HIDDEN.sub("***", text)
