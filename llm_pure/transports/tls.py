"""TLS fields of a configuration -> SSLContext: private authorities, a client certificate, or no verification."""

import os
import ssl
from functools import lru_cache

from llm_pure.types.config import LLMConfig, reveal
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.rejection import Rejected, returns_failure


@returns_failure
def load_tls(config: LLMConfig) -> ssl.SSLContext:
    """Read the files that the configuration names; `~` is the home folder.

    Fails with InvalidConfiguration for a file that cannot be read or has no valid content. No message contains the password.
    """
    context = _load_authorities(config)
    if config.tls_cert_file:
        _load_certificate(config, context)
    elif config.tls_key_file:
        message = "tls_key_file is set without tls_cert_file, the certificate of this key"
        raise Rejected(InvalidConfiguration(message=message, field="tls_cert_file"))
    return context


def default_authorities() -> ssl.SSLContext:
    """Trust the same authorities as httpx: SSL_CERT_FILE and SSL_CERT_DIR if set, else certifi's.

    Raises OSError if the file does not exist.
    """
    import certifi

    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not file and not folder:
        file = certifi.where()
    return ssl.create_default_context(cafile=file or None, capath=folder or None)


@lru_cache(maxsize=1)
def system_and_certifi() -> ssl.SSLContext:
    """Trust the authorities of the system and of certifi, which is installed with httpx."""
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def unusable_authorities(error: OSError) -> InvalidConfiguration:
    """Return the error for default authorities that cannot be read."""
    message = f"SSL_CERT_FILE or SSL_CERT_DIR names no certificates: {error.strerror or error}"
    return InvalidConfiguration(message=message, field="tls_ca_file")


def _load_authorities(config: LLMConfig) -> ssl.SSLContext:
    if not config.tls_verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if not config.tls_ca_file:
        try:
            return default_authorities()
        except OSError as error:
            raise Rejected(unusable_authorities(error)) from None
    file = os.path.expanduser(config.tls_ca_file)
    try:
        return ssl.create_default_context(cafile=file)
    except (ssl.SSLError, ValueError):
        raise _unusable("tls_ca_file", f"{file}: it contains no PEM certificate") from None
    except OSError as error:
        raise _unusable("tls_ca_file", f"{file}: {error.strerror}") from None


def _load_certificate(config: LLMConfig, context: ssl.SSLContext) -> None:
    certificate = os.path.expanduser(config.tls_cert_file or "")
    key = os.path.expanduser(config.tls_key_file or config.tls_cert_file or "")
    try:
        # a function, even of "": without one OpenSSL asks for the password on the terminal
        context.load_cert_chain(certificate, key, lambda: reveal(config.tls_key_password))
    except (ssl.SSLError, ValueError):  # one exception for all three
        reason = "it and the key are not a PEM pair, or tls_key_password is missing or wrong"
        raise _unusable("tls_cert_file", f"{certificate}: {reason}") from None
    except OSError as error:  # it does not name the file
        key_missing = os.path.isfile(certificate)
        field, file = ("tls_key_file", key) if key_missing else ("tls_cert_file", certificate)
        raise _unusable(field, f"{file}: {error.strerror}") from None


def _unusable(field: str, reason: str) -> Rejected:
    return Rejected(InvalidConfiguration(message=f"{field} cannot be used: {reason}", field=field))
