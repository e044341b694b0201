"""The config.yaml of litellm's proxy -> sections of our configuration file, and what of it has no place there. Pure.

    model_list: [{model_name: fast, litellm_params: {model: groq/llama-3.3-70b, api_key: os.environ/GROQ_API_KEY}}]
    ->  models: {fast: {api_type: groq, model: llama-3.3-70b, api_key: "${GROQ_API_KEY}"}}

Source: docs.litellm.ai "Config.yaml" and "All settings", read 2026-11-30.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from llm_pure.types.config import SECRET_FIELDS
from llm_pure.types.http import redact_headers
from llm_pure.types.redact import redact_url

_VARIABLE = re.compile(r"(?:[A-Za-z]{1,20} )?(?:\$\{[A-Za-z_][A-Za-z0-9_]*\})+")
_ENV = re.compile(r"os\.environ/([A-Za-z_][A-Za-z0-9_]*)")

API_TYPES: Mapping[str, str] = {
    "cohere_chat": "cohere",
    "fireworks_ai": "fireworks",
    "hosted_vllm": "openai",
    "litellm_proxy": "openai",
    "llamafile": "openai",
    "lm_studio": "openai",
    "nvidia_nim": "nvidia",
    "ollama_chat": "ollama",
    "openai_like": "openai",
    "together_ai": "together",
    "vertex_ai": "vertex",
    "vllm": "openai",
    "volcengine": "ark",
}
"""litellm's prefix of a model's name -> our api_type, where they differ."""

_API_PATHS: Mapping[str, tuple[str, str]] = {
    "bedrock/converse/": ("bedrock", ""),
    "bedrock/invoke/": ("bedrock_invoke", ""),
    "azure/responses/": ("azure_responses", ""),
    "openai/responses/": ("openai_responses", ""),
    "vertex_ai/claude": ("vertex_anthropic", "claude"),
}
"""Beginning of a model's name that also says which API is called -> our api_type, and what of it belongs to the name."""

SAME_PARAMS: Mapping[str, str] = {
    "api_key": "api_key",
    "api_base": "base_url",
    "base_url": "base_url",
    "api_version": "api_version",
    "aws_region_name": "region_name",
    "aws_access_key_id": "access_key",
    "aws_secret_access_key": "secret_key",
    "aws_session_token": "session_token",
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_token",
    "max_completion_tokens": "max_token",
    "timeout": "timeout",
    "request_timeout": "timeout",
    "seed": "seed",
    "stop": "stop",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "extra_headers": "headers",
    "vertex_project": "project",
    "vertex_location": "location",
}
"""Name in litellm_params -> field of a model here."""

_PER_MILLION = 1_000_000


class ImportedConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Sections of our file, and what of litellm's is not in them."""

    sections: dict[str, Any]
    left_out: tuple[str, ...] = ()
    """Paths in litellm's file, each with the reason."""


