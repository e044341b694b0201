"""Tool arguments broken in the ways models break them: good ones, and seeded mutations that know what was meant."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

SEED = 20261120

CODES = (
    'print("Hello, world")',
    "for i in range(3):\n    print(i, 'times')\n",
    'data = {"a": "b", "c": ["d", "e"]}\nprint(data["a"])',
    'import re\nm = re.match(r"\\d+\\s*(\\w+)", text)\n',
    'def f(x):\n\t"""Say it."""\n\treturn f"{x!r}: {x}"\n',
    'if a == "}" or b == "{":\n    pass',
    "SELECT \"name\", 'x' FROM t WHERE a = 'it''s';",
    'echo "$HOME" | sed -e \'s/"/\\\\"/g\'',
    'const s = "a, \\"b\\": c";\nconsole.log(s);',
    'x = "ä ö ü 漢字 🙂"  # end',
    "",
    "a\\b\\c",
)
GOOD: tuple[dict[str, Any], ...] = (
    *[{"language": "python", "code": code} for code in CODES],
    {"city": "Oslo"},
    {"city": "Oslo", "days": 3, "unit": None, "detail": True},
    {"query": 'who said "to be, or not to be"?', "limit": 10},
    {"path": "C:\\Users\\ann\\notes.txt", "text": "line one\nline two"},
    {"items": [{"name": "a", "price": 1.5}, {"name": "b", "price": -2}], "total": 3.5},
    {"to": ["ann@example.org", "bo@example.org"], "subject": "Hi, \"Bo\"", "body": "Dear Bo,\n\nyes: {no}\n"},
    {"a": {"b": {"c": [1, 2, [3, "x"]]}}, "d": False},
    {"html": '<a href="https://example.org/?a=1&b=2">x</a>', "minify": False},
    {"expression": "2 * (3 + 4)", "precision": 12},
    {"text": "It's 5 o'clock", "lang": "en"},
    {"matrix": [[1, 0], [0, 1]], "name": "identity"},
    {"regex": "^\\s*\"(.*)\"$", "flags": ["i", "m"]},
)  # fmt: skip

HELD_OUT: tuple[dict[str, Any], ...] = (
    {"language": "shell", "code": "grep -n \"a b\" *.py | awk '{print $1, \"x\"}'"},
    {"language": "javascript", "code": "const o = {a: 1, \"b\": [1, 2]};\nfetch(`/x?${o.a}`, {method: \"POST\"});\n"},
    {"language": "python", "code": "with open('a.json') as f:\n    d = json.load(f)\nprint(d['k'], \"v\")  # {done}\n"},
    {"language": "python", "code": "print(\"yes\" if x == \"}\" else \"no\")"},
    {"language": "sql", "code": "INSERT INTO t (a, b) VALUES (\"1\", \"2\"), (\"3\", \"4\");"},
    {"name": "Ann \"Annie\" Ö", "age": 41, "tags": ["a", "b c", "d\"e\""], "note": None},
    {"url": "https://example.org/a?b=[1]&c={2}", "headers": {"accept": "text/html, */*"}, "retries": 0},
    {"thought": "First, I'll look; then \"act\".", "action": {"type": "click", "at": [10, 20]}},
    {"markdown": "# Title\n\n- one\n- `two`\n\n```py\nx = 1\n```\n", "title": "T"},
    {"numbers": [1e3, -0.5, 0], "flags": {"x": True, "y": False}},
)  # fmt: skip
"""Good ones that the ladder was not tuned on."""


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """meant: the object; None where a part of it is gone, and any answer would be made up."""

    how: str
    text: str
    meant: dict[str, Any] | None


Mutation = Callable[[dict[str, Any], Random], tuple[str, dict[str, Any] | None]]


def written(good: dict[str, Any]) -> str:
    """The arguments as a careful model writes them."""
    return json.dumps(good, ensure_ascii=False)


def _cut(good: dict[str, Any], chance: Random) -> tuple[str, dict[str, Any] | None]:
    text = written(good)
    return text[: chance.randrange(2, len(text) - 1)], None


def _left_open(good: dict[str, Any], chance: Random) -> tuple[str, dict[str, Any] | None]:
    text = written(good)
    short = text.rstrip("}]")
    return (short if short[-1] in '"el' else text[:-1] + " "), good


def _bare_quotes(good: dict[str, Any], chance: Random) -> tuple[str, dict[str, Any] | None]:
    return written(good).replace('\\\\\\"', '\\\\\\\\"').replace('\\"', '"'), good


def _bare_newlines(good: dict[str, Any], chance: Random) -> tuple[str, dict[str, Any] | None]:
    text = json.dumps(good, ensure_ascii=False, indent=1)
    return _unescaped(text, "n", "\n").replace("\\t", "\t"), good


def _unescaped(text: str, letter: str, plain: str) -> str:
    """`\\n` as a line break, but not the end of a double backslash."""
    return text.replace("\\\\", "\0").replace(f"\\{letter}", plain).replace("\0", "\\\\")


def _trailing_commas(good: dict[str, Any], chance: Random) -> tuple[str, dict[str, Any] | None]:
    text = json.dumps(good, ensure_ascii=False, indent=chance.choice([None, 2]))
    end = len(text.rstrip("}").rstrip())
    return f"{text[:end]},{text[end:]}", good


def _single_quotes(good: dict[str, Any], chance: Random) -> tuple[str, dict[str, Any] | None]:
    return repr(good), good


def _fenced(good: dict[str, Any], chance: Random) -> tuple[str, dict[str, Any] | None]:
    word = chance.choice(["json", "", "JSON"])
    return f"```{word}\n{written(good)}\n```", good


def _prose(good: dict[str, Any], chance: Random) -> tuple[str, dict[str, Any] | None]:
    before = chance.choice(["Here are the arguments: ", "Sure! I'll call it.\n\n", "Arguments:\n"])
    after = chance.choice(["", "\nLet me know if it works.", " That's all."])
    return before + written(good) + after, good


def _doubled(good: dict[str, Any], chance: Random) -> tuple[str, dict[str, Any] | None]:
    text = written(good)
    return text + chance.choice(["", "\n", " "]) + text, good


def _encoded_twice(good: dict[str, Any], chance: Random) -> tuple[str, dict[str, Any] | None]:
    return json.dumps(written(good), ensure_ascii=False), good


def _missing_comma(good: dict[str, Any], chance: Random) -> tuple[str, dict[str, Any] | None]:
    return json.dumps(good, ensure_ascii=False, indent=2).replace(",\n", "\n", 1), good


def _bare_keys(good: dict[str, Any], chance: Random) -> tuple[str, dict[str, Any] | None]:
    inner = ", ".join([f"{key}: {json.dumps(one)}" for key, one in good.items()])
    return f"{{{inner}}}", good


def _wrong_escapes(good: dict[str, Any], chance: Random) -> tuple[str, dict[str, Any] | None]:
    mark = chance.choice(["\\d", "\\'", "\\$"])
    key = next(iter(good))
    plain = {"\\'": "'"}.get(mark, mark)
    meant = {**good, key: f"x{plain}y"}
    return written({**good, key: "x@y"}).replace("x@y", f"x{mark}y"), meant


def _extra_bracket(good: dict[str, Any], chance: Random) -> tuple[str, dict[str, Any] | None]:
    return written(good) + chance.choice(["}", "}}", "]", "`"]), good


def _fence_and_newlines(good: dict[str, Any], chance: Random) -> tuple[str, dict[str, Any] | None]:
    return f"I'll run this:\n```json\n{_bare_newlines(good, chance)[0]}\n```\nDone.", good


def _fenced_and_cut(good: dict[str, Any], chance: Random) -> tuple[str, dict[str, Any] | None]:
    return f"```json\n{_cut(good, chance)[0]}", None


MUTATIONS: dict[str, Mutation] = {
    "cut off": _cut,
    "cut off in a fence": _fenced_and_cut,
    "brackets left open": _left_open,
    "unescaped quotes": _bare_quotes,
    "unescaped newlines": _bare_newlines,
    "trailing commas": _trailing_commas,
    "single quotes": _single_quotes,
    "fences around": _fenced,
    "prose around": _prose,
    "doubled": _doubled,
    "encoded twice": _encoded_twice,
    "a missing comma": _missing_comma,
    "bare keys": _bare_keys,
    "wrong escapes": _wrong_escapes,
    "a bracket too many": _extra_bracket,
    "a fence and unescaped newlines": _fence_and_newlines,
}


def corpus(seed: int = SEED, goods: tuple[dict[str, Any], ...] = GOOD) -> tuple[Broken, ...]:
    """Every mutation of every good object that is not JSON any more, each text once. The same seed, the same corpus."""
    chance = Random(seed)
    found: dict[str, Broken] = {}
    for how, mutate in MUTATIONS.items():
        for good in goods:
            text, meant = mutate(good, chance)
            if meant is None and text.rstrip("} ]") == written(good).rstrip("} ]"):
                meant = good  # nothing but brackets is gone
            if not _is_object(text):
                found.setdefault(text, Broken(how=how, text=text, meant=meant))
    return tuple(found.values())


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
