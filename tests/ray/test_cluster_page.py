"""The pages of bulk runs run as printed, with 10,000 rows; blocks with a title are programs, of which those that the pages call run."""

from pathlib import Path

import pytest

from tests.docs.blocks import PageRun, blocks_of
from tests.docs.service import scripted_service

DOCS = Path(__file__).parents[2] / "docs/how-to"


@pytest.mark.parametrize("name", ["many-prompts.md", "many-prompts-on-clusters.md"])
def test_the_pages_of_bulk_runs_run_as_printed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, home = tmp_path / "page", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    monkeypatch.chdir(folder)
    with scripted_service(home) as env:
        for variable, value in env.items():
            monkeypatch.setenv(variable, value)
        run = PageRun(folder, env, timeout_s=900)
        for block in blocks_of(name, (DOCS / name).read_text("utf-8")):
            run.run(block)
            if block.title.endswith(".py"):
                compile(block.text, block.title, "exec")
