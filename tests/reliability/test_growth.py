"""What grows with an answer, a text or a recording grows linearly; `make bench ARGS="--only growth"` shows the exponents."""

import pytest

from tests.support.growth_shapes import SHAPES, growth

MAX_EXPONENT = 1.6
"""Coarse, as the machine may be busy: 1 is linear, 2 quadratic. The bench has 1.1."""

PENDING = frozenset(
    {
        "chat, calls",
    }
)


@pytest.mark.parametrize("name", [name for name in SHAPES if name not in PENDING])
def test_time_grows_linearly(name: str) -> None:
    exponent, seconds, size = growth(SHAPES[name])
    if exponent > MAX_EXPONENT:  # once more: another process may have taken the cache
        exponent, seconds, size = growth(SHAPES[name])
    assert exponent <= MAX_EXPONENT, f"{seconds:.3f} s for a size of {size}"
