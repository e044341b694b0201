"""Text of a configuration file -> named models, in the format of MetaGPT's config2.yaml. Pure.

    llm: {api_type: openai, api_key: "${OPENAI_API_KEY}", model: gpt-5.6-luna}
    models:
      fast: {api_type: groq, api_key: "${GROQ_API_KEY}", model: llama-3.3-70b}
    cost_control: {max_budget: 5}
    compress: {type: post_cut_by_token, threshold: 0.8}
    fallbacks: {llm: [fast]}
    proxy: http://127.0.0.1:3128      # for every model without a proxy of its own

An unchanged config2.yaml loads: sections about other subjects (roles, search, browser, ...) are ignored. Values are read as
leniently as MetaGPT reads them: numbers and booleans may be quoted, texts may look like numbers or dates.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from functools import cache, reduce
from typing import Any, TypeVar, get_type_hints

import msgspec

from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import RetryPolicy
from llm_pure.settings.config_file import (
    CompressSettings,
    ConfigFile,
    CostControl,
    ModelTable,
    unknown_model,
)
from llm_pure.settings.serve_section import ServeSettings
from llm_pure.settings.yaml_values import load_plain_tree
from llm_pure.types.config import FILE_DEFAULTS, SECRET_FIELDS, LLMConfig
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.rejection import Rejected, returns_failure
from llm_pure.types.result import Failure, LLMResult, Success
from llm_pure.types.wrong_types import negative_field

S = TypeVar("S", bound=msgspec.Struct)

_STRUCTS: dict[str, type[msgspec.Struct]] = {
    "cost_control": CostControl,
    "compress": CompressSettings,
    "retry": RetryPolicy,
    "limit": RateLimit,
    "serve": ServeSettings,
}
"""Sections with fields of their own, besides the models."""

SECTIONS = ("llm", "models", "fallbacks", "prices", *_STRUCTS)
"""Sections that are read. llm, models, cost_control and compress are MetaGPT's; the others are this library's."""

GLOBAL_PROXY_KEY = "proxy"
"""MetaGPT's setting beside the sections: the proxy of models without one."""

MERGED_SECTIONS = ("models", "fallbacks", "prices")
"""Sections in which a later file replaces single names. It replaces other sections completely."""

_NEUTRAL: Mapping[str, float] = {
    "top_p": 1.0,
    "top_k": 0,
    "repetition_penalty": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
}
"""MetaGPT's defaults that mean "not set"; its examples write them out."""

_ENV_VAR = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


# files


