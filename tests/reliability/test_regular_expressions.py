"""Every regular expression of the package takes linear time, on the inputs that are worst for it.

The patterns are read from the modules; their worst inputs are derived from each pattern's own parse tree (see
tests/support/pumps.py). A call of `re` whose pattern is no constant must be in the table below.
"""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

import llm_pure
from llm_pure.client.price_data import shipped_prices
from llm_pure.core.server_paths import PREFIX_LIMIT, SERVED_PATHS
from llm_pure.pricing.table import AllOf, AnyOf, Matches
from llm_pure.replay.checks import service_detection
from llm_pure.replay.doubles import requests
from llm_pure.replay.secrets import patterns, redaction
from llm_pure.server import client_dialect
from tests.support.pumps import growth, pumped_texts

ROOT = Path(__file__).parents[2]
MAX_GROWTH = 9.0
"""For an input four times as long: a linear pattern has 4, a quadratic one 16."""

SHORT_S = 0.00125
"""Enough CPU time for a first look at 8,000 characters; a quadratic pattern takes some 30 ms there."""

METHODS = ("match", "fullmatch", "search", "sub", "subn", "finditer", "findall", "split")
NAMED_USES = re.compile(rf"\b(\w+)(?:\[[^\]]*\])?\.({'|'.join(METHODS)})\b")


def _price_patterns() -> Iterator[str]:
    def texts(match: Any) -> Iterator[str]:
        if isinstance(match, Matches):
            yield match.text
        elif isinstance(match, AnyOf | AllOf):
            for clause in match.clauses:
                yield from texts(clause)

    table = shipped_prices()
    for vendor in table.vendors.values():
        for model in vendor.models:
            yield from texts(model.match)


COMPUTED: dict[str, list[tuple[str, str]]] = {
    "adapters/dialects/common/received.py": [
        ("fullmatch", f"(?s).{{0,{PREFIX_LIMIT}}}?{path.pattern}")
        for paths in SERVED_PATHS.values()
        for path in paths
    ],
    "replay/doubles/requests.py": [
        *[("fullmatch", pattern) for pattern, _ in requests._OPERATIONS],
        ("search", f'name="file{requests._FORM_VALUE.decode()}'),
    ],
    "server/client_dialect.py": [
        ("fullmatch", f"(?s).{{0,{PREFIX_LIMIT}}}?{pattern}")
        for pattern, _ in client_dialect._PATHS
    ],
    "core/curl.py": [("split", "(stand-in-for-a|stand-in-for-b)")],
    "replay/secrets/patterns.py": [("finditer", patterns._named(redaction.SECRET_NAMES).pattern)],
    "replay/secrets/redaction.py": [
        ("fullmatch", redaction.secret_pairs().pattern),
        ("fullmatch", redaction.secret_names().pattern),
    ],
    "replay/checks/service_detection.py": [
        *[
            ("fullmatch", f".{{0,{service_detection.PREFIX_LIMIT}}}{route.path}")
            for route in service_detection.ROUTES
        ],
        *[("fullmatch", row.host) for row in service_detection.SERVICES],
        *[("fullmatch", f"(?s){path}") for path, _ in service_detection._NO_CALLS],
    ],
    "pricing/lookup.py": [("match", v.url) for v in shipped_prices().vendors.values()],
    "pricing/table.py": [("finditer", text) for text in sorted(set(_price_patterns()))],
}
"""File -> (method, pattern) for calls of `re` whose pattern is made at run time."""


@lru_cache(maxsize=1)
def _sources() -> dict[Path, str]:
    files = [*ROOT.glob("llm_pure/**/*.py"), *ROOT.glob("adapters/**/*.py")]
    return {path: path.read_text("utf-8") for path in files}


@lru_cache(maxsize=1)
def _trees() -> dict[Path, ast.Module]:
    """The syntax trees of the files that use `re` by name."""
    return {
        path: ast.parse(source)
        for path, source in _sources().items()
        if re.search(r"\bre\.", source)
    }


