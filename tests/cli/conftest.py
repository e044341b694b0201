"""No command sees the configuration files of whoever runs the tests."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _a_home_without_files(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return home
