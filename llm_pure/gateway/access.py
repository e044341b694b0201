"""Who may call a gateway, and for how much: the interfaces by which client keys, budgets and limits plug in.

`key_access.KeyAccess` implements them.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Protocol

from llm_pure.client.billing import Billing
from llm_pure.gateway.later import Work
from llm_pure.pricing.ledger import Call
from llm_pure.types.completion import Usage
from llm_pure.types.config import Secret
from llm_pure.types.result import LLMResult

OnCall = Callable[[Call], object]
"""Called with each call of a provider when it is settled: its usage and cost."""


class Caller(Protocol):
    """A client, as its key identifies it. It may be kept for one request only."""

    @property
    def name(self) -> str:
        """The name of its key, "" without one."""
        ...

    @property
    def reads_metrics(self) -> bool:
        """Whether it may read /metrics."""
        ...

    def permits(self, model: str) -> LLMResult[None]:
        """Whether it may use a configured model. Fails with NotFound."""
        ...

    def allowed(self, names: Iterable[str]) -> tuple[str, ...]:
        """The models that it may use."""
        ...

    def acquire(self, body: bytes) -> LLMResult[Any]:
        """A permit for a request, at once or never. Fails with RateLimited, which has the seconds to wait."""
        ...

    def release(self, permit: Any, usage: Usage | None) -> None:
        """End the request of a permit; usage: what it took, if that is known."""
        ...

    def billing(self, on_call: OnCall, later: Callable[[Work], object] | None = None) -> Billing:
        """What reserves and settles the costs of one request. later: takes the settling of calls for which no budget waits."""
        ...


class Access(Protocol):
    """The clients of a gateway."""

    @property
    def has_keys(self) -> bool:
        """False if anyone on this machine may call."""
        ...

    @property
    def key_names(self) -> tuple[str, ...]:
        """For the line at the start."""
        ...

    def authenticate(self, credentials: tuple[Secret, ...], now: datetime) -> LLMResult[Caller]:
        """The client with one of these keys. Fails with AuthenticationFailed."""
        ...

    def close(self) -> None:
        """Close the stores of the budgets."""
        ...
