"""Settings of a model in the configuration files -> options of its client."""

import logging
from collections.abc import Sequence
from decimal import Decimal
from os import PathLike
from typing import TypeAlias, TypedDict

from llm_pure.adapters import registry
from llm_pure.client.billing import BudgetInput, PricesInput
from llm_pure.client.budgets import Budget
from llm_pure.core.registry import Registry
from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import RetryPolicy
from llm_pure.pricing.ledger import Ledger
from llm_pure.settings.config_file import CompressSettings, ConfigFile, CostControl, ModelSettings
from llm_pure.settings.loading import load_configuration
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.rejection import Rejected, ok, returns_failure

SettingsSource: TypeAlias = ConfigFile | str | PathLike[str] | None
"""A Configuration, the path of a file, or None for every file that exists."""

_log = logging.getLogger("llm_pure")


class ClientOptions(TypedDict, total=False):
    """Arguments of `LLM` that a configuration sets."""

    retry: RetryPolicy | None
    fallbacks: Sequence[LLMConfig]
    limit: RateLimit | None
    budget: BudgetInput | None
    prices: PricesInput | None
    compress: CompressSettings | None


@returns_failure
def load_model_settings(
    model: str | None, source: SettingsSource, providers: Registry | None = None
) -> ModelSettings:
    """Return the settings of a model: of a name or api_type in the files, or PROVIDER:MODEL; by default of the default model.

    Fails with InvalidConfiguration.
    """
    if not isinstance(source, ConfigFile | str | PathLike | None):
        raise _wrong_type("source", "a configuration, or the path of a file", source)
    if not isinstance(model, str | None):
        raise _wrong_type("model", "a name", model)
    configuration = source if isinstance(source, ConfigFile) else ok(load_configuration(source))
    api_type, colon, name = (model or "").partition(":")
    if colon and configuration.find(model) is None and api_type in (providers or registry):
        config = configuration.unlisted_model(api_type, name)
        return configuration.setup_for(model or "", config)
    return ok(configuration.setup(model))


def _wrong_type(name: str, expected: str, value: object) -> Rejected:
    message = f"{name} must be {expected}, not {type(value).__name__}"
    return Rejected(InvalidConfiguration(message=message, field=name))


def client_options(setup: ModelSettings) -> ClientOptions:
    """Return the options except the configuration itself and its transport."""
    return {
        "retry": setup.retry,
        "fallbacks": setup.fallbacks,
        "limit": setup.limit,
        "budget": budget_of(setup.cost_control),
        "prices": setup.prices or None,
        "compress": setup.compress,
    }


def budget_of(costs: CostControl) -> Budget | None:
    """Return the budget, whose alert is logged as a warning, or None if no file sets one."""
    if costs.max_budget is None:
        return None
    return Budget(
        max_usd=Decimal(str(costs.max_budget)),
        alert_threshold=costs.alert_threshold,
        on_alert=_warn,
    )


def _warn(ledger: Ledger) -> None:
    _log.warning("spent %s of a budget of %s USD", ledger.totals.cost_usd, ledger.max_usd)
