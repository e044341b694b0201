"""Build the documentation site into .site/html; `make docs` runs this.

python -m tests.support.site            # assemble .site/docs, build strictly, check links and requests
python -m tests.support.site --serve    # the same pages at http://localhost:8000, rebuilt from .site/docs
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support.site.html_check import problems
from tests.support.site.pages import generated_pages

ROOT = Path(__file__).parents[3]
SITE = ROOT / ".site"
NOT_PAGES = ("changes", "examples", "zensical.toml")
"""Files of docs/ that are sources of generated pages, or settings."""


def assemble() -> None:
    """Write .site/docs: the pages of docs/ and the generated ones; .site/zensical.toml are the settings."""
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.copytree(ROOT / "docs", SITE / "docs", ignore=shutil.ignore_patterns(*NOT_PAGES))
    shutil.copy(ROOT / "docs" / "zensical.toml", SITE)
    for name, text in generated_pages(ROOT).items():
        file = SITE / "docs" / name
        if file.exists():
            raise SystemExit(f"docs/{name} is generated and must not be in docs/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


def build() -> int:
    """Build the site; any warning is an error. Return the exit code."""
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    built = subprocess.run(command, cwd=SITE, check=False, stderr=subprocess.PIPE, text=True)
    report, _, _ = built.stderr.partition("Traceback (most recent call last)")
    print(report, end="", file=sys.stderr)
    if built.returncode:
        return built.returncode
    found = problems(SITE / "html")
    print("\n".join(found) or f"no broken link, no foreign request: {SITE / 'html' / 'index.html'}")
    return 1 if found else 0


def main(arguments: Sequence[str]) -> int:
    assemble()
    if arguments == ["--serve"]:
        return subprocess.run(
            [sys.executable, "-m", "zensical", "serve"], cwd=SITE, check=False
        ).returncode
    return build()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
