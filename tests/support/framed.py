"""Values as the bodies of streams."""

import json
from typing import Any


def dense(value: Any) -> str:
    """JSON without white space, characters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def sse(*values: Any) -> bytes:
    """One server-sent event for each.

    >>> sse({"a": 1}, 2)
    b'data: {"a":1}\\n\\ndata: 2\\n\\n'
    """
    return "".join([f"data: {dense(one)}\n\n" for one in values]).encode()


def lines(*values: Any) -> bytes:
    """One line for each.

    >>> lines({"a": 1}, 2)
    b'{"a":1}\\n2\\n'
    """
    return "".join([f"{dense(one)}\n" for one in values]).encode()
