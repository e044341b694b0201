"""An HttpRequest as a curl command, to read, to paste, or to execute (`build --curl | sh`)."""

import re
import shlex
from collections.abc import Mapping

from llm_pure.types.http import HttpRequest


def to_curl(
    request: HttpRequest,
    *,
    options: tuple[str, ...] = (),
    variables: Mapping[str, str] | None = None,
) -> str:
    """Return a POSIX shell command that sends this request and streams the response to standard output.

    `variables`: text in a header's value -> the shell variable to write in its place, in double quotes. All else is in
    single quotes, so the shell reads nothing in it.
    `options`: further curl options, quoted for the shell.

    >>> request = HttpRequest("POST", "https://h/v1", (("authorization", "Bearer <key>"),), b"{}")
    >>> print(to_curl(request, variables={"<key>": "KEY"}))
    curl -sS -N -X POST 'https://h/v1' \\
      -H "authorization: Bearer $KEY" \\
      --data-raw '{}'
    """
    lines = [f"curl -sS -N -X {shlex.quote(request.method)} {quoted(request.url)}"]
    lines += options
    lines += [
        f"-H {_with_variables(f'{name}: {value}', variables or {})}"
        for name, value in request.headers
    ]
    if request.body:
        lines.append(f"--data-raw {quoted(request.body.decode('utf-8', 'replace'))}")
    return " \\\n  ".join(lines)


_SAFE = re.compile(r"[A-Za-z0-9 :;,./_=+@%-]*")
"""Text that means itself in double quotes."""


def _with_variables(text: str, variables: Mapping[str, str]) -> str:
    if not any(name in text for name in variables):
        return quoted(text)
    parts = re.split(
        f"({'|'.join(map(re.escape, sorted(variables, key=len, reverse=True)))})", text
    )
    if all(_SAFE.fullmatch(part) for part in parts[::2]):
        return f'"{"".join([f"${variables[part]}" if i % 2 else part for i, part in enumerate(parts)])}"'
    return "".join(
        [f'"${variables[part]}"' if i % 2 else quoted(part) for i, part in enumerate(parts) if part]
    )


def quoted(text: str) -> str:
    """Return the text in single quotes."""
    escaped = shlex.quote(text)
    return escaped if escaped != text else f"'{text}'"
