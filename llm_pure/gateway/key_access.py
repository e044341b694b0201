"""Access by client keys: who calls, what the key may use, and what its calls cost. Without keys everyone shares one budget."""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from llm_pure.client.billing import load_price_table
from llm_pure.client.from_settings import budget_of
from llm_pure.gateway.access import Access, Caller, OnCall
from llm_pure.gateway.client_keys import OPEN, ClientKey, ClientKeys, parse_client_keys
from llm_pure.gateway.key_budgets import KeyBudgets, open_key_budgets
from llm_pure.gateway.key_limits import KeyLimits
from llm_pure.gateway.later import Work
from llm_pure.gateway.passed_billing import PassedBilling
from llm_pure.pricing.accounts import Account, is_period
from llm_pure.pricing.table import PriceTable
from llm_pure.settings.config_file import ConfigFile
from llm_pure.types.completion import Usage
from llm_pure.types.config import Secret
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.result import LLMResult, Success

if TYPE_CHECKING:
    from llm_pure.gateway.shared_limits import SharedKeyLimits


Limits: TypeAlias = Union[KeyLimits, "SharedKeyLimits"]


class KeyCaller:
    """The client with a key: a `Caller`."""

    def __init__(
        self, key: ClientKey, budgets: KeyBudgets, limits: Limits, prices: PriceTable
    ) -> None:
        self.name = key.name
        self.permits = key.permits
        self.reads_metrics = key.metrics
        self._key = key
        self._limits = limits
        self._make_store = budgets.stores_for(key)
        self._billing = PassedBilling(
            self._make_store(None), prices, unknown_prices=key.allow_unknown_prices
        )

    def allowed(self, names: Iterable[str]) -> tuple[str, ...]:
        """The models that it may use."""
        return self._key.allowed(names)

    def acquire(self, body: bytes) -> LLMResult[Any]:
        """A permit for a request, at once or never. Fails with RateLimited."""
        return self._limits.acquire(self._key, body)

    def release(self, permit: Any, usage: Usage | None) -> None:
        """End the request of a permit."""
        self._limits.release(permit, usage)

    def billing(
        self, on_call: OnCall, later: Callable[[Work], object] | None = None
    ) -> PassedBilling:
        """What reserves and settles the costs of one request in the key's budget and in that of all keys."""
        billing = self._billing.with_store(self._make_store(on_call))
        billing.later = later
        return billing


class KeyAccess:
    """The clients of a gateway: an `Access`."""

    def __init__(
        self, keys: ClientKeys, budgets: KeyBudgets, limits: Limits, prices: PriceTable
    ) -> None:
        self.has_keys = bool(keys)
        self.key_names = tuple([key.name for key in keys.keys])
        self.keys = keys
        self.budgets = budgets
        self.limits = limits
        self._callers = {
            key.name: KeyCaller(key, budgets, limits, prices) for key in (OPEN, *keys.keys)
        }

    def authenticate(self, credentials: tuple[Secret, ...], now: datetime) -> LLMResult[Caller]:
        """Return the client with one of these keys. Fails with AuthenticationFailed."""
        if not self.has_keys:
            return Success(self._callers[OPEN.name])
        return self.keys.authenticate(credentials, now).map(lambda key: self._callers[key.name])

    def close(self) -> None:
        """Write costs that are not written yet."""
        self.budgets.close()


@returns_failure
def check_keys(keys: ClientKeys, configuration: ConfigFile) -> None:
    """Fails with InvalidConfiguration if a key names a model that is not configured."""
    for key in keys.keys:
        unknown = [name for name in key.models or () if name not in configuration.names()]
        if unknown:
            path = f"serve/keys/{key.name}/models"
            message = f"{path}: there is no model {unknown[0]!r}"
            raise Rejected(InvalidConfiguration(message=message, field=path))


@returns_failure
def open_key_access(
    configuration: ConfigFile, before: Access | None = None, *, limits: Limits | None = None
) -> Access:
    """Open the access that the sections `serve`, `cost_control` and `prices` describe.

    before: the access that it replaces; its budgets and limits go on, so that a reload gives nothing twice.
    limits: counts the requests of keys, for processes that share their limits.
    Fails with InvalidConfiguration.
    """
    settings = configuration.serve
    keys = ok(parse_client_keys(settings.keys))
    ok(check_keys(keys, configuration))
    if not is_period(settings.budget_duration):
        message = "serve/budget_duration must be a time such as 30s, 5m, 1h, 1d, 30d or 1mo"
        raise Rejected(InvalidConfiguration(message=message, field="serve/budget_duration"))
    prices = ok(load_price_table(configuration.prices or None))
    budget = budget_of(configuration.cost_control)
    total = None
    if configuration.cost_control.max_budget is not None:
        amount = Decimal(str(configuration.cost_control.max_budget))
        total = Account(name="", max_usd=amount, period=settings.budget_duration)
    if isinstance(before, KeyAccess) and before.budgets.ledger_name == settings.ledger:
        budgets, counted = before.budgets.with_total(total, budget), before.limits
    else:
        budgets = ok(open_key_budgets(settings.ledger, total=total, budget=budget))
        counted = limits or KeyLimits()
    return KeyAccess(keys, budgets, counted, prices)
