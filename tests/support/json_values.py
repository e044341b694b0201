"""JSON values of any shape, for laws about answers that nobody documents."""

from typing import Any

from hypothesis import strategies as st


def json_values(
    *keys: str, max_leaves: int = 100, max_keys: int = 3, nan: bool = False
) -> st.SearchStrategy[Any]:
    """Any JSON value; the objects have these keys, or any text as keys where none is given.

    `nan`: floats that JSON does not have are drawn too.
    """
    names = st.sampled_from(keys) if keys else st.text(max_size=5)
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=nan) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=max_keys)
        ),
        max_leaves=max_leaves,
    )
