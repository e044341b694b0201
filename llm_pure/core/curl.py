"""An HttpRequest as a curl command, to read, to paste, or to execute (`build --curl | sh`)."""

import shlex

from llm_pure.types.http import SECRET_HEADERS, HttpRequest, redact_url


def to_curl(request: HttpRequest, *, shown: bool = False, options: tuple[str, ...] = ()) -> str:
    """Return a POSIX shell command that sends this request and streams the response to standard output.

    Values of credential headers are in double quotes, so `$NAME` in them is a shell variable. `shown`: for display
    only, with the URL's credentials redacted. `options`: further curl options, quoted for the shell.

    >>> print(to_curl(HttpRequest("POST", "https://h/v1", (("authorization", "Bearer $KEY"),), b"{}")))
    curl -sS -N -X POST 'https://h/v1' \\
      -H "authorization: Bearer $KEY" \\
      --data-raw '{}'
    """
    url = redact_url(request.url) if shown else request.url
    lines = [f"curl -sS -N -X {request.method} {_quoted(url)}"]
    lines += options
    lines += [f"-H {_header(name, value)}" for name, value in request.headers]
    if request.body:
        lines.append(f"--data-raw {_quoted(request.body.decode('utf-8', 'replace'))}")
    return " \\\n  ".join(lines)


def _header(name: str, value: str) -> str:
    if name not in SECRET_HEADERS:
        return _quoted(f"{name}: {value}")
    safe = value.replace("\\", "\\\\").replace('"', '\\"').replace("`", "\\`")
    return f'"{name}: {safe}"'


def _quoted(text: str) -> str:
    quoted = shlex.quote(text)
    return quoted if quoted != text else f"'{text}'"
