"""Templates of prompts: texts with {column} in them. Pure.

Only names of columns: no formats, attributes or indexes, so a template cannot reach into a value. {{ and }} are braces.
"""

import re
from typing import Any

import msgspec

from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.rejection import Rejected, returns_failure

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class Template(msgspec.Struct, frozen=True):
    """A text, and its parts."""

    text: str
    parts: tuple[tuple[str, bool], ...]
    """(text, False) and (name of a column, True), in order."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple([text for text, is_column in self.parts if is_column])

    def render(self, columns: dict[str, Any]) -> str:
        """Return the text with the row's values. Raises Rejected with InvalidRequest for a missing column."""
        return "".join(
            [_value(columns, text) if is_column else text for text, is_column in self.parts]
        )


def _value(columns: dict[str, Any], name: str) -> str:
    if name not in columns:
        names = ", ".join(list(columns)[:8]) or "none"
        is_json = not {'"', ":", "\n"}.isdisjoint(name)
        hint = "; {{ and }} are braces of the text" if is_json else ""
        message = f"the row has no column {name!r}; its columns are {names}{hint}"
        raise Rejected(InvalidRequest(message=message, param=name))
    value = columns[name]
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()


@returns_failure
def parse_template(text: str) -> Template:
    """Parse a template. Fails with InvalidConfiguration for a brace that opens or closes nothing.

    >>> parse_template("Is {n} {{odd}}?").unwrap().render({"n": 3})
    'Is 3 {odd}?'
    """
    parts: list[tuple[str, bool]] = []
    end = 0
    for match in _TOKEN.finditer(text):
        parts.append((text[end : match.start()], False))
        end = match.end()
        token = match.group()
        if token in ("{{", "}}"):
            parts.append((token[0], False))
        elif match.group(1):
            parts.append((match.group(1), True))
        else:
            message = f"the prompt has {token!r} at character {match.start() + 1}: write {{column}}, or {{{{ for a brace"
            raise Rejected(InvalidConfiguration(message=message, field="prompt"))
    parts.append((text[end:], False))
    return Template(text, tuple([part for part in parts if part[0]]))
