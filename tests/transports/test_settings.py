"""What a configuration says of its transport reaches it: the time of each step, connections, proxy, headers."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import Any, NamedTuple

import pytest

from llm_pure import LLMConfig
from llm_pure.client import LLM
from llm_pure.client.targets import load_targets
from llm_pure.policy.retry import NO_RETRY
from llm_pure.settings.config_parser import parse_config_file, read_yaml
from llm_pure.transports import sockets
from llm_pure.transports.base import Timeouts, TransportSettings, settings_of, timeouts_of
from llm_pure.types.errors import InvalidConfiguration, LLMError, TimedOut
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.carriers import every_kind
from tests.support.configs import file_config
from tests.support.loopback import Connection, Loopback, always, answering, response
from tests.support.tiny_provider import JSON, REGISTRY, config, whole
from tests.support.twins import called

ANSWER = response(whole("Hello"), headers=JSON)


def asked(kind: str, settings: LLMConfig, text: str = "Hi") -> LLMResult[str]:
    """The answer over this kind of transport, with one attempt."""
    name, mode = kind.split()
    llm = LLM(settings, name, registry=REGISTRY, retry=NO_RETRY)
    answer: LLMResult[str] = called(mode, llm, "ask", text)
    return answer


EVERY = """
llm:
  api_type: tiny
  timeout: 60
  connect_timeout: 1
  read_timeout: "2"
  write_timeout: 3
  pool_timeout: 4.5
  max_connections: 6
  keep_alive: 7
  proxy: http://proxy.example:3128
  tls_verify: true
  tls_ca_file: ""
  headers: {X-Team: blue}
"""


def test_every_field_of_a_file_reaches_the_transport() -> None:
    sections = read_yaml(EVERY).unwrap()
    said = parse_config_file(sections, {}).unwrap().get().unwrap()
    assert said == file_config(
        api_type="tiny",
        timeout=60,
        connect_timeout=1,
        read_timeout=2,
        write_timeout=3,
        pool_timeout=4.5,
        max_connections=6,
        keep_alive=7,
        proxy="http://proxy.example:3128",
        headers=(("X-Team", "blue"),),
    )
    [lane] = load_targets([said], REGISTRY).unwrap()
    assert lane.settings == TransportSettings(
        connect_s=1,
        read_s=2,
        write_s=3,
        pool_s=4.5,
        max_connections=6,
        keep_alive_s=7,
        proxy="http://proxy.example:3128",
    )
    assert timeouts_of(lane.config, None, lane.settings) == Timeouts(
        connect_s=1, read_s=2, write_s=3, pool_s=4.5, total_s=60
    )


def test_what_the_configuration_leaves_open_is_the_clients() -> None:
    common = TransportSettings(connect_s=3, max_connections=9, headers=(("x-team", "red"),))
    assert settings_of(LLMConfig(), common) == Success(common)
    assert settings_of(LLMConfig(connect_timeout=0, max_connections=5), common) == Success(
        TransportSettings(connect_s=3, max_connections=5, headers=(("x-team", "red"),))
    )


def test_each_configuration_of_a_client_has_its_own() -> None:
    lanes = load_targets([config(max_connections=1), config(keep_alive=2)], REGISTRY).unwrap()
    assert [lane.settings for lane in lanes] == [
        TransportSettings(max_connections=1),
        TransportSettings(keep_alive_s=2),
    ]


def test_no_step_is_given_longer_than_the_whole_call() -> None:
    settings = settings_of(LLMConfig(read_timeout=30), TransportSettings()).unwrap()
    assert timeouts_of(LLMConfig(timeout=5), None, settings) == Timeouts(
        connect_s=5, read_s=5, write_s=5, pool_s=5, total_s=5
    )


NUMBERS = (
    "timeout", "connect_timeout", "read_timeout", "write_timeout", "pool_timeout", "max_connections", "keep_alive",
)  # fmt: skip


@pytest.mark.parametrize("field", NUMBERS)
def test_a_number_below_0_is_the_failure_of_every_call(field: str) -> None:
    fields: dict[str, Any] = {field: -1}
    expected = InvalidConfiguration(message=f"{field} must be above 0, not -1", field=field)
    llm = LLM(config(**fields), registry=REGISTRY)
    assert llm.ask("Hi") == Failure(expected)
    assert llm.warmup() == Failure(expected)


# one by one, against a server


@contextmanager
def full_listener(host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """An address where connections are neither taken nor refused."""
    with socket.create_server((host, port), backlog=0) as listener:
        place = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            with suppress(BlockingIOError):
                one.connect(place)
        try:
            yield f"http://127.0.0.1:{place[1]}"
        finally:
            for one in waiting:
                one.close()


class Timed(NamedTuple):
    """A call's error, and how long it took."""

    error: LLMError
    took_s: float


