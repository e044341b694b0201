"""Private names of other packages: each is used in one place, and each has a reason that is still true."""

import ast
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import ollama
import pytest

from tests.support.official_types import ollama_type

ROOT = Path(__file__).parents[2]
FOLDERS = ("llm_pure", "adapters", "tests", "bench")
SOURCES = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
OUR_OWN = ("llm_pure", "tests", "bench", "__future__")

KNOWN = {
    "tests/support/official_types.py": {"ollama._types"},
    "tests/core/test_telemetry.py": {
        "opentelemetry.semconv._incubating.attributes.gen_ai_attributes"
    },
    "tests/support/pumps.py": {"re._parser", "re._constants"},
}
"""File -> private modules of other packages that it imports.

The names of OpenTelemetry for model calls are still incubating: they are published in this module and in no public one.
The parse tree of a regular expression has no public module since Python 3.11.
"""


_IMPORTS = re.compile(r"^\s*(?:from|import)\s[^(\n]*(?:\([^)]*\))?|\bimport(?:_module|orskip)\b", re.MULTILINE)  # fmt: skip
_PRIVATE = re.compile(r"\b_[^\W_]|\Aimport(?:_module|orskip)\Z")


def may_import_private_modules(source: str) -> bool:
    """Whether to parse it, which takes long: most files have no import with such a name."""
    return any(_PRIVATE.search(one) for one in _IMPORTS.findall(source))


def private_modules(source: str) -> Iterator[str]:
    """Yield the private modules of other packages that this source imports, by statement or by `import_module`."""
    if not may_import_private_modules(source):
        return
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(module=str(module), names=names):
                imported = [f"{module}.{name.name}" for name in names]
            case ast.Import(names=names):
                imported = [name.name for name in names]
            case ast.Call(
                func=ast.Name(id="import_module" | "importorskip")
                | ast.Attribute(attr="import_module" | "importorskip"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                imported = [module]
            case _:
                continue
        for name in imported:
            steps = name.split(".")
            private = [step for step in steps if step.startswith("_") and step[:2] != "__"]
            if private and steps[0] not in OUR_OWN:
                yield name


def test_no_private_module_of_another_package_is_imported_but_the_known_ones() -> None:
    found = {
        str(path.relative_to(ROOT)): set(private_modules(path.read_text("utf-8")))
        for path in SOURCES
    }
    assert {file: names for file, names in found.items() if names} == KNOWN


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("from httpx._client import Client", ["httpx._client.Client"]),
        ("from yaml import _yaml", ["yaml._yaml"]),
        ("import ollama._types", ["ollama._types"]),
        ("import_module('ollama._types')", ["ollama._types"]),
        ("pytest.importorskip('yaml._yaml')", ["yaml._yaml"]),
        ("from __future__ import annotations\nfrom llm_pure import __version__", []),
    ],
)
def test_private_modules_are_found(source: str, names: list[str]) -> None:
    assert list(private_modules(source)) == names


def test_opentelemetry_still_has_no_public_module_of_its_names_for_model_calls() -> None:
    """Once it has one, test_telemetry.py is to use that."""
    pytest.importorskip("opentelemetry.semconv")
    assert find_spec("opentelemetry.semconv.attributes.gen_ai_attributes") is None


@pytest.mark.parametrize("name", ["ChatRequest", "GenerateRequest"])
def test_ollama_still_has_no_public_name_for_its_requests(name: str) -> None:
    """Once it has one, `ollama_type` is to use that."""
    assert not hasattr(ollama, name)
    assert ollama_type(name).__name__ == name
