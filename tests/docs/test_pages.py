"""Every code block of README.md and docs/ runs as printed, offline."""

import re
from pathlib import Path

import pytest

from tests.docs.blocks import Block, BlockError, PageRun, blocks_of
from tests.docs.service import scripted_service

ROOT = Path(__file__).parents[2]
RUN_ELSEWHERE = {
    "docs/how-to/add-a-provider.md": "tests/architecture/test_adding_a_provider.py follows it in a copy of the repository",
    "docs/how-to/many-prompts-on-clusters.md": "needs Ray and Dask: tests/ray/test_cluster_page.py runs it, by `make test-ray`",
}
"""Page -> where its blocks run."""

INSTALLS = "installs from the package index; tests/packaging builds and checks the wheel"
SERVES = "serves until it is stopped; tests/cli/test_serve_double.py runs it"
A_REAL_KEY = "stands for a key of the reader"
NOT_RUN: dict[tuple[str, str], str] = {
    ("README.md", "$ make demo     # every step on a bundled cassette: request, events, Completion; no network, no key"):
        "creates an environment from the package index; tests/cli/test_demo.py runs the demo",
    ("docs/index.md", "$ pip install llm-pure"): INSTALLS,
    ("docs/how-to/test-other-packages.md", "$ llm-pure replay serve cassettes/openai --port 0"):
        "serves until it is stopped; tests/replay/test_server.py runs it",
    ("docs/how-to/test-other-packages.md", "$ llm-pure replay serve --rules rules.yaml --received requests.jsonl"): SERVES,
    ("docs/how-to/test-other-packages.md", "$ llm-pure replay serve --as anthropic_messages cassettes/openai"): SERVES,
    ("docs/how-to/serve.md", '$ pip install "llm-pure[serve]"'): INSTALLS,
    ("docs/how-to/serve.md", "$ llm-pure serve"):
        "serves until it is stopped; tests/gateway/test_operation.py runs it",
    ("docs/tutorial.md", "$ python -m venv .venv"): INSTALLS,
    ("docs/tutorial.md", "$ export OPENAI_API_KEY=..."): A_REAL_KEY,
}  # fmt: skip
"""(page, first line of the block) -> why the block cannot run in a test."""


SMALLER = {
    "docs/how-to/many-prompts.md": (("10000", "1000"), ("10,000", "1,000"), ("500,000", "50,000"), ("7500", "750"), ("shards: 10", "shards: 1")),
}  # fmt: skip
"""Page -> numbers that are smaller here. `make test-ray` runs the page as printed (tests/ray/test_cluster_page.py)."""


def pages() -> list[str]:
    files = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    names = [file.relative_to(ROOT).as_posix() for file in files]
    return [name for name in names if not name.startswith("docs/changes/")]


def blocks(page: str) -> list[Block]:
    text = (ROOT / page).read_text("utf-8")
    for printed, smaller in SMALLER.get(page, ()):
        text, count = re.subn(rf"\b{re.escape(printed)}\b", smaller, text)
        assert count, f"{page} has no {printed}"
    return blocks_of(page, text)


@pytest.mark.parametrize("page", [page for page in pages() if page not in RUN_ELSEWHERE])
def test_every_block_of_a_page_runs_as_printed(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, home = tmp_path / "page", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    (folder / "cassettes").mkdir()
    for recorded in (ROOT / "cassettes").iterdir():  # links: a page may record beside them
        (folder / "cassettes" / recorded.name).symlink_to(recorded)
    monkeypatch.chdir(folder)
    with scripted_service(home) as env:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        run = PageRun(folder, env)
        for block in blocks(page):
            if (page, block.first_line) not in NOT_RUN:
                run.run(block)


def test_every_reason_names_a_block_that_exists() -> None:
    existing = {(page, block.first_line) for page in pages() for block in blocks(page)}
    assert set(NOT_RUN) <= existing
    assert set(RUN_ELSEWHERE) <= set(pages())


def test_the_page_of_the_client_has_the_table_of_what_is_added_unasked() -> None:
    from llm_pure.client.unasked import markdown_table

    assert markdown_table().strip() in (ROOT / "docs/reference/client.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("markdown", "message"),
    [
        ('```python\nprint(1)\n```\n\n```text title="output"\n2\n```\n', "printed\n1"),
        ("```python\n1 / 0\n```\n", "page.md:2: Traceback"),
        (
            "```python\nfrom returns.result import Failure\nFailure('lost')\n```\n",
            "a Failure that nobody sees: lost",
        ),
        ("```console\n$ echo a\nb\n```\n", "printed\na"),
        ("```console\n$ false\n```\n", "`false`: exit 1"),
        ("```\nx\n```\n", "language ''"),
        ("Text:\n\n    indented()\n", "language 'indented'"),
    ],
)
def test_a_block_that_does_not_run_as_printed_is_an_error(
    markdown: str, message: str, tmp_path: Path
) -> None:
    run = PageRun(tmp_path, {"PATH": "/usr/bin:/bin"})
    blocks = blocks_of("page.md", markdown)
    for block in blocks[:-1]:
        run.run(block)
    with pytest.raises(BlockError) as raised:
        run.run(blocks[-1])
    assert message in str(raised.value)


def test_blocks_of_a_page_share_names_files_and_output(tmp_path: Path) -> None:
    markdown = (
        '```python\na = 1\n```\n\n```python\nprint(a + 1)\n```\n\n```text title="output"\n2\n```\n\n'
        '```text title="x.txt"\nhello\n```\n\n```console\n$ cat x.txt\nhello\n$ (exit 3)\n$ echo $?\n3\n```\n'
    )
    run = PageRun(tmp_path, {"PATH": "/usr/bin:/bin"})
    for block in blocks_of("page.md", markdown):
        run.run(block)
    assert run.namespace["a"] == 1
