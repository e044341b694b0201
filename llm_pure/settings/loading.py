"""Configuration files of this machine -> ConfigFile: the user's, then the project's, whose sections take precedence."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from llm_pure.settings.config_file import ConfigFile
from llm_pure.settings.config_parser import MERGED_SECTIONS, merge, parse_config_file, read_yaml
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.result import LLMResult

SIZE_LIMIT = 1_000_000
"""Maximum size of a file in bytes."""


class LoadedConfig(msgspec.Struct, frozen=True):
    """A configuration and where it comes from."""

    configuration: ConfigFile
    files: tuple[Path, ...] = ()
    """The files that were read."""
    sources: Mapping[str, Path] = {}
    """Section, or `models/<name>` and the like in sections that are merged by name -> the file it comes from."""


def config_file_paths(
    environ: Mapping[str, str] | None = None, project: Path | None = None
) -> tuple[Path, ...]:
    """Return the paths of configuration files, lowest precedence first: MetaGPT's, the user's, the project's two.

    project: a folder, by default the current one.
    """
    env = os.environ if environ is None else environ
    home = Path(env.get("HOME") or Path.home())
    user_settings = Path(env.get("XDG_CONFIG_HOME") or home / ".config")
    folder = project or Path()
    return (
        home / ".metagpt" / "config2.yaml",
        user_settings / "llm-pure" / "config.yaml",
        folder / "config" / "config2.yaml",
        folder / "llm-pure.yaml",
    )


def load_configuration(
    path: str | os.PathLike[str] | None = None, environ: Mapping[str, str] | None = None
) -> LLMResult[ConfigFile]:
    """Load this file, by default every file of `config_file_paths` that exists, merged. `${NAME}` is replaced.

    Fails with InvalidConfiguration, also if the file at `path` does not exist.
    """
    return load_config_files(None if path is None else (Path(path),), environ).map(
        lambda loaded: loaded.configuration
    )


@returns_failure
def load_config_files(
    paths: Iterable[Path] | None = None, environ: Mapping[str, str] | None = None
) -> LoadedConfig:
    """Load these files, lowest precedence first; each must exist. Other arguments as for `load_configuration`.

    Fails with InvalidConfiguration, whose message names the file.
    """
    env = os.environ if environ is None else environ
    if paths is None:
        files = tuple([path for path in config_file_paths(env) if path.is_file()])
    else:
        files = tuple(paths)
    sections: list[dict[str, Any]] = []
    sources: dict[str, Path] = {}
    for path in files:
        sections.append(_read(path))
        sources.update(dict.fromkeys(_section_names(sections[-1]), path))
    merged = parse_config_file(merge(sections), env)
    configuration = ok(merged.alt(lambda error: _with_file(error, sources)))
    return LoadedConfig(configuration, files, sources)


def _section_names(sections: Mapping[str, Any]) -> Iterable[str]:
    """Yield the sections of a file, and each name of the sections that are merged by name."""
    for section, value in sections.items():
        if section in MERGED_SECTIONS:
            yield from (f"{section}/{name}" for name in value or {})
        elif value is not None:
            yield section


def _with_file(error: LLMError, sources: Mapping[str, Path]) -> LLMError:
    """Add the file to the message of an error."""
    if not isinstance(error, InvalidConfiguration):
        return error
    parts = error.field.split("/")
    path = sources.get("/".join(parts[:2])) or sources.get(parts[0])
    if path is None:
        return error
    return msgspec.structs.replace(error, message=f"{path}: {error.message}")


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise _unreadable(path, error.strerror or "cannot be read") from None
    except UnicodeDecodeError:
        raise _unreadable(path, "is not UTF-8") from None
    except ValueError:
        raise _unreadable(path, "is no possible path") from None
    if len(data) > SIZE_LIMIT:
        raise _unreadable(path, f"is longer than {SIZE_LIMIT} bytes")
    return ok(read_yaml(text, str(path)))


def _unreadable(path: Path, problem: str) -> Rejected:
    return Rejected(InvalidConfiguration(message=f"{path}: {problem}", field="file"))
