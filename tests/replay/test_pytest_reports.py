"""What the plugin prints: misses with their command, nothing recorded, connections of packages, shared cassettes, wide fixtures.

Each run of pytest is a process, so the tests of one subject share a project.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from llm_pure.replay import load_cassette
from tests.support.http_service import http_service
from tests.support.pytest_process import OWN_PLUGIN, without_plugins

ROOT = Path(__file__).parents[2]


class _Model(BaseHTTPRequestHandler):
    """Repeats the last message, whole or streamed."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        text = str(request["messages"][-1]["content"])
        head = {"id": "c", "created": 0, "model": "m"}
        kind = "application/json"
        if request.get("stream"):
            kind = "text/event-stream"
            choice = {"index": 0, "delta": {"content": text}, "finish_reason": "stop"}
            chunk = {**head, "object": "chat.completion.chunk", "choices": [choice]}
            body = b"data: " + json.dumps(chunk).encode() + b"\n\ndata: [DONE]\n\n"
        else:
            message = {"role": "assistant", "content": text}
            answer = {"index": 0, "message": message, "finish_reason": "stop"}
            answer_body = {**head, "object": "chat.completion", "choices": [answer]}
            body = json.dumps(answer_body).encode()
        self.send_response(401 if text == "refuse" else 200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    with http_service(_Model) as server:
        yield f"{server}/v1"


def run(folder: Path, *arguments: str, code: int, key: str = "sk-live01234567") -> str:
    """Run pytest there; return what it prints."""
    options = (
        "-q",
        "-pno:cacheprovider",
        *without_plugins("anyio"),
        *OWN_PLUGIN,
        "--strict-markers",
    )
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *arguments],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "COLUMNS": "1000"} | ({"OPENAI_API_KEY": key} if key else {}),
    )  # fmt: skip
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran.stdout


def project(folder: Path, tests: str, url: str) -> Path:
    (folder / "program.py").write_text(
        "from llm_pure import LLM, LLMConfig\n"
        "from llm_pure.policy.retry import NO_RETRY\n"
        f"URL = {url!r}\n"
        "CONFIG = LLMConfig(base_url=URL, model='m')\n"
        "def ask(text):\n"
        "    return LLM(CONFIG).ask(text, system_msgs=[]).unwrap()\n"
        "async def aask(text):\n"
        "    return (await LLM(CONFIG).aask(text, system_msgs=[])).unwrap()\n"
        "def openai_ask(text, **options):\n"
        "    import openai  # takes longer than pytest itself\n"
        "    client = openai.OpenAI(base_url=URL, max_retries=0, **options)\n"
        "    messages = [{'role': 'user', 'content': text}]\n"
        "    return client.chat.completions.create(model='m', messages=messages).choices[0].message.content\n"
    )
    (folder / "test_it.py").write_text(
        f"import pytest\nfrom program import *\nmark = pytest.mark.llm_cassette\n{tests}"
    )
    return folder


def cassettes(folder: Path) -> dict[str, int]:
    """Cassette -> number of its interactions."""
    return {
        path.stem: len(load_cassette(path).unwrap().interactions)
        for path in sorted(folder.rglob("*.yaml"))
    }


KINDS = """
import openai

@mark
def test_sync(): assert ask("one") == "one"

@mark
@pytest.mark.anyio
async def test_async(): assert await aask("two") == "two"

@mark
@pytest.mark.parametrize("text", ["a/b", "a:b", "ü ñ", "..", "x" * 300])
def test_names(text): assert ask(text) == text

@mark
class TestOwn:
    def test_a(self): assert ask("a") == "a"
    def test_silent(self): pass
    class TestInner:
        def test_a(self): assert ask("inner") == "inner"

@mark("shared")
class TestShared:
    def test_a(self): assert ask("a") == "a"
    def test_b(self): assert ask("b") == "b"

@pytest.fixture
def answer(): return ask("fixture")

@mark
def test_fixture(answer): assert answer == "fixture"

@mark
def test_package(llm_httpx2):
    assert openai_ask("package", http_client=llm_httpx2.client, api_key="any-key-0123") == "package"

@mark
@pytest.mark.anyio
async def test_async_package(llm_httpx2):
    client = openai.AsyncOpenAI(base_url=URL, http_client=llm_httpx2.async_client, api_key="any-key-0123")
    chunks = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}], stream=True)
    assert [chunk.choices[0].delta.content async for chunk in chunks] == ["x"]

@mark
def test_own_httpx(llm_httpx):
    assert llm_httpx.client.post(f"{URL}/chat/completions", json={"messages": [{"content": "raw"}]}).status_code == 200
"""
RECORDED = {
    "TestOwn.TestInner.test_a": 1,
    "TestOwn.test_a": 1,
    "shared": 2,
    "test_async[asyncio]": 1,
    "test_async[trio]": 1,
    "test_async_package[asyncio]": 1,
    "test_async_package[trio]": 1,
    "test_fixture": 1,
    "test_names[-xfc -xf1]": 1,
    "test_names[..]": 1,
    "test_names[a-b]": 2,
    "test_names[text4]": 1,
    "test_own_httpx": 1,
    "test_package": 1,
    "test_sync": 1,
}


