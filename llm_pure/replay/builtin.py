"""Find the cassettes that come with the package: inside it when installed, beside it in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def builtin_cassettes() -> Path:
    """Return the folder `cassettes`, which has one folder for each provider."""
    inside = _PACKAGE / "cassettes"
    return inside if inside.is_dir() else _PACKAGE.parent / "cassettes"
