"""One line for the log about each attempt: no key in it, no picture, and not more of the body than a line bears.

logging.getLogger("llm_pure").setLevel(logging.DEBUG)
"""

import re
from typing import Any

from llm_pure.client.targets import Lane
from llm_pure.core.adaptations import Adaptation
from llm_pure.types.errors import describe
from llm_pure.types.http import HttpRequest, redact_url
from llm_pure.types.redact import redact
from llm_pure.types.result import Failure, LLMResult

_BASE64 = re.compile(
    r"[A-Za-z0-9+/_-]{40,}"
    r"(?:(?:\\+[nr])+[A-Za-z0-9+/_-]{20,}|\\+/[A-Za-z0-9+/_-]*)*"  # lines and slashes as JSON may write them
    r"={0,2}"
)
_SHORTEST = 100
_SHOWN = 2000


def attempt_line(
    lane: Lane, number: int, request: HttpRequest | None, got: LLMResult[Any], took_s: float
) -> str:
    """Who was asked what, in which attempt, how it ended and how long it took. request: None if none was sent."""
    end = "ok"
    if isinstance(got, Failure):
        end = " ".join(describe(got.failure()).splitlines())
    what = "not sent"
    if request is not None:
        what = f"{request.method} {redact_url(request.url)} {masked(request.body)}"
    return f"{lane.provider.name} attempt {number}: {end} in {took_s:.3f} s: {what}"


def adaptation_line(lane: Lane, adaptation: Adaptation) -> str:
    """What became of a setting, and why."""
    return f"{lane.provider.name}: {adaptation.field} was {adaptation.action}: {adaptation.reason}"


def masked(body: bytes) -> str:
    """A body for a log line: keys and base64 data concealed, wherever they are, and cut to two thousand characters.

    What is no text, such as a form with a sound in it, is told by its length alone.

    >>> masked(b'{"image": "' + b"QUJD" * 50 + b'"}')
    '{"image": "<200 characters of base64>"}'
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return f"<{len(body)} bytes>"
    shown = redact(_BASE64.sub(_length, text))
    if len(shown) > _SHOWN:
        shown = f"{shown[:_SHOWN]}... {len(body)} bytes"
    return " ".join(shown.splitlines())


def _length(run: re.Match[str]) -> str:
    return run[0] if len(run[0]) < _SHORTEST else f"<{len(run[0])} characters of base64>"
