"""`llm-pure build --curl -m X hello | sh | llm-pure parse X`: a client whose transport is curl."""

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest

from llm_pure.cli.main import main
from tests.support.expectations import SAID
from tests.support.services import serve

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")

ASKED = [
    ("openai:gpt-5-mini", "openai/v1", {"OPENAI_API_KEY": "k"}),
    ("anthropic:claude-sonnet-4-5", "anthropic", {"ANTHROPIC_API_KEY": "k"}),
    ("gemini:gemini-2.5-flash", "gemini", {"GEMINI_API_KEY": "k"}),
    ("ollama:llama3.2", "ollama", {}),
    ("cohere:command-a-03-2025", "cohere", {"CO_API_KEY": "k"}),
    ("bedrock_invoke:anthropic.claude-sonnet-4-5-v1:0", "bedrock",
     {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serve() as running:
        yield running


Ask: TypeAlias = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """The pipe whose two commands run in this process, and what lies between them in a shell."""

    def run(
        url: str, model: str, text: str, environ: dict[str, str], *how: str
    ) -> tuple[int, str, str]:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "stdin", None)
        assert main(["build", "--curl", "-m", model, "--base-url", url, *how, text]) == 0
        script = capsys.readouterr().out
        sent = subprocess.run(
            ["sh"], input=script.encode(), env={"PATH": os.environ["PATH"], **environ},
            capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(sent.stdout)))
        streamed = ["--stream"] if "--stream" in how else []
        code = main(["parse", model, *streamed])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


def ask_in_a_shell(
    url: str, model: str, text: str, environ: dict[str, str], *how: str
) -> tuple[int, str, str]:
    """The pipe, as a person would write it."""
    command = '"$0" -m llm_pure build --curl "$@" < /dev/null | sh | "$0" -m llm_pure parse '
    streamed = " --stream" if "--stream" in how else ""
    ran = subprocess.run(
        ["sh", "-c", f'{command}"$MODEL"{streamed}', sys.executable,
         "-m", model, "--base-url", url, *how, text],
        env={"PATH": os.environ["PATH"], "MODEL": model, **environ},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return ran.returncode, ran.stdout, ran.stderr


@pytest.mark.parametrize(("model", "path", "environ"), ASKED, ids=lambda value: str(value)[:20])
@pytest.mark.parametrize("how", [[], ["--stream"], ["--include"], ["--include", "--stream"]])
def test_an_answer_comes_through_curl(
    ask: Ask, url: str, model: str, path: str, environ: dict[str, str], how: list[str]
) -> None:
    _assert_is_hello(ask(f"{url}/{path}", model, "hello", environ, *how))


def _assert_is_hello(ended: tuple[int, str, str]) -> None:
    code, out, _ = ended
    completion = json.loads(out)
    expected = SAID["hello"]
    assert code == 0
    assert (completion["text"], completion["finish_reason"]) == (
        expected.text,
        expected.finish_reason,
    )
    usage = completion["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == expected.tokens


@pytest.mark.parametrize(("model", "path", "environ"), ASKED, ids=lambda value: str(value)[:20])
@pytest.mark.parametrize("how", [["--include"], ["--include", "--stream"]])
def test_an_error_comes_through_curl_with_its_status(
    ask: Ask, url: str, model: str, path: str, environ: dict[str, str], how: list[str]
) -> None:
    _assert_is_429(ask(f"{url}/{path}", model, "fail with 429", environ, *how))


def _assert_is_429(ended: tuple[int, str, str]) -> None:
    code, out, err = ended
    assert (code, out) == (75, "")
    assert "rate_limited: too many requests (status 429" in err


@pytest.mark.parametrize("how", [["--include"], ["--include", "--stream"]])
def test_a_shell_runs_the_pipe(url: str, how: list[str]) -> None:
    model, path, environ = ASKED[1]
    _assert_is_hello(ask_in_a_shell(f"{url}/{path}", model, "hello", environ, *how))
    _assert_is_429(ask_in_a_shell(f"{url}/{path}", model, "fail with 429", environ, *how))
