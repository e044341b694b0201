"""Names -> providers."""

import subprocess
import sys

import msgspec
import pytest

from llm_pure.adapters import registry
from llm_pure.core.provider import Provider
from llm_pure.core.registry import Registry
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, Success

OPENAI = registry.get("openai").unwrap()
MINE = msgspec.structs.replace(OPENAI, name="mine")


def test_names_are_sorted() -> None:
    given = Registry({"b": MINE, "a": MINE})
    assert given.names() == ("a", "b")


@pytest.mark.parametrize(
    "entry", ["llm_pure.adapters.openai", "llm_pure.adapters.openai:PROVIDER", OPENAI]
)
def test_an_entry_is_a_provider_or_where_it_is(entry: Provider | str) -> None:
    assert Registry({"x": entry}).get("x") == Success(OPENAI)


def test_an_unknown_name_is_an_error_with_near_names() -> None:
    given = Registry({"openai": MINE, "anthropic": MINE})
    assert given.get("opanai") == Failure(
        InvalidConfiguration(
            message="unknown provider 'opanai'; known: anthropic, openai",
            field="api_type",
            suggestions=("openai",),
        )
    )
    assert given.get("zzz").failure() == InvalidConfiguration(
        message="unknown provider 'zzz'; known: anthropic, openai", field="api_type"
    )


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("llm_pure.no_such_module", "could not be loaded from llm_pure.no_such_module: "),
        ("llm_pure.adapters.openai:NOTHING", "from llm_pure.adapters.openai:NOTHING: "),
        ("llm_pure.types.errors", "could not be loaded from llm_pure.types.errors: "),
        ("llm_pure.types.errors:describe", "is not a Provider but a function"),
    ],
)
def test_an_entry_that_leads_to_no_provider_is_an_error_value(entry: str, told: str) -> None:
    error = Registry({"x": entry}).get("x").failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == "api_type"
    assert told in error.message


def test_adding_a_provider_makes_another_registry() -> None:
    more = registry.with_provider("mine", MINE)
    assert more.get("mine") == Success(MINE)
    assert isinstance(registry.get("mine"), Failure)
    other = more.with_provider("openai", MINE)
    assert other.get("openai") == Success(MINE)
    assert more.get("openai") == Success(OPENAI)


def test_nothing_is_loaded_before_it_is_asked_for() -> None:
    code = (
        "import sys; from llm_pure.adapters import registry; registry.names();"
        "print([m for m in sys.modules if m.startswith('llm_pure.adapters.')])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
