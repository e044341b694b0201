"""`LLMConfig`: everything that stays the same from one call to the next, under the names of MetaGPT's config2.yaml."""

from typing import Literal, TypeAlias

import msgspec

from llm_pure.types.http import Headers, RedactedRepr, is_credential, redact_headers, redact_url


class Secret:
    """A string that never shows itself: not in repr, str, format or logs. `reveal()` gives it, where it is used.

    >>> Secret("sk-live")
    Secret('***')
    """

    __slots__ = ("_value",)
    _value: str

    def __init__(self, value: str) -> None:
        object.__setattr__(self, "_value", value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Secret does not change")

    def reveal(self) -> str:
        """The secret itself."""
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
"""What a secret field takes; it holds a Secret from then on."""


def reveal(value: SecretInput | None) -> str:
    """The text of a secret field, "" when it is not set."""
    if value is None:
        return ""
    return value.reveal() if isinstance(value, Secret) else value


CompressType: TypeAlias = Literal[
    "", "no_compress", "post_cut_by_token", "post_cut_by_msg", "pre_cut_by_token", "pre_cut_by_msg"
]

Modality: TypeAlias = Literal["image", "audio", "document"]
"""What a message may hold beside text."""

SECRET_FIELDS = (
    "api_key",
    "access_key",
    "secret_key",
    "session_token",
    "api_secret",
    "tls_key_password",
)
"""The fields that hold a Secret. `app_id` is an account number and shows."""


class LLMConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One model at one provider.

    api_type: the provider, a name of `registry.names()`. base_url: None is the provider's own. model: for azure the
    deployment. pricing_plan: the key for prices and counting, the model where None. access_key, secret_key,
    session_token, endpoint, region_name: cloud credentials and places. app_id, api_secret, domain: Spark's.
    max_token: output limit in tokens. timeout: seconds for the whole call; 0 is 600. context_length: largest input in
    tokens, over the table of models. calc_usage: count locally what the provider does not report.
    reasoning_max_token: budget of reasoning tokens where reasoning is true and the request says nothing.
    headers: sent with every request. project, location: Vertex AI's. input_modalities: what the model takes beside text,
    over the table of models; () is nothing, None leaves it to the table.

    connect_timeout, read_timeout, write_timeout, pool_timeout: seconds for one step, within those of the whole call: until a
    connection is made, the next byte came, a piece was sent, a connection was free. max_connections: to one host.
    keep_alive: seconds that an idle connection is kept. None, or 0: the client's settings. tls_ca_file: PEM file of
    the authorities to trust in place of the usual ones. tls_cert_file, tls_key_file, tls_key_password: of the client's
    own certificate; the key may stand in the file of the certificate. tls_verify: False trusts anybody.
    """

    api_key: SecretInput | None = None
    api_type: str = "openai"
    base_url: str | None = None
    api_version: str | None = None
    model: str = ""
    pricing_plan: str | None = None
    access_key: SecretInput | None = None
    secret_key: SecretInput | None = None
    session_token: SecretInput | None = None
    endpoint: str | None = None
    app_id: str | None = None
    api_secret: SecretInput | None = None
    domain: str | None = None
    max_token: int = 4096
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    stop: str | tuple[str, ...] | None = None
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    best_of: int | None = None
    n: int | None = None
    stream: bool = True
    seed: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    timeout: float = 600
    context_length: int | None = None
    region_name: str | None = None
    project: str | None = None
    location: str | None = None
    proxy: str | None = None
    calc_usage: bool = True
    compress_type: CompressType = "no_compress"
    use_system_prompt: bool = True
    reasoning: bool = False
    reasoning_max_token: int = 4000
    headers: tuple[tuple[str, str], ...] = ()
    connect_timeout: float | None = None
    read_timeout: float | None = None
    write_timeout: float | None = None
    pool_timeout: float | None = None
    max_connections: int | None = None
    keep_alive: float | None = None
    tls_verify: bool = True
    tls_ca_file: str | None = None
    tls_cert_file: str | None = None
    tls_key_file: str | None = None
    tls_key_password: SecretInput | None = None
    input_modalities: tuple[Modality, ...] | None = None

    def __post_init__(self) -> None:
        for name in SECRET_FIELDS:
            value = getattr(self, name)
            if isinstance(value, str):
                msgspec.structs.force_setattr(self, name, Secret(value))
        if not self.timeout:
            msgspec.structs.force_setattr(self, "timeout", 600.0)

    def __repr__(self) -> str:
        """Only what differs from the defaults, and no credential."""
        shown = [f"{name}={value!r}" for name, value in self.__rich_repr__()]
        return f"LLMConfig({', '.join(shown)})"

    def __rich_repr__(self) -> RedactedRepr:
        return [
            (name, _show(name, value))
            for name, value in msgspec.structs.asdict(self).items()
            if value != getattr(_DEFAULT, name)
        ]


def _show(name: str, value: object) -> object:
    if name in ("base_url", "proxy", "endpoint") and isinstance(value, str):
        return redact_url(value)
    if name == "headers" and isinstance(value, tuple):
        return redact_headers(tuple([(str(key).lower(), str(text)) for key, text in value]))
    return value


_DEFAULT = LLMConfig()


def is_overridden(config: LLMConfig, name: str) -> bool:
    """Did the user set this field to something of their own?"""
    return bool(getattr(config, name) != getattr(_DEFAULT, name))


def plain_headers(config: LLMConfig) -> Headers:
    """Return the configured headers without credentials, names in lower case; `build_*` adds them."""
    return tuple([pair for pair in _own_headers(config) if not is_credential(pair[0])])


def credential_headers(config: LLMConfig) -> Headers:
    """Return the configured headers that hold credentials; `authorize` adds them."""
    if not config.headers:
        return ()
    return tuple([pair for pair in _own_headers(config) if is_credential(pair[0])])


def _own_headers(config: LLMConfig) -> Headers:
    """Of several headers with one name the last counts."""
    return tuple({name.lower(): value for name, value in config.headers}.items())
