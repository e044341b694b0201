"""`llm-pure build --curl -m X hello | sh | llm-pure parse X`: a client whose transport is curl."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

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


def ask(
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
    url: str, model: str, path: str, environ: dict[str, str], how: list[str]
) -> None:
    code, out, _ = ask(f"{url}/{path}", model, "hello", environ, *how)

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
    url: str, model: str, path: str, environ: dict[str, str], how: list[str]
) -> None:
    code, out, err = ask(f"{url}/{path}", model, "fail with 429", environ, *how)

    assert (code, out) == (75, "")
    assert "rate_limited: too many requests (status 429" in err
