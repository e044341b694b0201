"""A planted key is looked for in everything that shows text: 0 found.

Places: every field of an error, logs, reprs, rich, `config check`, `doctor`, `build`, the traffic log and cassettes.
Spellings: tests/support/secret_spellings.py. The service quotes the key in each of them.
"""

import asyncio
import base64
import json
import logging
import os
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import msgspec
import pytest

from llm_pure import LLM, LLMConfig, describe
from llm_pure.cli.main import main
from llm_pure.policy.retry import NO_RETRY
from llm_pure.replay.cassette_writer import open_cassette
from llm_pure.replay.recorder import RecordingOverride
from llm_pure.transports.base import TransportSettings
from llm_pure.transports.override import override_transport
from llm_pure.types.completion import Completion
from llm_pure.types.errors import (
    InvalidConfiguration,
    InvalidRequest,
    ProtocolError,
    StreamInterrupted,
    redact_error,
)
from llm_pure.types.result import Failure
from tests.support.http_service import http_service
from tests.support.secret_spellings import readings, spellings

KEY = "Cq7/pX+9w-Lm_4T2sKdZ"
SHORT = "c4n4ry"
SPELLINGS = spellings(KEY)
BASIC = base64.b64encode(f"me:{KEY}".encode()).decode()

SOURCES: dict[str, tuple[LLMConfig, TransportSettings | None]] = {
    "the key": (LLMConfig(api_key=KEY), None),
    "a header of Bearer": (LLMConfig(headers=(("Authorization", f"Bearer {KEY}"),)), None),
    "a header of Basic": (LLMConfig(headers=(("Authorization", f"Basic {BASIC}"),)), None),
    "a cookie": (LLMConfig(api_key="k", headers=(("Cookie", f"a=b; session={KEY}"),)), None),
    "a pair in a header": (
        LLMConfig(api_key="k", headers=(("X-Auth-Token", f"me:{KEY}"),)),
        None,
    ),
    "a parameter of a header": (
        LLMConfig(headers=(("Authorization", f'Token token="{KEY}"'),)),
        None,
    ),
    "a scheme in a header of one's own": (
        LLMConfig(api_key="k", headers=(("X-Pass", f"Bearer {KEY}"),)),
        None,
    ),
    "a header of one's own": (LLMConfig(api_key="k", headers=(("X-Pass", KEY),)), None),
    "a header of the settings": (
        LLMConfig(api_key="k"),
        TransportSettings(headers=(("X-License", KEY),)),
    ),
    "a token of the settings": (
        LLMConfig(api_key="k"),
        TransportSettings(headers=(("Proxy-Authorization", f"Bearer {KEY}"),)),
    ),
}


