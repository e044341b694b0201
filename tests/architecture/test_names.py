"""A provider has one name: its file, its entry in the registry, its cassettes, its tests; a module has one name too."""

import subprocess
import sys
from pathlib import Path

import pytest

from llm_pure.adapters import registry

ROOT = Path(__file__).parents[2]

ALIASES = {"claude": "anthropic", "open_router": "openrouter"}
"""Names of the registry that lead to another name's provider."""


def file_name(name: str) -> str:
    """The registry's name as a module may have it: `ollama.embed` is in ollama_embed.py."""
    return ALIASES.get(name, name).replace(".", "_")


def entries() -> list[tuple[str, str]]:
    return [(name, str(registry.entries[name])) for name in registry.names()]


@pytest.mark.parametrize(("name", "entry"), entries())
def test_an_entry_leads_to_the_module_of_its_name(name: str, entry: str) -> None:
    assert entry == f"llm_pure.adapters.{file_name(name)}"
    assert (ROOT / "adapters" / f"{file_name(name)}.py").is_file()


@pytest.mark.parametrize("name", registry.names())
def test_a_provider_says_the_name_that_it_was_asked_by(name: str) -> None:
    provider = registry.get(name).unwrap()
    assert provider.name == ALIASES.get(name, name)
    assert (ROOT / "adapters" / "dialects" / provider.dialect).is_dir()
    assert provider.source


def test_every_file_of_adapters_is_a_provider_of_the_registry() -> None:
    files = {path.stem for path in (ROOT / "adapters").glob("*.py")} - {"__init__"}
    assert files == {file_name(name) for name in registry.names()}


@pytest.mark.parametrize("name", sorted({file_name(name) for name in registry.names()}))
def test_every_provider_has_a_test_file(name: str) -> None:
    assert (ROOT / "tests" / "adapters" / f"test_{name}.py").is_file()


def test_every_test_file_of_adapters_is_a_providers() -> None:
    files = {path.stem for path in (ROOT / "tests" / "adapters").glob("test_*.py")}
    assert files <= {f"test_{file_name(name)}" for name in registry.names()}


def test_every_folder_of_cassettes_is_a_providers() -> None:
    folders = {path.name for path in (ROOT / "cassettes").iterdir() if path.is_dir()}
    assert folders <= set(registry.names())


@pytest.mark.parametrize(
    "dialect", sorted(path.name for path in (ROOT / "adapters/dialects").glob("*/"))
)
@pytest.mark.parametrize("what", ["request", "response", "stream"])
def test_every_dialect_has_its_three_test_files(dialect: str, what: str) -> None:
    if dialect not in ("__pycache__", "common", "openai_common", "openai_media"):  # no wire APIs
        tests = ROOT / "tests" / "adapters" / "dialects"
        assert (tests / f"test_{dialect}_{what}.py").is_file()


def test_no_module_has_the_bare_name_adapters() -> None:
    """Inside a checkout `import adapters` gives a second copy of each class, and elsewhere another package."""
    code = (
        "import sys, llm_pure\n"
        "from llm_pure.adapters import registry\n"
        "[registry.get(name) for name in registry.names()]\n"
        "print([name for name in sys.modules if name.split('.')[0] == 'adapters'])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
    assert [name for name in sys.modules if name.split(".")[0] == "adapters"] == []
