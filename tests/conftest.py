"""What every test needs: a checkout whose link to adapters/ is whole."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("suite", deadline=None)  # a loaded machine is no fault of the code
settings.load_profile("suite")

HAS_RAY = find_spec("ray") is not None
collect_ignore = [] if HAS_RAY else ["ray"]

LINK = Path(__file__).parents[1] / "llm_pure" / "adapters"


def pytest_sessionstart(session: pytest.Session) -> None:
    if not LINK.is_dir():
        pytest.exit(
            "llm_pure/adapters is not a link to ../adapters; see docs/contributing.md", returncode=4
        )


def pytest_report_header() -> str:
    return "" if HAS_RAY else "tests/ray is left out: ray is not installed; `make test-ray` runs it"
