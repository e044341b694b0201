"""A configuration file's text -> named models, as MetaGPT's config2.yaml has them. Pure: files and variables come in.

    llm: {api_type: openai, api_key: "${OPENAI_API_KEY}", model: gpt-5-mini}
    models:
      fast: {api_type: groq, api_key: "${GROQ_API_KEY}", model: llama-3.3-70b}
    cost_control: {max_budget: 5}
    compress: {type: post_cut_by_token, threshold: 0.8}

Of an unchanged config2.yaml, sections that are about other things (roles, search, browser, ...) are left alone.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import reduce
from typing import Any

import msgspec

from llm_pure.config import CompressType, LLMConfig
from llm_pure.configuration_fields import read_fields, unknown_key
from llm_pure.errors import ConfigurationInvalid, LLMError
from llm_pure.result import Failure, Parsed, Success

SECTIONS = ("llm", "models", "cost_control", "compress")
"""The sections that are read."""


class CostControl(msgspec.Struct, frozen=True):
    """max_budget: in US dollars, None is without a limit. alert_threshold: the part of it from which to warn."""

    max_budget: float | None = None
    alert_threshold: float = 0.8


class CompressSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How long conversations are cut: to `threshold` of `max_token`."""

    type: CompressType = "no_compress"
    threshold: float = 0.8
    max_token: int = 128_000


class ModelsConfig(msgspec.Struct, frozen=True):
    """Models by name. broken: those that cannot be used, and why; they harm no other."""

    models: Mapping[str, LLMConfig] = {}
    broken: Mapping[str, LLMError] = {}

    def get(self, name_or_type: str) -> Parsed[LLMConfig]:
        """The model of this name, else the first of this api_type; ConfigurationInvalid with near names.

        >>> ModelsConfig({"fast": LLMConfig(api_type="groq", model="m")}).get("groq").unwrap().model
        'm'
        """
        if name_or_type in self.broken:
            return Failure(self.broken[name_or_type])
        if name_or_type in self.models:
            return Success(self.models[name_or_type])
        for config in self.models.values():
            if config.api_type == name_or_type:
                return Success(config)
        names = [*self.models, *self.broken]
        known = ", ".join(names) or "none"
        return Failure(
            ConfigurationInvalid(
                message=f"there is no model {name_or_type!r}; configured are {known}",
                field="models",
                near=tuple(get_close_matches(name_or_type, names, n=3)),
            )
        )


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that configuration files say. llm: the default model. ignored: sections about other things."""

    llm: Parsed[LLMConfig] | None = None
    models: ModelsConfig = ModelsConfig()
    cost_control: CostControl = CostControl()
    compress: CompressSettings = CompressSettings()
    ignored: tuple[str, ...] = ()

    def get(self, name_or_type: str | None = None) -> Parsed[LLMConfig]:
        """The model of this name or api_type; without one, or for a type that only `llm` has, the default model."""
        default = self.llm
        if name_or_type is None:
            if default is None:
                return Failure(
                    ConfigurationInvalid(message="no default model is configured", field="llm")
                )
            return default
        got = self.models.get(name_or_type)
        if isinstance(got, Failure) and name_or_type not in self.models.broken:
            if name_or_type == "llm" and default is not None:
                return default
            if isinstance(default, Success) and default.unwrap().api_type == name_or_type:
                return default
        return got


def read_yaml(text: str, file: str = "configuration") -> Parsed[dict[str, Any]]:
    """The sections of one file. ConfigurationInvalid when it is not YAML, or not a mapping; its message shows no value."""
    import yaml

    try:
        tree = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as fault:
        mark = getattr(fault, "problem_mark", None)
        place = "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
        why = getattr(fault, "problem", None) or type(fault).__name__
        return _wrong(f"{file} is not YAML: {why}{place}", "")
    if tree is None:
        return Success({})
    if not isinstance(tree, dict):
        return _wrong(f"{file} has no sections: at its top there is a {type(tree).__name__}", "")
    sections = {str(name): value for name, value in tree.items()}
    for name in SECTIONS:
        if not isinstance(sections.get(name, {}), dict | None):
            return _wrong(f"{file}: {name} is to be a mapping", name)
    return Success(sections)


def merge(files: "tuple[dict[str, Any], ...] | list[dict[str, Any]]") -> dict[str, Any]:
    """One set of sections; a later file's win. Models are joined by name, but each is taken whole.

    Nothing of two files is mixed inside one model, so that one file's key never goes to another one's address.
    """
    return reduce(_merged, files, {})


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    set_here = {name: value for name, value in above.items() if value is not None}
    both = {**below, **set_here}
    if "models" in below and "models" in set_here:
        both["models"] = {**below["models"], **set_here["models"]}
    return both


def read_configuration(
    sections: Mapping[str, Any], variables: Mapping[str, str]
) -> Parsed[Configuration]:
    """The configuration that these sections say. `${NAME}` takes its text out of the variables.

    An unknown key is a ConfigurationInvalid that names the nearest known one. A model with an unset variable is broken,
    and the others are not.
    """
    ignored = [name for name in sections if name not in SECTIONS]
    for name in ignored:
        near = get_close_matches(name, SECTIONS, n=1, cutoff=0.75)
        if near:
            return Failure(unknown_key("", name, SECTIONS))
    found = read_fields(sections.get("cost_control"), CostControl, "cost_control", variables)
    if isinstance(found, Failure):
        return found
    cut = read_fields(sections.get("compress"), CompressSettings, "compress", variables)
    if isinstance(cut, Failure):
        return cut
    models: dict[str, LLMConfig] = {}
    broken: dict[str, LLMError] = {}
    for key, fields in (sections.get("models") or {}).items():
        name = str(key)
        got = read_model(fields, f"models/{name}", variables, model=name)
        if not isinstance(got, Failure):
            models[name] = got.unwrap()
        elif _is_unset(got.failure()):
            broken[name] = got.failure()
        else:
            return Failure(got.failure())
    llm: Parsed[LLMConfig] | None = None
    if sections.get("llm"):
        llm = read_model(sections["llm"], "llm", variables)
        if isinstance(llm, Failure) and not _is_unset(llm.failure()):
            return Failure(llm.failure())
    return Success(
        Configuration(
            llm=llm,
            models=ModelsConfig(models, broken),
            cost_control=found.unwrap(),
            compress=cut.unwrap(),
            ignored=tuple(ignored),
        )
    )


def read_model(
    fields: object, where: str, variables: Mapping[str, str], *, model: str = ""
) -> Parsed[LLMConfig]:
    """One model. model: what it is called where the fields do not say."""
    got = read_fields(fields, LLMConfig, where, variables)
    return got.map(
        lambda config: (
            config if config.model or not model else msgspec.structs.replace(config, model=model)
        )
    )


def _is_unset(error: object) -> bool:
    return isinstance(error, ConfigurationInvalid) and error.code == "unset_variable"


def _wrong(message: str, field: str) -> Failure[ConfigurationInvalid]:
    return Failure(ConfigurationInvalid(message=message, field=field))
