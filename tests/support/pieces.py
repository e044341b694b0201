"""The pieces that a body may arrive in."""

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn


@st.composite
def pieces(draw: DrawFn, data: bytes) -> list[bytes]:
    """The body in order, cut anywhere, some pieces empty: `b"".join(pieces) == data`."""
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=20)))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def one_byte_at_a_time(data: bytes) -> list[bytes]:
    """The body in the smallest pieces.

    >>> one_byte_at_a_time(b"ab")
    [b'a', b'b']
    """
    return [data[at : at + 1] for at in range(len(data))]
