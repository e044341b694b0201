"""What configuration files say, as values: models by name, and what each of them is to be called with.

`llm_pure.settings.config_parser` makes them of a file's text, `llm_pure.settings.loading` of the files on this machine.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import RetryPolicy
from llm_pure.types.config import CompressType, LLMConfig
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.result import Failure, LLMResult, Success

DEFAULT_NAME = "llm"
"""The name of the default model: that of its section."""


class CostControl(msgspec.Struct, frozen=True):
    """max_budget: in US dollars, None is without a limit. alert_threshold: the part of it from which to warn."""

    max_budget: float | None = None
    alert_threshold: float = 0.8


class CompressSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How long conversations are cut: to `threshold` of `max_token`."""

    type: CompressType = "no_compress"
    threshold: float = 0.8
    max_token: int = 128_000


class ModelTable(msgspec.Struct, frozen=True):
    """Models by name. broken: those that cannot be used, and why; they harm no other."""

    models: Mapping[str, LLMConfig] = {}
    invalid: Mapping[str, LLMError] = {}

    def find(self, name_or_type: str) -> str | None:
        """The name of the model that is called so, else of the first of this api_type; a broken one is found too."""
        if name_or_type in self.invalid or name_or_type in self.models:
            return name_or_type
        for name, config in self.models.items():
            if config.api_type == name_or_type:
                return name
        return None

    def get(self, name_or_type: str) -> LLMResult[LLMConfig]:
        """The model of this name, else the first of this api_type; InvalidConfiguration with near names.

        >>> ModelTable({"fast": LLMConfig(api_type="groq", model="m")}).get("groq").unwrap().model
        'm'
        """
        name = self.find(name_or_type)
        if name is None:
            return Failure(unknown_model(name_or_type, [*self.models, *self.invalid]))
        if name in self.invalid:
            return Failure(self.invalid[name])
        return Success(self.models[name])


class ModelSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What one model is called with. name: the model's. fallbacks: what stands in for it, in this order.

    prices: USD per million tokens, as `llm_pure.prices.with_overrides` takes them.
    """

    name: str
    config: LLMConfig
    fallbacks: tuple[LLMConfig, ...] = ()
    compress: CompressSettings = CompressSettings()
    cost_control: CostControl = CostControl()
    retry: RetryPolicy | None = None
    limit: RateLimit | None = None
    prices: Mapping[str, Any] = {}


class ConfigFile(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that configuration files say. llm: the default model. fallbacks: model -> models that stand in for it.

    prices: of the user's own. ignored: sections about other things.
    """

    llm: LLMResult[LLMConfig] | None = None
    models: ModelTable = ModelTable()
    cost_control: CostControl = CostControl()
    compress: CompressSettings = CompressSettings()
    fallbacks: Mapping[str, tuple[str, ...]] = {}
    retry: RetryPolicy | None = None
    limit: RateLimit | None = None
    prices: Mapping[str, Any] = {}
    ignored: tuple[str, ...] = ()

    def get(self, name_or_type: str | None = None) -> LLMResult[LLMConfig]:
        """The model of this name or api_type; without one, or for a type that only `llm` has, the default model."""
        return self._named(name_or_type)[1]

    def find(self, name_or_type: str | None = None) -> str | None:
        """The name of the model that `get` finds, "llm" for the default one; None when there is none. It may be broken."""
        return self._named(name_or_type)[0]

    def setup(self, name_or_type: str | None = None) -> LLMResult[ModelSettings]:
        """The same with all that the files say about calling it; a fallback that cannot be used is the Failure.

        A compress_type of the model's own counts more than the type of the section `compress`.
        """
        name, first = self._named(name_or_type)
        if isinstance(first, Failure):
            return first
        others: list[LLMConfig] = []
        for other in self.fallbacks.get(name or "", ()):
            got = self.get(other)
            if isinstance(got, Failure):
                return got
            others.append(got.unwrap())
        setup = self.setup_for(name or DEFAULT_NAME, first.unwrap())
        return Success(msgspec.structs.replace(setup, fallbacks=tuple(others)))

    def setup_for(self, name: str, config: LLMConfig) -> ModelSettings:
        """The setup of a model that no file has to name: budget, compression and all else but fallbacks."""
        compress = self.compress
        if config.compress_type not in ("", "no_compress"):
            compress = msgspec.structs.replace(compress, type=config.compress_type)
        return ModelSettings(
            name=name,
            config=config,
            compress=compress,
            cost_control=self.cost_control,
            retry=self.retry,
            limit=self.limit,
            prices=self.prices,
        )

    def names(self) -> tuple[str, ...]:
        """Every model's name, the default's first; also of those that are broken."""
        default = () if self.llm is None else (DEFAULT_NAME,)
        return (*default, *self.models.models, *self.models.invalid)

    def _named(self, name_or_type: str | None) -> tuple[str | None, LLMResult[LLMConfig]]:
        """The model's name, None when there is none, and the model or its error."""
        default = self.llm
        if name_or_type is None or self.models.find(name_or_type) is None:
            is_default = name_or_type in (None, DEFAULT_NAME) or (
                isinstance(default, Success) and default.unwrap().api_type == name_or_type
            )
            if is_default and default is not None:
                return DEFAULT_NAME, default
            return None, Failure(_lacking(name_or_type, self.names()))
        return self.models.find(name_or_type), self.models.get(name_or_type)


def _lacking(name: str | None, known: Sequence[str]) -> InvalidConfiguration:
    if name is None:
        return InvalidConfiguration(message="no default model is configured", field="llm")
    return unknown_model(name, known)


def unknown_model(name: str, known: Sequence[str]) -> InvalidConfiguration:
    """The error for a model that no file has; near: what may have been meant."""
    from difflib import get_close_matches  # hardly ever needed

    return InvalidConfiguration(
        message=f"there is no model {name!r}; configured are {', '.join(known) or 'none'}",
        field="models",
        suggestions=tuple(get_close_matches(name, known, n=3)),
    )
