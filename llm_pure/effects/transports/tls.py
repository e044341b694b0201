"""The TLS fields of a configuration -> an SSLContext: own authorities, a client certificate, or no check at all."""

import os
import ssl

from llm_pure.config import LLMConfig, reveal
from llm_pure.errors import ConfigurationInvalid
from llm_pure.result import Failure, Parsed, Success


def load_tls(config: LLMConfig) -> Parsed[ssl.SSLContext]:
    """Reads the files that the configuration names; `~` is the home folder.

    ConfigurationInvalid for one that cannot be read or does not hold what it should. No message has the password.
    """
    made = _trusting(config)
    return made.bind(lambda context: _certified(config, context))


def authorities() -> ssl.SSLContext:
    """A context that trusts whom httpx does: SSL_CERT_FILE and SSL_CERT_DIR where they are set, else certifi's."""
    import certifi

    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not file and not folder:
        file = certifi.where()
    return ssl.create_default_context(cafile=file or None, capath=folder or None)


def _trusting(config: LLMConfig) -> Parsed[ssl.SSLContext]:
    if not config.tls_verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return Success(context)
    if not config.tls_ca_file:
        return Success(authorities())
    place = os.path.expanduser(config.tls_ca_file)
    try:
        if os.path.isdir(place):
            return Success(ssl.create_default_context(capath=place))
        return Success(ssl.create_default_context(cafile=place))
    except OSError as fault:  # ssl.SSLError is one
        return _unusable("tls_ca_file", place, fault)


def _certified(config: LLMConfig, context: ssl.SSLContext) -> Parsed[ssl.SSLContext]:
    if not config.tls_cert_file:
        if not config.tls_key_file:
            return Success(context)
        what = "tls_key_file is the key of a certificate: tls_cert_file is missing"
        return Failure(ConfigurationInvalid(message=what, field="tls_cert_file"))
    certificate = os.path.expanduser(config.tls_cert_file)
    key = os.path.expanduser(config.tls_key_file) if config.tls_key_file else None
    for field, place in (("tls_cert_file", certificate), ("tls_key_file", key)):
        if place is not None and not os.path.isfile(place):
            return _unusable(field, place, FileNotFoundError("there is no such file"))
    try:
        # a function, even of "": without one OpenSSL asks for the password on the terminal
        context.load_cert_chain(certificate, key, lambda: reveal(config.tls_key_password))
    except OSError as fault:
        return _unusable("tls_key_file" if key else "tls_cert_file", key or certificate, fault)
    return Success(context)


def _unusable(field: str, place: str, fault: OSError) -> Failure[ConfigurationInvalid]:
    why = getattr(fault, "reason", None) or fault.strerror or str(fault)
    what = f"{field} cannot be used: {place}: {why}"
    return Failure(ConfigurationInvalid(message=what, field=field))