@pytest.mark.parametrize("mode", ["once", "rewrite"])
def test_tests_of_every_kind_are_recorded_and_replayed_without_a_key(
    tmp_path: Path, model: str, mode: str
) -> None:
    printed = run(project(tmp_path, KINDS, model), "--llm-record", mode, code=0)
    assert cassettes(tmp_path) == RECORDED
    assert "recorded cassettes" in printed
    assert "cassettes/test_it/shared.yaml: 2 requests" in printed
    assert "cassettes/test_it/test_sync.yaml: 1 request\n" in printed
    replayed = run(tmp_path, "-n", "1", code=0, key="")
    assert "recordings that no request used" not in replayed
    assert "recorded cassettes" not in replayed


def test_a_recording_is_unused_if_no_test_of_its_cassette_used_it(
    tmp_path: Path, model: str
) -> None:
    run(project(tmp_path, KINDS, model), "--llm-record", "once", code=0)
    tests = KINDS.replace('assert ask("b") == "b"', "pass")
    printed = run(project(tmp_path, tests, model), code=0, key="")
    tail = printed.split("recordings that no request used")[1]
    assert [line for line in tail.splitlines() if "interactions" in line] == [
        "cassettes/test_it/shared.yaml: interactions[1]"
    ]


MISSES = """
@mark
@pytest.mark.parametrize("text", ["a b"])
def test_none(text): ask(text)

@mark("kept")
def test_kept(): assert ask("kept") == "kept"

@mark("kept")
def test_other(): ask("other")

@mark("kept")
def test_hidden():
    try: ask("other")
    except Exception: pass

@mark("kept")
def test_package(llm_httpx2): openai_ask("other", http_client=llm_httpx2.client, api_key="any")

@pytest.fixture(scope="module")
def wide(): return ask("wide")

@mark("kept")
def test_wide(wide): pass
"""


def test_a_miss_ends_with_the_command_that_records_it(tmp_path: Path, model: str) -> None:
    project(tmp_path, MISSES, model)
    run(tmp_path, "--llm-record", "once", "-k", "test_kept", code=0)
    printed = run(tmp_path, code=1, key="")
    miss = f"no recording matches POST {model}/chat/completions: "
    differs = (
        f"{miss}nearest is {tmp_path}/cassettes/test_it/kept.yaml: interactions[0], where (requested != recorded) "
        '/messages/0/content: "other" != "kept"'
    )
    none = f"{miss}there are no recordings in {tmp_path}/cassettes/test_it/test_none[a b].yaml"
    summary = printed.split("short test summary info")[1].splitlines()
    unwrapped = "returns.primitives.exceptions.UnwrapFailedError"
    assert f"FAILED test_it.py::test_none[a b] - {none} ({unwrapped})" in summary
    assert "record with: pytest 'test_it.py::test_none[a b]' --llm-record once" in printed
    assert f"FAILED test_it.py::test_other - {differs} ({unwrapped})" in summary
    assert (
        "record with: pytest test_it.py::test_other --llm-record new_episodes, or rewrite to replace the cassette"
        in printed
    )
    assert f"FAILED test_it.py::test_hidden - Failed: llm_cassette: {differs}" in summary
    [package] = [line for line in summary if "::test_package" in line]
    assert package.startswith("FAILED test_it.py::test_package - openai.NotFoundError: ")
    assert differs in package
    assert package.endswith("--llm-record new_episodes, or rewrite to replace the cassette")
    [wide] = [line for line in summary if "::test_wide" in line]
    assert "the fixture wide calls a model, and its scope is module" in wide
    assert "5 failed" not in printed
    assert "4 failed, 1 passed, 1 error" in printed


