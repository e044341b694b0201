"""The generated pages: reference from docstrings and tables, examples, and changes since the last release."""

import re
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from llm_pure.cli.arguments import create_parser
from tests.support.site.reference import REFERENCE, reference_page

WIDTH = 84
"""Columns of the help texts."""


def generated_pages(root: Path) -> dict[str, str]:
    """Path below docs/ -> Markdown."""
    pages = {f"reference/{page.name}.md": reference_page(page, root) for page in REFERENCE}
    pages["reference/commands.md"] = commands_page()
    pages["examples.md"] = examples_page(root / "docs" / "examples")
    pages["changes.md"] = changes_page(root)
    return pages


# Commands


def commands_page() -> str:
    """Every command with its help, as `--help` prints it."""
    parser = create_parser()
    sections = [
        "# Commands\n\nThe command `llm-pure`. Each section is what `--help` prints.\n",
        _help_section(parser, 2),
    ]
    for command in _subcommands(parser):
        sections.append(_help_section(command, 2))
        sections += [_help_section(action, 3) for action in _subcommands(command)]
    return "\n".join(sections)


def _subcommands(parser: ArgumentParser) -> Iterator[ArgumentParser]:
    for action in parser._actions:
        if action.nargs == "A..." and isinstance(action.choices, dict):
            yield from action.choices.values()


def _help_section(parser: ArgumentParser, level: int) -> str:
    formatter: Any = parser.formatter_class
    parser.formatter_class = lambda prog: formatter(prog, width=WIDTH)
    return f"{'#' * level} {parser.prog}\n\n```text\n{parser.format_help()}```\n"


# Examples


def examples_page(folder: Path) -> str:
    """Every program of docs/examples with the first paragraph of its docstring."""
    sections = [
        "# Examples\n\nComplete programs from `docs/examples/`. A test runs each of them, offline.\n"
    ]
    for file in sorted(folder.rglob("*"), key=lambda file: (len(file.parts), file)):
        if file.suffix not in (".py", ".toml", ".yaml") or "__pycache__" in file.parts:
            continue
        name = file.relative_to(folder).as_posix()
        code = file.read_text("utf-8")
        title, body = _split_docstring(code) if file.suffix == ".py" else ("", code)
        language = file.suffix.removeprefix(".").replace("py", "python")
        sections.append(
            f'## {name}\n\n{title}\n\n```{language} title="{name}"\n{body.strip()}\n```\n'
        )
    return "\n".join(sections)


def _split_docstring(code: str) -> tuple[str, str]:
    match = re.match(r'"""(.*?)"""\n', code, re.DOTALL)
    return (match[1].strip(), code[match.end() :]) if match else ("", code)


# Changes


def changes_page(root: Path) -> str:
    """CHANGELOG.md, which `make changelog` writes from docs/changes/."""
    return (root / "CHANGELOG.md").read_text("utf-8")
