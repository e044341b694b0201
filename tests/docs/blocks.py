"""The code blocks of a Markdown page, and running them.

Blocks of one page run in order: Python in one namespace, commands in one folder, files written into that folder. No
library does this: sybil and pytest-markdown-docs make one test of each block, which pytest-xdist would spread over
processes that do not share the page's variables, and pytest-examples formats and evaluates single blocks.
"""

import ast
import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tomllib
import traceback
from collections.abc import Callable, Iterator, Mapping
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path
from typing import Any

import msgspec
import yaml
from markdown_it import MarkdownIt
from returns.result import Failure

TITLE = re.compile(r'title="([^"]+)"')
OUTPUT = "output"
"""Title of a text block with the output of the Python block before it."""

MARK = "@@llm-pure-docs@@"
PARSERS: Mapping[str, Callable[[str], object]] = {
    "json": json.loads,
    "toml": tomllib.loads,
    "yaml": yaml.safe_load,
}
SHOWN = {"text", "mermaid"}
"""Languages of blocks that are not code."""


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A fenced block. line: of its first line of code, from 1. language: "" without one, "indented" for an indented one."""

    page: str
    line: int
    language: str
    title: str
    text: str

    @property
    def first_line(self) -> str:
        """The first line of code, which names the block in tables and messages."""
        return self.text.partition("\n")[0].strip()


class BlockError(AssertionError):
    """A block did not run as printed."""


def blocks_of(page: str, markdown: str) -> list[Block]:
    """Return the code blocks of a page in order."""
    blocks: list[Block] = []
    for token in MarkdownIt("commonmark").parse(markdown):
        if token.type not in ("fence", "code_block") or token.map is None:
            continue
        language, _, rest = token.info.strip().partition(" ")
        title = TITLE.search(rest)
        fenced = token.type == "fence"
        blocks.append(
            Block(
                page=page,
                line=token.map[0] + (2 if fenced else 1),
                language=language if fenced else "indented",
                title=title[1] if title else "",
                text=token.content,
            )
        )
    return blocks


class PageRun:
    """Runs the blocks of one page in a folder, with these environment variables. timeout_s: of the commands of one block."""

    def __init__(self, folder: Path, env: Mapping[str, str], *, timeout_s: float = 120) -> None:
        self.folder = folder
        self.timeout_s = timeout_s
        self.env = env
        self.namespace: dict[str, Any] = {"__name__": "__page__", _CHECK: _no_failure}
        self.printed = ""

    def run(self, block: Block) -> None:
        """Run a block. Fails with BlockError if it fails or prints other text than the page shows."""
        if block.title and block.title != OUTPUT:
            self._write(block)
        elif block.language == "python":
            self.printed = self._python(block)
        elif block.language == "console":
            self._console(block)
        elif block.title == OUTPUT:
            self._compare(block, block.text, self.printed)
        elif block.language in PARSERS:
            PARSERS[block.language](block.text)
        elif block.language not in SHOWN:
            raise BlockError(f"{_at(block)}: a block of language {block.language!r} has no meaning")

    def _write(self, block: Block) -> None:
        file = self.folder / block.title
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text, "utf-8")

    def _python(self, block: Block) -> str:
        source = "\n" * (block.line - 1) + block.text
        printed = io.StringIO()
        try:
            tree = ast.fix_missing_locations(_CheckStatements().visit(ast.parse(source)))
            code = compile(tree, block.page, "exec")
            with contextlib.redirect_stdout(printed), _modules_of(self.folder):
                exec(code, self.namespace)  # noqa: S102
        except BaseException as error:
            text = "".join(traceback.format_exception(error)[-6:])
            raise BlockError(f"{_at(block)}: {text}") from error
        return printed.getvalue()

    def _console(self, block: Block) -> None:
        commands = list(_commands(block))
        script = "".join(
            f"{command}\n(rc=$?; printf '\\n{MARK}%s\\n' $rc; exit $rc)\n"
            for command, _ in commands
        )
        ran = subprocess.run(
            ["bash", "-c", script],
            stdin=subprocess.DEVNULL,
            cwd=self.folder,
            env=dict(self.env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=self.timeout_s,
        )
        parts = re.split(rf"\n{MARK}(\d+)\n", ran.stdout)
        outputs, codes = parts[::2], parts[1::2]
        for index, (command, expected) in enumerate(commands):
            asks_code = commands[index + 1 : index + 2] and commands[index + 1][0] == "echo $?"
            if index >= len(codes) or (codes[index] != "0" and not asks_code):
                code = codes[index] if index < len(codes) else "no"
                raise BlockError(f"{_at(block)}: `{command}`: exit {code}\n{outputs[index]}")
            if expected:
                self._compare(block, expected, outputs[index].strip("\n") + "\n", command)

    def _compare(self, block: Block, expected: str, printed: str, command: str = "") -> None:
        if not OutputChecker().check_output(expected, printed, ELLIPSIS | NORMALIZE_WHITESPACE):
            raise BlockError(
                f"{_at(block)}: {command}\n--- printed\n{printed}\n--- page\n{expected}"
            )


_CHECK = "__no_failure__"


class _CheckStatements(ast.NodeTransformer):
    """Let a statement that only calls something fail the block if its Result is a Failure, which nobody would see."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        name = ast.Name(id=_CHECK, ctx=ast.Load())
        node.value = ast.Call(func=name, args=[node.value], keywords=[])
        return node


def _no_failure(value: object) -> None:
    if isinstance(value, Failure):
        raise BlockError(f"a Failure that nobody sees: {value.failure()}")


def _commands(block: Block) -> Iterator[tuple[str, str]]:
    """Each `$ command` and the output below it."""
    command, output = "", ""
    for line in block.text.splitlines(keepends=True):
        if line.startswith("$ "):
            if command:
                yield command, output
            command, output = line[2:].rstrip("\n"), ""
        elif line.startswith("> ") and not output:  # the shell's prompt for a second line
            command = f"{command}\n{line[2:].rstrip()}"
        else:
            output += line
    if not command:
        raise BlockError(f"{_at(block)}: a console block without a command")
    yield command, output.rstrip("\n") + "\n" if output.strip() else ""


@contextlib.contextmanager
def _modules_of(folder: Path) -> Iterator[None]:
    """Import modules from this folder, and forget them afterwards."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None) or ""
            if file.startswith(str(folder) + os.sep):
                del sys.modules[name]


def _at(block: Block) -> str:
    return f"{block.page}:{block.line}"
