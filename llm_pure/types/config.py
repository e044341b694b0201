"""`LLMConfig`: the settings that all calls to one model share, and `Secret`, a string that is never printed."""

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

import msgspec

from llm_pure.types.http import Headers, RedactedRepr, header_secrets, is_credential, redact_headers
from llm_pure.types.redact import redact_proxy, redact_url, url_secrets
from llm_pure.types.secret_spellings import MIN_SECRET_LENGTH


class Secret:
    """A string that repr, str, format and logs show as `***`. `reveal()` returns the text.

    >>> Secret("sk-live")
    Secret('***')
    """

    __slots__ = ("_value",)
    _value: str

    def __init__(self, value: str) -> None:
        object.__setattr__(self, "_value", value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Secret is immutable")

    def reveal(self) -> str:
        """Return the text of the secret."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> tuple[type["Secret"], tuple[str]]:
        return (Secret, (self._value,))


SecretInput: TypeAlias = Secret | str
"""Type of a secret field; a str is stored as Secret."""


def reveal(value: SecretInput | None) -> str:
    """Return the text of a secret field, "" if unset."""
    if value is None:
        return ""
    return value.reveal() if isinstance(value, Secret) else value


CompressType: TypeAlias = Literal[
    "", "no_compress", "post_cut_by_token", "post_cut_by_msg", "pre_cut_by_token", "pre_cut_by_msg"
]

Modality: TypeAlias = Literal["image", "audio", "document", "video"]
"""A kind of media in a message, besides text."""

SECRET_FIELDS = (
    "api_key",
    "access_key",
    "secret_key",
    "session_token",
    "api_secret",
    "tls_key_password",
)
"""The fields that hold a Secret. `app_id` is an account number and is shown."""


FILE_DEFAULTS: Mapping[str, float] = {"max_token": 4096, "temperature": 0.0}
"""Defaults of configuration files, which are MetaGPT's (configs/llm_config.py)."""


class LLMConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One model at one provider. Field names are those of MetaGPT's config2.yaml."""

    api_key: SecretInput | None = None
    api_type: str = "openai"
    """The provider: a name of `registry.names()`."""
    base_url: str | None = None
    """None: the provider's own."""
    api_version: str | None = None
    model: str = ""
    """The model's name; for Azure the deployment."""
    pricing_plan: str | None = None
    """The model name for prices and token counting; None: `model`."""
    access_key: SecretInput | None = None
    """Cloud credentials and locations, as are the next three and `region_name`."""
    secret_key: SecretInput | None = None
    session_token: SecretInput | None = None
    endpoint: str | None = None
    app_id: str | None = None
    """Spark's, as are the next two."""
    api_secret: SecretInput | None = None
    domain: str | None = None
    max_token: int | None = None
    """Output limit in tokens. This and the next ten are sent only if they are set; a configuration file sets `max_token`
    to 4096 and `temperature` to 0.0 unless it says otherwise, as MetaGPT does."""
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None
    stop: str | tuple[str, ...] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    best_of: int | None = None
    n: int | None = None
    stream: bool = True
    seed: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    timeout: float = 600
    """Seconds for the whole call; 0 means 600."""
    context_length: int | None = None
    """Maximum input in tokens; overrides the table of models."""
    region_name: str | None = None
    project: str | None = None
    """Vertex AI's, as is the next."""
    location: str | None = None
    batch_uri: str | None = None
    """The folder of a bucket for files of batches, of Vertex AI (gs://bucket/folder) and Bedrock (s3://bucket/folder)."""
    batch_role: str | None = None
    """The ARN of the role with which Bedrock reads and writes `batch_uri`."""
    storage_endpoint: str | None = None
    """The URL of the object store with `batch_uri`; None: the cloud's own."""
    account_id: str | None = None
    """Fireworks' account, for batches."""
    proxy: str | None = None
    calc_usage: bool = True
    """Count tokens locally if the provider reports none."""
    compress_type: CompressType = "no_compress"
    use_system_prompt: bool = True
    reasoning: bool = False
    reasoning_max_token: int = 4000
    """Budget of reasoning tokens, if `reasoning` is true and the request sets none."""
    headers: tuple[tuple[str, str], ...] = ()
    """Sent with every request. A dict becomes pairs."""
    connect_timeout: float | None = None
    """Seconds to connect. This and the next five: None or 0 takes the client's setting."""
    read_timeout: float | None = None
    """Seconds until the next bytes arrive."""
    write_timeout: float | None = None
    """Seconds until a chunk is sent."""
    pool_timeout: float | None = None
    """Seconds until a connection is free."""
    max_connections: int | None = None
    """Connections to one host."""
    keep_alive: float | None = None
    """Seconds that an idle connection is kept."""
    tls_verify: bool = True
    """False accepts any server certificate."""
    tls_ca_file: str | None = None
    """PEM file of the certificate authorities to trust, instead of the default ones."""
    tls_cert_file: str | None = None
    """The client's certificate."""
    tls_key_file: str | None = None
    """The certificate's key, if it is not in `tls_cert_file`."""
    tls_key_password: SecretInput | None = None
    input_modalities: tuple[Modality, ...] | None = None
    """Media that the model accepts; overrides the table of models. None: the table decides; (): text only."""
    default_fields: tuple[str, ...] = ()
    """Fields that no one set: a configuration file's defaults. One that a model does not support is dropped silently."""

    def __post_init__(self) -> None:
        for name in SECRET_FIELDS:
            value = getattr(self, name)
            if isinstance(value, str):
                msgspec.structs.force_setattr(self, name, Secret(value))
        if isinstance(self.headers, dict):
            msgspec.structs.force_setattr(self, "headers", tuple(self.headers.items()))
        if not self.timeout:
            msgspec.structs.force_setattr(self, "timeout", 600.0)

    def __repr__(self) -> str:
        """Only values that differ from the defaults, without credentials."""
        fields = [f"{name}={value!r}" for name, value in self.__rich_repr__()]
        return f"LLMConfig({', '.join(fields)})"

    def __rich_repr__(self) -> RedactedRepr:
        return [
            (name, _show(name, value))
            for name, value in msgspec.structs.asdict(self).items()
            if name != "default_fields" and is_overridden(self, name)
        ]


def _show(name: str, value: object) -> object:
    if name in ("base_url", "endpoint", "storage_endpoint") and isinstance(value, str):
        return redact_url(value)
    if name == "proxy" and isinstance(value, str):
        return redact_proxy(value)
    if name == "headers" and isinstance(value, tuple):
        return redact_headers(tuple([(str(key).lower(), str(text)) for key, text in value]))
    return value


_DEFAULT = LLMConfig()


NO_KEYS = (
    *("ollama", "none", "null", "empty", "dummy", "no-key", "not-needed", "lm-studio"),
    *("placeholder", "your-key", "test", "fake"),
)
"""Words that stand for a key where none is needed, in lower case; they are shown."""


def config_secrets(config: LLMConfig) -> frozenset[str]:
    """Return every text of a configuration that must not be shown, of at least four characters."""
    secrets = [reveal(getattr(config, name)).strip() for name in SECRET_FIELDS]
    for name, value in config.headers:
        secrets += header_secrets(name.lower(), value)
    for url in (config.base_url, config.endpoint, config.storage_endpoint):
        secrets += url_secrets(url or "")
    secrets += url_secrets(config.proxy or "", is_proxy=True)
    return long_enough(secrets)


def long_enough(secrets: Iterable[str]) -> frozenset[str]:
    """Return the secrets that are neither too short nor words that stand for no key."""
    return frozenset(
        [
            secret
            for secret in secrets
            if len(secret) >= MIN_SECRET_LENGTH and secret.lower() not in NO_KEYS
        ]
    )


def is_overridden(config: LLMConfig, name: str) -> bool:
    """Return true if the field was set: it differs from its default, and is no default of a configuration file."""
    value = getattr(config, name)
    if name in config.default_fields and value == FILE_DEFAULTS.get(name):
        return False
    return bool(value != getattr(_DEFAULT, name))


def plain_headers(config: LLMConfig) -> Headers:
    """Return the configured headers without credentials, names in lower case; `build_*` adds them."""
    return tuple([pair for pair in _config_headers(config) if not is_credential(pair[0])])


def credential_headers(config: LLMConfig) -> Headers:
    """Return the configured headers that hold credentials; `authorize` adds them."""
    if not config.headers:
        return ()
    return tuple([pair for pair in _config_headers(config) if is_credential(pair[0])])


def _config_headers(config: LLMConfig) -> Headers:
    """Return the configured headers; the last one of a name counts."""
    return tuple({name.lower(): value for name, value in config.headers}.items())
