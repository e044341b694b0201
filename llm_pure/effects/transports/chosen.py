"""What a configuration says of its transport -> TransportSettings, over those that all configurations of a client share."""

from typing import Any

import msgspec

from llm_pure.config import LLMConfig
from llm_pure.effects.transports import TransportSettings
from llm_pure.errors import ConfigurationInvalid
from llm_pure.result import Failure, Parsed, Success

NUMBERS = {
    "connect_timeout": "connect_s",
    "read_timeout": "read_s",
    "write_timeout": "write_s",
    "pool_timeout": "pool_s",
    "max_connections": "max_connections",
    "keep_alive": "keep_alive_s",
}
"""Fields of LLMConfig, and of TransportSettings."""

TLS = ("tls_ca_file", "tls_cert_file", "tls_key_file")
"""Fields of LLMConfig that name files."""


def settings_of(config: LLMConfig, common: TransportSettings) -> Parsed[TransportSettings]:
    """The common settings with the configuration's own in place of them; a number that is 0 is one that is not set.

    ConfigurationInvalid for a number below 0, and for files of certificates that cannot be used.
    """
    chosen: dict[str, Any] = {}
    for field in ("timeout", *NUMBERS):
        value = getattr(config, field)
        if not value:
            continue
        if not value > 0:  # NaN neither
            what = f"{field} is to be above 0, and is {value}"
            return Failure(ConfigurationInvalid(message=what, field=field))
        if field in NUMBERS:
            chosen[NUMBERS[field]] = value
    if config.proxy:
        chosen["proxy"] = config.proxy
    if not config.tls_verify or any(getattr(config, field) for field in TLS):
        from llm_pure.effects.transports.tls import load_tls  # hardly ever needed

        tls = load_tls(config)
        if isinstance(tls, Failure):
            return tls
        chosen["tls"] = tls.unwrap()
    return Success(msgspec.structs.replace(common, **chosen) if chosen else common)
