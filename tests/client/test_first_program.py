"""README's first program, run as a user would run it: the last line of its stderr has the cause and the cure."""

import os
import subprocess
import sys
from collections.abc import Mapping
from time import monotonic

import pytest

from tests.support.loopback import Loopback, always, response

ANSWER = (
    b'{"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Rayleigh."},'
    b'"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}'
)
START_S = 5
"""Time that a program may need on a busy machine beside its call."""
KEY = "sk-canary-0123456789abcdefghij"
PROGRAM = """
from llm_pure import LLM, LLMConfig, unwrap

with LLM(LLMConfig(api_type="openai", model="gpt-5.6-luna"{more})) as llm:
    print(unwrap(llm.ask("Why is the sky blue?")))
"""
OFFLINE = """
import socket

def getaddrinfo(*args, **kwargs):
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

socket.getaddrinfo = getaddrinfo
"""
JSON = (("content-type", "application/json"),)


def last_line(program: str, env: Mapping[str, str]) -> str:
    """Of standard error, after the program ended with an exception and printed nothing."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OPENAI_", "LLM_PURE_")) and not name.lower().endswith("_proxy")
    }
    ran = subprocess.run(
        [sys.executable, "-c", program], env={**clean, **env},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (1, ""), ran.stderr
    assert KEY not in ran.stderr
    return ran.stderr.splitlines()[-1]


def program(more: str = "") -> str:
    return PROGRAM.format(more=more)


def test_without_a_key_the_variable_and_the_field_are_named() -> None:
    assert last_line(program(), {}) == (
        "llm_pure.LLMException: openai: configuration: the key for openai is missing: set OPENAI_API_KEY, or "
        "`api_key`; export the variable, or pass LLMConfig(api_key=...); `llm-pure doctor` shows what is read"
    )


WRONG_KEY = b'{"error":{"message":"Incorrect API key provided.","code":"invalid_api_key"}}'


def test_with_a_wrong_key_its_source_is_named() -> None:
    with Loopback(always(response(WRONG_KEY, status=401, headers=JSON))) as server:
        env = {"OPENAI_BASE_URL": f"{server.url}/v1"}
        variable = last_line(program(), {**env, "OPENAI_API_KEY": KEY})
        field = last_line(program(f", api_key={KEY!r}"), env)
    cause = (
        "llm_pure.LLMException: openai: authentication: Incorrect API key provided. "
        "(status 401, code invalid_api_key); use another key: "
    )
    assert variable == f"{cause}$OPENAI_API_KEY has the one that was rejected"
    assert field == f"{cause}`api_key` of LLMConfig, or $OPENAI_API_KEY without it"


NO_MODEL = (
    b'{"error":{"message":"The model `gpt-5.6-luna` does not exist.","code":"model_not_found"}}'
)


def test_with_a_wrong_model_the_command_that_lists_models_is_named() -> None:
    with Loopback(always(response(NO_MODEL, status=404, headers=JSON))) as server:
        url = f"{server.url}/v1"
        line = last_line(program(), {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": KEY})
    assert line == (
        "llm_pure.LLMException: openai: not_found: The model `gpt-5.6-luna` does not exist. (status 404, code "
        f"model_not_found); check the model 'gpt-5.6-luna' and `base_url` ({url}); `llm-pure models -m openai` "
        "or LLM.list_models() lists the models it has"
    )


def test_without_a_server_the_base_url_is_named() -> None:
    with Loopback(always(b"")) as server:
        url = f"{server.url}/v1"
    started_s = monotonic()
    line = last_line(program(), {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": KEY})
    assert monotonic() - started_s < 5 + START_S
    authority = url.removeprefix("http://").removesuffix("/v1")
    assert line == (
        f"llm_pure.LLMException: openai: connection: no connection to {authority}: Connection refused; "
        f"start the server at {url}, or set another `base_url`"
    )


def test_offline_the_network_and_the_host_are_named() -> None:
    line = last_line(OFFLINE + program(), {"OPENAI_API_KEY": KEY})
    assert line == (
        "llm_pure.LLMException: openai: connection: no connection to api.openai.com: [Errno -3] Temporary "
        "failure in name resolution; check that this machine is online, and `base_url` (https://api.openai.com/v1)"
    )


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_a_cut_answer_is_named(reason: str) -> None:
    cut = ANSWER.replace(b'"stop"', f'"{reason}"'.encode())
    with Loopback(always(response(cut, headers=JSON))) as server:
        line = last_line(program(), {"OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_API_KEY": KEY})
    assert line.startswith("llm_pure.LLMException: openai: incomplete: ")
    assert "error.partial" in line


def test_with_all_in_place_it_prints_the_answer() -> None:
    with Loopback(always(response(ANSWER, headers=JSON))) as server:
        ran = subprocess.run(
            [sys.executable, "-c", program()], capture_output=True, text=True, check=True, timeout=60,
            env={**os.environ, "OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_API_KEY": KEY},
        )  # fmt: skip
    assert (ran.stdout, ran.stderr) == ("Rayleigh.\n", "")
