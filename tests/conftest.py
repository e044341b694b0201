"""What every test needs: a checkout whose link to adapters/ is whole, examples of laws, and a quick collector of garbage."""

import gc
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from pytest_recording import plugin as recording

from tests.support.laws import register_profiles
from tests.support.quiet_worker import QuietWorker

# of pytest-recording the options only; its fixtures stand in tests/support/vcr_fixtures.py
pytest_addhooks = recording.pytest_addhooks
pytest_addoption = recording.pytest_addoption

register_profiles()

HAS_RAY = find_spec("ray") is not None
collect_ignore = [] if HAS_RAY else ["ray"]

LINK = Path(__file__).parents[1] / "llm_pure" / "adapters"


def pytest_configure(config: pytest.Config) -> None:
    recording.pytest_configure(config)
    if hasattr(config, "workerinput") and config.getoption("durations") is None:
        config.pluginmanager.register(QuietWorker(config))


def pytest_sessionstart(session: pytest.Session) -> None:
    if not LINK.is_dir():
        pytest.exit(
            "llm_pure/adapters is not a link to ../adapters; see docs/contributing.md", returncode=4
        )


def pytest_report_header() -> str:
    return "" if HAS_RAY else "tests/ray is left out: ray is not installed; `make test-ray` runs it"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Let the collector pass over what stays to the end: a full collection looks at every test else, and takes 0.5 s."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