EMPTY = """
@mark
def test_silent(): pass

@mark(empty="ignore")
def test_allowed(): pass

@mark
class TestGroup:
    def test_silent(self): pass
    def test_package(self): openai_ask("class", api_key="any")

@mark
def test_package(): assert openai_ask("hello", api_key="any") == "hello"

@mark
def test_refused():
    LLM(LLMConfig(base_url="http://127.0.0.1:9/v1", model="m", api_key="k" * 20, connect_timeout=1), retry=NO_RETRY).ask("x")

@mark
def test_keyless():
    LLM(LLMConfig(api_type="mistral", base_url=URL, model="m")).ask("x").unwrap()
"""
NOTHING = (
    "Failed: llm_cassette: nothing was recorded: no request of this test reached its cassette; only those of `LLM(config)` "
    "do, and of the fixtures llm_httpx, llm_httpx2 and llm_server"
)


def test_a_marked_test_that_records_nothing_fails_with_a_word(tmp_path: Path, model: str) -> None:
    project(tmp_path, EMPTY, model)
    printed = run(tmp_path, "--llm-record", "once", code=1)
    summary = printed.split("short test summary info")[1].splitlines()
    address = model.removeprefix("http://").removesuffix("/v1")
    line = (
        f"llm_cassette: the package openai connected to {address}: write openai.OpenAI(http_client=llm_httpx2.client), "
        "AsyncOpenAI(http_client=llm_httpx2.async_client), with the fixture llm_httpx2"
    )
    assert f"FAILED test_it.py::test_silent - {NOTHING}" in summary
    assert (
        'a test that sends nothing needs no marker; @pytest.mark.llm_cassette(empty="ignore")'
        in printed
    )
    assert f"FAILED test_it.py::test_package - {NOTHING}" in summary
    assert f"FAILED test_it.py::TestGroup::test_package - {NOTHING}" in summary
    assert printed.count(line) == 2
    refused = "Failed: llm_cassette: nothing was recorded: no response came to the request"
    assert f"FAILED test_it.py::test_refused - {refused}" in summary
    [keyless] = [line for line in summary if "::test_keyless" in line]
    assert "set MISTRAL_API_KEY, or `api_key`" in keyless
    assert "5 failed, 2 passed" in printed
    assert cassettes(tmp_path) == {}


REFUSALS = """
@mark
def test_failed(): ask("refuse")

@mark
def test_expected():
    assert LLM(CONFIG, retry=NO_RETRY).ask("refuse").failure().kind == "authentication"
"""


def test_errors_of_the_service_that_fail_a_test_are_not_written(tmp_path: Path, model: str) -> None:
    project(tmp_path, REFUSALS, model)
    printed = run(tmp_path, "--llm-record", "once", code=1)
    assert cassettes(tmp_path) == {"test_expected": 1}
    note = (
        "the service responded with 401, and the test failed: nothing was written to "
        "cassettes/test_it/test_failed.yaml"
    )
    assert f"FAILED test_it.py::test_failed - {note} (returns.primitives" in printed
    assert "1 failed, 1 passed" in printed


def test_a_package_that_goes_past_the_cassette_is_named_in_replay(
    tmp_path: Path, model: str
) -> None:
    project(tmp_path, "@mark\ndef test_package(): openai_ask('hello', api_key='any')\n", model)
    printed = run(tmp_path, code=1, key="")
    address = model.removeprefix("http://").removesuffix("/v1")
    note = (
        f"connection to {address} blocked: this test replays a cassette. The package openai does not use it: write "
        "openai.OpenAI(http_client=llm_httpx2.client), AsyncOpenAI(http_client=llm_httpx2.async_client), with the fixture "
        'llm_httpx2. Or allow it with @pytest.mark.llm_cassette(allowed_hosts=["127.0.0.1"])'
    )
    assert (
        f"FAILED test_it.py::test_package - {note} (openai.APIConnectionError: Connection error.)"
        in printed
    )
