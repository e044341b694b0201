"""Where configuration files lie, and what they make together."""

import errno
import os
from pathlib import Path

import pytest

from llm_pure.settings.loading import config_file_paths, load_config_files, load_configuration
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, Success
from tests.support.configs import file_config


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_files_are_looked_for_at_home_and_in_the_project_the_weakest_first(tmp_path: Path) -> None:
    home, project = tmp_path / "home", tmp_path / "project"
    assert config_file_paths({"HOME": str(home)}, project) == (
        home / ".metagpt/config2.yaml",
        home / ".config/llm-pure/config.yaml",
        project / "config/config2.yaml",
        project / "llm-pure.yaml",
    )
    moved = {"HOME": str(home), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert config_file_paths(moved, project)[1] == tmp_path / "xdg/llm-pure/config.yaml"


def test_the_projects_models_win_over_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = write(
        tmp_path / "home/.config/llm-pure/config.yaml",
        "{llm: {model: a}, models: {x: {model: ours}, y: {model: y}}}",
    )
    project = write(
        tmp_path / "project/llm-pure.yaml", 'models: {x: {model: theirs, api_key: "${KEY}"}}'
    )
    monkeypatch.chdir(tmp_path / "project")
    loaded = load_config_files(environ={"HOME": str(tmp_path / "home"), "KEY": "k"}).unwrap()
    assert loaded.configuration.get("x") == Success(file_config(model="theirs", api_key="k"))
    assert loaded.configuration.get("y") == Success(file_config(model="y"))
    assert loaded.configuration.get() == Success(file_config(model="a"))
    assert [str(path) for path in loaded.files] == [str(user), "llm-pure.yaml"]
    assert {name: path.name for name, path in loaded.sources.items()} == {
        "llm": "config.yaml",
        "models/x": "llm-pure.yaml",
        "models/y": "config.yaml",
    }
    assert project.exists()


def test_no_file_at_all_is_an_empty_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    configuration = load_configuration(environ={"HOME": str(tmp_path)}).unwrap()
    assert (configuration.llm, configuration.models.models) == (None, {})


BAD = {"not UTF-8": b"llm: {model: \xff}", "too long": b"#" * 1_000_001, "not YAML": b"llm: {"}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(BAD[name])
    got = load_configuration(path)
    assert isinstance(got, Failure)
    assert isinstance(got.failure(), InvalidConfiguration)
    assert str(path) in got.failure().message


def test_a_file_that_is_asked_for_has_to_be_there(tmp_path: Path) -> None:
    got = load_configuration(tmp_path / "c.yaml")
    assert got == Failure(
        InvalidConfiguration(
            message=f"{tmp_path / 'c.yaml'}: {os.strerror(errno.ENOENT)}", field="file"
        )
    )
