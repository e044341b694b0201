"""Every program of docs/examples runs, offline, and does what it says."""

import asyncio
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.docs.service import scripted_service

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

LINES = {
    "acme_llm/acme_llm.py": 14,
    "agent.py": 15,
    "agent_async.py": 20,
    "bench_cassettes.py": 18,
    "chat_loop.py": 14,
    "folder_costs.py": 10,
    "media.py": 20,
    "metagpt/project.py": 13,
    "rows.py": 11,
    "test_other_packages.py": 17,
    "test_recorded.py": 10,
    "three_transports.py": 14,
    "translate.py": 18,
    "typed_again.py": 14,
    "web_stream.py": 18,
}
"""Program -> the most lines of code that it may have, without blank lines and its docstring."""


@pytest.fixture
def env(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A copy of the examples in tmp_path/examples, and the environment in which the scripted service answers."""
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    home = tmp_path / "home"
    home.mkdir()
    with scripted_service(home) as variables:
        yield variables


def run(
    env: dict[str, str], tmp_path: Path, *command: str, stdin: str = "", folder: str = "."
) -> str:
    ran = subprocess.run(
        command,
        cwd=tmp_path / "examples" / folder,
        env=env,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def load(name: str, tmp_path: Path) -> ModuleType:
    """The module of an example."""
    file = tmp_path / "examples" / name
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_program_has_a_test_and_stays_short() -> None:
    lines = {}
    for file in EXAMPLES.rglob("*.py"):
        name = file.relative_to(EXAMPLES).as_posix()
        if name == "acme_llm/test_acme.py":
            continue
        code = file.read_text("utf-8").split('"""', 2)[2]
        lines[name] = len([line for line in code.splitlines() if line.strip()])
    assert set(lines) == set(LINES)
    assert {name: count for name, count in lines.items() if count > LINES[name]} == {}


def test_chat_loop_keeps_the_conversation(env: dict[str, str], tmp_path: Path) -> None:
    printed = run(
        env, tmp_path, "python", "chat_loop.py", stdin="Why is the sky blue?\nand green grass?\n\n"
    )
    assert printed == (
        "> Rayleigh scattering: air scatters blue light most.\n"
        "> Chlorophyll absorbs red and blue light.\n> "
    )


@pytest.mark.parametrize("program", ["agent.py", "agent_async.py"])
def test_agent_calls_both_tools(program: str, env: dict[str, str], tmp_path: Path) -> None:
    assert run(env, tmp_path, "python", program) == "It is 69.8 °F in Oslo.\n"


def test_typed_answer_is_requested_again(env: dict[str, str], tmp_path: Path) -> None:
    printed = run(env, tmp_path, "python", "typed_again.py")
    assert printed == "<Success: City(name='Oslo', inhabitants=717710)>\n"


def test_recorded_test_replays_without_key_and_network(env: dict[str, str], tmp_path: Path) -> None:
    run(env, tmp_path, "pytest", "-q", "--llm-record", "once", "test_recorded.py")
    offline = {name: value for name, value in env.items() if name != "OPENAI_API_KEY"}
    assert "1 passed" in run(offline, tmp_path, "pytest", "-q", "test_recorded.py")


def test_other_packages_replay(env: dict[str, str], tmp_path: Path) -> None:
    run(env, tmp_path, "pytest", "-q", "--llm-record", "once", "test_other_packages.py")
    offline = env | {"OPENAI_API_KEY": "any"}
    assert "2 passed" in run(offline, tmp_path, "pytest", "-q", "test_other_packages.py")


def test_translation_answers_in_the_format_of_the_request(
    env: dict[str, str], tmp_path: Path
) -> None:
    answer = json.loads(run(env, tmp_path, "python", "translate.py"))
    assert (answer["type"], answer["role"], answer["stop_reason"]) == (
        "message",
        "assistant",
        "end_turn",
    )
    assert answer["content"] == [
        {"type": "text", "text": "Rayleigh scattering: air scatters blue light most."}
    ]
    assert "created" not in answer
    assert answer["usage"]["input_tokens"] == 24


def test_three_transports_agree(env: dict[str, str], tmp_path: Path) -> None:
    printed = run(env, tmp_path, "python", "three_transports.py")
    assert printed == "Rayleigh scattering: air scatters blue light most. True\n"


def test_five_thousand_rows_resume_within_a_budget(tmp_path: Path, env: dict[str, str]) -> None:
    from llm_pure import Usage, answering
    from llm_pure.bulk import open_run

    module: Any = load("rows.py", tmp_path)
    rows = tmp_path / "rows.jsonl"
    lines = [
        {"custom_id": f"row-{number}", "prompt": f"Is {number} prime?"} for number in range(5000)
    ]
    rows.write_text("\n".join(map(json.dumps, lines)))
    model = answering("Yes.", usage=Usage(input_tokens=25, output_tokens=50))
    cost = Decimal("0.00003375")  # of one call, by the shipped price

    first = module.answer(str(rows), str(tmp_path / "run"), "0.05", transport=model)
    second = module.answer(str(rows), str(tmp_path / "run"), "5", transport=model)

    assert first.reason == "budget"
    assert 1 <= first.counts.answered <= Decimal("0.05") / cost
    assert first.counts.cost_usd == first.counts.answered * cost
    assert (second.reason, second.sends) == ("finished", 5000 - first.counts.answered)
    results = list(open_run(tmp_path / "run").unwrap().results())
    assert [result.row.custom_id for result in results] == [line["custom_id"] for line in lines]
    assert {result.result.unwrap().text for result in results} == {"Yes."}


def test_rows_program_prints_its_end_and_cost(env: dict[str, str], tmp_path: Path) -> None:
    rows = [{"prompt": f"Is {number} prime?"} for number in range(40)]
    (tmp_path / "examples" / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    command = ("python", "rows.py", "rows.jsonl", "run", "1")
    printed = run(env, tmp_path, *command)
    assert printed.startswith("finished 40 0.000")
    assert run(env, tmp_path, *command) == printed


def test_metagpt_project_runs_with_its_file(env: dict[str, str], tmp_path: Path) -> None:
    printed = run(env, tmp_path, "python", "project.py", folder="metagpt")
    assert printed == "Once upon a time there was a pure function.\n1 call\n"


def test_folder_costs_lists_every_file(env: dict[str, str], tmp_path: Path) -> None:
    notes = tmp_path / "examples" / "notes"
    notes.mkdir()
    (notes / "a.md").write_text("Hello world")
    (notes / "b.md").write_text("Hello world " * 100)
    first, second = run(env, tmp_path, "python", "folder_costs.py", "notes").splitlines()
    assert first.startswith("notes/a.md: ")
    assert first.endswith(" USD")
    assert int(second.split()[1]) > int(first.split()[1]) > 0


def test_provider_package_passes_its_tests(env: dict[str, str], tmp_path: Path) -> None:
    assert "2 passed" in run(env, tmp_path, "pytest", "-q", folder="acme_llm")


def test_provider_package_is_a_provider_once_it_is_installed(
    env: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "examples" / "acme_llm"
    build = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        str(tmp_path / "dist"),
    ]
    subprocess.run(build, cwd=folder, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path / "site", "zip")
    installed = env | {"PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), env["PYTHONPATH"]])}
    providers = run(installed, tmp_path, "llm-pure", "providers", "--json").splitlines()
    assert [row["base_url"] for row in map(json.loads, providers) if row["api_type"] == "acme"] == [
        "https://api.acme.test/v1"
    ]


def test_media_and_similarity(env: dict[str, str], tmp_path: Path) -> None:
    assert run(env, tmp_path, "python", "media.py") == "A red square.\nHello.\n1.0\n"
    assert (tmp_path / "examples" / "square.png").read_bytes().startswith(b"\x89PNG")


def test_bench_reads_every_recorded_stream(env: dict[str, str], tmp_path: Path) -> None:
    folder = EXAMPLES.parents[1] / "cassettes" / "mistral"
    lines = run(env, tmp_path, "python", "bench_cassettes.py", str(folder)).splitlines()
    assert len(lines) == len(list(folder.glob("*stream*.yaml")))
    assert all(line.endswith(" µs each") for line in lines)


class Client:
    """A web client: reads a streamed response until it leaves."""

    def __init__(self, leaves_after: int) -> None:
        self.texts: list[bytes] = []
        self.left = asyncio.Event()
        self._leaves_after = leaves_after

    async def receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if body := message.get("body"):
            self.texts.append(body)
        if len(self.texts) >= self._leaves_after:
            self.left.set()
            await asyncio.sleep(0.05)


def test_web_endpoint_streams_and_a_client_that_leaves_cancels_the_call(
    env: dict[str, str], tmp_path: Path
) -> None:
    from llm_pure import LLM, LLMConfig
    from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport

    module: Any = load("web_stream.py", tmp_path)
    chunks = [
        b'data: {"choices": [{"index": 0, "delta": {"content": "%d "}}]}\n\n' % n for n in range(50)
    ]
    stop = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
    stream = ScriptedResponse(
        headers=(("content-type", "text/event-stream"),), chunks=(*chunks, stop), piece_delay_s=0.01
    )
    scope = {
        "type": "http", "method": "GET", "path": "/ask", "query_string": b"q=hi", "headers": [],
        "asgi": {"version": "3.0", "spec_version": "2.3"},
    }  # fmt: skip
    config = LLMConfig(api_type="openai", model="gpt-5.6-luna", api_key="k")

    async def visit(leaves_after: int) -> list[bytes]:
        transport = ScriptedTransport(lambda _: stream)
        module.llm = LLM(config, transport=transport)
        client = Client(leaves_after)
        await asyncio.wait_for(module.app(scope, client.receive, client.send), 20)
        assert len(transport.requests) == 1
        return client.texts

    assert b"".join(asyncio.run(visit(1000))) == b"".join(b"%d " % n for n in range(50))
    assert 3 <= len(asyncio.run(visit(3))) < 20
