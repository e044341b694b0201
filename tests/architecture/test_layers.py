"""The import contracts of pyproject.toml: they hold, they cover every module, and they would notice."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS: dict[str, Any] = {
    one["id"]: one
    for one in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
}
EFFECTS = {
    f"llm_pure.{name}"
    for name in (
        "__main__", "bench", "bulk", "cli", "client", "gateway", "replay", "settings", "transports",
    )
}  # fmt: skip
"""The effect layer. Of `bulk`, `gateway` and `settings` some modules are pure, and named in the contract."""


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    run = "import importlinter.cli as c; c.lint_imports_command()"
    config = str(ROOT / "pyproject.toml")
    return subprocess.run(
        [sys.executable, "-B", "-c", run, "--no-cache", "--no-logo", "--config", config],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def modules() -> set[str]:
    """What lies directly below llm_pure."""
    return {
        f"llm_pure.{path.stem}"
        for path in (ROOT / "llm_pure").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").is_file()) and path.stem != "__init__"
    }


def layered() -> set[str]:
    return set(re.findall(r"llm_pure\.\w+", " ".join(CONTRACTS["layers"]["layers"])))


def test_the_contracts_hold() -> None:
    ran = lint(ROOT)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_module_has_its_layer() -> None:
    assert modules() - layered() == set()


def test_every_module_of_the_values_and_the_core_is_held_to_purity() -> None:
    pure = set(CONTRACTS["pure"]["source_modules"])
    assert modules() - EFFECTS - pure == set()


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("types/errors.py", "import llm_pure.adapters", "layers"),
        ("types/messages.py", "import llm_pure.core.collect", "layers"),
        ("adapters/openai.py", "import llm_pure.client", "layers"),
        ("adapters/openai.py", "import httpx", "pure"),
        ("adapters/dialects/ollama_native/stream.py", "import time", "pure"),
        ("core/collect.py", "import os", "pure"),
        ("adapters/ollama.py", "import llm_pure.adapters.openai", "providers"),
        ("adapters/dialects/openai_chat/wire.py", "import llm_pure.adapters.openai", "providers"),
    ],
)
def test_a_wrong_import_breaks_its_contract(
    tmp_path: Path, file: str, line: str, contract: str
) -> None:
    shutil.copytree(ROOT / "llm_pure", tmp_path / "llm_pure")
    with (tmp_path / "llm_pure" / file).open("a", encoding="utf-8") as source:
        source.write(f"\n{line}\n")
    ran = lint(tmp_path)
    assert ran.returncode == 1
    assert f"{CONTRACTS[contract]['name']} BROKEN" in ran.stdout
