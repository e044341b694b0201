"""The pytest plugin: nothing without its marker; cassettes recorded and replayed; what does not fit is told."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from llm_pure.replay import load_cassette, pytest_plugin
from llm_pure.replay.cassette_writer import MODES
from tests.support.one_answer import http, one_answer
from tests.support.pytest_process import OWN_PLUGIN, without_plugins

SAMPLE = Path(__file__).parent / "sample_project"
ANSWER = {
    "id": "c",
    "model": "m",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    ],
}


def run(folder: Path, *arguments: str, code: int = 0, plugins: tuple[str, ...] = ()) -> str:
    """pytest in a process of its own, there, with these plugins of other packages; what it says."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-pno:cacheprovider", *without_plugins("anyio", *plugins), *OWN_PLUGIN, *arguments],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "300"},
    )  # fmt: skip
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran.stdout


def project(folder: Path, test: str, url: str = "http://127.0.0.1:9/v1") -> Path:
    """A folder with one test module, whose `ask` makes a client of its own."""
    (folder / "pytest.ini").write_text(
        "[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n"
    )
    (folder / "program.py").write_text(
        "from llm_pure import LLM, LLMConfig\n"
        "from llm_pure.policy.retry import NO_RETRY\n"
        f"CONFIG = LLMConfig(api_type='openai', base_url={url!r}, model='m', api_key='k', stream=False)\n"
        "def ask(text, **more):\n"
        "    return LLM(CONFIG, retry=NO_RETRY, **more).ask(text, system_msgs=[])\n"
    )
    (folder / "test_it.py").write_text(f"import pytest\nfrom program import ask\n{test}")
    return folder


ONE = "@pytest.mark.llm_cassette\ndef test_one():\n    assert ask('hello').unwrap() == 'hi'\n"


@pytest.fixture(scope="module")
def service() -> str:
    return http(200, "application/json", json.dumps(ANSWER).encode()).decode()


def test_the_modes_of_the_option_are_those_of_tapes() -> None:
    assert pytest_plugin.MODES == MODES


def test_without_the_marker_nothing_happens(tmp_path: Path) -> None:
    test = (
        "import socket, sys\n"
        "def test_one():\n"
        "    with socket.create_server(('127.0.0.1', 0)) as here:\n"
        "        socket.create_connection(here.getsockname()).close()\n"
        "    assert not [name for name in sys.modules if name in ('yaml', 'anyio.lowlevel', 'httpx')]\n"
    )
    (tmp_path / "test_it.py").write_text(test)
    run(tmp_path, "-p", "no:anyio")
    assert not (tmp_path / "cassettes").exists()


def test_what_was_recorded_is_replayed_without_a_network(tmp_path: Path, service: str) -> None:
    with one_answer(service.encode()) as url:
        run(project(tmp_path, ONE, url), "--llm-record", "once")
    file = tmp_path / "cassettes" / "test_it" / "test_one.yaml"
    assert len(load_cassette(file).unwrap().interactions) == 1
    assert "1 passed" in run(tmp_path)


def test_nothing_is_recorded_by_default(tmp_path: Path, service: str) -> None:
    with one_answer(service.encode()) as url:
        said = run(project(tmp_path, ONE, url), code=1)
    assert "there are no recordings in" in said
    assert "test_it/test_one.yaml" in said
    assert not (tmp_path / "cassettes").exists()


def test_a_request_that_no_recording_answers_fails_a_test_that_hides_it(tmp_path: Path) -> None:
    test = "@pytest.mark.llm_cassette\ndef test_one():\n    ask('hello').value_or('never mind')\n"
    said = run(project(tmp_path, test), code=1)
    assert "llm_cassette: no recording matches POST http://127.0.0.1:9/v1/chat/completions" in said


def test_that_can_be_wanted(tmp_path: Path) -> None:
    test = (
        "@pytest.mark.llm_cassette(misses='ignore')\ndef test_one():\n    ask('hello').failure()\n"
    )
    run(project(tmp_path, test))


def test_every_socket_is_closed_in_replay(tmp_path: Path) -> None:
    test = (
        "import socket, urllib.request\n"
        "@pytest.mark.llm_cassette\n"
        "@pytest.mark.parametrize('url', ['http://127.0.0.1:9/', 'http://example.org/'])\n"
        "def test_one(url):\n"
        "    with pytest.raises(OSError, match='this test replays a cassette'):\n"
        "        urllib.request.urlopen(url)\n"
        "def test_two():\n"
        "    with pytest.raises(ConnectionRefusedError):\n"
        "        socket.create_connection(('127.0.0.1', 9))\n"
        "@pytest.mark.llm_cassette(allowed_hosts=['127.0.0.1'])\n"
        "def test_three():\n"
        "    with pytest.raises(ConnectionRefusedError):\n"
        "        socket.create_connection(('127.0.0.1', 9))\n"
    )
    assert "4 passed" in run(project(tmp_path, test))


