"""The settings of the site name every page, and the checks of built pages find what is broken."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.site.html_check import problems

ROOT = Path(__file__).parents[2]
GENERATED = {"examples.md", "changes.md", "reference/commands.md"}
"""Pages that `make docs` writes, beside reference/api-*.md."""


def nav_files(entries: list[dict[str, Any]]) -> Iterator[str]:
    for entry in entries:
        for value in entry.values():
            if isinstance(value, str):
                yield value
            else:
                yield from nav_files(value)


def test_the_navigation_names_every_page_once() -> None:
    settings = tomllib.loads((ROOT / "docs" / "zensical.toml").read_text("utf-8"))
    named = list(nav_files(settings["project"]["nav"]))
    pages = {
        file.relative_to(ROOT / "docs").as_posix()
        for file in (ROOT / "docs").rglob("*.md")
        if file.parent.name != "changes"
    }
    written = {name for name in named if not name.startswith("reference/api-")} - GENERATED
    assert written == pages
    assert len(named) == len(set(named))


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<p id="a"></p><a href="#a">x</a><a href="other.html#b">y</a>', []),
        ('<a href="#b">x</a>', ["index.html: no such anchor: #b"]),
        ('<a href="other.html#a">x</a>', ["index.html: no such anchor: other.html#a"]),
        ('<a href="nope.html">x</a>', ["index.html: no such file: nope.html"]),
        ('<img src="nope.svg">', ["index.html: no such file: nope.svg"]),
        ('<a href="https://example.org/x">x</a>', []),
        (
            '<script src="https://example.org/x.js"></script>',
            ["index.html: requests another host: https://example.org/x.js"],
        ),
        (
            '<link rel="stylesheet" href="//example.org/x.css">',
            ["index.html: requests another host: //example.org/x.css"],
        ),
        ('<link rel="canonical" href="https://example.org/">', []),
    ],
)
def test_links_anchors_and_requests_of_a_page_are_checked(
    html: str, found: list[str], tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text(html, "utf-8")
    (tmp_path / "other.html").write_text('<p id="b"></p>', "utf-8")
    assert problems(tmp_path) == found


def test_style_sheets_request_no_other_host(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text(
        "@import 'https://example.org/b.css'; a { background: url(c.png) }"
    )
    assert problems(tmp_path) == ["a.css: requests another host: https://example.org/b.css"]
