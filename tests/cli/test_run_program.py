"""`llm-pure run`: a program with a gateway of its own, found by its environment; it ends with the program."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from llm_pure.cli.main import main
from llm_pure.replay.doubles import answering
from llm_pure.replay.server import serve

ROOT = Path(__file__).parents[2]
CLIENT = """
import json, os, sys, urllib.error, urllib.request as r
url, key = os.environ["OPENAI_BASE_URL"], os.environ["OPENAI_API_KEY"]
def ask(key):
    body = json.dumps({"model": sys.argv[1], "messages": [{"role": "user", "content": "hi"}]}).encode()
    headers = {"authorization": "Bearer " + key, "content-type": "application/json"}
    try:
        with r.urlopen(r.Request(url + "/chat/completions", body, headers)) as answer:
            return json.load(answer)["choices"][0]["message"]["content"]
    except urllib.error.HTTPError as error:
        return error.code
open(sys.argv[2], "w").write(json.dumps([url, ask(key), ask("sk-other"), os.environ.get("GOOGLE_API_KEY")]))
sys.exit(7)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a configuration whose provider is a double."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GOOGLE_API_KEY", "the vendor's own")
    with serve(answering("hello from the double")) as server:
        (tmp_path / "client.py").write_text(CLIENT)
        model = f'api_type: openai, api_key: k, base_url: "{server.url}/v1"'
        (tmp_path / "llm-pure.yaml").write_text(
            f"models: {{fast: {{{model}, model: m1}}, smart: {{{model}, model: m2}}}}\n"
            'fallbacks: {smart: [fast]}\nserve: {log: calls.log, aliases: {"gpt-*": fast}}\n'
        )
        yield tmp_path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize(
    ("options", "requested", "used"),
    [
        ([], "fast", "fast"),
        ([], "gpt-5", "fast"),
        (["-m", "smart"], "gpt-5", "smart"),
        (["-m", "smart"], "fast", "fast"),
    ],
)
def test_program_finds_its_gateway_and_its_exit_code_is_returned(
    options: list[str], requested: str, used: str, folder: Path
) -> None:
    program = [sys.executable, "client.py", requested, "result.json"]
    assert main(["run", *options, "--", *program]) == 7
    url, text, refused, foreign = json.loads((folder / "result.json").read_text())
    assert (text, refused, foreign) == ("hello from the double", 401, None)
    assert [(line["key"], line["model_used"]) for line in lines(folder / "calls.log")[:1]] == [
        ("run", used)
    ]
    with pytest.raises(URLError):  # the gateway has ended with the program
        urlopen(url, timeout=5)


def test_program_that_a_signal_ends_gives_128_and_its_number(folder: Path) -> None:
    program = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]
    assert main(["run", "--", *program]) == 128 + 9


def test_a_signal_to_stop_is_passed_on_and_the_terminal_s_is_the_program_s(folder: Path) -> None:
    script = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n"
        "open('ready', 'w').close()\n"
        "time.sleep(30)\n"
    )
    command = [sys.executable, "-m", "llm_pure", "run", "--", sys.executable, "-c", script]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}) as process:
        while not Path("ready").exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)  # to this process only: the program would have it too
        time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 5


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 64, "there is no program to run"),
        (["--", "no-such-program"], 66, "there is no program 'no-such-program'"),
        (["--", "."], 77, "cannot run '.'"),
        (["-m", "unheard", "--", "true"], 64, "unheard"),
        (["--config", "none.yaml", "--", "true"], 66, "none.yaml"),
    ],
)
def test_what_cannot_run_says_why(
    arguments: list[str],
    code: int,
    message: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["run", *arguments]) == code
    assert message in capsys.readouterr().err


def test_without_models_nothing_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", "--", "touch", "ran"]) == 78
    assert "no model can be served" in capsys.readouterr().err
    assert not Path("ran").exists()
