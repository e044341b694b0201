"""TLS as the configuration says: own authorities, a client's certificate, no check; against a server on loopback."""

import errno
import os
import ssl
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trustme

from llm_pure import LLMConfig
from llm_pure.client import LLM
from llm_pure.policy.retry import NO_RETRY
from llm_pure.transports import aiohttp_io, httpx_io
from llm_pure.transports.base import TransportSettings
from llm_pure.transports.tls import load_tls
from llm_pure.types.errors import ConnectionFailed, InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.carriers import every_kind
from tests.support.loopback import Connection, Loopback, always, response
from tests.support.tiny_provider import JSON, REGISTRY, config, whole
from tests.support.twins import called

ANSWER = response(whole("Hello"), headers=JSON)
PASSWORD = "hunter2-hunter2"


class Authority(msgspec.Struct, frozen=True):
    """One made for these tests, with a server's certificate and a client's; and where their files are."""

    ca: trustme.CA
    folder: Path

    @property
    def ca_file(self) -> str:
        return str(self.folder / "ca.pem")

    @property
    def fields(self) -> dict[str, str]:
        """The client's certificate and key, as the configuration names them."""
        return {
            "tls_cert_file": str(self.folder / "client.pem"),
            "tls_key_file": str(self.folder / "client.key"),
        }

    def server(self, *, wants_certificate: bool = False) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert("127.0.0.1").configure_cert(context)
        if wants_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            self.ca.configure_trust(context)
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("tls")
    ca = trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    client = ca.issue_cert("client@example.org")
    client.private_key_and_cert_chain_pem.write_to_path(folder / "both.pem")
    client.cert_chain_pems[0].write_to_path(folder / "client.pem")
    client.private_key_pem.write_to_path(folder / "client.key")
    (folder / "locked.key").write_bytes(locked(client.private_key_pem.bytes()))
    ca.issue_cert("other.example").private_key_pem.write_to_path(folder / "other.key")
    (folder / "sub").mkdir()
    (folder / "words.pem").write_text("these are words\n")
    return Authority(ca, folder)


def locked(key: bytes) -> bytes:
    """The same key under the password."""
    from cryptography.hazmat.primitives import serialization

    return serialization.load_pem_private_key(key, None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(PASSWORD.encode()),
    )


def asked(
    kind: str, settings: LLMConfig, method: str = "ask", shared: TransportSettings | None = None
) -> LLMResult[Any]:
    name, mode = kind.split()
    llm = LLM(settings, name, registry=REGISTRY, retry=NO_RETRY, settings=shared)
    answer: LLMResult[Any] = called(mode, llm, method, "Hi")
    return answer


@every_kind
def test_an_authority_of_ones_own_is_trusted(kind: str, authority: Authority) -> None:
    with Loopback(always(ANSWER), authority.server()) as server:
        got = asked(kind, config(base_url=server.url, tls_ca_file=authority.ca_file))
        assert got == Success("Hello")
        assert server.wait_until_left()


@every_kind
def test_a_certificate_that_nobody_vouches_for_ends_the_call_before_the_key_is_sent(
    kind: str, authority: Authority
) -> None:
    with Loopback(always(ANSWER), authority.server()) as server:
        error = asked(kind, config(base_url=server.url)).failure()
        assert isinstance(error, ConnectionFailed)
        assert (error.retryable, error.cause) == (False, "untrusted")
        assert error.message.startswith(f"no connection to 127.0.0.1:{server.port}: ")
        assert server.requests == []
        assert server.wait_until_left()


@every_kind
def test_a_certificate_of_another_host_ends_the_call_too(kind: str, authority: Authority) -> None:
    with Loopback(always(ANSWER), authority.server()) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        error = asked(kind, config(base_url=url, tls_ca_file=authority.ca_file)).failure()
        assert isinstance(error, ConnectionFailed)
        assert (error.retryable, error.cause) == (False, "untrusted")
        assert server.requests == []


@every_kind
def test_without_verification_anybody_is_trusted(kind: str, authority: Authority) -> None:
    with Loopback(always(ANSWER), authority.server()) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        assert asked(kind, config(base_url=url, tls_verify=False)) == Success("Hello")


