"""The cassettes that come with the package: beside it in a checkout, inside of it when installed."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def builtin_cassettes() -> Path:
    """The folder `cassettes`, with one folder for each provider below it."""
    inside = _PACKAGE / "cassettes"
    return inside if inside.is_dir() else _PACKAGE.parent / "cassettes"
