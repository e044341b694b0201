"""The page of clusters runs as printed; blocks with a title are programs, of which those that the page calls run."""

from pathlib import Path

import pytest

from tests.docs.blocks import PageRun, blocks_of
from tests.docs.service import scripted_service

PAGE = Path(__file__).parents[2] / "docs/how-to/many-prompts-on-clusters.md"


def test_the_page_of_clusters_runs_as_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, home = tmp_path / "page", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    monkeypatch.chdir(folder)
    with scripted_service(home) as env:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        run = PageRun(folder, env)
        for block in blocks_of(PAGE.name, PAGE.read_text("utf-8")):
            run.run(block)
            if block.title.endswith(".py"):
                compile(block.text, block.title, "exec")