@every_kind
@pytest.mark.parametrize("files", ["two", "one", "locked"])
def test_a_client_shows_its_certificate(files: str, kind: str, authority: Authority) -> None:
    fields: dict[str, Any] = {
        "two": authority.fields,
        "one": {"tls_cert_file": str(authority.folder / "both.pem")},
        "locked": {
            **authority.fields,
            "tls_key_file": str(authority.folder / "locked.key"),
            "tls_key_password": PASSWORD,
        },
    }[files]
    with Loopback(always(ANSWER), authority.server(wants_certificate=True)) as server:
        settings = config(base_url=server.url, tls_ca_file=authority.ca_file, **fields)
        assert asked(kind, settings) == Success("Hello")


@every_kind
def test_a_service_that_wants_a_certificate_is_not_answered_without(
    kind: str, authority: Authority
) -> None:
    with Loopback(always(ANSWER), authority.server(wants_certificate=True)) as server:
        settings = config(base_url=server.url, tls_ca_file=authority.ca_file)
        error = asked(kind, settings).failure()
        assert isinstance(error, ConnectionFailed)
        assert server.requests == []
        assert server.wait_until_left()


@every_kind
def test_a_context_of_the_callers_own_serves_as_well(kind: str, authority: Authority) -> None:
    context = ssl.create_default_context(cafile=authority.ca_file)
    with Loopback(always(ANSWER), authority.server()) as server:
        shared = TransportSettings(tls=context)
        assert asked(kind, config(base_url=server.url), shared=shared) == Success("Hello")


@every_kind
def test_the_tunnel_of_a_proxy_ends_at_the_service_itself(kind: str, authority: Authority) -> None:
    """The proxy sees where the call goes, and nothing of what is said."""

    def tunnel(connection: Connection) -> None:
        assert connection.read_request().startswith(b"CONNECT 127.0.0.1:")
        connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        connection.join(server.port)

    with (
        Loopback(always(ANSWER), authority.server()) as server,
        Loopback(tunnel) as proxy,
    ):
        settings = config(base_url=server.url, tls_ca_file=authority.ca_file, proxy=proxy.url)
        assert asked(kind, settings) == Success("Hello")
        assert len(proxy.requests) == 1
        assert b"authorization" not in proxy.requests[0].lower()
        assert len(server.requests) == 1


@every_kind
def test_a_proxy_that_speaks_tls_itself(kind: str, authority: Authority) -> None:
    with Loopback(always(ANSWER), authority.server()) as proxy:
        settings = config(
            base_url="http://service.invalid", tls_ca_file=authority.ca_file, proxy=proxy.url
        )
        assert asked(kind, settings) == Success("Hello")
        assert proxy.requests[0].startswith(b"POST http://service.invalid/ask ")


NO_PAIR = "it and the key are not a PEM pair, or tls_key_password is missing or wrong"

