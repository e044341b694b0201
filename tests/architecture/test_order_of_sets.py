"""The order of a set of texts differs from one process to the next: nothing that has an order is made by walking over one.

Law 5: the same input gives the same bytes and values, in every process.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("llm_pure", "adapters")

ORDER_FREE = (
    "all",
    "any",
    "dict.fromkeys",
    "frozenset",
    "len",
    "max",
    "min",
    "set",
    "sorted",
    "sum",
)
"""Functions whose value does not depend on the order of what they walk over."""

MADE_FREE = {
    "llm_pure/transports/sockets.py: for descriptor in descriptors": "each is replaced by the same",
}


def unordered_names(tree: ast.AST) -> set[str]:
    """Names to which the file assigns a set."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and _is_set(node.value, set()):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def _is_set(node: ast.expr | None, names: set[str]) -> bool:
    match node:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id="set" | "frozenset")):
            return True
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr() | ast.Sub(), left=left, right=right):
            return any(_is_keys(side) or _is_set(side, names) for side in (left, right))
        case ast.Name(id=name):
            return name in names
        case _:
            return False


def _is_keys(node: ast.expr) -> bool:
    """Whether it is the keys of a mapping: joined or cut, they are a set."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "keys"  # fmt: skip


def _walks(node: ast.AST, names: set[str]) -> bool:
    """Whether it is a comprehension over a set that makes something with an order."""
    if not isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp):
        return False
    return any(_is_set(one.iter, names) for one in node.generators)


def _is_order_free(function: ast.expr) -> bool:
    match function:
        case ast.Name(id=name):
            return name in ORDER_FREE
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            return f"{name}.{attribute}" in ORDER_FREE
        case _:
            return False


def ordered_walks(tree: ast.Module) -> list[str]:
    """Loops and comprehensions over a set whose outcome has an order."""
    names = unordered_names(tree)
    nodes = list(ast.walk(tree))
    free = {
        id(argument)
        for call in nodes
        if isinstance(call, ast.Call) and call.args and _is_order_free(call.func)
        for argument in call.args
    }
    found = []
    for node in nodes:
        if isinstance(node, ast.For) and _is_set(node.iter, names):
            found.append(f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}")
        elif _walks(node, names) and id(node) not in free:
            found.append(ast.unparse(node).strip("[](){}"))
    return found


def test_nothing_with_an_order_is_made_from_a_set() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {walk}"
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if "llm_pure/adapters" not in str(path)
        for walk in ordered_walks(ast.parse(path.read_text("utf-8")))
    }
    assert found == set(MADE_FREE)


def test_the_walk_is_seen() -> None:
    source = (
        "S = {1}\nA = [x for x in S]\nB = sorted(x for x in S)\nfor key in d.keys() & e: pass\n"
    )
    assert sorted(ordered_walks(ast.parse(source))) == ["for key in d.keys() & e", "x for x in S"]
