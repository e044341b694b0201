"""Versions of the dependencies: the lowest that pyproject.toml declares, and the pinned ones in `constraints/`.

    python tests/support/constraints.py lowest              # name==floor of every dependency and extra
    python tests/support/constraints.py lock 3.11 3.12      # write constraints/*.txt for these Pythons

Needs the standard library and pip >= 25.3, and nothing else. `make test-lowest` and `make lock` run this file.
"""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "constraints"

INSTALLER = "pip>=25.3"
"""The first version with `--build-constraint`, which pins the build backend too."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "check": ("test", "check"),
    "test": ("test",),
    "run": (),
    "bench": ("bench",),
    "docs": ("docs",),
    "release": ("release",),
    "ray": ("ray",),
}
"""File name in `constraints/` -> dependency groups in it, beside the dependencies, the extra `cli`, pip and the backend."""

BASES: Mapping[str, str] = {"test": "check", "run": "check", "docs": "check"}
"""File -> file whose versions it uses, because both are installed into the same environment."""

OWN_ENVIRONMENT = frozenset({"ray"})
"""Extras that `make test-lowest` leaves out: their tests have an environment of their own."""

Pins = dict[str, str]
"""Package -> version."""


def project() -> dict[str, Any]:
    """Return pyproject.toml as a mapping."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def declared() -> list[str]:
    """Return the requirements of the project and of its extras, but OWN_ENVIRONMENT, in the order of pyproject.toml."""
    table = project()["project"]
    extras = table["optional-dependencies"].items()
    wanted = [one for name, extra in extras if name not in OWN_ENVIRONMENT for one in extra]
    return [*table["dependencies"], *wanted]


def lowest(requirements: Iterable[str]) -> list[str]:
    """Return `name==floor` for each `name>=floor`, without its marker. Fails with ValueError if one has another form.

    >>> lowest(["httpx>=0.27", "PyYAML>=6.0.2"])
    ['httpx==0.27', 'PyYAML==6.0.2']
    """
    floors: list[str] = []
    for requirement in requirements:
        plain = requirement.partition(";")[0].strip()
        found = re.fullmatch(r"([A-Za-z0-9._-]+(?:\[[a-z0-9,]+\])?)>=([0-9.]+)", plain)
        if found is None:
            raise ValueError(f"{requirement!r} must have the form name>=version")
        floors.append(f"{found[1]}=={found[2]}")
    return floors


def requirements_of(name: str) -> list[str]:
    """Return the requirements that one file in `constraints/` pins."""
    tables = project()
    extras, groups = tables["project"]["optional-dependencies"], tables["dependency-groups"]
    wanted = [INSTALLER, *tables["build-system"]["requires"]]
    wanted += [*tables["project"]["dependencies"], *extras["cli"]]
    return [*wanted, *[one for group in GROUPS[name] for one in groups[group]]]


def resolve(requirements: Sequence[str], python: str, base: Path | None) -> Pins:
    """Return what pip would install for a Python such as "3.11", without installing it.

    Uses that interpreter if it is on PATH. Otherwise resolves from the running one: then markers such as
    `python_version < "3.12"` are evaluated for the running one, and a package that only another Python needs is missed.
    """
    command = [sys.executable, "-m", "pip"]
    options = ["--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    found = shutil.which(f"python{python}")
    if found:
        command += ["--python", found]
    else:
        print(f"python{python} is not on PATH: resolving for it from this one", file=sys.stderr)
        options += ["--python-version", python, "--only-binary", ":all:"]
    if base is not None:
        options += ["--constraint", str(base)]
    ran = subprocess.run(
        [*command, "install", *options, *requirements], stdout=subprocess.PIPE, check=True
    )
    installed = [one["metadata"] for one in json.loads(ran.stdout)["install"]]
    return {re.sub(r"[-_.]+", "-", one["name"]).lower(): one["version"] for one in installed}


def lines(pins: Mapping[str, Pins]) -> list[str]:
    """Return the lines of a constraints file for the pins of each Python; a marker where the Pythons differ.

    >>> lines({"3.11": {"a": "1", "b": "1"}, "3.12": {"a": "1", "b": "2"}})
    ['a==1', 'b==1 ; python_version == "3.11"', 'b==2 ; python_version == "3.12"']
    """
    written: list[str] = []
    for name in sorted({name for one in pins.values() for name in one}):
        versions = {python: one[name] for python, one in pins.items() if name in one}
        if len(set(versions.values())) == 1:
            written.append(f"{name}=={next(iter(versions.values()))}")
            continue
        for python, pinned in versions.items():
            written.append(f'{name}=={pinned} ; python_version == "{python}"')
    return written


def lock(pythons: Sequence[str]) -> None:
    """Write every file in `constraints/` anew, from the newest versions that fit together."""
    FOLDER.mkdir(exist_ok=True)
    today = datetime.now(UTC).date()
    names = f"{', '.join(pythons[:-1])} and {pythons[-1]}" if pythons[1:] else pythons[0]
    head = f"# Made by `make lock` on {today}, with pip {version('pip')} for Python {names}."
    for name in GROUPS:
        base = FOLDER / f"{BASES[name]}.txt" if name in BASES else None
        pins = {python: resolve(requirements_of(name), python, base) for python in pythons}
        file = FOLDER / f"{name}.txt"
        file.write_text("\n".join([head, *lines(pins)]) + "\n", encoding="utf-8")
        print(f"{file.relative_to(ROOT)}: {len(lines(pins))} lines", file=sys.stderr)


def main(arguments: Sequence[str]) -> None:
    match arguments:
        case ["lowest"]:
            print("\n".join(lowest(declared())))
        case ["lock", *pythons] if pythons:
            lock(pythons)
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
