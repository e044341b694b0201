"""Write CHANGELOG.md from the fragments in docs/changes/; `make changelog` runs this.

    python -m tests.support.changelog            # "Unreleased" anew; the fragments stay
    python -m tests.support.changelog 0.2.0      # a release; the fragments are removed

towncrier renders the fragments. This module removes the section "Unreleased" first, since towncrier only adds.
"""

import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
UNRELEASED = "Unreleased"
MARK = "<!-- towncrier release notes start -->\n"
HEAD = f"""\
# Changes

Every change that a user sees, newest version first. `make changelog` writes this file from
docs/changes/, one fragment for each change; the next release
removes its fragments.

{MARK}
"""


def without_unreleased(text: str) -> str:
    """The text without its section "Unreleased"."""
    return re.sub(rf"^## {UNRELEASED}\b.*?(?=^## |\Z)", "", text, flags=re.MULTILINE | re.DOTALL)


def main(arguments: Sequence[str]) -> int:
    file = ROOT / "CHANGELOG.md"
    text = file.read_text("utf-8") if file.exists() else HEAD
    file.write_text(without_unreleased(text), "utf-8")
    today = str(datetime.now(UTC).date())
    release = (
        ["--version", arguments[0], "--yes"] if arguments else ["--version", UNRELEASED, "--keep"]
    )
    command = [sys.executable, "-m", "towncrier", "build", "--date", today, *release]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
