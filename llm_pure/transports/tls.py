"""The TLS fields of a configuration -> an SSLContext: own authorities, a client certificate, or no check at all."""

import os
import ssl

from llm_pure.transports.exchange import unusable_authorities
from llm_pure.types.config import LLMConfig, reveal
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success


def load_tls(config: LLMConfig) -> LLMResult[ssl.SSLContext]:
    """Reads the files that the configuration names; `~` is the home folder.

    InvalidConfiguration for one that cannot be read or does not hold what it should. No message has the password.
    """
    made = _trusting(config)
    return made.bind(lambda context: _certified(config, context))


def authorities() -> ssl.SSLContext:
    """A context that trusts whom httpx does: SSL_CERT_FILE and SSL_CERT_DIR where they are set, else certifi's.

    Raises OSError when there is no such file.
    """
    import certifi

    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not file and not folder:
        file = certifi.where()
    return ssl.create_default_context(cafile=file or None, capath=folder or None)


def _trusting(config: LLMConfig) -> LLMResult[ssl.SSLContext]:
    if not config.tls_verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return Success(context)
    if not config.tls_ca_file:
        try:
            return Success(authorities())
        except OSError as fault:
            return Failure(unusable_authorities(fault))
    place = os.path.expanduser(config.tls_ca_file)
    try:
        return Success(ssl.create_default_context(cafile=place))
    except (ssl.SSLError, ValueError):
        return _unusable("tls_ca_file", f"{place}: it holds no certificate in PEM")
    except OSError as fault:
        return _unusable("tls_ca_file", f"{place}: {fault.strerror}")


def _certified(config: LLMConfig, context: ssl.SSLContext) -> LLMResult[ssl.SSLContext]:
    if not config.tls_cert_file:
        if not config.tls_key_file:
            return Success(context)
        what = "tls_key_file is the key of a certificate: tls_cert_file is missing"
        return Failure(InvalidConfiguration(message=what, field="tls_cert_file"))
    certificate = os.path.expanduser(config.tls_cert_file)
    key = os.path.expanduser(config.tls_key_file or config.tls_cert_file)
    try:
        # a function, even of "": without one OpenSSL asks for the password on the terminal
        context.load_cert_chain(certificate, key, lambda: reveal(config.tls_key_password))
    except (ssl.SSLError, ValueError):  # it does not tell these apart
        why = "it and the key are no pair in PEM, or tls_key_password is missing or wrong"
        return _unusable("tls_cert_file", f"{certificate}: {why}")
    except OSError as fault:  # it does not tell which one
        lacks_key = os.path.isfile(certificate)
        field, place = ("tls_key_file", key) if lacks_key else ("tls_cert_file", certificate)
        return _unusable(field, f"{place}: {fault.strerror}")
    return Success(context)


def _unusable(field: str, why: str) -> Failure[InvalidConfiguration]:
    return Failure(InvalidConfiguration(message=f"{field} cannot be used: {why}", field=field))
