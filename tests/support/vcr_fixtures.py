"""Fixtures that replay a scenario's cassette by vcrpy; `scenario.path` is its file. A test file imports those that it uses.

pyproject.toml turns pytest-recording off, as its fixtures would run around every test; its options stay (tests/conftest.py).
"""

import ssl
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import pytest
from pytest_recording.plugin import (
    block_network,
    disable_recording,
    record_mode,
    vcr,
    vcr_markers,
)

from llm_pure.replay.secrets.redaction import before_record_request, before_record_response

__all__ = [
    "TRUST", "block_network", "default_cassette_name", "disable_recording", "record_mode", "vcr", "vcr_cassette_dir", "vcr_config",
    "vcr_markers",
]  # fmt: skip

TRUST = ssl.create_default_context()
"""One for all clients: reading the system's certificates takes longer than a test."""


NOT_INSTALLED = tuple(
    [
        name
        for name in ("httplib2", "httpx_curl_cffi", "pyreqwest", "tornado")
        if find_spec(name) is None
    ]
)
sys.modules.update(dict.fromkeys(NOT_INSTALLED))  # type: ignore[arg-type]
"""vcrpy tries to import every HTTP library for each cassette; None in the place of a module ends that at once."""


class Recorded(Protocol):
    """A scenario."""

    @property
    def path(self) -> Path:
        """Its cassette."""
        ...


@pytest.fixture
def vcr_cassette_dir(scenario: Recorded) -> str:
    return str(scenario.path.parent)


@pytest.fixture
def default_cassette_name(scenario: Recorded) -> str:
    return scenario.path.stem


@pytest.fixture
def vcr_config() -> dict[str, Any]:
    return {
        "before_record_request": before_record_request,
        "before_record_response": before_record_response,
        "decode_compressed_response": True,
        "match_on": ["method", "path", "body"],
    }
