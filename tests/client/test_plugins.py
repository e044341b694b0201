"""Providers of other packages."""

import os
import subprocess
import sys
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from llm_pure.adapters import GROUP
from llm_pure.adapters import registry as shipped
from llm_pure.client.plugins import find_provider, load_registry, with_entry_points
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Success
from tests.support.complaints import complaint
from tests.support.tiny_provider import PROVIDER, REGISTRY


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("acme_llm")
    module.PROVIDER = PROVIDER  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "acme_llm", module)


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, GROUP)


@pytest.mark.usefixtures("acme")
def test_a_package_adds_its_provider() -> None:
    registry = with_entry_points(shipped, [entry("acme", "acme_llm:PROVIDER")])
    assert registry.get("acme") == Success(PROVIDER)
    assert set(registry.names()) == {*shipped.names(), "acme"}


@pytest.mark.usefixtures("acme")
def test_no_package_takes_a_shipped_provider_over() -> None:
    registry = with_entry_points(shipped, [entry("openai", "acme_llm:PROVIDER")])
    assert registry.get("openai").unwrap().name == "openai"


def test_a_broken_package_is_an_error_value() -> None:
    registry = with_entry_points(REGISTRY, [entry("acme", "not_there:PROVIDER")])
    error = find_provider("acme", registry).failure()
    assert isinstance(error, InvalidConfiguration)
    detail = complaint(lambda: import_module("not_there"))
    loading = "the provider 'acme' could not be loaded from not_there:PROVIDER"
    assert error.message == f"{loading}: {detail}"


def test_an_unknown_name_is_looked_for_in_the_installed_packages_too() -> None:
    error = find_provider("opnai").failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.suggestions == ("openai", *error.suggestions[1:])
    assert set(shipped.names()) <= set(load_registry().names())


PACKAGE = """
import msgspec
from llm_pure.adapters import openai
PROVIDER = msgspec.structs.replace(openai.PROVIDER, name="acme")
"""
PROGRAM = """
from llm_pure.adapters import registry
assert "acme" not in registry.entries
assert registry.get("acme").unwrap().name == "acme"
assert "acme" in registry.names()
assert registry.near("acm") == ("acme",)
assert registry.get("openai").unwrap().name == "openai"
from llm_pure import LLM, LLMConfig
print(LLM(LLMConfig(api_type="acme", model="m")).warmup().failure().message)
"""


def test_an_installed_package_is_in_the_registry(tmp_path: Path) -> None:
    info = tmp_path / "acme_llm-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-llm\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        f"[{GROUP}]\nacme = acme_llm:PROVIDER\nopenai = acme_llm:PROVIDER\n"
    )
    (tmp_path / "acme_llm.py").write_text(PACKAGE)
    env = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    paths = os.pathsep.join([str(tmp_path), *sys.path])
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], env={**env, "PYTHONPATH": paths},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("the key for openai is missing")


def test_the_registry_reads_no_metadata_for_the_names_that_it_has() -> None:
    program = (
        "import sys; from llm_pure.adapters import registry; registry.get('openai').unwrap();"
        "print('importlib.metadata' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "False\n"
