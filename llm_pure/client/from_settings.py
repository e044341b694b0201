"""A model of the configuration files -> what its client is made with."""

import logging
from decimal import Decimal
from os import PathLike
from typing import TypeAlias, TypedDict

from llm_pure.client.billing import BudgetInput, PricesInput
from llm_pure.client.budgets import Budget
from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import RetryPolicy
from llm_pure.pricing.ledger import Ledger
from llm_pure.settings.config_file import CompressSettings, ConfigFile, CostControl, ModelSettings
from llm_pure.settings.loading import load_configuration
from llm_pure.types.config import LLMConfig
from llm_pure.types.result import LLMResult, Success

Source: TypeAlias = ConfigFile | str | PathLike[str] | None
"""Where models are looked up: a Configuration, a file, or every file that is found."""

_log = logging.getLogger("llm_pure")


class Arguments(TypedDict, total=False):
    """Arguments of `LLM` that a configuration decides."""

    retry: RetryPolicy | None
    fallbacks: tuple[LLMConfig, ...]
    limit: RateLimit | None
    budget: BudgetInput | None
    prices: PricesInput | None
    compress: CompressSettings


def load_setup(model: str | None, source: Source) -> LLMResult[ModelSettings]:
    """The setup of a model, by name or api_type; of the default model without one. Fails with InvalidConfiguration."""
    read = Success(source) if isinstance(source, ConfigFile) else load_configuration(source)
    return read.bind(lambda configuration: configuration.setup(model))


def arguments_of(setup: ModelSettings) -> Arguments:
    """All but the configuration itself and how it is carried."""
    return {
        "retry": setup.retry,
        "fallbacks": setup.fallbacks,
        "limit": setup.limit,
        "budget": budget_of(setup.cost_control),
        "prices": setup.prices or None,
        "compress": setup.compress,
    }


def budget_of(costs: CostControl) -> Budget | None:
    """The budget with its alert, which goes to the log as a warning; None where no file says one."""
    if costs.max_budget is None:
        return None
    return Budget(
        max_usd=Decimal(str(costs.max_budget)),
        alert_share=costs.alert_threshold,
        on_alert=_warn,
    )


def _warn(ledger: Ledger) -> None:
    _log.warning("spent %s of a budget of %s USD", ledger.totals.cost_usd, ledger.max_usd)