WRONG: dict[str, tuple[dict[str, str], str, str]] = {
    "no such authorities": (
        {"tls_ca_file": "none.pem"},
        "tls_ca_file",
        f"none.pem: {os.strerror(errno.ENOENT)}",
    ),
    "authorities that are a folder": (
        {"tls_ca_file": "sub"},
        "tls_ca_file",
        f"sub: {os.strerror(errno.EISDIR)}",
    ),
    "authorities that are words": (
        {"tls_ca_file": "words.pem"},
        "tls_ca_file",
        "words.pem: it contains no PEM certificate",
    ),
    "no such certificate": (
        {"tls_cert_file": "none.pem"},
        "tls_cert_file",
        f"none.pem: {os.strerror(errno.ENOENT)}",
    ),
    "no such key": (
        {"tls_cert_file": "client.pem", "tls_key_file": "none.key"},
        "tls_key_file",
        f"none.key: {os.strerror(errno.ENOENT)}",
    ),
    "a certificate that is words": (
        {"tls_cert_file": "words.pem", "tls_key_file": "client.key"},
        "tls_cert_file",
        f"words.pem: {NO_PAIR}",
    ),
    "a certificate without its key": (
        {"tls_cert_file": "client.pem"},
        "tls_cert_file",
        f"client.pem: {NO_PAIR}",
    ),
    "the key of another certificate": (
        {"tls_cert_file": "client.pem", "tls_key_file": "other.key"},
        "tls_cert_file",
        f"client.pem: {NO_PAIR}",
    ),
    "a password that is wrong": (
        {
            "tls_cert_file": "client.pem",
            "tls_key_file": "locked.key",
            "tls_key_password": "hunter1",
        },
        "tls_cert_file",
        f"client.pem: {NO_PAIR}",
    ),
    "a password that is missing": (
        {"tls_cert_file": "client.pem", "tls_key_file": "locked.key"},
        "tls_cert_file",
        f"client.pem: {NO_PAIR}",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_files_that_cannot_be_used_are_the_failure_of_every_call(
    name: str, authority: Authority
) -> None:
    fields, field, why = WRONG[name]
    named = {
        key: str(authority.folder / value) if key.endswith("_file") else value
        for key, value in fields.items()
    }
    message = f"{field} cannot be used: {authority.folder}/{why}"
    error = InvalidConfiguration(message=message, field=field)
    llm = LLM(config(**named), registry=REGISTRY)
    assert llm.ask("Hi") == Failure(error)
    assert llm.warmup() == Failure(error)


def test_a_key_without_a_certificate_is_one_too(authority: Authority) -> None:
    llm = LLM(config(tls_key_file=authority.fields["tls_key_file"]), registry=REGISTRY)
    what = "tls_key_file is set without tls_cert_file, the certificate of this key"
    assert llm.ask("Hi") == Failure(InvalidConfiguration(message=what, field="tls_cert_file"))


@every_kind
def test_authorities_of_the_environment_that_are_not_there_are_the_failure_of_every_call(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/none/ca.pem")
    aiohttp_io.default_tls.cache_clear()
    httpx_io._default_tls.cache_clear()
    what = f"SSL_CERT_FILE or SSL_CERT_DIR names no certificates: {os.strerror(errno.ENOENT)}"
    error = InvalidConfiguration(message=what, field="tls_ca_file")
    settings = config(base_url="https://127.0.0.1:1")
    name, mode = kind.split()
    llm = LLM(settings, name, registry=REGISTRY)
    assert asked(kind, settings) == Failure(msgspec.structs.replace(error, provider="tiny"))
    assert called(mode, llm, "warmup") == Failure(error)


def test_authorities_of_the_environment_are_needed_for_a_certificate_of_ones_own_too(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)
    settings = LLMConfig(tls_cert_file=str(authority.folder / "both.pem"))
    assert len(load_tls(settings).unwrap().get_ca_certs()) == 1
    monkeypatch.setenv("SSL_CERT_FILE", "/none/ca.pem")
    what = f"SSL_CERT_FILE or SSL_CERT_DIR names no certificates: {os.strerror(errno.ENOENT)}"
    assert load_tls(settings) == Failure(InvalidConfiguration(message=what, field="tls_ca_file"))


@pytest.mark.parametrize("field", ["tls_ca_file", "tls_cert_file", "tls_key_file"])
def test_a_name_that_no_file_can_have_is_no_exception(field: str, authority: Authority) -> None:
    fields: dict[str, Any] = {**authority.fields, field: "a\0b"}
    got = load_tls(config(**fields))
    assert isinstance(got, Failure)
    assert isinstance(got.failure(), InvalidConfiguration)


def test_a_password_that_is_too_long_for_openssl_is_no_exception(authority: Authority) -> None:
    fields: dict[str, Any] = {
        **authority.fields,
        "tls_key_file": str(authority.folder / "locked.key"),
        "tls_key_password": "x" * 5000,
    }
    got = load_tls(config(**fields))
    assert isinstance(got, Failure)
    assert isinstance(got.failure(), InvalidConfiguration)


def test_the_password_shows_nowhere(authority: Authority) -> None:
    settings = config(**{**authority.fields, "tls_key_file": "/none"}, tls_key_password=PASSWORD)
    assert PASSWORD not in repr(settings)
    assert PASSWORD not in repr(LLM(settings, registry=REGISTRY).ask("Hi"))


def test_a_home_folder_may_be_a_tilde(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(authority.folder))
    settings = LLMConfig(
        tls_ca_file="~/ca.pem", tls_cert_file="~/client.pem", tls_key_file="~/client.key"
    )
    context = load_tls(settings).unwrap()
    numbers = [int(str(one["serialNumber"]), 16) for one in context.get_ca_certs()]
    assert numbers == [serial_number(authority.ca)]


def serial_number(ca: trustme.CA) -> int:
    from cryptography.x509 import load_pem_x509_certificate

    return load_pem_x509_certificate(ca.cert_pem.bytes()).serial_number
