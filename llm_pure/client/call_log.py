"""Format log lines: one for each retry (WARNING), and one for each attempt (DEBUG), without keys and base64 data, and with
the body cut to 2000 characters.

logging.getLogger("llm_pure").setLevel(logging.DEBUG)
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from llm_pure.client.targets import Target, target_secrets
from llm_pure.core.adaptations import Adaptation
from llm_pure.policy.retry import Attempt, Decision, FailOver, RetryPolicy, Wait
from llm_pure.types.errors import cause_of
from llm_pure.types.http import HttpRequest
from llm_pure.types.redact import redact, redact_url
from llm_pure.types.result import LLMResult, fold
from llm_pure.types.secret_fields import mask_secret_fields
from llm_pure.types.secret_spellings import three_stars

_BASE64 = re.compile(
    r"[A-Za-z0-9+/_-]{40,}"
    r"(?:(?:\\+[nr])+[A-Za-z0-9+/_-]{20,}|\\+/[A-Za-z0-9+/_-]*)*"  # lines and slashes as JSON may write them
    r"={0,2}"
)
_MIN_BASE64_LENGTH = 100
_MAX_BODY_LENGTH = 2000


def format_attempt(
    target: Target, number: int, request: HttpRequest | None, result: LLMResult[Any], took_s: float
) -> str:
    """Return provider, attempt, outcome, duration and request. request: None if nothing was sent."""
    outcome = fold(
        result, ok=lambda _: "ok", err=lambda error: " ".join(cause_of(error).splitlines())
    )
    sent = "not sent"
    if request is not None:
        secrets = target_secrets(target)
        url = redact(redact_url(request.url), secrets)
        sent = f"{request.method} {url} {redact_request(request.body, secrets)}"
    return f"{target.provider.name} attempt {number}: {outcome} in {took_s:.3f} s: {sent}"


def format_retry(
    targets: Sequence[Target], history: Sequence[Attempt], policy: RetryPolicy, action: Decision
) -> str:
    """Return the cause of a failed attempt, and when the next one is made, at which provider."""
    last = history[-1]
    cause = " ".join(cause_of(last.error).split())
    if isinstance(action, FailOver):
        return f"{cause}; going on with {targets[action.target_index].provider.name}"
    count = 1 + sum(attempt.target_index == last.target_index for attempt in history)
    wait_s = action.seconds if isinstance(action, Wait) else 0.0
    return f"{cause}; attempt {count} of at most {policy.max_attempts} follows in {wait_s:.1f} s"


def format_adaptation(target: Target, adaptation: Adaptation) -> str:
    """Return how a setting was changed, and the reason."""
    return (
        f"{target.provider.name}: {adaptation.field} was {adaptation.action}: "
        f"{redact(adaptation.reason, target_secrets(target))}"
    )


def redact_request(body: bytes, secrets: Iterable[str] = ()) -> str:
    """Redact a body for a log line: mask keys, texts of secret names, these secrets and base64 data anywhere, and cut it to 2000 characters.

    A body that is not text, such as a form with audio, is replaced by its length.

    >>> redact_request(b'{"image": "' + b"QUJD" * 50 + b'"}')
    '{"image": "<200 characters of base64>"}'
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return f"<{len(body)} bytes>"
    redacted = mask_secret_fields(redact(_BASE64.sub(_length, text), secrets), three_stars)
    if len(redacted) > _MAX_BODY_LENGTH:
        redacted = f"{redacted[:_MAX_BODY_LENGTH]}... {len(body)} bytes"
    return " ".join(redacted.splitlines())


def _length(run: re.Match[str]) -> str:
    return run[0] if len(run[0]) < _MIN_BASE64_LENGTH else f"<{len(run[0])} characters of base64>"