class _Import:
    """The import of one file, with what is left out so far."""

    def __init__(self, known_types: Collection[str], known_fields: Collection[str]) -> None:
        self.known_types = known_types
        self.known_fields = known_fields
        self.left_out: list[str] = []
        self.prices: dict[str, dict[str, float]] = {}
        self._deployments: dict[str, int] = {}
        """Name of a model -> the number of its last deployment."""

    def leave_out(self, path: str, reason: str = "has no place here") -> None:
        self.left_out.append(f"{path}: {reason}")

    def free_name(self, name: str, models: Mapping[str, Any]) -> str:
        """A name for one more deployment of a model."""
        number = self._deployments.get(name, 1) + 1
        while f"{name}-{number}" in models:
            number += 1
        self._deployments[name] = number
        return f"{name}-{number}"

    def mapping(self, value: object, path: str) -> dict[str, Any]:
        """The value if it is a mapping; anything else is left out."""
        if isinstance(value, Mapping):
            return {str(name): item for name, item in value.items()}
        if value is not None:
            self.leave_out(path, "is no mapping")
        return {}

    def model(self, row: Mapping[str, Any], path: str) -> dict[str, Any] | None:
        """The fields of a model, None if its provider is unknown."""
        params = self.mapping(row.get("litellm_params"), f"{path}/litellm_params")
        name = str(params.pop("model", ""))
        api_type, model = _api_type_and_model(name, params.pop("custom_llm_provider", None))
        if not model:
            self.leave_out(f"{path}/litellm_params/model", "is missing")
            return None
        if api_type not in self.known_types:
            self.leave_out(
                f"{path}/litellm_params/model", f"the provider {api_type!r} is not known"
            )
            return None
        fields: dict[str, Any] = {"api_type": api_type, "model": model}
        info = self.mapping(row.get("model_info"), f"{path}/model_info")
        self._price({**info, **params}, model)
        if isinstance(info.get("base_model"), str):
            fields["pricing_plan"] = info.pop("base_model").rpartition("/")[2]
        for key, value in params.items():
            ours = SAME_PARAMS.get(key)
            if key in _PRICE_FIELDS:
                continue
            if ours is None or ours not in self.known_fields:
                reason = _REASONS.get(key, "has no place here")
                self.leave_out(f"{path}/litellm_params/{key}", reason)
            elif value is not None:
                fields[ours] = self._value(f"{path}/litellm_params/{key}", ours, value, row)
        for key in info:
            if key not in _PRICE_FIELDS:
                self.leave_out(f"{path}/model_info/{key}")
        return fields

    def _value(self, path: str, field: str, value: Any, row: Mapping[str, Any]) -> Any:
        """The value of a field. A key that stands in the file becomes a variable, so that the output may be shown."""
        value = _with_variables(value)
        if field == "headers" and isinstance(value, dict):
            return {
                name: self._variable(f"{path}/{name}", f"{field}_{name}", row)
                if _is_secret_header(name, text)
                else text
                for name, text in value.items()
            }
        is_secret = field in SECRET_FIELDS or (isinstance(value, str) and redact_url(value) != value)  # fmt: skip
        if not is_secret or _is_variable(value):
            return value
        return self._variable(path, field, row)

    def _variable(self, path: str, field: str, row: Mapping[str, Any]) -> str:
        """A variable in place of a secret, which is left out."""
        variable = re.sub(r"[^A-Z0-9]+", "_", f"{row.get('model_name')}_{field}".upper()).strip("_")
        self.leave_out(path, f"the key itself is not copied: set the variable {variable}")
        return f"${{{variable}}}"

    def _price(self, info: Mapping[str, Any], model: str) -> None:
        price = {
            ours: float(info[theirs]) * _PER_MILLION
            for theirs, ours in _PRICE_FIELDS.items()
            if isinstance(info.get(theirs), int | float)
        }
        if price and model:
            self.prices[model] = price


_REASONS = {
    "rpm": "`limit` is for every model; limits by client are in serve/keys",
    "tpm": "`limit` is for every model; limits by client are in serve/keys",
    "weight": "calls are not distributed by weight; fallbacks are tried in their order",
    "order": "fallbacks are tried in the order of the file",
}
_PRICE_FIELDS = {"input_cost_per_token": "input", "output_cost_per_token": "output"}


def import_litellm(
    tree: Mapping[str, Any], known_types: Collection[str], known_fields: Collection[str]
) -> ImportedConfig:
    """Convert a parsed config.yaml. known_types: our api_types. known_fields: fields of a model here.

    Several deployments of one name become models of their own, and fallbacks of the first. Nothing is lost in silence: what
    has no place is in `left_out`.
    """
    state = _Import(known_types, known_fields)
    models: dict[str, dict[str, Any]] = {}
    fallbacks: dict[str, list[str]] = {}
    aliases: dict[str, str] = {}
    rows = tree.get("model_list")
    for index, row in enumerate(rows if isinstance(rows, list) else []):
        path = f"model_list/{index}"
        if not isinstance(row, Mapping) or not row.get("model_name"):
            state.leave_out(path, "has no model_name")
            continue
        for key in row:
            if key not in ("model_name", "litellm_params", "model_info"):
                state.leave_out(f"{path}/{key}")
        name = str(row["model_name"])
        fields = state.model(row, path)
        if fields is None:
            continue
        if "*" in name or "*" in fields["model"]:
            state.leave_out(path, "wildcard models are not supported: name each, or use aliases")
        elif name not in models:
            models[name] = fields
        else:
            second = state.free_name(name, models)
            models[second] = fields
            fallbacks.setdefault(name, []).append(second)
    sections: dict[str, Any] = {"models": models}
    settings = state.mapping(tree.get("litellm_settings"), "litellm_settings")
    router = state.mapping(tree.get("router_settings"), "router_settings")
    for path, source in (("litellm_settings", settings), ("router_settings", router)):
        for key, value in source.items():
            _read_setting(state, f"{path}/{key}", key, value, sections, fallbacks, aliases)
    _read_general(state, state.mapping(tree.get("general_settings"), "general_settings"))
    for name in tree:
        if name not in ("model_list", "litellm_settings", "router_settings", "general_settings"):
            state.leave_out(str(name))
    if not isinstance(rows, list):
        state.leave_out("model_list", "is missing: there is no model to import")
    known = {
        model: [name for name in names if name in models]
        for model, names in fallbacks.items()
        if model in models
    }
    for model, names in fallbacks.items():
        lost = [name for name in (model, *names) if name not in models]
        if lost:
            state.leave_out(f"fallbacks of {model}", f"there is no model {', '.join(lost)}")
    if any(known.values()):
        sections["fallbacks"] = {model: names for model, names in known.items() if names}
    if state.prices:
        sections["prices"] = state.prices
    if aliases:
        sections["serve"] = {"aliases": aliases}
    return ImportedConfig(sections=sections, left_out=tuple(state.left_out))


