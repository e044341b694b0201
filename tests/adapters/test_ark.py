"""What only the provider `ark` does."""

from typing import Any

import pytest

from llm_pure import ChatRequest, user
from tests.support.family import Service

ARK = Service("ark", "ep-20260101000000-abcde")


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (None, {}),
        ("none", {"thinking": {"type": "disabled"}}),
        ("minimal", {"thinking": {"type": "enabled"}, "reasoning_effort": "minimal"}),
        ("max", {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
    ],
)
def test_how_reasoning_is_asked_for(asked: Any, sent: object) -> None:
    assert ARK.fields(ChatRequest(messages="hi", reasoning=asked)) == sent


def test_reasoning_goes_back_and_what_is_encrypted_is_kept() -> None:
    got = ARK.says({"content": "Hi.", "reasoning_content": "Hm.", "encrypted_content": "AAAA"})
    assert got.extra["encrypted_content"] == "AAAA"
    assert ARK.messages(user("?"), got.message)[1] == {
        "role": "assistant",
        "content": "Hi.",
        "reasoning_content": "Hm.",
    }


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "InvalidParameter.Messages", "invalid_request"),
        (400, "SensitiveContentDetected", "content_filtered"),
        (400, "SensitiveContentDetected.SevereViolation", "content_filtered"),
        (400, "InputTextSensitiveContentDetected", "content_filtered"),
        (401, "AuthenticationError", "authentication"),
        (403, "AccountOverdueError", "quota"),
        (403, "OperationDenied.ServiceOverdue", "quota"),
        (403, "OperationDenied.PermissionDenied", "permission"),
        (404, "InvalidEndpointOrModel.NotFound", "not_found"),
        (429, "RateLimitExceeded.EndpointTPMExceeded", "rate_limited"),
        (429, "QuotaExceeded", "quota"),
        (429, "ServerOverloaded", "overloaded"),
    ],
)
def test_its_dotted_words_for_errors(status: int, code: str, kind: str) -> None:
    told = {"error": {"code": code, "message": "no", "param": "", "type": "BadRequest"}}
    error = ARK.fails(told, status)
    assert (error.kind, error.code) == (kind, code)
