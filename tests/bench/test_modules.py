"""The modules of bench/ import without the packages of peers; mypy does not see them."""

from importlib import import_module
from pathlib import Path

import pytest

MODULES = sorted([path.stem for path in (Path(__file__).parents[2] / "bench").glob("*.py")])


@pytest.mark.parametrize("name", MODULES)
def test_a_module_of_bench_is_imported(name: str) -> None:
    assert import_module(f"bench.{name}").__doc__