def timed(kind: str, settings: LLMConfig, text: str = "Hi") -> Timed:
    began = monotonic()
    got = asked(kind, settings, text)
    return Timed(got.failure(), monotonic() - began)


def late(place: str, phase: str, what: str, remedy: str = "") -> TimedOut:
    message = f"{what} {place} in time"
    return TimedOut(provider="tiny", message=message, phase=phase, retryable=True, remedy=remedy)


@every_kind
def test_connect_timeout(kind: str) -> None:
    with full_listener() as url:
        got = timed(kind, config(base_url=url, connect_timeout=0.2))
    assert got.error == late(url.removeprefix("http://"), "connect", "no connection to")
    assert 0.2 <= got.took_s < 20  # seconds: on a machine with much to do


def resolves(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """The host `several.test` has these addresses."""
    real = socket.getaddrinfo

    def found(host: Any, port: Any, *more: Any, **options: Any) -> Any:
        hosts = addresses if host in ("several.test", b"several.test") else [host]
        return [row for each in hosts for row in real(each, port, *more, **options)]

    monkeypatch.setattr("socket.getaddrinfo", found)


@pytest.mark.parametrize(
    ("timeout_s", "shares"), [(12, [4, 6, 12]), (3, [2, 2, 3]), (1, [1, 1, 1]), (0, [])]
)
def test_the_addresses_of_a_host_share_the_time_of_a_connection(
    timeout_s: float, shares: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock stands still; `socket.create_connection` gives all of the time to each, past the deadline of the call."""
    names = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    resolves(monkeypatch, *names, names[0])
    monkeypatch.setattr(sockets, "monotonic", lambda: 0.0)
    expected = list(zip(names, shares, strict=False))
    assert list(sockets.addresses_in_turn("several.test", 80, timeout_s)) == expected


@every_kind
def test_an_address_that_does_not_answer_leaves_time_for_the_next(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "LEAST_CONNECT_S", 0.0)
    resolves(monkeypatch, "127.0.0.2", "127.0.0.1")
    with Loopback(always(ANSWER)) as server, full_listener("127.0.0.2", server.port):
        url = f"http://several.test:{server.port}"
        assert asked(kind, config(base_url=url, connect_timeout=0.6)) == Success("Hello")


@every_kind
def test_connect_timeout_counts_for_tls_too(kind: str) -> None:
    with Loopback(lambda connection: connection.pause()) as server:
        url = server.url.replace("http:", "https:")
        got = timed(kind, config(base_url=url, connect_timeout=0.2))
        assert got.error == late(f"127.0.0.1:{server.port}", "connect", "no connection to")
        assert server.wait_until_left()
    assert 0.2 <= got.took_s < 20  # seconds: on a machine with much to do


@every_kind
def test_read_timeout(kind: str) -> None:
    with Loopback(lambda connection: connection.pause()) as server:
        got = timed(kind, config(base_url=server.url, read_timeout=0.2))
        remedy = (
            "raise `read_timeout` of LLMConfig (now 0.2 s); a stream shows the answer as it comes"
        )
        assert got.error == late(f"127.0.0.1:{server.port}", "read", "no response from", remedy)
        assert server.wait_until_left()
    assert 0.2 <= got.took_s < 20  # seconds: on a machine with much to do


@every_kind
def test_write_timeout(kind: str) -> None:
    with Loopback(lambda connection: connection.sleep(1)) as server:
        settings = config(base_url=server.url, write_timeout=0.2)
        got = timed(kind, settings, "x" * 20_000_000)
        what = "the request could not be sent to"
        assert got.error == late(f"127.0.0.1:{server.port}", "write", what)
        assert server.wait_until_left()
    assert 0.2 <= got.took_s < 20  # seconds: on a machine with much to do


@every_kind
def test_timeout_of_the_whole_call(kind: str) -> None:
    def drip(connection: Connection) -> None:
        connection.read_request()
        connection.drip(ANSWER, 0.05)

    with Loopback(drip) as server:
        got = timed(kind, config(base_url=server.url, timeout=0.3))
        remedy = (
            "raise `timeout` of LLMConfig (now 0.3 s), or timeout_s of the call; "
            "a stream shows the answer as it comes"
        )
        assert got.error == late(f"127.0.0.1:{server.port}", "total", "no response from", remedy)
        assert server.wait_until_left()
    assert 0.3 <= got.took_s < 2


@every_kind
def test_max_connections_and_pool_timeout(kind: str) -> None:
    name, mode = kind.split()
    with Loopback(lambda connection: connection.pause()) as server:
        settings = config(
            base_url=server.url, max_connections=1, pool_timeout=0.1, read_timeout=0.6
        )
        llm = LLM(settings, name, registry=REGISTRY, retry=NO_RETRY)
        got = called(mode, llm, "ask_batch_parallel", ["a", "b"])
        place = f"127.0.0.1:{server.port}"
        assert sorted([error.failure().phase for error in got]) == ["pool", "read"]
        assert {error.failure().message for error in got} >= {f"no response from {place} in time"}
        assert server.accepted == 1
        assert server.wait_until_left()


@every_kind
def test_keep_alive(kind: str) -> None:
    name, mode = kind.split()
    for keep_alive, accepted in ((30.0, 1), (0.01, 2)):
        with Loopback(always(ANSWER)) as server:
            settings = config(base_url=server.url, keep_alive=keep_alive)
            llm = LLM(settings, name, registry=REGISTRY, retry=NO_RETRY)
            talk = called(mode, llm, "ask_batch", ["a", "b"], on_result=lambda *_: sleep(0.03))
            assert talk.unwrap().texts == ("Hello", "Hello")
            assert server.accepted == accepted


@every_kind
def test_headers_are_sent_in_place_of_any_other_of_their_name(kind: str) -> None:
    with Loopback(answering(ANSWER)) as server:
        headers = (("X-Team", "blue"), ("User-Agent", "mine"), ("Content-Type", "a/b"))
        assert asked(kind, config(base_url=server.url, headers=headers)) == Success("Hello")
        lines = server.requests[0].partition(b"\r\n\r\n")[0].lower().split(b"\r\n")
        for line in (b"x-team: blue", b"user-agent: mine", b"content-type: a/b"):
            name = line.partition(b":")[0] + b":"
            assert [one for one in lines if one.startswith(name)] == [line]


@every_kind
def test_a_proxy_that_cannot_be_is_told_before_the_first_call(kind: str) -> None:
    name, mode = kind.split()
    settings = config(base_url="http://service.invalid", proxy="gopher://127.0.0.1:1")
    got = called(mode, LLM(settings, name, registry=REGISTRY), "warmup")
    assert isinstance(got, Failure)
    assert isinstance(got.failure(), InvalidConfiguration)
    assert got.failure().field == "proxy"


@pytest.mark.parametrize("mode", ["sync", "trio"])
def test_aiohttp_tells_before_the_first_call_that_it_cannot_be(mode: str) -> None:
    settings = config(base_url="http://service.invalid")
    got = called(mode, LLM(settings, "aiohttp", registry=REGISTRY), "warmup")
    assert isinstance(got, Failure)
    assert got.failure().message.startswith("aiohttp ")
    assert got.failure().field == "transport"


@every_kind
def test_proxy(kind: str) -> None:
    with Loopback(always(ANSWER)) as proxy:
        settings = config(base_url="http://service.invalid", proxy=proxy.url)
        assert asked(kind, settings) == Success("Hello")
        assert proxy.requests[0].startswith(b"POST http://service.invalid/ask ")
