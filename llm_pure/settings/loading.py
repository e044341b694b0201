"""Configuration files on this machine -> a Configuration: the user's, then the project's, whose sections win."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from llm_pure.settings.config_file import ConfigFile
from llm_pure.settings.config_parser import MERGED_SECTIONS, merge, parse_config_file, read_yaml
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.result import Failure, LLMResult, Success

SIZE_LIMIT = 1_000_000
"""The largest file that is read, in bytes."""


class LoadedConfig(msgspec.Struct, frozen=True):
    """A configuration, and which file each model comes from (`llm`, `models/<name>`). files: those that were read.

    Other sections stand in origins too.
    """

    configuration: ConfigFile
    files: tuple[Path, ...] = ()
    sources: Mapping[str, Path] = {}


def config_file_paths(
    environ: Mapping[str, str] | None = None, project: Path | None = None
) -> tuple[Path, ...]:
    """Where configurations may lie, the weakest first: MetaGPT's, our own, and the project's, under both names.

    project: the folder, the current one where None.
    """
    variables = os.environ if environ is None else environ
    home = Path(variables.get("HOME") or Path.home())
    settings = Path(variables.get("XDG_CONFIG_HOME") or home / ".config")
    here = project or Path()
    return (
        home / ".metagpt" / "config2.yaml",
        settings / "llm-pure" / "config.yaml",
        here / "config" / "config2.yaml",
        here / "llm-pure.yaml",
    )


def load_configuration(
    path: str | os.PathLike[str] | None = None, environ: Mapping[str, str] | None = None
) -> LLMResult[ConfigFile]:
    """What this file says, or every file of `config_file_paths` that is there, merged; `${NAME}` is filled in.

    Fails with InvalidConfiguration, also where the path is given and no file is there.
    """
    return load_config_files(None if path is None else (Path(path),), environ).map(
        lambda loaded: loaded.configuration
    )


def load_config_files(
    paths: Iterable[Path] | None = None, environ: Mapping[str, str] | None = None
) -> LLMResult[LoadedConfig]:
    """The same, and where it comes from. paths: the weakest first; each has to be there. An error names the file."""
    variables = os.environ if environ is None else environ
    if paths is None:
        found = [path for path in config_file_paths(variables) if path.is_file()]
    else:
        found = list(paths)
    sections = []
    sources: dict[str, Path] = {}
    for path in found:
        read = _read(path)
        if isinstance(read, Failure):
            return read
        sections.append(read.unwrap())
        sources |= _places(read.unwrap(), path)
    merged = parse_config_file(merge(sections), variables)
    if isinstance(merged, Failure):
        return Failure(_placed(merged.failure(), sources))
    return Success(LoadedConfig(merged.unwrap(), tuple(found), sources))


def _places(sections: Mapping[str, Any], path: Path) -> dict[str, Path]:
    """What this file says: its sections, and each name of those that are joined by name."""
    places: dict[str, Path] = {}
    for section, value in sections.items():
        if section in MERGED_SECTIONS:
            places |= {f"{section}/{name}": path for name in value or {}}
        elif value is not None:
            places[section] = path
    return places


def _placed(error: LLMError, sources: Mapping[str, Path]) -> LLMError:
    """The error with the file that it is in."""
    if not isinstance(error, InvalidConfiguration):
        return error
    parts = error.field.split("/")
    path = sources.get("/".join(parts[:2])) or sources.get(parts[0])
    if path is None:
        return error
    return msgspec.structs.replace(error, message=f"{path}: {error.message}")


def _read(path: Path) -> LLMResult[dict[str, Any]]:
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
        text = data.decode("utf-8-sig")
    except OSError as fault:
        return _unread(path, fault.strerror or "cannot be read")
    except UnicodeDecodeError:
        return _unread(path, "is not UTF-8")
    if len(data) > SIZE_LIMIT:
        return _unread(path, f"is longer than {SIZE_LIMIT} bytes")
    return read_yaml(text, str(path))


def _unread(path: Path, why: str) -> Failure[InvalidConfiguration]:
    return Failure(InvalidConfiguration(message=f"{path}: {why}", field="file"))
