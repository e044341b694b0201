"""Configurations of runs: by the names that are in `run.json`, resolved by each worker where it is."""

import msgspec

from llm_pure.bulk.run_spec import RunSpec
from llm_pure.types.config import LLMConfig
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.result import Failure, LLMResult


def load_config(spec: RunSpec) -> LLMResult[LLMConfig]:
    """Return the configuration that the run's name means here. Fails with InvalidConfiguration."""
    name = spec.config or f"{spec.api_type}:{spec.model}"
    loaded = load_named(name, spec.config_file)
    if isinstance(loaded, Failure) and spec.config is None:
        config = LLMConfig(api_type=spec.api_type, model=spec.model, **spec.settings)
        return ok_config(config, spec)
    return loaded.bind(lambda config: ok_config(config, spec))


@returns_failure
def ok_config(config: LLMConfig, spec: RunSpec) -> LLMConfig:
    """Return the configuration with the run's base URL and, if it was not named, the run's settings."""
    if spec.base_url:
        config = msgspec.structs.replace(config, base_url=spec.base_url)
    if spec.config is None:
        config = msgspec.structs.replace(config, **spec.settings)
    return config


@returns_failure
def load_named(name: str, config_file: str | None = None) -> LLMConfig:
    """Return the configuration of a name in the configuration files, or of PROVIDER:MODEL.

    Fails with InvalidConfiguration if there is none.
    """
    from llm_pure.settings.loading import load_configuration  # imported late: start-up

    loaded = ok(load_configuration(config_file))
    if loaded.find(name) is not None or ":" not in name:
        return ok(loaded.get(name))
    api_type, _, model = name.partition(":")
    return loaded.unlisted_model(api_type, model)
