"""Text of a YAML file -> values of plain types, within limits. Pure."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yaml import Node

DEPTH_LIMIT = 64
"""Maximum nesting of a file."""

VALUE_LIMIT = 100_000
"""Maximum number of values in a file. Values repeated by `*alias` count each time."""

_INTEGER_BITS = 64
"""Longer ones are no settings, and Python refuses to write the longest as text."""


def load_plain_tree(text: str) -> Any:
    """Return the value of a YAML text.

    Raises yaml.YAMLError, also for a key that stands twice in one mapping, RecursionError, and ValueError for a tag that
    does not fit its value (`!!bool x`), for an integer of more than 64 bits, and beyond the limits above.
    """
    import yaml  # imported late: start-up

    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _require_single_keys(node)
        tree = loader.construct_document(node)
    except (LookupError, AttributeError, TypeError, OverflowError):  # of PyYAML's constructors
        raise ValueError("a tag does not fit its value") from None
    finally:
        loader.dispose()
    _require_plain_tree(tree)
    return tree


def _require_single_keys(root: "Node") -> None:
    """Raise yaml.YAMLError for a key that a mapping has twice: PyYAML would leave the first one out, YAML forbids it."""
    import yaml  # imported late: start-up

    nodes, seen = [root], {id(root)}
    while nodes:
        node = nodes.pop()
        inner: list[Node] = []
        if isinstance(node, yaml.MappingNode):
            keys = set[str]()
            for key, value in node.value:
                inner.append(value)
                if not isinstance(key, yaml.ScalarNode) or key.value == "<<":  # a merge is no key
                    continue
                if key.value in keys:
                    problem = f"the key {key.value!r} stands twice"
                    raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
                keys.add(key.value)
        elif isinstance(node, yaml.SequenceNode):
            inner = node.value
        nodes += [each for each in inner if id(each) not in seen]
        seen.update(map(id, inner))


def _require_plain_tree(tree: object) -> None:
    """Raise ValueError for a value of YAML beyond the limits above; an alias can make it contain itself."""
    level: list[object] = [tree]
    count = 0
    for _ in range(DEPTH_LIMIT + 1):
        count += len(level)
        if count > VALUE_LIMIT:
            raise ValueError(f"more than {VALUE_LIMIT} values")
        inner: list[object] = []
        for value in level:
            if isinstance(value, dict):
                inner += value.values()
                _require_short(value)
            elif isinstance(value, list):
                inner += value
            else:
                _require_short((value,))
            if len(inner) > VALUE_LIMIT:
                raise ValueError(f"more than {VALUE_LIMIT} values")
        level = inner
    if level:
        raise ValueError(f"nested deeper than {DEPTH_LIMIT}")


def _require_short(values: Iterable[object]) -> None:
    if any(isinstance(value, int) and value.bit_length() > _INTEGER_BITS for value in values):
        raise ValueError(f"an integer of more than {_INTEGER_BITS} bits")