def _read_setting(
    state: _Import,
    path: str,
    key: str,
    value: Any,
    sections: dict[str, Any],
    fallbacks: dict[str, list[str]],
    aliases: dict[str, str],
) -> None:
    match key, value:
        case "fallbacks" | "context_window_fallbacks" | "content_policy_fallbacks", list():
            if key != "fallbacks":
                state.leave_out(path, "fallbacks here are for every kind of error")
            for item in value:
                for model, names in state.mapping(item, path).items():
                    listed = names if isinstance(names, list) else [names]
                    row = fallbacks.setdefault(model, [])
                    row += [str(name) for name in listed if str(name) not in row]
        case "num_retries", int():
            sections["retry"] = {"max_attempts": value + 1}
        case "request_timeout" | "timeout", int() | float():
            for fields in sections["models"].values():
                fields.setdefault("timeout", value)
        case "model_group_alias", Mapping():
            aliases.update({str(alias): str(name) for alias, name in value.items()})
        case "max_budget", int() | float():
            sections["cost_control"] = {"max_budget": value}
        case "budget_duration", _:
            state.leave_out(path, "set it as serve/budget_duration")
        case "drop_params", True:
            pass  # it is so here: what a model does not take is dropped, and reported
        case "set_verbose" | "json_logs", _:
            state.leave_out(path, "the log has one line for each call")
        case _:
            state.leave_out(path)


def _read_general(state: _Import, general: Mapping[str, Any]) -> None:
    for key in general:
        if key == "master_key":
            state.leave_out(
                "general_settings/master_key",
                "there is no admin API; `llm-pure serve key NAME` makes keys for clients",
            )
        elif key in ("database_url", "store_model_in_db"):
            state.leave_out(
                f"general_settings/{key}",
                "keys and models are in the file; budgets of several machines: serve/ledger",
            )
        else:
            state.leave_out(f"general_settings/{key}")


def _api_type_and_model(name: str, custom_provider: object) -> tuple[str, str]:
    for beginning, (api_type, kept) in _API_PATHS.items():
        if name.startswith(beginning):
            return api_type, kept + name.removeprefix(beginning)
    prefix, _, model = name.partition("/")
    if custom_provider is not None:
        model = model if prefix == custom_provider else name
        prefix = str(custom_provider)
    elif not model:
        prefix, model = _provider_of_bare_name(name), name
    return API_TYPES.get(prefix, prefix), model


def _provider_of_bare_name(model: str) -> str:
    """litellm knows the vendors of some names without a prefix."""
    if model.startswith("claude"):
        return "anthropic"
    if model.startswith("gemini"):
        return "vertex_ai"
    return "openai"


def _is_variable(value: object) -> bool:
    """Whether a value is variables, with no secret beside them: `Bearer ${KEY}` too."""
    return isinstance(value, str) and _VARIABLE.fullmatch(value) is not None


def _is_secret_header(name: str, value: object) -> bool:
    header = ((name.lower(), str(value)),)
    return redact_headers(header) != header and not _is_variable(value)


def _with_variables(value: Any) -> Any:
    """os.environ/NAME as ${NAME}."""
    if isinstance(value, Mapping):
        return {str(name): _with_variables(item) for name, item in value.items()}
    return _ENV.sub(r"${\1}", value) if isinstance(value, str) else value
