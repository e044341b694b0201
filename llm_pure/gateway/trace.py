"""`Trace`: what is known of a request while it runs; at its end it becomes a CallRecord."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from time import monotonic
from uuid import uuid4

from llm_pure.gateway.call_record import CallRecord, Observer
from llm_pure.pricing.ledger import Call
from llm_pure.types.completion import Usage
from llm_pure.types.errors import LLMError

_PREFIX = f"req_{uuid4().hex[:24]}"
"""Of the ids of this process: the ids of several do not collide."""
_NUMBERS = count(1)
_log = logging.getLogger("llm_pure.gateway")


class Trace:
    """One request."""

    __slots__ = (
        "adaptations", "attempts", "cost_usd", "dialect", "error", "first_byte_s", "key", "model", "model_used", "operation",
        "passed", "provider", "request_id", "started_s", "status", "stream", "time", "upstream_request_id", "usage",
    )  # fmt: skip

    def __init__(self) -> None:
        self.time = datetime.now(UTC)
        self.started_s = monotonic()
        self.request_id = _PREFIX + format(next(_NUMBERS), "08x")
        self.key = self.dialect = self.operation = self.model = self.model_used = ""
        self.provider = self.error = self.upstream_request_id = ""
        self.stream = self.passed = False
        self.status = self.attempts = self.adaptations = 0
        self.usage: Usage | None = None
        self.cost_usd: Decimal | None = None
        self.first_byte_s: float | None = None

    def fail(self, error: LLMError, status: int) -> None:
        """Note the error."""
        self.error, self.status = error.kind, status
        self.upstream_request_id = self.upstream_request_id or error.request_id or ""

    def leave(self) -> None:
        """Note that the client has left."""
        self.error = "client_gone"
        self.status = self.status or 499

    def settle(self, call: Call) -> None:
        """Note usage and cost as they were billed."""
        self.usage = call.usage
        if call.cost is not None:
            self.cost_usd = (self.cost_usd or Decimal(0)) + call.cost.total_usd

    def report(self, observers: Sequence[Observer]) -> None:
        """Give the record to the observers."""
        if not observers:
            return
        record = CallRecord(
            time=self.time,
            request_id=self.request_id,
            key=self.key,
            dialect=self.dialect,
            operation=self.operation,
            model=self.model,
            model_used=self.model_used,
            provider=self.provider,
            stream=self.stream,
            status=self.status,
            error=self.error,
            upstream_request_id=self.upstream_request_id,
            usage=self.usage or Usage(),
            cost_usd=self.cost_usd,
            duration_s=monotonic() - self.started_s,
            first_byte_s=self.first_byte_s,
            attempts=self.attempts,
            adaptations=self.adaptations,
            passed=self.passed,
        )
        for observer in observers:
            try:
                observer(record)
            except Exception:  # noqa: BLE001 - a full disk, say: the answer counts more
                _log.warning("an observer of the gateway failed", exc_info=True)
