"""Operation of a gateway: reloading, stopping, its command, several processes, recording and replay."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from llm_pure.gateway import gateway, request_body
from llm_pure.gateway.serving import serve_on_loopback
from llm_pure.gateway.workers import unshared_budget
from llm_pure.settings.config_file import ConfigFile
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.asgi import Answer, Request
from tests.support.gateway_chaos import run as run_chaos
from tests.support.gateways import (
    BODIES,
    COMPLETION,
    DONE,
    HELLO,
    STREAM,
    TWO,
    Reply,
    Running,
    Upstream,
    configuration,
    hello,
    streamed,
)
from tests.support.loopback import Loopback, answering, response

PATH, BODY = BODIES["openai_chat"]


def test_a_reload_replaces_everything_or_nothing() -> None:
    current: list[LLMResult[ConfigFile]] = [Success(configuration(TWO))]
    upstream = Upstream(hello)
    application = gateway(lambda: current[0], transport=upstream, env={})
    data = msgspec.json.encode({**BODY, "model": "new"})

    async def status() -> int:
        return (await Request(application, "POST", PATH, data).run()).status

    assert asyncio.run(status()) == 404
    current[0] = Failure(InvalidConfiguration(message="broken file"))
    assert application.reload().failure().message == "broken file"
    assert asyncio.run(status()) == 404
    current[0] = Success(configuration("serve: {aliases: {a: none}}\nmodels: {m: {api_key: k}}"))
    assert "there is no model" in application.reload().failure().message
    current[0] = Success(configuration("models: {new: {api_type: openai, api_key: k, model: m}}"))
    assert application.reload() == Success(None)
    assert asyncio.run(status()) == 200


def test_a_reload_gives_no_request_of_a_limit_twice() -> None:
    text = f"{TWO}\nlimit: {{requests_per_minute: 1}}"
    current = [text]
    upstream = Upstream(hello)
    application = gateway(lambda: Success(configuration(current[0])), transport=upstream, env={})

    async def status() -> int:
        return (await Request(application, "POST", PATH, msgspec.json.encode(BODY)).run()).status

    assert asyncio.run(status()) == 200
    assert application.reload() == Success(None)
    limiter = application.service.models.models["fast"].context.limiters[0]
    permit = limiter.acquire(b"", 100).unwrap()
    assert 50 < permit.wait_s <= 60
    limiter.release(permit)
    current[0] = text.replace("minute: 1", "minute: 9")
    assert application.reload() == Success(None)
    assert asyncio.run(status()) == 200


def test_a_reload_drops_no_stream_and_forgets_no_spending() -> None:
    text = f"{TWO}\ncost_control: {{max_budget: 5}}"
    current = [configuration(text)]
    upstream = Upstream(lambda request: Reply((*HELLO, 0.03, *STREAM[3:])))
    application = gateway(lambda: Success(current[0]), transport=upstream, env={})

    async def stream() -> bytes:
        path, body = streamed("openai_chat")
        request = Request(application, "POST", path, msgspec.json.encode(body))
        task = asyncio.create_task(request.run())
        await request.wait_for(b"lo")
        current[0] = configuration(text.replace("smart", "clever"))
        assert application.reload() == Success(None)
        return (await task).body

    before = application.service.access.budgets  # type: ignore[attr-defined]
    assert DONE in asyncio.run(stream())
    after = application.service.access.budgets  # type: ignore[attr-defined]
    assert "clever" in application.service.models.models
    assert after._ledger is before._ledger


def test_a_stream_ends_before_the_server_stops() -> None:
    upstream = Upstream(lambda request: Reply((*HELLO, 0.3, *STREAM[3:])))
    path, body = streamed("openai_chat")
    bodies: list[bytes] = []
    begun = threading.Event()

    def read(url: str) -> None:
        request = urllib.request.Request(f"{url}{path}", msgspec.json.encode(body))
        with urllib.request.urlopen(request, timeout=10) as answer:
            first = answer.read(1)
            begun.set()
            bodies.append(first + answer.read())

    with serve_on_loopback(configuration(TWO), transport=upstream, env={}) as running:
        thread = threading.Thread(target=read, args=(running.url,))
        thread.start()
        assert begun.wait(10)
    thread.join(10)
    assert bodies[0].endswith(DONE)
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(running.url, timeout=5)


def test_the_lifespan_of_asgi_closes_everything() -> None:
    running = Running(TWO, hello)
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message["type"])

    asyncio.run(running.application({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_the_application_is_mounted_in_another_one() -> None:
    running = Running(TWO, hello)
    outer = Starlette(routes=[Mount("/llm", app=running.application)])

    async def post(path: str) -> int:
        return (await Request(outer, "POST", path, msgspec.json.encode(BODY)).run()).status

    assert asyncio.run(post(f"/llm{PATH}")) == 200
    assert asyncio.run(post("/llm/v1/nothing")) == 404


def test_a_client_that_sends_its_body_slowly_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_body, "BODY_S", 0.05)
    running = Running(TWO, hello)
    request = Request(running.application, "POST", PATH, [b"{", b"more"])

    async def slow() -> Answer:
        receive = request.receive
        pieces = 0

        async def one_piece() -> dict[str, Any]:
            nonlocal pieces
            pieces += 1
            if pieces > 1:
                await asyncio.sleep(1)
            return await receive()

        request.receive = one_piece  # type: ignore[method-assign]
        return await request.run()

    answer = asyncio.run(slow())
    assert (answer.status, answer.headers["connection"]) == (400, "close")
    assert b"did not come within" in answer.body
    assert (running.upstream.requests, running.application.active) == ([], 0)


def test_a_long_answer_has_an_hour() -> None:
    target = Running(TWO, hello).application.service.models.models["fast"].target
    assert target.config.timeout == 3600
    own = TWO.replace("model: gpt-5-mini", "model: gpt-5-mini, timeout: 30")
    assert Running(own, hello).application.service.models.models["fast"].target.config.timeout == 30


def test_a_websocket_is_denied_with_426_or_closed() -> None:
    running = Running(TWO, hello)

    async def deny(extensions: dict[str, Any]) -> MutableMapping[str, Any]:
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.connect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        scope = {"type": "websocket", "path": "/v1/responses", "extensions": extensions}
        await running.application(scope, receive, send)
        return sent[0]

    assert asyncio.run(deny({"websocket.http.response": {}}))["status"] == 426
    assert asyncio.run(deny({}))["type"] == "websocket.close"


def test_a_bug_is_a_500_that_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def script(request: Any) -> Reply:
        raise LookupError("secret detail")

    running = Running(TWO, script)
    answer = asyncio.run(running.post(PATH, BODY))
    assert answer.status == 500
    assert b"secret" not in answer.body
    assert "secret detail" in caplog.text


def test_an_observer_that_fails_stops_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    def full(record: object) -> None:
        raise OSError(28, "No space left on device")

    application = gateway(configuration(TWO), transport=Upstream(hello), env={}, observers=(full,))
    request = Request(application, "POST", PATH, msgspec.json.encode(BODY))
    assert asyncio.run(request.run()).status == 200
    assert "No space left" in caplog.text


def test_a_model_with_an_unset_variable_harms_no_other() -> None:
    text = f"{TWO}\n".replace(
        "models:", 'models:\n  lost: {api_type: openai, api_key: "${NOT_SET_ANYWHERE}"}', 1
    )
    running = Running(text, hello)
    assert asyncio.run(running.post(PATH, BODY)).status == 200
    lost = asyncio.run(running.post(PATH, {**BODY, "model": "lost"}))
    assert lost.status == 500
    assert b"NOT_SET" not in lost.body


def test_recorded_calls_answer_again(tmp_path: Path) -> None:
    reply = response(COMPLETION, headers=(("content-type", "application/json"),))
    with Loopback(answering(reply)) as service:
        text = TWO.replace("http://llm.internal", service.url)
        application = gateway(configuration(f"{text}\nserve: {{record: '{tmp_path}'}}"), env={})

        async def record() -> int:
            answer = await Request(application, "POST", PATH, msgspec.json.encode(BODY)).run()
            await application.aclose()
            return answer.status

        assert asyncio.run(record()) == 200
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    recorded = "".join([path.read_text("utf-8") for path in files])
    assert "Hello" in recorded
    assert "sk-upstream-secret" not in recorded
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}

    from llm_pure.replay.matching import MatchRules
    from llm_pure.replay.player import open_replay

    replay = open_replay(tmp_path, matching=MatchRules(origin=False), again=True).unwrap()
    application = gateway(configuration(TWO), transport=replay, env={})

    async def post(body: Any) -> tuple[int, bytes]:
        answer = await Request(application, "POST", PATH, msgspec.json.encode(body)).run()
        return answer.status, answer.body

    status, body = asyncio.run(post(BODY))
    assert status == 200
    assert b"Hello" in body
    status, body = asyncio.run(post({**BODY, "seed": 1}))
    assert status == 502
    assert b"seed" in body  # the difference from the closest recording


@pytest.mark.parametrize(
    ("text", "shared"),
    [
        ("{}", True),
        ("cost_control: {max_budget: 1}", False),
        ("serve: {keys: {a: {sha256: x, max_budget: 1}}}", False),
        ("cost_control: {max_budget: 1}\nserve: {ledger: ledger.db}", True),
    ],
)
def test_workers_need_a_shared_ledger_for_a_budget(text: str, shared: bool) -> None:
    assert (unshared_budget(configuration(text)) is None) is shared


CONFIG = """
models:
  fast: {api_type: openai, api_key: k, model: gpt-5-mini, base_url: "http://127.0.0.1:9/v1"}
