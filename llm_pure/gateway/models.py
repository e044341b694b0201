"""The models that a gateway serves: configuration -> targets with their transports, policies and limits."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from llm_pure.client.billing import Billing
from llm_pure.client.call import CallContext
from llm_pure.client.rate_limiter import RateLimiter, create_limiters
from llm_pure.client.targets import Target, load_targets
from llm_pure.client.transport_manager import AnyTransport, TransportManager
from llm_pure.core.registry import Registry
from llm_pure.gateway.model_names import ModelNames
from llm_pure.gateway.pass_through import without_file_defaults
from llm_pure.gateway.upstream import Templates
from llm_pure.policy.retry import RetryPolicy
from llm_pure.settings.config_file import DEFAULT_NAME, ConfigFile
from llm_pure.settings.serve_section import ServeSettings
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.result import Failure, Success

if TYPE_CHECKING:
    from llm_pure.policy.rate_limit import RateLimit

POLICY = RetryPolicy(max_attempts=3, max_backoff_s=20)
"""Without a section `retry`: clients repeat requests too."""


CALL_S = 3600.0
"""For a call from start to end, where the files say nothing: a long answer streams for longer than a client waits for a short one. Silence
is limited apart, by `first_byte_s` and `silence_s`."""


class ServedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A configured model with what its calls share."""

    name: str
    context: CallContext
    """Without fallbacks it has one target."""

    @property
    def target(self) -> Target:
        """The first target."""
        return self.context.targets.unwrap()[0]


class ServedModels(msgspec.Struct, frozen=True, kw_only=True):
    """All models of a gateway."""

    names: ModelNames
    models: Mapping[str, ServedModel]
    invalid: Mapping[str, LLMError]
    """Models that cannot be called: a variable is not set, say."""
    transports: TransportManager
    templates: Templates


@returns_failure
def load_models(
    configuration: ConfigFile,
    billing: Billing,
    transport: AnyTransport,
    registry: Registry | None = None,
    env: Mapping[str, str] | None = None,
    before: "ServedModels | None" = None,
) -> ServedModels:
    """Load the models. Fails with InvalidConfiguration if there is none, or if an alias names none.

    before: the models that they replace, whose rate limits go on.
    """
    settings = configuration.serve
    loaded: dict[str, tuple[Target, ...]] = {}
    invalid: dict[str, LLMError] = {}
    for name in configuration.names():
        setup = configuration.setup(name)
        if isinstance(setup, Failure):
            invalid[name] = setup.failure()
            continue
        model = setup.unwrap()
        configs = [_patient(config) for config in (model.config, *model.fallbacks)]
        loaded[name] = ok(load_targets(configs, registry, env=env))
    if not loaded:
        reasons = "; ".join([error.message for error in invalid.values()])
        message = f"no model can be served: {reasons or 'no configuration file has one'}"
        raise Rejected(InvalidConfiguration(message=message, field="models"))
    names = _names(settings, loaded, invalid)
    every = tuple([target for targets in loaded.values() for target in targets])
    transports = TransportManager(transport, Success(every))
    known = {} if before is None else before.models
    policy = configuration.retry or POLICY
    if policy.deadline_s == RetryPolicy().deadline_s:
        policy = msgspec.structs.replace(policy, deadline_s=CALL_S)
    models = {
        name: ServedModel(
            name=name,
            context=CallContext(
                targets=Success(targets),
                transports=transports,
                policy=policy,
                billing=billing,
                limiters=_limiters(configuration.limit, len(targets), known.get(name)),
            ),
        )
        for name, targets in loaded.items()
    }
    return ServedModels(
        names=names,
        models=models,
        invalid=invalid,
        transports=transports,
        templates=Templates(),
    )


def _patient(config: LLMConfig) -> LLMConfig:
    """The configuration without what a file sets unasked, and with the time for long answers."""
    plain = without_file_defaults(config)
    if plain.timeout != LLMConfig().timeout:
        return plain
    return msgspec.structs.replace(plain, timeout=CALL_S)


def _limiters(
    limit: "RateLimit | None", count: int, before: ServedModel | None
) -> tuple[RateLimiter, ...]:
    """One for each target; those of the same model before go on, so that a reload gives nothing twice."""
    if limit is None:
        return ()
    kept = () if before is None else before.context.limiters[:count]
    for limiter in kept:
        limiter.set_limit(limit)
    return (*kept, *create_limiters(limit, count - len(kept)))


def _names(
    settings: ServeSettings,
    loaded: Mapping[str, tuple[Target, ...]],
    invalid: Mapping[str, LLMError],
) -> ModelNames:
    """The names of the models, their aliases and what other names mean. Raises Rejected."""
    known = (*loaded, *invalid)
    for pattern, name in settings.aliases.items():
        if name not in known:
            path = f"serve/aliases/{pattern}"
            message = f"{path}: there is no model {name!r}; configured are {', '.join(known)}"
            raise Rejected(InvalidConfiguration(message=message, field=path))
    provider_names: dict[str, str] = {}
    for name, targets in loaded.items():
        provider_names.setdefault(targets[0].config.model, name)
    fallback = None
    if settings.any_model:
        if DEFAULT_NAME not in loaded and len(known) > 1:
            message = "any_model needs one model, or a default model in the section llm"
            raise Rejected(InvalidConfiguration(message=message, field="serve/any_model"))
        fallback = DEFAULT_NAME if DEFAULT_NAME in loaded else next(iter(loaded))
    return ModelNames(
        names=known, aliases=settings.aliases, provider_names=provider_names, fallback=fallback
    )
