"""The import contracts of pyproject.toml: they hold, they cover every module, and they would notice."""

import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
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


WRONG = [
    ("types/errors.py", "llm_pure.adapters", "layers"),
    ("types/messages.py", "llm_pure.core.collect", "layers"),
    ("adapters/openai.py", "llm_pure.client", "layers"),
    ("adapters/openai.py", "httpx", "pure"),
    ("adapters/dialects/ollama_native/stream.py", "time", "pure"),
    ("core/collect.py", "os", "pure"),
    ("adapters/ollama.py", "llm_pure.adapters.openai", "providers"),
    ("adapters/dialects/openai_chat/wire.py", "llm_pure.adapters.openai", "providers"),
]
"""File -> what it may not import, by which contract."""


@cache
def report_of_wrong_imports() -> str:
    """What is said of a copy that has them all."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "llm_pure", folder / "llm_pure")
        for file, imported, _ in WRONG:
            with (folder / "llm_pure" / file).open("a", encoding="utf-8") as source:
                source.write(f"\nimport {imported}\n")
        ran = lint(folder)
    assert ran.returncode == 1
    return ran.stdout


@pytest.mark.parametrize(("file", "imported", "contract"), WRONG)
def test_a_wrong_import_breaks_its_contract(file: str, imported: str, contract: str) -> None:
    name = CONTRACTS[contract]["name"]
    report = report_of_wrong_imports()
    assert f"{name} BROKEN" in report
    broken = report.partition(f"\n{name}\n---")[2]
    for other in CONTRACTS.values():
        broken = broken.partition(f"\n{other['name']}\n---")[0]
    module = "llm_pure." + file.removesuffix(".py").replace("/", ".")
    assert re.search(
        rf"^- +{re.escape(module)} -> {re.escape(imported)} *\n?\(l\.", broken, re.MULTILINE
    )
