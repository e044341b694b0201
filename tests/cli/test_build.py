"""`llm-pure build`: what is printed, and that no secret is in it, however the credentials are given."""

import json
import os
from collections.abc import Mapping

import pytest

from llm_pure.cli.main import main

CANARY = "eyJ-canary-9f8e7d6c5b4a39281706"
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _an_empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.endswith(("_KEY", "_TOKEN", "_URL", "_KEY_ID")) or name.startswith("LLM_PURE_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr("sys.stdin", None)


def built(
    arguments: list[str],
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    environ: Mapping[str, str] = {},
) -> tuple[int, str, str]:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    code = main(["build", *arguments])
    out, err = capsys.readouterr()
    assert CANARY not in out + err
    return code, out, err


def test_a_request_is_printed_as_json(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = built(
        ["-m", "anthropic:claude-sonnet-4-5", "-s", "Be short.", "--stream", "hello", "there"],
        capsys,
        monkeypatch,
        {"ANTHROPIC_API_KEY": CANARY},
    )

    limit = "the API requires a limit; claude-sonnet-4-5 writes at most 64000 tokens"
    assert (code, err) == (0, f"max_tokens added: {limit}\n")
    assert json.loads(out) == {
        "method": "POST",
        "url": "https://api.anthropic.com/v1/messages",
        "headers": {
            "content-type": "application/json",
            "accept": "text/event-stream",
            "anthropic-version": "2023-06-01",
        },
        "body": {
            "model": "claude-sonnet-4-5",
            "max_tokens": 64000,
            "system": "Be short.",
            "messages": [{"role": "user", "content": "hello there"}],
            "stream": True,
        },
    }


def test_a_command_names_the_variable_in_place_of_the_key(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = built(
        ["-m", "openai:gpt-4o", "--curl", "it's $HOME"],
        capsys,
        monkeypatch,
        {"OPENAI_API_KEY": CANARY},
    )

    assert (code, err) == (0, "")
    assert out == (
        "curl -sS -N -X POST 'https://api.openai.com/v1/chat/completions' \\\n"
        "  -H 'content-type: application/json' \\\n"
        "  -H 'accept: application/json' \\\n"
        '  -H "authorization: Bearer $OPENAI_API_KEY" \\\n'
        '  --data-raw \'{"model":"gpt-4o","messages":[{"role":"user",'
        '"content":"it\'"\'"\'s $HOME"}]}\'\n'
    )


@pytest.mark.parametrize(
    ("model", "environ", "lines"),
    [
        ("gemini:g", {"GOOGLE_API_KEY": CANARY}, ['-H "x-goog-api-key: $GOOGLE_API_KEY"']),
        ("gemini:g", {}, ['-H "x-goog-api-key: $GEMINI_API_KEY"']),
        ("azure:d", {"AZURE_OPENAI_API_KEY": "k" + CANARY}, ['-H "api-key: $AZURE_OPENAI_API_KEY"']),
        (
            "azure:d",
            {"AZURE_OPENAI_AD_TOKEN": CANARY},
            ['-H "authorization: Bearer $AZURE_OPENAI_AD_TOKEN"'],
        ),
        ("ollama:m", {"OLLAMA_API_KEY": CANARY}, ['-H "authorization: Bearer $OLLAMA_API_KEY"']),
        ("ollama:m", {}, []),
        (
            "bedrock:m",
            {"AWS_BEARER_TOKEN_BEDROCK": CANARY},
            ['-H "authorization: Bearer $AWS_BEARER_TOKEN_BEDROCK"'],
        ),
        (
            "bedrock:m",
            {"AWS_ACCESS_KEY_ID": CANARY, "AWS_SECRET_ACCESS_KEY": CANARY},
            [
                "--aws-sigv4 'aws:amz:us-east-1:bedrock'",
                '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
            ],
        ),
        (
            "bedrock:m",
            {
                "AWS_ACCESS_KEY_ID": CANARY,
                "AWS_SECRET_ACCESS_KEY": CANARY,
                "AWS_SESSION_TOKEN": CANARY,
                "AWS_REGION": "eu-west-1",
            },
            [
                "--aws-sigv4 'aws:amz:eu-west-1:bedrock'",
                '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
                '-H "x-amz-security-token: $AWS_SESSION_TOKEN"',
            ],
        ),
    ],
    ids=[
        "the variable that is set", "the first variable", "an azure key", "an azure token", "a key of ollama.com",
        "an ollama of one's own", "a bearer token", "a signature", "a signature with a session",
    ],
)  # fmt: skip
def test_each_kind_of_credentials_goes_by_its_name(
    model: str,
    environ: dict[str, str],
    lines: list[str],
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    more = ["--base-url", "https://r.openai.azure.com"] if model.startswith("azure") else []
    code, out, _ = built(["-m", model, "--curl", *more, "hello"], capsys, monkeypatch, environ)

    assert code == 0
    assert [line for line in out.replace(" \\\n  ", "\n").splitlines() if "$" in line or "--aws" in line] == lines  # fmt: skip


@pytest.mark.parametrize("how", [["--curl"], []])
def test_credentials_in_a_base_url_are_left_out(
    how: list[str], capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"https://me:{CANARY}@gateway.test/v1"
    code, out, err = built(
        [*how, "-m", "openai:gpt-4o", "--base-url", url, "hello"], capsys, monkeypatch
    )

    assert code == 0
    assert "https://***@gateway.test/v1/chat/completions" in out
    assert ("replace *** by them" in err) == bool(how)


def test_what_could_not_be_sent_as_asked_goes_to_standard_error(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = built(
        ["-m", "bedrock:a:0", "--curl", "hello"],
        capsys,
        monkeypatch,
        {"AWS_ACCESS_KEY_ID": CANARY, "AWS_SECRET_ACCESS_KEY": CANARY},
    )

    assert code == 0
    assert out.startswith("curl ")
    assert err == "old versions of curl sign a path with % wrongly (curl issue 16927)\n"


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["-m", "opnai:gpt-5", "hello"], 64, "openai"),
        (["-m", "gpt-5", "hello"], 64, "write PROVIDER:MODEL"),
        (["-m", "openai:gpt-5"], 64, "no text to ask"),
        (["-m", "ollama.embed:m", "hello"], 64, "supports embeddings only"),
        (["-m", "openai:gpt-5", "--base-url", "nonsense", "hello"], 78, "base URL"),
        (["-m", "azure:d", "hello"], 78, "base URL"),
    ],
)
def test_a_request_that_cannot_be_is_an_exit_code(
    arguments: list[str],
    code: int,
    expected: str,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exit_code, out, err = built(arguments, capsys, monkeypatch)

    assert (exit_code, out) == (code, "")
    assert expected in err


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (
            {"QIANFAN_ACCESS_KEY": CANARY, "QIANFAN_SECRET_KEY": CANARY},
            "computes its credentials from the keys",
        ),
        (
            {"QIANFAN_ACCESS_TOKEN": CANARY, "QIANFAN_SECRET_KEY": CANARY},
            "takes a credential in the URL",
        ),
    ],
)
def test_a_credential_that_no_variable_can_name_is_unsupported(
    environ: dict[str, str],
    expected: str,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code, out, err = built(
        ["--curl", "-m", "qianfan:ERNIE-4.0-8K", "hello"], capsys, monkeypatch, environ
    )

    assert (code, out) == (64, "")
    assert expected in err
