"""What an import costs: `import llm_pure` loads msgspec and returns, and nothing else is loaded before it is used."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {
    "aiohttp", "anyio", "asyncio", "botocore", "h11", "httpcore", "httpx", "logging", "requests", "rich", "ssl",
    "tenacity", "tiktoken", "vcr", "yaml",
}  # fmt: skip


def loaded_by(code: str) -> set[str]:
    """The top-level modules that are there after this code, and were not before."""
    run = f"import sys; before = set(sys.modules)\n{code}\nprint(*(set(sys.modules) - before))"
    ran = subprocess.run(
        [sys.executable, "-c", run], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in ran.stdout.split()}


def test_the_package_loads_msgspec_and_returns_only() -> None:
    loaded = loaded_by("import llm_pure")
    assert loaded - sys.stdlib_module_names == {
        "llm_pure",
        "msgspec",
        "returns",
        "typing_extensions",
    }
    assert loaded & HEAVY == set()


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("from llm_pure import *", id="the public names, without the client"),
        pytest.param(
            "from llm_pure.adapters import registry\nfor n in registry.names(): registry.get(n)",
            id="every provider",
        ),
    ],
)
def test_no_part_of_the_core_loads_what_only_effects_use(code: str) -> None:
    names = "from llm_pure import ChatRequest, LLMConfig, collect, system, user, describe, fold"
    loaded = loaded_by(names if code.endswith("*") else code)
    assert loaded & HEAVY == set()


def test_the_client_comes_when_it_is_asked_for() -> None:
    assert "httpx" not in loaded_by("import llm_pure; 'LLM' in llm_pure.__all__")
    assert "llm_pure" in loaded_by("from llm_pure import LLM")
