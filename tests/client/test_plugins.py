"""Providers of other packages."""

import sys
from importlib import import_module
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

from llm_pure.adapters import registry as shipped
from llm_pure.client.plugins import GROUP, find_provider, load_registry, with_entry_points
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
