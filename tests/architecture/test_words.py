"""Identifiers hold no word of the retired vocabulary: names are the field's own terms (docs/contributing.md)."""

import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

RETIRED = frozenset({
    "told", "tell", "said", "say", "spoken", "asked", "given", "got", "found", "made", "wanted", "taken", "whole", "picture",
    "lane", "till", "gate", "detour", "tape", "shelf", "keeper", "leaf", "border", "suspicion", "course", "aim", "meter", "memo",
    "untaken", "unseen",
})  # fmt: skip

ALLOWED = {
    "NotFound": "the error's name in LLMError, after HTTP's 404",
    "FileNotFoundError": "Python's exception",
    "ModuleNotFoundError": "Python's exception",
    "PackageNotFoundError": "importlib.metadata's exception",
    "connection_made": "asyncio's name for this method of a protocol",
}
"""Identifier -> why it stays. A provider's own field names in a wire.py belong here too."""


def words(name: str) -> set[str]:
    """The words of a snake_case or CamelCase name, in lower case."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def retired_names(path: Path) -> Iterator[str]:
    with path.open("rb") as source:
        for token in tokenize.tokenize(source.readline):
            is_name = token.type == tokenize.NAME and token.string not in ALLOWED
            if is_name and words(token.string) & RETIRED:
                yield f"{path.relative_to(ROOT)}:{token.start[0]}: {token.string}"


def folders() -> list[str]:
    """Every folder that holds Python files, once: llm_pure/adapters is a link."""
    below = [
        ROOT / "adapters",
        *[path for path in (ROOT / "llm_pure").iterdir() if not path.is_symlink()],
    ]
    files = [
        ROOT / "llm_pure" / "__init__.py",
        *[file for folder in below for file in folder.rglob("*.py")],
    ]
    return sorted({str(file.parent.relative_to(ROOT)) for file in files})


@pytest.mark.parametrize("folder", folders())
def test_no_identifier_or_module_of_a_folder_holds_a_retired_word(folder: str) -> None:
    files = sorted((ROOT / folder).glob("*.py"))
    modules = [str(file.relative_to(ROOT)) for file in files if words(file.stem) & RETIRED]
    assert modules + [name for file in files for name in retired_names(file)] == []


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("told", {"told"}),
        ("_TOLD_BY", {"told", "by"}),
        ("LaneKeeper", {"lane", "keeper"}),
        ("HTTPGate2", {"http", "gate"}),
        ("parameter", {"parameter"}),
    ],
)
def test_words_splits_both_styles_and_only_at_word_boundaries(name: str, parts: set[str]) -> None:
    assert words(name) == parts