def test_unused_recordings_are_reported_and_fail_when_asked(tmp_path: Path, service: str) -> None:
    asks = "@pytest.mark.llm_cassette\ndef test_one():\n    ask('hello')\n    ask('twice')\n"
    with one_answer(service.encode()) as url:
        run(project(tmp_path, asks, url), "--llm-record", "once")
        project(tmp_path, asks.replace("    ask('twice')\n", ""), url)
    place = "cassettes/test_it/test_one.yaml: interactions[1]"
    for more in ([], ["-n", "1"]):
        said = run(tmp_path, *more)
        assert "recordings that no request used" in said
        assert place in said
        assert place in run(tmp_path, *more, "--llm-unused", "fail", code=1)
    assert place not in run(tmp_path, "--llm-unused", "ignore")


def test_a_marker_that_is_misspelt_is_told(tmp_path: Path) -> None:
    test = "@pytest.mark.llm_cassette(moode='all')\ndef test_one():\n    pass\n"
    said = run(project(tmp_path, test), code=1)
    assert "unknown llm_cassette settings: moode; known settings: again, allowed_hosts" in said


def test_a_resilience_test_is_one_argument(tmp_path: Path, service: str) -> None:
    asks = "@pytest.mark.llm_cassette\ndef test_one():\n    assert ask('hello').unwrap() == 'hi'\n"
    with one_answer(service.encode()) as url:
        run(project(tmp_path, asks, url), "--llm-record", "once")
        test = (
            "from llm_pure.replay import Fault\n"
            "from llm_pure.policy.retry import RetryPolicy\n"
            "@pytest.mark.llm_cassette(fault=Fault(first=(429,)))\n"
            "def test_one():\n"
            "    from llm_pure import LLM\n"
            "    from program import CONFIG\n"
            "    assert LLM(CONFIG).ask('hello', system_msgs=[]).unwrap() == 'hi'\n"
            "@pytest.mark.llm_cassette('test_one', fault=Fault(first=(429,)))\n"
            "def test_two():\n"
            "    assert ask('hello').failure().kind == 'rate_limited'\n"
        )
        project(tmp_path, test, url)
    assert "2 passed" in run(tmp_path)


def test_a_secret_fails_the_test_and_is_not_written(tmp_path: Path) -> None:
    shown = {**ANSWER, "note": "q8Wz5Xc1Vb7Nm3Kl9Jh2Gf6Ds4Ap0Oi8U"}
    with one_answer(http(200, "application/json", json.dumps(shown).encode())) as url:
        said = run(project(tmp_path, ONE, url), "--llm-record", "once", code=1)
    assert "possible secret in response.body /note" in said
    assert "q8Wz5Xc1" not in said.replace("'note': 'q8Wz5Xc1", "")
    assert not list(tmp_path.rglob("*.yaml"))


def test_it_stands_beside_pytest_recording(tmp_path: Path, service: str) -> None:
    test = (
        "import httpx\n"
        "@pytest.mark.vcr\n"
        "def test_theirs():\n"
        "    assert httpx.get(URL).status_code == 200\n"
        "@pytest.mark.llm_cassette\n"
        "def test_ours():\n"
        "    assert ask('hello').unwrap() == 'hi'\n"
        "@pytest.mark.vcr\n"
        "@pytest.mark.llm_cassette\n"
        "def test_both():\n"
        "    assert ask('hello').unwrap() == 'hi'\n"
        "    assert httpx.get(URL).status_code == 200\n"
    )
    with one_answer(service.encode()) as url:
        project(tmp_path, f"URL = {url!r}\n{test}", url)
        options = ("--llm-record", "once", "--record-mode", "once")
        run(tmp_path, *options, plugins=("recording",))
    names = sorted(path.name for path in tmp_path.rglob("*.yaml"))
    assert names == ["test_both.llm.yaml", "test_both.yaml", "test_ours.yaml", "test_theirs.yaml"]
    assert "3 passed" in run(tmp_path, plugins=("recording",))


def copied(folder: Path) -> Path:
    return shutil.copytree(SAMPLE, folder / "sample", ignore=shutil.ignore_patterns("__pycache__"))


def test_a_sample_project_passes_in_parallel(tmp_path: Path) -> None:
    assert "8 passed" in run(copied(tmp_path), "-n", "4")


def test_one_changed_field_fails_and_the_message_holds_file_interaction_and_path(
    tmp_path: Path,
) -> None:
    folder = copied(tmp_path)
    program = folder / "geography.py"
    program.write_text(program.read_text().replace("What is the capital", "Which is the capital"))
    said = run(folder, "-n", "4", code=1)
    assert "8 failed" in said
    cassettes = folder / "cassettes" / "test_geography"
    assert (
        f"nearest is {cassettes}/test_the_capital_is_known[Norway].yaml: interactions[0], where (requested != recorded) "
        '/messages/0/content: "Which is the capital of Norway?" != "What is the capital of Norway?"'
    ) in said
    assert "/test_the_official_package_is_answered_too.yaml: interactions[0], where" in said