@returns_failure
def read_yaml(text: str, file: str = "configuration") -> dict[str, Any]:
    """Return the sections of one file. Fails with InvalidConfiguration if it is not a YAML mapping; no message has a value."""
    import yaml  # imported late: start-up

    try:
        tree = load_plain_tree(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        position = "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
        problem = getattr(error, "problem", None) or type(error).__name__
        raise _invalid(f"{file} is not YAML: {problem}{position}", "") from None
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise _invalid(f"{file} must be a mapping of sections, not a {type(tree).__name__}", "")
    sections = {str(name): value for name, value in tree.items()}
    for name in SECTIONS:
        _check_section(sections, name, f"{file}: {name}")
    return _with_proxy(sections)


def _check_section(sections: Mapping[str, Any], name: str, label: str) -> None:
    if not isinstance(sections.get(name, {}), Mapping | None):
        raise _invalid(f"{label} must be a mapping", name)


def _with_proxy(sections: dict[str, Any]) -> dict[str, Any]:
    """Copy the file's proxy into its models without one, so that no other file's key is sent through it."""
    proxy = sections.pop(GLOBAL_PROXY_KEY, None)

    def with_proxy(fields: object) -> object:
        if not isinstance(fields, Mapping) or fields.get(GLOBAL_PROXY_KEY):
            return fields
        return {**fields, GLOBAL_PROXY_KEY: proxy}

    if proxy and sections.get("models"):
        models = {name: with_proxy(fields) for name, fields in sections["models"].items()}
        sections["models"] = models
    if proxy and sections.get("llm"):
        sections["llm"] = with_proxy(sections["llm"])
    return sections


def merge(files: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Merge the sections of several files; later files win.

    Models, fallbacks and prices are merged by name. One model's fields never come from two files, so that a key is never
    sent to the address of another file.
    """
    return reduce(_overlay, files, {})


def _overlay(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    set_above = {name: value for name, value in above.items() if value is not None}
    by_name = {
        name: {**below[name], **set_above[name]}
        for name in MERGED_SECTIONS
        if name in below and name in set_above
    }
    return {**below, **set_above, **by_name}


# sections


@returns_failure
def parse_config_file(sections: Mapping[str, Any], env: Mapping[str, str]) -> ConfigFile:
    """Return the configuration. `${NAME}` is replaced from `env`.

    Fails with InvalidConfiguration for an unknown key (with the nearest known one) and for a wrong value. A model with an
    unset variable is invalid and does not affect the others.
    """
    sections = {str(name): value for name, value in sections.items()}
    for name in SECTIONS:
        _check_section(sections, name, name)
    known = (*SECTIONS, GLOBAL_PROXY_KEY)
    ignored = tuple([name for name in sections if name not in known])
    for name in ignored:
        if get_close_matches(name, known, n=1, cutoff=0.75):
            raise Rejected(_unknown_key("", name, known))
    structs: dict[str, Any] = {
        name: _decode(sections.get(name), kind, name, env) for name, kind in _STRUCTS.items()
    }
    for name in ("retry", "limit"):  # absent is None, not the defaults
        field = negative_field(structs[name])
        if field:
            raise _invalid(f"{name}/{field} must be a number of at least 0", f"{name}/{field}")
        if not sections.get(name):
            structs[name] = None
    models: dict[str, LLMConfig] = {}
    invalid: dict[str, LLMError] = {}
    for key, fields in (sections.get("models") or {}).items():
        name = str(key)
        parsed = _parse_model(fields, f"models/{name}", env, default_model=name)
        if isinstance(parsed, Failure):
            invalid[name] = parsed.failure()
        else:
            models[name] = parsed.unwrap()
    default = sections.get("llm")
    configuration = ConfigFile(
        llm=_parse_model(default, "llm", env) if default else None,
        models=ModelTable(models, invalid),
        prices=sections.get("prices") or {},
        ignored=ignored,
        **structs,
    )
    fallbacks = _parse_fallbacks(sections.get("fallbacks") or {}, configuration.names())
    return msgspec.structs.replace(configuration, fallbacks=fallbacks)


def _parse_model(
    fields: object, path: str, env: Mapping[str, str], default_model: str = ""
) -> LLMResult[LLMConfig]:
    """Return the model, or the Failure that a variable is not set. Raises Rejected for every other error."""
    try:
        config = with_file_defaults(_decode(fields, LLMConfig, path, env))
    except Rejected as rejected:
        if rejected.error.code != "unset_variable":
            raise
        return Failure(rejected.error)
    return Success(msgspec.structs.replace(config, model=config.model or default_model))


def with_file_defaults(config: LLMConfig) -> LLMConfig:
    """Return a file's model as MetaGPT understands it: with its defaults, and neutral values as unset.

    >>> config = with_file_defaults(LLMConfig(model="m", top_p=1.0))
    >>> config.max_token, config.temperature, config.top_p, config.default_fields
    (4096, 0.0, None, ('max_token', 'temperature'))
    """
    unset = [name for name in FILE_DEFAULTS if getattr(config, name) is None]
    neutral = [name for name, value in _NEUTRAL.items() if getattr(config, name) == value]
    return msgspec.structs.replace(
        config,
        **{name: FILE_DEFAULTS[name] for name in unset},
        **dict.fromkeys(neutral, None),
        default_fields=tuple(unset),
    )


def _parse_fallbacks(
    section: Mapping[Any, Any], known: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Return model -> its fallbacks. Each must be configured, though it may be invalid."""
    fallbacks: dict[str, tuple[str, ...]] = {}
    for model, listed in section.items():
        path = f"fallbacks/{model}"
        names = [listed] if isinstance(listed, str) else listed
        if not isinstance(names, list):
            raise _invalid(f"{path} must be a list of models", path)
        for name in (model, *names):
            if str(name) not in known:
                error = unknown_model(str(name), known)
                message = f"{path}: {error.message}"
                raise Rejected(msgspec.structs.replace(error, message=message, field=path))
        fallbacks[str(model)] = tuple([str(name) for name in names])
    return fallbacks


# fields


@returns_failure
def decode_section(fields: object, kind: type[S], path: str, env: Mapping[str, str]) -> S:
    """Convert a mapping to a Struct; None is an empty mapping, and a null field is unset.

    Fails with InvalidConfiguration, whose field is a path such as `models/fast/top_p`. No message has a secret's value.
    """
    return _decode(fields, kind, path, env)


def _decode(fields: object, kind: type[S], path: str, env: Mapping[str, str]) -> S:
    if fields is None:
        fields = {}
    if not isinstance(fields, dict):
        raise _invalid(f"{path} must be a mapping", path)
    types = _field_types(kind)
    values: dict[str, Any] = {}
    for key, value in fields.items():
        name = str(key)
        if name not in types:
            raise Rejected(_unknown_key(path, name, types))
        expanded = _expand(value, f"{path}/{name}", env)
        if expanded is not None:
            values[name] = _convert(expanded, types[name], name, f"{path}/{name}")
    return kind(**values)


def _unknown_key(path: str, name: str, known: Iterable[str]) -> InvalidConfiguration:
    """Return the error for a key that is not read, with the nearest known one."""
    path = f"{path}/{name}" if path else name
    near = tuple(get_close_matches(name.lower(), known, n=1, cutoff=0.5))
    return InvalidConfiguration(message=f"{path} is not known", field=path, suggestions=near)


def _expand(value: Any, path: str, env: Mapping[str, str]) -> Any:
    """Replace every `${NAME}` in a text, or in the texts of a mapping or a list."""
    if isinstance(value, dict):
        return {str(key): _expand(inner, path, env) for key, inner in value.items()}
    if isinstance(value, list):
        return [_expand(inner, path, env) for inner in value]
    if not isinstance(value, str):
        return value
    for name in _ENV_VAR.findall(value):
        if not env.get(name):
            message = f"{path} needs the variable {name}, which is not set"
            error = InvalidConfiguration(message=message, field=path, code="unset_variable")
            raise Rejected(error)
    return _ENV_VAR.sub(lambda match: env[match[1]], value)


def _convert(value: Any, kind: Any, name: str, path: str) -> Any:
    if name == "headers" and isinstance(value, dict):
        return tuple([(str(header), str(text)) for header, text in value.items()])
    if kind == str | None or kind is str:
        return _convert_text(value, kind, name, path)
    try:
        return msgspec.convert(value, kind, strict=False)
    except (msgspec.ValidationError, OverflowError) as error:
        raise _invalid(f"{path}: {error}", path) from None


def _convert_text(value: Any, kind: Any, name: str, path: str) -> str | None:
    """Return a text also where YAML has read a number or a date (`api_version: 2024-10-21`)."""
    if isinstance(value, date):
        value = value.isoformat()
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _invalid(f"{path} must be a text, not a {type(value).__name__}", path)
    if value == "" and kind is not str and name not in SECRET_FIELDS:
        return None  # MetaGPT's examples write "" for an unset field
    return str(value)


@cache
def _field_types(kind: type[msgspec.Struct]) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {
        name: str | None if name in SECRET_FIELDS else hints[name]
        for name in kind.__struct_fields__
        if name != "default_fields"
    }


def _invalid(message: str, field: str) -> Rejected:
    return Rejected(InvalidConfiguration(message=message, field=field))