@lru_cache(maxsize=1)
def _methods() -> dict[str, set[str]]:
    """Name of a pattern -> the methods that are called on it, anywhere."""
    methods: dict[str, set[str]] = {}
    for source in _sources().values():
        for use in NAMED_USES.finditer(source):
            methods.setdefault(use[1], set()).add(use[2])
    return methods


def _patterns_in(value: Any, depth: int = 0) -> Iterator["re.Pattern[Any]"]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth < 5 and isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _patterns_in(item, depth + 1)
    elif depth < 5 and isinstance(value, dict):
        for pair in value.items():
            yield from _patterns_in(pair, depth + 1)
    elif depth < 5 and isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            yield from _patterns_in(getattr(value, field), depth + 1)


def _compiled() -> Iterator[tuple[str, str, "re.Pattern[Any]"]]:
    """Yield (where, method, pattern) for every pattern that a module holds."""
    seen: set[tuple[Any, int, str]] = set()
    for module in pkgutil.walk_packages(llm_pure.__path__, "llm_pure."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            for pattern in _patterns_in(value):
                for method in _methods().get(name, {"search"}):
                    if (pattern.pattern, pattern.flags, method) not in seen:
                        seen.add((pattern.pattern, pattern.flags, method))
                        yield f"{module.name}.{name}", method, pattern


def _calls() -> Iterator[tuple[str, str, ast.expr]]:
    """Yield (file, function, pattern) for every call of a function of `re` by name."""
    for path, tree in _trees().items():
        where = path.relative_to(ROOT).as_posix().removeprefix("llm_pure/")
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.func.attr in ("compile", *METHODS)
            ):
                yield where, node.func.attr, node.args[0]


@lru_cache(maxsize=1)
def _cases() -> list[tuple[str, str, "re.Pattern[Any]"]]:
    """(where, method, pattern) for all; made by the tests, since every worker collects and one runs them."""
    return [
        *_compiled(),
        *[
            (where, method, re.compile(str(pattern.value)))
            for where, method, pattern in _calls()
            if method != "compile" and isinstance(pattern, ast.Constant)
        ],
        *[
            (where, method, re.compile(pattern))
            for where, rows in COMPUTED.items()
            for method, pattern in rows
        ],
    ]


PARTS = 16


@pytest.mark.parametrize("part", range(PARTS))
def test_every_pattern_is_linear_on_its_worst_inputs(part: int) -> None:
    assert len(_cases()) > 200
    for name, method, pattern in _cases()[part::PARTS]:
        kind = method if method in ("match", "fullmatch") else "finditer"
        for make in pumped_texts(pattern):
            call = partial(_run, pattern, kind)
            grown = growth(call, make, enough_s=SHORT_S, limit=8_000)
            if grown >= MAX_GROWTH:  # larger sizes are less noisy
                grown = growth(call, make)
            assert grown < MAX_GROWTH, (name, method, make.__doc__)


def _run(pattern: "re.Pattern[Any]", method: str, text: Any) -> None:
    if method == "finditer":
        for _ in pattern.finditer(text):
            pass
    else:
        getattr(pattern, method)(text)


def test_every_pattern_that_is_made_at_run_time_is_in_the_table() -> None:
    compiled_at_import = {"compile"}
    files = {
        where
        for where, method, pattern in _calls()
        if not isinstance(pattern, ast.Constant) and method not in compiled_at_import
    }
    inside_functions = {
        path.relative_to(ROOT).as_posix().removeprefix("llm_pure/")
        for path, tree in _trees().items()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile"
    }
    assert files | inside_functions == set(COMPUTED)


@pytest.mark.parametrize(
    "pattern", [r"a+b", r"x*\s*$", r"eyJ[A-Za-z0-9]+\.", r"(?<=--)A(.*?)B", r"\[(?:a|b\s*)*\s*\]"]
)
def test_the_pumps_find_patterns_that_are_not_linear(pattern: str) -> None:
    compiled = re.compile(pattern)
    call = partial(_run, compiled, "finditer")
    assert any(
        growth(call, make, enough_s=SHORT_S, limit=8_000) > MAX_GROWTH
        for make in pumped_texts(compiled)
    )
