"""How programs are pointed at a gateway: environment variables, arguments and configuration files by client. Pure.

Sources: ../shared/wire/server-side.md 2 and 11, measured with the clients 2026-11-29; aider.chat "OpenAI compatible APIs" and
opencode.ai "Config", read 2026-11-30.
"""

import shlex
from collections.abc import Callable, Mapping

import msgspec

KEY_ENV = "LLM_PURE_KEY"
"""The variable that has the client's key, for configuration files that name a variable."""

NO_KEY = "none"
"""The key for a gateway without keys: the packages refuse to start without one."""

PROVIDER_NAME = "llm-pure"


class ClientSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one client."""

    variables: Mapping[str, str] = {}
    unset: tuple[str, ...] = ()
    """Variables that would send the client elsewhere, or send the vendor's own key."""
    arguments: tuple[str, ...] = ()
    """Of the program, before the user's own."""
    file: str = ""
    """Name of a configuration file, for `block`."""
    block: str = ""
    """What the configuration file needs."""


class GatewayAddress(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway as its clients see it."""

    url: str
    """Without a path."""
    key: str = NO_KEY
    model: str = ""
    """The model that a client is to use; "" for its own."""

    @property
    def openai_url(self) -> str:
        """The base URL of OpenAI's packages."""
        return f"{self.url}/v1"


def _openai(gateway: GatewayAddress) -> ClientSettings:
    variables = {"OPENAI_BASE_URL": gateway.openai_url, "OPENAI_API_KEY": gateway.key}
    return ClientSettings(variables=variables, unset=("OPENAI_ORG_ID", "OPENAI_PROJECT_ID"))


def _claude(gateway: GatewayAddress) -> ClientSettings:
    """Claude Code asks before it uses a key of ANTHROPIC_API_KEY, and sends both if both are set."""
    names = ("MODEL", *[f"DEFAULT_{tier}_MODEL" for tier in ("OPUS", "SONNET", "HAIKU", "FABLE")])
    models = {f"ANTHROPIC_{name}": gateway.model for name in names} if gateway.model else {}
    variables = {
        "ANTHROPIC_BASE_URL": gateway.url,
        "ANTHROPIC_AUTH_TOKEN": gateway.key,
        # a line that changes with each request makes every prompt cache miss
        "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
    }
    return ClientSettings(variables={**variables, **models}, unset=("ANTHROPIC_API_KEY",))


def _codex(gateway: GatewayAddress) -> ClientSettings:
    """A provider of its own does not try WebSockets first, as the built-in one does."""
    fields = {
        "name": PROVIDER_NAME,
        "base_url": gateway.openai_url,
        "env_key": KEY_ENV,
        "wire_api": "responses",
    }
    top = {"model": gateway.model} if gateway.model else {}
    top["model_provider"] = PROVIDER_NAME
    table = f"model_providers.{PROVIDER_NAME}"
    lines = [*_toml(top), "", f"[{table}]", *_toml(fields)]
    flags = [*_toml(top), *[f"{table}.{line}" for line in _toml(fields)]]
    return ClientSettings(
        variables={KEY_ENV: gateway.key},
        arguments=tuple([text for flag in flags for text in ("-c", flag.replace(" = ", "=", 1))]),
        file="~/.codex/config.toml",
        block="\n".join(lines),
    )


def _gemini(gateway: GatewayAddress) -> ClientSettings:
    model = {"GEMINI_MODEL": gateway.model} if gateway.model else {}
    return ClientSettings(
        variables={
            "GOOGLE_GEMINI_BASE_URL": gateway.url,
            "GEMINI_API_KEY": gateway.key,
            **model,
        },
        unset=("GOOGLE_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_VERTEX_BASE_URL"),
    )


def _opencode(gateway: GatewayAddress) -> ClientSettings:
    model = gateway.model or "MODEL"
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": PROVIDER_NAME,
        "options": {"baseURL": gateway.openai_url, "apiKey": f"{{env:{KEY_ENV}}}"},
        "models": {model: {}},
    }
    config = {
        "$schema": "https://opencode.ai/config.json",
        "model": f"{PROVIDER_NAME}/{model}",
        "provider": {PROVIDER_NAME: provider},
    }
    text = msgspec.json.encode(config)
    return ClientSettings(
        variables={KEY_ENV: gateway.key, "OPENCODE_CONFIG_CONTENT": text.decode()},
        file="opencode.json",
        block=msgspec.json.format(text, indent=2).decode(),
    )


def _aider(gateway: GatewayAddress) -> ClientSettings:
    model = {"AIDER_MODEL": f"openai/{gateway.model}"} if gateway.model else {}
    return ClientSettings(
        variables={
            "OPENAI_API_BASE": gateway.openai_url,
            "OPENAI_API_KEY": gateway.key,
            **model,
        }
    )


def _ollama(gateway: GatewayAddress) -> ClientSettings:
    return ClientSettings(variables={"OLLAMA_HOST": gateway.url, "OLLAMA_API_KEY": gateway.key})


CLIENTS: Mapping[str, Callable[[GatewayAddress], ClientSettings]] = {
    "claude": _claude,
    "codex": _codex,
    "gemini": _gemini,
    "opencode": _opencode,
    "aider": _aider,
    "openai": _openai,
    "ollama": _ollama,
}
"""Client -> its settings for a gateway."""


def settings_of_program(program: str, gateway: GatewayAddress) -> ClientSettings:
    """Return the settings of a program that is started for a gateway: those of a known client, or every package's variables."""
    if program in CLIENTS and program not in ("openai", "ollama"):
        return CLIENTS[program](gateway)
    variables = {KEY_ENV: gateway.key}
    for name in ("openai", "aider", "gemini", "ollama", "claude"):
        variables |= CLIENTS[name](gateway).variables
    # the packages take either, and warn if both are set; litellm and others know this one only
    variables["ANTHROPIC_API_KEY"] = variables.pop("ANTHROPIC_AUTH_TOKEN")
    unset = ("ANTHROPIC_AUTH_TOKEN", *_openai(gateway).unset, *_gemini(gateway).unset)
    return ClientSettings(variables=variables, unset=unset)


def shell_lines(settings: ClientSettings, *, key: str = "") -> list[str]:
    """Return the lines for a shell that set the variables. key: an expression for the key's value, such as "$LLM_PURE_KEY"."""
    lines = [f"unset {name}" for name in settings.unset]
    for name, value in settings.variables.items():
        if key and value == NO_KEY:
            if name != KEY_ENV:
                lines.append(f'export {name}="{key}"')
        elif name != "OPENCODE_CONFIG_CONTENT":  # the file has it
            lines.append(f"export {name}={shlex.quote(value)}")
    return lines


def _toml(fields: Mapping[str, str]) -> list[str]:
    """Strings as TOML; its basic strings are written as JSON's."""
    return [f"{name} = {msgspec.json.encode(value).decode()}" for name, value in fields.items()]
