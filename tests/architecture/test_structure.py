"""The tree: what the package root holds, how long files may be, how many lines the layers have, and that imports have no cycle."""

import tomllib
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "llm_pure"
MAX_LINES = 400
FIRST_LINES = 12
"""A longer file says why within its first lines, with the words "One file:"."""

ROOT_FILES = {"__init__.py", "__main__.py", "py.typed"}
FOLDERS = sorted(
    path.name
    for path in PACKAGE.iterdir()
    if path.is_dir() and path.name not in ("__pycache__", "data")
)


@lru_cache(maxsize=1)
def imports() -> dict[str, set[str]]:
    """Module -> modules that it imports at run time, at its top or later."""
    graph = grimp.build_graph("llm_pure", exclude_type_checking_imports=True, cache_dir=None)
    return {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}


def folder_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """The modules of one import cycle, [] when there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_the_package_root_holds_folders_and_the_public_face_only() -> None:
    files = {path.name for path in PACKAGE.iterdir() if not path.is_dir()}
    assert files == ROOT_FILES
    links = {path.name: str(path.readlink()) for path in PACKAGE.iterdir() if path.is_symlink()}
    assert links == {"adapters": "../adapters"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_modules_of_a_folder_import_each_other_without_a_cycle(folder: str) -> None:
    name = f"llm_pure.{folder}"
    graph = {
        module: {other for other in imported if folder_of(other) == name}
        for module, imported in imports().items()
        if folder_of(module) == name
    }
    assert graph
    assert cycle(graph) == []


def test_folders_import_each_other_without_a_cycle() -> None:
    graph: dict[str, set[str]] = {}
    for module, imported in imports().items():
        folder = folder_of(module)
        graph.setdefault(folder, set()).update({folder_of(other) for other in imported} - {folder})
    assert cycle(graph) == []


def test_cycle_returns_the_modules_of_a_cycle() -> None:
    assert set(cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == {"a", "b", "c"}


def test_the_layers_contract_has_at_most_12_lines() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = {row["id"]: row for row in project["tool"]["importlinter"]["contracts"]}
    assert len(contracts["layers"]["layers"]) <= 12


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_file_has_at_most_400_lines_or_says_why(folder: str) -> None:
    long = []
    for path in sorted((PACKAGE / folder).resolve().rglob("*.py")):
        lines = path.read_text("utf-8").splitlines()
        if len(lines) > MAX_LINES and "One file:" not in "\n".join(lines[:FIRST_LINES]):
            long.append(f"{path.relative_to(ROOT)}: {len(lines)} lines")
    assert long == []