"""


@contextmanager
def served(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a folder, with its address."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    process = subprocess.Popen(
        [sys.executable, "-m", "llm_pure", "serve", "--port", "0", *arguments],
        cwd=folder,
        env={**env, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), process.stderr.read() if process.stderr else ""
        yield process, url
    finally:
        process.kill()
        process.communicate()


def names(url: str) -> list[str]:
    deadline_s = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(f"{url}/v1/models", timeout=5) as answer:
                return [row["id"] for row in json.load(answer)["data"]]
        except OSError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.05)


def test_the_command_serves_reloads_and_stops(tmp_path: Path) -> None:
    file = tmp_path / "llm-pure.yaml"
    file.write_text(CONFIG, "utf-8")
    with served(tmp_path) as (process, url):
        assert names(url) == ["fast"]
        file.write_text(CONFIG.replace("fast", "quick"), "utf-8")
        process.send_signal(signal.SIGHUP)
        deadline_s = time.monotonic() + 10
        while names(url) != ["quick"] and time.monotonic() < deadline_s:
            time.sleep(0.02)
        assert names(url) == ["quick"]
        file.write_text("models: [", "utf-8")
        process.send_signal(signal.SIGHUP)
        time.sleep(0.1)
        assert names(url) == ["quick"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stderr is not None
        errors = process.stderr.read()
    start = errors.splitlines()[0]
    for part in ("models: fast", "keys: none", "anthropic_messages", "llm-pure.yaml"):
        assert part in start
    assert "the configuration stays as it was" in errors
    assert '"operation":"models"' in errors


def test_a_port_in_use_and_no_models_end_with_their_exit_codes(tmp_path: Path) -> None:
    def code(folder: Path, *arguments: str) -> tuple[int, str]:
        ended = subprocess.run(
            [sys.executable, "-m", "llm_pure", "serve", *arguments],
            cwd=folder,
            env={**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return ended.returncode, ended.stderr

    assert code(tmp_path)[0] == 78
    (tmp_path / "llm-pure.yaml").write_text(CONFIG, "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        status, errors = code(tmp_path, "--port", port)
    assert (status, port in errors) == (69, True)
    status, errors = code(tmp_path, "--host", "0.0.0.0", "--port", "0")
    assert (status, "client key" in errors) == (78, True)


def test_a_small_chaos_run_finds_nothing() -> None:
    report = run_chaos(60, seed=5, silence_s=2)
    assert report.problems == []
    assert report.successes > 5
    assert report.errors > 5
    assert report.left > 5
