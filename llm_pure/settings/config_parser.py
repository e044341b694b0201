"""A configuration file's text -> named models, as MetaGPT's config2.yaml has them. Pure: files and variables come in.

    llm: {api_type: openai, api_key: "${OPENAI_API_KEY}", model: gpt-5-mini}
    models:
      fast: {api_type: groq, api_key: "${GROQ_API_KEY}", model: llama-3.3-70b}
    cost_control: {max_budget: 5}
    compress: {type: post_cut_by_token, threshold: 0.8}
    fallbacks: {llm: [fast]}
    proxy: http://127.0.0.1:3128      # of every model that names none

Of an unchanged config2.yaml, sections that are about other things (roles, search, browser, ...) are left alone.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import reduce
from typing import Any

import msgspec

from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import RetryPolicy
from llm_pure.settings.config_fields import decode_section, unknown_key
from llm_pure.settings.config_file import (
    CompressSettings,
    ConfigFile,
    CostControl,
    ModelTable,
    unknown_model,
)
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.result import Failure, LLMResult, Success

SECTIONS = (
    "llm",
    "models",
    "cost_control",
    "compress",
    "fallbacks",
    "retry",
    "limit",
    "prices",
)
"""The sections that are read. The first four are MetaGPT's; the others are ours."""

GLOBAL_PROXY_KEY = "proxy"
"""MetaGPT's setting beside the sections: the proxy of models that have none of their own."""

MERGED_SECTIONS = ("models", "fallbacks", "prices")
"""Sections of which a later file replaces the names that it has, and no other."""


def read_yaml(text: str, file: str = "configuration") -> LLMResult[dict[str, Any]]:
    """The sections of one file. InvalidConfiguration when it is not YAML, or not a mapping; its message shows no value."""
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
    return Success(_with_proxy(sections))


def _with_proxy(sections: dict[str, Any]) -> dict[str, Any]:
    """The file's own proxy in each of its models that names none, so that no other file's key goes through it."""
    proxy = sections.pop(GLOBAL_PROXY_KEY, None)
    if not proxy:
        return sections
    models = sections.get("models") or {}
    shared = {name: _over(proxy, fields) for name, fields in models.items()}
    default = {"llm": _over(proxy, sections["llm"])} if sections.get("llm") else {}
    return {**sections, **({"models": shared} if models else {}), **default}


def _over(proxy: object, fields: object) -> object:
    if not isinstance(fields, Mapping) or fields.get(GLOBAL_PROXY_KEY):
        return fields
    return {**fields, GLOBAL_PROXY_KEY: proxy}


def merge(files: "tuple[dict[str, Any], ...] | list[dict[str, Any]]") -> dict[str, Any]:
    """One set of sections; a later file's win. Models, fallbacks and prices are joined by name, but each is taken whole.

    Nothing of two files is mixed inside one model, so that one file's key never goes to another one's address.
    """
    return reduce(_merged, files, {})


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    set_here = {name: value for name, value in above.items() if value is not None}
    both = {**below, **set_here}
    for name in MERGED_SECTIONS:
        if name in below and name in set_here:
            both[name] = {**below[name], **set_here[name]}
    return both


def parse_config_file(
    sections: Mapping[str, Any], variables: Mapping[str, str]
) -> LLMResult[ConfigFile]:
    """The configuration that these sections say. `${NAME}` takes its text out of the variables.

    An unknown key is a InvalidConfiguration that names the nearest known one. A model with an unset variable is broken,
    and the others are not.
    """
    known = (*SECTIONS, GLOBAL_PROXY_KEY)
    ignored = [name for name in sections if name not in known]
    for name in ignored:
        near = get_close_matches(name, known, n=1, cutoff=0.75)
        if near:
            return Failure(unknown_key("", name, known))
    costs = decode_section(sections.get("cost_control"), CostControl, "cost_control", variables)
    if isinstance(costs, Failure):
        return costs
    cut = decode_section(sections.get("compress"), CompressSettings, "compress", variables)
    if isinstance(cut, Failure):
        return cut
    retry = decode_section(sections.get("retry"), RetryPolicy, "retry", variables)
    if isinstance(retry, Failure):
        return retry
    limit = decode_section(sections.get("limit"), RateLimit, "limit", variables)
    if isinstance(limit, Failure):
        return limit
    models: dict[str, LLMConfig] = {}
    broken: dict[str, LLMError] = {}
    for key, fields in (sections.get("models") or {}).items():
        name = str(key)
        got = parse_model(fields, f"models/{name}", variables, model=name)
        if not isinstance(got, Failure):
            models[name] = got.unwrap()
        elif _is_unset(got.failure()):
            broken[name] = got.failure()
        else:
            return Failure(got.failure())
    llm: LLMResult[LLMConfig] | None = None
    if sections.get("llm"):
        llm = parse_model(sections["llm"], "llm", variables)
        if isinstance(llm, Failure) and not _is_unset(llm.failure()):
            return Failure(llm.failure())
    configuration = ConfigFile(
        llm=llm,
        models=ModelTable(models, broken),
        cost_control=costs.unwrap(),
        compress=cut.unwrap(),
        retry=retry.unwrap() if sections.get("retry") else None,
        limit=limit.unwrap() if sections.get("limit") else None,
        prices=sections.get("prices") or {},
        ignored=tuple(ignored),
    )
    return _with_fallbacks(configuration, sections.get("fallbacks") or {})


def _with_fallbacks(configuration: ConfigFile, given: Mapping[Any, Any]) -> LLMResult[ConfigFile]:
    """Names of models to names of models; each has to be there, though it may be a broken one."""
    fallbacks: dict[str, tuple[str, ...]] = {}
    for name, others in given.items():
        place = f"fallbacks/{name}"
        named = [others] if isinstance(others, str) else others
        if not isinstance(named, list):
            return _wrong(f"{place} is to be a list of models", place)
        for other in (name, *named):
            if str(other) not in configuration.names():
                lacking = unknown_model(str(other), configuration.names())
                message = f"{place}: {lacking.message}"
                return Failure(msgspec.structs.replace(lacking, message=message, field=place))
        fallbacks[str(name)] = tuple([str(other) for other in named])
    return Success(msgspec.structs.replace(configuration, fallbacks=fallbacks))


def parse_model(
    fields: object, where: str, variables: Mapping[str, str], *, model: str = ""
) -> LLMResult[LLMConfig]:
    """One model. model: what it is called where the fields do not say."""
    got = decode_section(fields, LLMConfig, where, variables)
    return got.map(
        lambda config: (
            config if config.model or not model else msgspec.structs.replace(config, model=model)
        )
    )


def _is_unset(error: object) -> bool:
    return isinstance(error, InvalidConfiguration) and error.code == "unset_variable"


def _wrong(message: str, field: str) -> Failure[InvalidConfiguration]:
    return Failure(InvalidConfiguration(message=message, field=field))