class _Service(BaseHTTPRequestHandler):
    """Quotes `quoted` in every field of an error that a service may send."""

    quoted = ""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        text = self.quoted
        in_header = text.replace("\r", " ").replace("\n", " ")
        fields = {
            "message": f"the key {text} is wrong",
            "code": text,
            "param": text,
            "type": "invalid_request_error",
            "more": [{text: [text]}],
        }
        body = json.dumps({"error": fields}).encode()
        self.send_response(400)
        self.send_header("content-type", "application/json")
        self.send_header("x-request-id", in_header)
        self.send_header("x-ratelimit-remaining-requests", in_header)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Writes nothing."""


@pytest.fixture(autouse=True)
def _no_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with http_service(_Service) as server:
        yield f"{server}/v1"


def shown_by_a_call(
    url: str, source: str, quoted: str, caplog: pytest.LogCaptureFixture, transport: str = "httpx"
) -> str:
    """Everything that a failed call shows: the error in each form, and the log."""
    _Service.quoted = quoted
    config, settings = SOURCES[source]
    config = msgspec.structs.replace(config, model="gpt-5-mini", base_url=url)
    caplog.clear()
    with (
        caplog.at_level(logging.DEBUG, "llm_pure"),
        LLM(config, transport, settings=settings, retry=NO_RETRY) as llm,
    ):
        result = llm.completion(f"is {quoted} my key?")
    assert isinstance(result, Failure)
    error = result.failure()
    assert error.status == 400
    assert error.message.startswith("the key ")
    assert caplog.text
    fields = msgspec.json.encode(error).decode()
    return "\n".join(
        [repr(error), describe(error), fields, caplog.text, repr(llm.config), repr(settings)]
    )


@pytest.mark.parametrize("transport", ["httpx", "httpx2"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_error_of_a_service_shows_no_spelling_of_the_key(
    url: str, caplog: pytest.LogCaptureFixture, spelling: str, transport: str
) -> None:
    shown = shown_by_a_call(url, "the key", SPELLINGS[spelling], caplog, transport)
    assert KEY not in readings(shown)
    assert SPELLINGS[spelling] not in shown


@pytest.mark.parametrize("source", SOURCES)
def test_a_key_is_hidden_whatever_holds_it(
    url: str, caplog: pytest.LogCaptureFixture, source: str
) -> None:
    assert KEY not in readings(shown_by_a_call(url, source, KEY, caplog))


def test_an_error_over_aiohttp_shows_no_key(url: str, caplog: pytest.LogCaptureFixture) -> None:
    _Service.quoted = KEY
    config = LLMConfig(api_key=KEY, model="gpt-5-mini", base_url=url)

    async def fail() -> Any:
        async with LLM(config, "aiohttp", retry=NO_RETRY) as llm:
            return (await llm.acompletion("hi")).failure()

    with caplog.at_level(logging.DEBUG, "llm_pure"):
        error = asyncio.run(fail())
    assert error.status == 400
    assert "***" in error.message
    assert KEY not in readings(repr(error) + describe(error) + caplog.text)


def test_a_short_key_is_hidden(url: str, caplog: pytest.LogCaptureFixture) -> None:
    SOURCES["a short key"] = (LLMConfig(api_key=SHORT), None)
    try:
        assert SHORT not in shown_by_a_call(url, "a short key", SHORT, caplog)
    finally:
        del SOURCES["a short key"]


ERRORS = [
    InvalidRequest(
        message=KEY,
        code=KEY,
        request_id=KEY,
        param=KEY,
        body={"a": [KEY]},
        rate_limits=(("a", KEY),),
    ),
    ProtocolError(message="m", where=KEY, evidence=KEY.encode() + b"\xff"),
    ProtocolError(
        message="m", evidence=b"x" * 290 + KEY.encode()
    ),  # the evidence ends inside the key
    InvalidConfiguration(message="m", suggestions=(KEY, "b")),
    StreamInterrupted(
        message="m", partial=Completion(id=KEY, model=KEY, extra={"a": {KEY: [KEY]}})
    ),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.kind)
def test_every_field_of_an_error_is_searched(error: Any) -> None:
    redacted = redact_error(error, [KEY])
    assert KEY[:8] not in repr(redacted) + describe(redacted)
    assert type(redacted) is type(error)


def test_a_text_that_is_cut_inside_a_key_ends_before_it() -> None:
    long = InvalidRequest(message="m" * 5_990 + KEY + "m" * 3_000, body={"a": "b" * 1_990 + KEY})
    shown = repr(redact_error(long, [KEY]))
    assert KEY[:8] in repr(long)
    assert KEY[:8] not in shown


@pytest.mark.parametrize("depth", [39, 41, 120])
def test_a_key_deep_in_a_partial_response_is_hidden(depth: int) -> None:
    value: Any = KEY
    for _ in range(depth):
        value = [value]
    error = StreamInterrupted(message="m", partial=Completion(extra={"a": value}))
    assert KEY.encode() not in msgspec.json.encode(redact_error(error, [KEY]))


def test_an_error_without_secrets_is_as_it_was() -> None:
    error = StreamInterrupted(
        message="m", code="c", partial=Completion(id="i", extra={"a": [1, None]})
    )
    assert redact_error(error, [KEY]) == error


PASSWORDS = ("p@ss", "p/ss", "p?ss", "p#ss", "p@s/s?w#d", "12/34", "a:b@c")


@pytest.mark.parametrize("transport", ["httpx", "httpx2", "aiohttp"])
@pytest.mark.parametrize("password", PASSWORDS)
def test_a_password_in_a_proxy_is_nowhere(password: str, transport: str) -> None:
    secret = f"can{password}ary"
    proxy = f"http://user:{secret}@127.0.0.1:9"
    config = LLMConfig(api_key="k", model="m", base_url="http://127.0.0.1:9/v1", proxy=proxy)

    async def fail() -> Any:
        async with LLM(config, transport, retry=NO_RETRY) as llm:
            return (await llm.acompletion("hi", timeout_s=5)).failure()

    shown = repr(asyncio.run(fail())) + repr(config) + repr(TransportSettings(proxy=proxy))
    for part in (secret, "can", "ary"):
        assert part not in shown.replace("cannot", "")


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_password_in_a_url_is_not_shown_by_commands(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    password: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = f"ZZQ{password}QZZ"
    path = tmp_path / "config2.yaml"
    path.write_text(
        f"llm:\n  api_key: k\n  model: gpt-5-mini\n  base_url: 'https://me:{secret}@gw.test/v1'\n"
        f"  proxy: 'http://me:{secret}@proxy:3128'\n"
    )
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:{secret}@proxy:3128")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.chdir(tmp_path)
    for command in (
        ["config", "check", str(path)],
        ["doctor"],
        ["build", "--config", str(path), "hi"],
        ["build", "--curl", "--config", str(path), "hi"],
    ):
        main(command)
        shown = capsys.readouterr()
        assert "***" in shown.out + shown.err, command
        assert "ZZQ" not in shown.out + shown.err, command
        assert "QZZ" not in shown.out + shown.err, command
        assert KEY not in shown.out + shown.err, command


INJECTIONS = (
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned; '",
    '"; touch pwned; "',
    "\\'; touch pwned #",
)


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "X-Own", "User-Agent", "X-Title"])
@pytest.mark.parametrize("injection", INJECTIONS)
def test_a_curl_command_shows_no_configured_secret_and_runs_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, injection: str
) -> None:
    secret = f"Bearer {KEY}{injection}"
    path = tmp_path / "config2.yaml"
    value = secret if name not in ("User-Agent", "X-Title") else injection
    path.write_text(json.dumps({"llm": {"api_key": "k", "model": "m", "headers": {name: value}}}))
    assert main(["build", "--curl", "--config", str(path), f"hi {injection}"]) == 0
    command, notes = capsys.readouterr()
    assert KEY not in command + notes
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "curl").write_text("#!/bin/sh\ntouch ran\n")
    (tools / "curl").chmod(0o755)
    path_variable = f"{tools}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, env={"PATH": path_variable},
        capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "ran").exists()
    assert not (tmp_path / "pwned").exists()


def test_a_configured_header_goes_by_the_name_of_a_variable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config2.yaml"
    headers = {"Authorization": f"Bearer {KEY}", "X-Own": KEY}
    path.write_text(json.dumps({"llm": {"model": "m", "headers": headers}}))
    assert main(["build", "--curl", "--config", str(path), "hi"]) == 0
    command, notes = capsys.readouterr()
    assert '-H "authorization: $HEADER_AUTHORIZATION"' in command
    assert '-H "x-own: $HEADER_X_OWN"' in command
    assert "set $HEADER_X_OWN to the configured value of the header 'x-own'" in notes
    assert main(["build", "--config", str(path), "hi"]) == 0
    shown = json.loads(capsys.readouterr().out)["headers"]
    assert shown["x-own"] == "***"


def test_rich_shows_no_secret_of_settings_and_configurations() -> None:
    settings = TransportSettings(
        proxy=f"http://me:{KEY}@proxy", headers=(("X-Own", KEY), ("Authorization", f"Bearer {KEY}"))
    )
    config = LLMConfig(
        api_key=KEY, proxy=f"http://me:{KEY}@proxy", headers=(("X-Own", KEY),), tls_key_password=KEY
    )
    shown = repr([settings.__rich_repr__(), config.__rich_repr__(), settings, config])
    assert KEY not in shown
    assert dict(settings.__rich_repr__())["headers"] == (("x-own", "***"), ("authorization", "***"))


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_traffic_log_has_no_spelling_of_the_key(
    url: str, spelling: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_PURE_LOG", str(tmp_path))
    _Service.quoted = SPELLINGS[spelling]
    config = LLMConfig(api_key=KEY, model="gpt-5-mini", base_url=url)
    with LLM(config, "httpx", retry=NO_RETRY) as llm:
        llm.completion(f"is {SPELLINGS[spelling]} my key?").failure()
    [file] = tmp_path.glob("*.yaml")
    assert KEY not in readings(file.read_text("utf-8"))


@pytest.mark.parametrize("source", SOURCES)
def test_the_traffic_log_has_no_key_whatever_holds_it(
    url: str, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_PURE_LOG", str(tmp_path))
    _Service.quoted = KEY
    config, settings = SOURCES[source]
    config = msgspec.structs.replace(config, model="gpt-5-mini", base_url=url)
    with LLM(config, "httpx", settings=settings, retry=NO_RETRY) as llm:
        llm.completion("is it my key?").failure()
    [file] = tmp_path.glob("*.yaml")
    assert KEY not in readings(file.read_text("utf-8"))


@pytest.mark.parametrize("source", SOURCES)
def test_a_cassette_has_no_key_whatever_holds_it(url: str, source: str, tmp_path: Path) -> None:
    _Service.quoted = KEY
    config, settings = SOURCES[source]
    config = msgspec.structs.replace(config, model="gpt-5-mini", base_url=url)
    cassette = open_cassette(tmp_path / "x.yaml", "all").unwrap()
    with (
        override_transport(RecordingOverride(cassette)),
        LLM(config, "httpx", settings=settings, retry=NO_RETRY) as llm,
    ):
        llm.completion("is it my key?").failure()
    cassette.save().unwrap()
    assert KEY not in readings((tmp_path / "x.yaml").read_text("utf-8"))
