"""pyproject.toml, constraints/ and the script between them say the same."""

import re

import pytest

from tests.support.constraints import FOLDER, GROUPS, declared, lines, lowest, requirements_of

PINNED = re.compile(r'([a-z0-9.-]+)==(\S+)(?: ; python_version == "3\.\d+")?')
HEAD = re.compile(r"# Made by `make lock` on \d{4}-\d\d-\d\d, with pip [0-9.]+ for Python .+\.")


def pins(name: str) -> dict[str, set[str]]:
    """Package -> versions in one file, several if they differ by Python."""
    found: dict[str, set[str]] = {}
    for line in (FOLDER / f"{name}.txt").read_text("utf-8").splitlines()[1:]:
        pinned = PINNED.fullmatch(line)
        assert pinned, f"{name}.txt: {line!r}"
        found.setdefault(pinned[1], set()).add(pinned[2])
    return found


def package_of(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found[0]).lower()


@pytest.mark.parametrize("name", GROUPS)
def test_every_requirement_is_pinned_and_the_first_line_says_how(name: str) -> None:
    head = (FOLDER / f"{name}.txt").read_text("utf-8").splitlines()[0]
    assert HEAD.fullmatch(head)
    assert {package_of(one) for one in requirements_of(name)} <= set(pins(name))


@pytest.mark.parametrize("name", ["run", "test"])
def test_one_environment_has_one_version_of_each_package(name: str) -> None:
    everything = pins("check")
    assert {package: everything[package] for package in pins(name)} == pins(name)


@pytest.mark.parametrize("name", GROUPS)
def test_no_pin_is_an_address(name: str) -> None:
    assert not re.search(r"://|@| -", (FOLDER / f"{name}.txt").read_text("utf-8"))


def test_every_declared_requirement_has_a_floor() -> None:
    assert len(lowest(declared())) == len(declared())


def test_a_requirement_without_a_floor_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"'httpx' must have the form name>=version"):
        lowest(["httpx"])


def test_a_package_that_only_one_python_needs_has_no_marker() -> None:
    assert lines({"3.11": {"a": "1", "b": "2"}, "3.12": {"a": "1"}}) == ["a==1", "b==2"]
