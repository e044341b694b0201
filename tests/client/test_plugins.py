"""Providers of other packages."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from llm_pure.adapters import GROUP
from llm_pure.adapters import registry as shipped
from llm_pure.core.registry import Registry
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Success
from tests.support.complaints import complaint
from tests.support.tiny_provider import PROVIDER, REGISTRY


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("acme_llm")
    module.PROVIDER = PROVIDER  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "acme_llm", module)


def installed(registry: Registry, name: str, reference: str) -> Registry:
    """The registry beside an installed package."""
    return Registry(registry.entries, lambda: {name: reference})


@pytest.mark.usefixtures("acme")
def test_a_package_adds_its_provider() -> None:
    registry = installed(shipped, "acme", "acme_llm:PROVIDER")
    assert registry.get("acme") == Success(PROVIDER)
    assert set(registry.names()) == {*shipped.names(), "acme"}


@pytest.mark.usefixtures("acme")
def test_no_package_takes_a_shipped_provider_over() -> None:
    registry = installed(shipped, "openai", "acme_llm:PROVIDER")
    assert registry.get("openai").unwrap().name == "openai"


def test_a_broken_package_is_an_error_value() -> None:
    registry = installed(REGISTRY, "acme", "not_there:PROVIDER")
    error = registry.get("acme").failure()
    assert isinstance(error, InvalidConfiguration)
    detail = complaint(lambda: import_module("not_there"))
    loading = "the provider 'acme' could not be loaded from not_there:PROVIDER"
    assert error.message == f"{loading}: {detail}"


def test_an_unknown_name_is_looked_for_in_the_installed_packages_too() -> None:
    error = shipped.get("opnai").failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.suggestions == ("openai", *error.suggestions[1:])


PACKAGE = """
import msgspec
from llm_pure.adapters import openai
PROVIDER = msgspec.structs.replace(openai.PROVIDER, name="acme")
"""
PROGRAM = """
from llm_pure.adapters import registry
assert "acme" not in registry.entries
assert registry.get("acme").unwrap().name == "acme"
assert "acme" in registry.names() and "acme" in registry and "acne" not in registry
assert registry.near("acm") == ("acme",)
assert registry.get("openai").unwrap().name == "openai"
from llm_pure.replay import Interaction
from llm_pure.replay.checks.check import check_interaction
from llm_pure.types.http import HttpRequest, HttpResponse
request = HttpRequest("POST", "https://acme.test/v1/chat/completions", (), b"{}")
recorded = Interaction(request=request, response=HttpResponse(500, (), b""), provider="acme", operation="chat")
assert check_interaction(recorded, registry).provider == "acme"
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
