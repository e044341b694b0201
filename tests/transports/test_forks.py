"""A process that is forked while a client is open: it uses no connection of its parent, whose calls go on undisturbed."""

import json
import os
import re
import ssl
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.support.carriers import every_kind
from tests.support.loopback import Connection, Loopback, response

ROOT = Path(__file__).parents[2]
CALLS = 60
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
_BODY = re.compile(rb"<(\d+) \d+>")


class Echo:
    """Answers with the body, and notes which processes used each connection."""

    def __init__(self) -> None:
        self.processes: defaultdict[int, set[bytes]] = defaultdict(set)
        self._lock = threading.Lock()

    def __call__(self, connection: Connection) -> None:
        while request := connection.read_request():
            found = _BODY.search(request)
            assert found is not None
            with self._lock:
                self.processes[id(connection)].add(found[1])
            connection.send(response(found[0]))


def tls_server() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def fork_and_call() -> Iterator[Callable[..., list[Any]]]:
    """Runs a client in a process of its own that forks: what it prints, its errors, its exit code."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.forking"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        lines, answers = process.stdin, process.stdout

        def run(*line: Any) -> list[Any]:
            print(json.dumps(line), file=lines, flush=True)
            return list(json.loads(answers.readline()))

        yield run


@every_kind
@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_parent_and_child_each_get_their_own_answers_on_connections_of_their_own(
    encrypted: bool, kind: str, fork_and_call: Callable[..., list[Any]]
) -> None:
    echo = Echo()
    with Loopback(echo, tls_server() if encrypted else None) as server:
        assert fork_and_call(kind, server.url, CALLS) == ["", "", 0]
        assert [len(pids) for pids in echo.processes.values()] == [1, 1]
        assert len(set.union(*echo.processes.values())) == 2
        assert server.accepted == 2
        assert server.wait_until_left()


STREAM = """
import os, sys, warnings
warnings.simplefilter("ignore")
from tests.support.carriers import *
from llm_pure.types.http import HttpRequest
kind, url = sys.argv[1:3]

def tell(text):
    os.write(1, (text + "\\n").encode())

def show(process, pieces):
    told = [piece.value_or(None) or type(piece.failure()).__name__ for piece in pieces]
    tell(f"{process}: {told}")

with open_sync(kind) as transport:
    with transport.stream(HttpRequest("POST", url, (), b"<1 1>"), QUICK) as opened:
        pieces = iter(opened.unwrap())
        first = next(pieces)
        pid = os.fork()
        if pid == 0:
            show("child", pieces)
            os._exit(0)
        os.waitpid(pid, 0)
        transport.send(HttpRequest("POST", url + "/go", (), b"<1 2>"), QUICK)
        show("parent", pieces)
"""


@pytest.mark.parametrize("kind", ["httpx sync", "httpx2 sync"])
def test_a_stream_under_way_is_cut_off_in_the_child_and_goes_on_in_the_parent(kind: str) -> None:
    go = threading.Event()

    def behave(connection: Connection) -> None:
        while request := connection.read_request():
            if b"/go" in request:
                go.set()
                connection.send(response(b"ok"))
                continue
            connection.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            go.wait(5)
            connection.send(b"4\r\nlast\r\n0\r\n\r\n")

    with Loopback(behave) as server:
        done = subprocess.run(
            [sys.executable, "-c", STREAM, kind, server.url],
            check=False, capture_output=True, text=True, timeout=60, cwd=ROOT,
        )  # fmt: skip
        assert (done.stdout, done.stderr) == (
            "child: ['ConnectionFailed']\nparent: [b'last']\n",
            "",
        )
