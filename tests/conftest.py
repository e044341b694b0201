"""What every test needs: a checkout whose link to adapters/ is whole, examples of laws, and a quick collector of garbage."""

import gc
from collections.abc import Generator, Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

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

TESTS = Path(__file__).parent
LINK = TESTS.parent / "llm_pure" / "adapters"


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
def pytest_collect_file(
    file_path: Path,
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Look for doctests only where there are some: else every module is searched, and every test file twice."""
    collectors = yield
    if file_path.suffix != ".py" or ">>> " in file_path.read_text("utf-8"):
        return collectors
    return [one for one in collectors if type(one) is pytest.Module]


def import_share(config: pytest.Config) -> None:
    """Import the tests that this worker would come to last; meanwhile the others import theirs.

    In a new clone pytest rewrites the asserts of every test file and keeps its bytecode. Workers that start together and
    collect the same files in one order would each do it all.
    """
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker is None or config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    number, workers = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
    files = [file for file in sorted(TESTS.rglob("test_*.py")) if "/ray/" not in file.as_posix()]
    for file in files[number * len(files) // workers :][: len(files) // workers]:
        name = ".".join(file.relative_to(TESTS.parent).with_suffix("").parts)
        # the collection shows what is wrong
        with suppress(Exception, pytest.skip.Exception):
            import_module(name)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Let the collector pass over what stays to the end: a full collection looks at every test else, and takes 0.5 s."""
    gc.disable()
    try:
        import_share(session.config)
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
