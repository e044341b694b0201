"""An agent with two tools, sync and async, is at most 15 lines of a program (pydantic-ai: 13, llm: 12)."""

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest

from llm_pure import LLM, arun_tools, run_tools
from tests.support.agents import calls, says, scripted

MAX_LINES = 15
SYNC = '''
from llm_pure import LLM, LLMConfig, run_tools, unwrap

def weather(city: str) -> str:
    """The weather now."""
    return f"21 C in {city}"

def fahrenheit(celsius: float) -> float:
    """Convert degrees Celsius."""
    return celsius * 9 / 5 + 32

with LLM(LLMConfig(api_type="openai", model="gpt-5-mini")) as llm:
    run = unwrap(run_tools(llm, "How warm is Oslo, in Fahrenheit?", [weather, fahrenheit]))
    print(run.text)
'''
ASYNC = '''
import asyncio
from llm_pure import LLM, LLMConfig, arun_tools, unwrap

async def weather(city: str) -> str:
    """The weather now."""
    return f"21 C in {city}"

def fahrenheit(celsius: float) -> float:
    """Convert degrees Celsius."""
    return celsius * 9 / 5 + 32

async def main():
    async with LLM(LLMConfig(api_type="openai", model="gpt-5-mini")) as llm:
        print(unwrap(await arun_tools(llm, "How warm is Oslo?", [weather, fahrenheit])).text)

asyncio.run(main())
'''


@pytest.mark.parametrize("program", [SYNC, ASYNC], ids=["sync", "async"])
def test_an_agent_with_two_tools_is_short_and_runs(
    program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line for line in program.splitlines() if line.strip()]
    assert len(lines) <= MAX_LINES
    llm, _ = scripted(
        calls(("a", "weather", {"city": "Oslo"}), ("b", "fahrenheit", {"celsius": 21})),
        says("70 F"),
    )
    monkeypatch.setattr("llm_pure.client.LLM", lambda config: llm)
    exec(compile(program, "agent.py", "exec"), {"__name__": "agent"})  # noqa: S102
    assert capsys.readouterr().out == "70 F\n"


def options(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(function).parameters)


def test_the_twins_have_the_same_options_and_all_are_described() -> None:
    assert options(run_tools) == options(arun_tools)
    described = set(re.findall(r"\w+", run_tools.__doc__ or ""))
    assert set(options(run_tools)) - {"llm", "request"} - described == set()
    assert options(run_tools)["llm"].annotation is LLM
