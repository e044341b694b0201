"""The pieces that a body may arrive in, and the damage that it may take on the way."""

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

_JUNK = st.binary(max_size=4) | st.sampled_from([b"null", b"0", b'"', b"{}", b"\n\n"])


@st.composite
def pieces(draw: DrawFn, data: bytes) -> list[bytes]:
    """The body in order, cut anywhere, some pieces empty: `b"".join(pieces) == data`."""
    return pieces_at(data, draw(st.lists(st.integers(0, len(data)), max_size=20)))


def pieces_at(data: bytes, cuts: list[int]) -> list[bytes]:
    """The body in order, cut at these places."""
    cuts = sorted(cuts)
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@st.composite
def damaged(draw: DrawFn, data: bytes) -> bytes:
    """The body with other bytes in a few places: as many, more or fewer than stood there."""
    body = bytearray(data)
    places = st.tuples(st.integers(0, len(data) - 1), st.integers(0, 4), _JUNK)
    for at, length, junk in draw(st.lists(places, min_size=1, max_size=6)):
        body[at : at + length] = junk
    return bytes(body)


def one_byte_at_a_time(data: bytes) -> list[bytes]:
    """The body in the smallest pieces.

    >>> one_byte_at_a_time(b"ab")
    [b'a', b'b']
    """
    return [data[at : at + 1] for at in range(len(data))]
