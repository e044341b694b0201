"""Contents of configuration files as values: models by name, and the settings to call each of them with. Pure.

`llm_pure.settings.config_parser` builds them from text, `llm_pure.settings.loading` from the files of this machine.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import RetryPolicy
from llm_pure.settings.serve_section import ServeSettings
from llm_pure.types.config import CompressType, LLMConfig
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.result import Failure, LLMResult, Success

DEFAULT_NAME = "llm"
"""Name of the default model, which is that of its section."""


_AMOUNT = msgspec.Meta(ge=0, le=1e15)


class CostControl(msgspec.Struct, frozen=True):
    """Section `cost_control`."""

    max_budget: Annotated[float, _AMOUNT] | None = None
    """In US dollars; None is no limit."""
    alert_threshold: Annotated[float, _AMOUNT] = 0.8
    """Part of the budget at which to warn."""


class CompressSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Section `compress`: shorten long conversations to `threshold` of `max_token`."""

    type: CompressType = "no_compress"
    threshold: float = 0.8
    max_token: int = 128_000


class ModelTable(msgspec.Struct, frozen=True):
    """Section `models`."""

    models: Mapping[str, LLMConfig] = {}
    invalid: Mapping[str, LLMError] = {}
    """Models that cannot be used, with the reason. They do not affect the others."""

    def find(self, name_or_type: str) -> str | None:
        """Return the name of the model with this name, else of the first with this api_type. An invalid model is found too."""
        if name_or_type in self.invalid or name_or_type in self.models:
            return name_or_type
        by_type = (name for name, model in self.models.items() if model.api_type == name_or_type)
        return next(by_type, None)

    def get(self, name_or_type: str) -> LLMResult[LLMConfig]:
        """Return the model that `find` finds. Fails with InvalidConfiguration, which suggests similar names.

        >>> ModelTable({"fast": LLMConfig(api_type="groq", model="m")}).get("groq").unwrap().model
        'm'
        """
        name = self.find(name_or_type)
        if name is None:
            return Failure(unknown_model(name_or_type, [*self.models, *self.invalid]))
        return Failure(self.invalid[name]) if name in self.invalid else Success(self.models[name])


class ModelSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the files say about calling one model."""

    name: str
    config: LLMConfig
    fallbacks: tuple[LLMConfig, ...] = ()
    """Models to try if this one fails, in this order."""
    compress: CompressSettings = CompressSettings()
    cost_control: CostControl = CostControl()
    retry: RetryPolicy | None = None
    limit: RateLimit | None = None
    prices: Mapping[str, Any] = {}
    """USD per million tokens, for `llm_pure.prices.with_overrides`."""


class ConfigFile(msgspec.Struct, frozen=True, kw_only=True):
    """The sections of all configuration files, merged."""

    llm: LLMResult[LLMConfig] | None = None
    """The default model."""
    models: ModelTable = ModelTable()
    cost_control: CostControl = CostControl()
    compress: CompressSettings = CompressSettings()
    fallbacks: Mapping[str, tuple[str, ...]] = {}
    """Model -> models to try if it fails."""
    retry: RetryPolicy | None = None
    limit: RateLimit | None = None
    prices: Mapping[str, Any] = {}
    serve: ServeSettings = ServeSettings()
    """The gateway."""
    ignored: tuple[str, ...] = ()
    """Names of sections about other subjects."""

    def get(self, name_or_type: str | None = None) -> LLMResult[LLMConfig]:
        """Return the model of this name or api_type, by default the default model, which may also have this api_type."""
        return self._lookup(name_or_type)[1]

    def find(self, name_or_type: str | None = None) -> str | None:
        """Return the name of the model that `get` looks up, "llm" for the default model, or None. It may be invalid."""
        return self._lookup(name_or_type)[0]

    @returns_failure
    def setup(self, name_or_type: str | None = None) -> ModelSettings:
        """Return the settings of the model that `get` returns. Fails also if one of its fallbacks is invalid.

        The model's own compress_type overrides the type of the section `compress`.
        """
        name, config = self._lookup(name_or_type)
        settings = self.setup_for(name or DEFAULT_NAME, ok(config))
        fallbacks = tuple([ok(self.get(model)) for model in self.fallbacks.get(name or "", ())])
        return msgspec.structs.replace(settings, fallbacks=fallbacks)

    def setup_for(self, name: str, config: LLMConfig) -> ModelSettings:
        """Return the settings for a model that need not be in the files: all but fallbacks."""
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

    def unlisted_model(self, api_type: str, model: str) -> LLMConfig:
        """Return a model that need not be in the files, with key, address and transport of their first one of its provider.

        >>> files = ConfigFile(models=ModelTable({"fast": LLMConfig(api_type="groq", model="m", api_key="a-key-0123")}))
        >>> files.unlisted_model("groq", "other")
        LLMConfig(api_key=Secret('***'), api_type='groq', model='other')
        """
        known = self.get(api_type).value_or(None)
        if known is None or known.api_type != api_type:
            return LLMConfig(api_type=api_type, model=model)
        # nothing that describes the files' model
        return msgspec.structs.replace(
            known, model=model, pricing_plan=None, context_length=None, input_modalities=None
        )

    def names(self) -> tuple[str, ...]:
        """Return the names of all models, the default first, invalid ones last."""
        default = () if self.llm is None else (DEFAULT_NAME,)
        return (*default, *self.models.models, *self.models.invalid)

    def _lookup(self, name_or_type: str | None) -> tuple[str | None, LLMResult[LLMConfig]]:
        """Return the model's name and the model or its error; None as name if there is no such model."""
        name = None if name_or_type is None else self.models.find(name_or_type)
        if name is not None:
            return name, self.models.get(name)
        if self.llm is not None:
            api_type = self.llm.map(lambda config: config.api_type).value_or(None)
            if name_or_type in (None, DEFAULT_NAME, api_type):
                return DEFAULT_NAME, self.llm
        if name_or_type is None:
            message = "no default model is configured"
            return None, Failure(InvalidConfiguration(message=message, field="llm"))
        return None, Failure(unknown_model(name_or_type, self.names()))


def unknown_model(name: str, known: Sequence[str]) -> InvalidConfiguration:
    """Return the error for a model that is not configured, with similar names."""
    from difflib import get_close_matches  # imported late: start-up

    return InvalidConfiguration(
        message=f"there is no model {name!r}; configured are {', '.join(known) or 'none'}",
        field="models",
        suggestions=tuple(get_close_matches(name, known, n=3)),
    )
