"""References within a JSON Schema: JSON pointers such as `#/$defs/Place`."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from llm_pure.schema.profiles import SchemaProfile
from llm_pure.types.request import JsonSchema


def resolve_ref(root: JsonSchema, reference: str) -> JsonSchema | None:
    """Resolve `#/...` and `#`; None if it has no target that is an object.

    >>> resolve_ref({"anyOf": [{"type": "string"}]}, "#/anyOf/0")
    {'type': 'string'}
    """
    if reference != "#" and not reference.startswith("#/"):
        return None
    node: Any = root
    for step in reference.split("/")[1:]:
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(node, list):
            is_index = name.isdecimal() and len(name) < 10 and int(name) < len(node)
            node = node[int(name)] if is_index else None
        else:
            node = node.get(name) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else None


def in_definitions(reference: str) -> bool:
    """True for a reference to the root or to a definition, which stay where they are when the root is rewritten."""
    return reference == "#" or reference.startswith(("#/$defs/", "#/definitions/"))


def merge_definitions(root: JsonSchema, profile: SchemaProfile) -> JsonSchema:
    """Move `definitions` to `$defs` if the profile supports only the newer name."""
    older = root.get("definitions")
    if profile.supports("definitions") or not isinstance(older, dict):
        return root
    newer = root.get("$defs")
    together = {**older, **(newer if isinstance(newer, dict) else {})}
    return {**{key: item for key, item in root.items() if key != "definitions"}, "$defs": together}


def find_recursion(root: JsonSchema) -> str:
    """Return a reference that leads back to itself; "" if there is none."""
    targets: dict[str, set[str]] = {"#": set(_references(root, with_definitions=False))}
    waiting = list(_references(root, with_definitions=True))
    while waiting:
        reference = waiting.pop()
        if reference not in targets:
            schema = resolve_ref(root, reference)
            targets[reference] = set(_references(schema, with_definitions=True))
            waiting += targets[reference]
    while targets:
        ends = [name for name, references in targets.items() if not references & targets.keys()]
        if not ends:
            return min(targets)
        for name in ends:
            del targets[name]
    return ""


def _references(node: Any, *, with_definitions: bool) -> Iterator[str]:
    """Every `$ref` below a node. `with_definitions`: also those inside `$defs`."""
    waiting = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            if isinstance(item.get("$ref"), str):
                yield item["$ref"]
            waiting += [
                value
                for key, value in item.items()
                if with_definitions or key not in ("$defs", "definitions")
            ]
