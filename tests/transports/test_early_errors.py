"""An error that comes before a large request was sent is read over every transport, whatever the service does then."""

from time import monotonic, sleep

import pytest

from llm_pure.transports.base import Timeouts
from llm_pure.types.http import HttpRequest
from tests.support.carriers import every_kind, take
from tests.support.loopback import Behaviour, Connection, Loopback, response

PATIENT = Timeouts(connect_s=20, read_s=20, write_s=20, total_s=60)


def read_head(connection: Connection) -> None:
    while b"\r\n\r\n" not in connection._unread:
        assert connection._more()


def refuse(status: int, then: str) -> Behaviour:
    def behave(connection: Connection) -> None:
        read_head(connection)
        connection.send(response(b'{"error": "no"}', status=status))
        match then:
            case "close":
                connection._sock.close()
            case "reset":
                sleep(0.05)  # a reset takes what was not received yet
                connection.reset()
            case "wait":
                connection.sleep(8)
            case "read":
                connection.pause()

    return behave


@every_kind
@pytest.mark.parametrize("then", ["close", "reset", "wait", "read"])
@pytest.mark.parametrize("size", [1_000, 100_000, 2_000_000, 30_000_000])
def test_an_error_before_the_end_of_the_request_is_the_answer(
    size: int, then: str, kind: str
) -> None:
    with Loopback(refuse(413, then)) as server:
        began = monotonic()
        got = take(
            kind, "whole", HttpRequest("POST", server.url, (), b"x" * size), PATIENT
        ).unwrap()
        assert (got.status, got.body) == (413, b'{"error": "no"}')
        assert monotonic() - began < 15
        assert server.accepted == 1
        assert then == "wait" or server.wait_until_left()


@every_kind
@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
def test_every_error_status_is(status: int, kind: str) -> None:
    with Loopback(refuse(status, "close")) as server:
        request = HttpRequest("POST", server.url, (), b"x" * 5_000_000)
        assert take(kind, "whole", request, PATIENT).unwrap().status == status


@every_kind
def test_an_interim_response_and_an_early_success_do_not_stop_a_request(kind: str) -> None:
    size = 5_000_000
    seen: list[int] = []

    def behave(connection: Connection) -> None:
        read_head(connection)
        connection.send(b"HTTP/1.1 102 Processing\r\n\r\n")
        sleep(0.05)
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n")
        request = connection.read_request()
        seen.append(len(request.partition(b"\r\n\r\n")[2]))
        connection.send(b"ok")

    with Loopback(behave) as server:
        request = HttpRequest("POST", server.url, (), b"x" * size)
        assert take(kind, "whole", request, PATIENT).unwrap().body == b"ok"
    assert seen == [size]
