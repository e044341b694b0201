"""What kind of error a service means: its words under general codes, and how long it asks to wait."""

import json
from typing import Any

import pytest

from llm_pure import HttpResponse, ResponseHead
from llm_pure.adapters import registry
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.errors import (
    AuthenticationFailed,
    ContentFiltered,
    ContextLengthExceeded,
    InvalidRequest,
    LLMError,
    NotFound,
    Overloaded,
    PermissionDenied,
    ProtocolError,
    QuotaExceeded,
    RateLimited,
    ServerError,
    TimedOut,
    retry_after_s,
)
from llm_pure.types.http import Headers
from llm_pure.types.result import Success
from tests.support.error_forms import converse, invoke, named, sse
from tests.support.framed import lines

Kinds = tuple[type[LLMError], list[tuple[str, int, str]]]

WORDS: list[Kinds] = [
    (AuthenticationFailed, [
        ("xai", 400, "Incorrect API key provided: ab***yz. You can obtain an API key from https://console.x.ai."),
        ("gemini", 400, "API key not valid. Please pass a valid API key."),
        ("gemini", 400, "API Key not found. Please pass a valid API key."),
        ("gemini", 400, "API key expired. Please renew the API key."),
        ("dashscope_compatible", 400, "Invalid API-key provided."),
        ("siliconflow", 400, "Api key is invalid"),
        ("open_llm", 400, "login fail: Please carry the API secret key in the 'Authorization' field of the request header"),
        ("groq", 403, "Invalid API Key"),
        ("deepseek", 400, "Authentication Fails, Your api key: ****4321 is invalid"),
        ("cohere", 400, "invalid api token"),
        ("openrouter", 400, "No auth credentials found"),
        ("open_llm", 400, "You did not provide an API key."),
    ]),
    (NotFound, [
        ("xai", 400, "Model not found: grok-9"),
        ("deepseek", 400, "Model Not Exist"),
        ("dashscope_compatible", 400, "Model not exist."),
        ("siliconflow", 400, "Model does not exist. Please check it carefully."),
        ("moonshot", 400, "Not found the model kimi-9 or Permission denied"),
        ("mistral", 400, "Invalid model: mistral-huge"),
        ("perplexity", 400, "Invalid model 'sonar-9'. Permitted models can be found in the documentation."),
        ("openrouter", 400, "qwen/qwen-9 is not a valid model ID"),
        ("groq", 400, "The model `llama-2` has been decommissioned and is no longer supported."),
        ("huggingface", 400, "The requested model 'a/b' is not supported by any provider you have enabled."),
        ("huggingface", 400, "Model not supported by provider together"),
        ("together", 400, "Unable to access model x/y. Please visit https://api.together.ai/models"),
        ("open_llm", 400, "No such model @cf/meta/llama or task"),
        ("open_llm", 400, "Invalid model name passed in model=gpt-9"),
        ("open_llm", 400, "Invalid model. Please select a different model to continue."),
        ("open_llm", 400, "The model `qwen` does not exist."),
        ("github", 400, "Unknown model: gpt-9"),
        ("bedrock", 400, "The provided model identifier is invalid."),
        ("zhipuai", 400, "\u6a21\u578b\u4e0d\u5b58\u5728\uff0c\u8bf7\u68c0\u67e5\u6a21\u578b\u4ee3\u7801"),
    ]),
    (ContextLengthExceeded, [
        ("open_llm", 400, "The maximum input length is 129024 tokens"),
        ("openai", 400, "This model's maximum context length is 100 tokens. However, you requested 200 tokens."),
        ("anthropic", 400, "prompt is too long: 210000 tokens > 200000 maximum"),
        ("anthropic", 400, "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"),
        ("gemini", 400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."),
        ("bedrock", 400, "Input is too long for requested model."),
        ("cohere", 400, "too many tokens: size limit exceeded by 200 tokens"),
        ("mistral", 400, "Prompt contains 40000 tokens, too large for model with 32768 maximum context length"),
        ("groq", 400, "Please reduce the length of the messages or completion."),
        ("cerebras", 400, "Please reduce the length of the messages or completion. Current length is 9000 while limit is 8192"),
        ("together", 403, "Input token count + max_tokens parameter must be less than the context length of the model"),
        ("huggingface", 422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000"),
        ("huggingface", 422, "Input validation error: `inputs` must have less than 4096 tokens. Given: 5000"),
        ("xai", 400, "This model's maximum prompt length is 131072 but the request contains 537812 tokens."),
        ("moonshot", 400, "Input token length too long"),
        ("moonshot", 400, "Your request exceeded model token limit: 262144"),
        ("dashscope_compatible", 400, "Range of input length should be [1, 129024]"),
        ("dashscope", 400, "Range of input length should be [1, 129024]"),
        ("siliconflow", 400, "length of prompt_tokens (40000) must be less than max_seq_len (32768)."),
        ("zhipuai", 400, "Prompt exceeds max length"),
        ("ark", 400, "Total tokens of image and text exceed max message tokens."),
        ("github", 400, "prompt token count of 70000 exceeds the limit of 64000"),
        ("open_llm", 400, "The decoder prompt (length 5000) is longer than the maximum model length of 4096."),
        ("open_llm", 400, "Trying to keep the first 5000 tokens when context the overflows."),
        ("open_llm", 400, "request (6009 tokens) exceeds the available context size (4096 tokens)"),
        ("ollama", 400, "the input length exceeds the context length"),
        ("vertex", 400, "Unable to submit request because the input token count is 9 but model only supports up to 8."),
    ]),
    (QuotaExceeded, [
        ("anthropic", 429, "[1310][Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-07-14 07:49:08]"),
        ("anthropic", 400, "Your credit balance is too low to access the Anthropic API."),
        ("deepseek", 402, "Insufficient Balance"),
        ("siliconflow", 403, "Sorry, your account balance is insufficient"),
        ("xai", 403, "Your team has either used all available credits or reached its monthly spending limit."),
        ("xai", 403, "Your newly created teams doesn't have any credits yet."),
        ("fireworks", 412, "Account x is suspended, possibly due to reaching the monthly spending limit"),
        ("huggingface", 403, "You have exceeded your monthly included credits for Inference Providers."),
        ("zhipuai", 429, "\u4f59\u989d\u4e0d\u8db3\u6216\u65e0\u53ef\u7528\u8d44\u6e90\u5305,\u8bf7\u5145\u503c\u3002"),
        ("moonshot", 403, "You've reached your usage limit for this billing cycle."),
        ("open_llm", 429, "You have used up your daily free allocation of 10,000 neurons."),
        ("ark", 403, "The request failed because your account has an overdue balance."),
        ("ollama", 429, "you have reached your weekly usage limit, upgrade for higher limits"),
        ("open_llm", 403, "user quota is not enough (request id: 1)"),
        ("open_llm", 401, "\u8be5\u4ee4\u724c\u989d\u5ea6\u5df2\u7528\u5c3d"),
        ("ollama", 429, "you (x) have reached your session usage limit, upgrade for higher limits: https://ollama.com/upgrade"),
        ("open_llm", 403, "\u7528\u6237\u989d\u5ea6\u4e0d\u8db3, \u5269\u4f59\u989d\u5ea6: 0.1"),
        ("cohere", 429, "You are using a Trial key, which is limited to 1000 API calls / month."),
    ]),
    (ContentFiltered, [
        ("deepseek", 400, "Content Exists Risk"),
        ("open_llm", 400, "The request failed because the input text may contain sensitive information."),
        ("anthropic", 400, "Output blocked by content filtering policy"),
        ("xai", 403, "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"),
        ("openai", 400, "Invalid prompt: your prompt was flagged as potentially violating our usage policy."),
        ("openai", 400, "Your request was rejected as a result of our safety system."),
        ("open_llm", 400, "The response was filtered due to the prompt triggering Azure OpenAI's content management policy."),
        ("open_llm", 400, "litellm.ContentPolicyViolationError: AzureException"),
        ("open_llm", 400, "{'error': 'Violated guardrail policy'}"),
        ("dashscope_compatible", 400, "Output data may contain inappropriate content."),
    ]),
    (InvalidRequest, [
        ("openai", 400, "'name' is too long. Maximum length 64."),
        ("openai", 400, "The model does not support image inputs."),
        ("openai", 400, "Invalid model parameters: temperature"),
        ("open_llm", 400, "string exceeds maximum length of 64"),
    ]),
    (PermissionDenied, [
        ("open_llm", 403, "API key is missing the scope chat"),
        ("open_llm", 403, "You do not have access to this model."),
        ("anthropic", 400, "This organization has been disabled."),
    ]),
    (RateLimited, [
        ("open_llm", 429, "Rate limit reached for gpt in organization x on tokens per min (TPM): Limit 6000, Used 5000"),
        ("open_llm", 429, "Request too large for model `x` on tokens per minute (TPM)"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "provider", "status", "message"),
    [(kind, *row) for kind, rows in WORDS for row in rows],
)
def test_the_words_of_a_service_say_what_its_general_code_does_not(
    kind: type[LLMError], provider: str, status: int, message: str
) -> None:
    response = HttpResponse(status, (), json.dumps({"error": {"message": message}}).encode())
    error = registry.get(provider).unwrap().parse_chat(response).failure()
    assert (type(error), error.message, error.status) == (kind, message, status)


CODES = [
    ("groq", 400, {"error": {"message": "x", "code": "model_decommissioned"}}, NotFound),
    ("huggingface", 400, {"error": {"message": "x", "type": "invalid_request_error", "code": "model_not_supported"}}, NotFound),
    ("perplexity", 400, {"error": {"message": "x", "type": "invalid_model", "code": 400}}, NotFound),
    ("moonshot", 400, {"error": {"message": "x", "type": "incorrect_api_key_error"}}, AuthenticationFailed),
    ("dashscope", 403, {"code": "AllocationQuota.FreeTierOnly", "message": "x", "request_id": "r"}, QuotaExceeded),
    ("dashscope_compatible", 429, {"error": {"message": "x", "code": "insufficient_quota"}}, RateLimited),
    ("openai", 429, {"error": {"message": "x", "code": "insufficient_quota"}}, QuotaExceeded),
    ("openai", 429, {"error": {"message": "x", "type": "billing_not_active", "code": "billing_not_active"}}, QuotaExceeded),
    ("openai", 429, {"error": {"message": "x", "code": "engine_overloaded"}}, Overloaded),
    ("openai", 400, {"error": {"message": "x", "code": "moderation_blocked"}}, ContentFiltered),
    ("openai", 503, {"error": {"message": "x", "type": "server_error"}}, Overloaded),
    ("openai", 504, {"error": {"message": "x", "type": "server_error"}}, TimedOut),
    ("openai", 502, {"error": {"message": "x", "type": "server_error"}}, ServerError),
    ("groq", 503, {"error": {"message": "over capacity", "type": "internal_server_error"}}, Overloaded),
    ("groq", 400, {"error": {"message": "x", "code": "organization_restricted"}}, PermissionDenied),
    ("groq", 400, {"error": {"message": "x", "code": "blocked_api_access"}}, QuotaExceeded),
    ("open_llm", 400, {"error": {"message": "Budget has been exceeded!", "type": "budget_exceeded", "code": "400"}}, QuotaExceeded),
    ("open_llm", 401, {"error": {"message": "x", "type": "team_model_access_denied", "code": "401"}}, PermissionDenied),
    ("open_llm", 400, {"error": {"message": "x", "type": "expired_key", "code": "400"}}, AuthenticationFailed),
    ("open_llm", 200, {"error": "Model is overloaded", "error_type": "overloaded"}, Overloaded),
    ("open_llm", 200, {"error": "Input validation error: x", "error_type": "validation"}, InvalidRequest),
    ("open_llm", 200, {"error": {"message": "x", "error_type": "rate_limit_error"}}, RateLimited),
    ("open_llm", 200, {"error": {"message": "x", "http_code": "529"}}, Overloaded),
    ("open_llm", 200, {"base_resp": {"status_code": 2056, "status_msg": "usage limit exceeded"}}, QuotaExceeded),
    ("dashscope", 400, {"code": "PrepaidBillOverdue", "message": "x"}, QuotaExceeded),
    ("dashscope", 400, {"code": "CustomRoleBlocked", "message": "x"}, ContentFiltered),
    ("dashscope", 500, {"code": "InternalError.Timeout", "message": "x"}, TimedOut),
    ("openai_responses", 400, {"error": {"message": "x", "code": "cyber_policy"}}, ContentFiltered),
    ("open_llm", 403, {"error": {"message": "x", "type": "new_api_error", "code": "insufficient_user_quota"}}, QuotaExceeded),
    ("open_llm", 403, {"error": {"message": "x", "type": "new_api_error", "code": "pre_consume_token_quota_failed"}}, QuotaExceeded),
    ("open_llm", 400, {"error": {"message": "x", "type": "new_api_error", "code": "sensitive_words_detected"}}, ContentFiltered),
    ("open_llm", 200, {"status_code": 429, "error": {"message": "x"}}, RateLimited),
    *[(name, status, {"error": {"message": "x", "code": code, "type": "new_api_error"}}, QuotaExceeded)
      for name in ("open_llm", "anthropic", "gemini") for code in ("insufficient_user_quota", "pre_consume_token_quota_failed") for status in (403, 429)],
    *[(name, 429, {"type": "error", "error": {"type": "rate_limit_error", "code": "1113", "message": text}}, kind)
      for name in ("anthropic", "open_llm") for text, kind in (("[1113][Insufficient balance or no resource package.]", QuotaExceeded), ("slow down", RateLimited),
                                                             ("Extra usage is required for long context requests.", QuotaExceeded),
                                                             ("You're out of extra usage. Add more at claude.ai/settings/usage and keep going.", QuotaExceeded),
                                                             ("You exceeded your current quota, please check your plan and billing details. Please retry in 25.4s.", RateLimited))],
    ("anthropic", 429, {"type": "error", "error": {"type": "1113", "message": "Insufficient balance or no resource package."}}, QuotaExceeded),
    ("ollama", 200, {"error": "unmarshal: invalid character 'I' looking for beginning of value"}, ServerError),
    ("ollama", 200, {"error": "invalid role: x"}, InvalidRequest),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "status", "body", "kind"), CODES)
def test_a_service_s_code_decides(
    provider: str, status: int, body: Any, kind: type[LLMError]
) -> None:
    response = HttpResponse(status, (), json.dumps(body).encode())
    error = registry.get(provider).unwrap().parse_chat(response).failure()
    assert (type(error), error.body) == (kind, body)


INNER = (
    '{"error":{"message":"inner","type":"invalid_request_error","code":"context_length_exceeded"}}'
)
SHAPES: list[tuple[int, Any, type[LLMError], str]] = [
    *[row for status in (400, 200) for row in (
        (status, {"error": {"error": {"message": "inner", "code": "context_length_exceeded"}}}, ContextLengthExceeded, "inner"),
        (status, {"error": INNER}, ContextLengthExceeded, "inner"),
        (status, {"error": {"message": INNER, "code": 400}}, ContextLengthExceeded, "inner"),
        (status, {"error": '{"message":"inner","code":"invalid_api_key"}'}, AuthenticationFailed, "inner"),
        (status, {"detail": {"error": {"message": "inner", "type": "rate_limit_error"}}}, RateLimited, "inner"),
        (status, {"error": "invalid_client", "error_description": "inner"}, AuthenticationFailed, "inner"),
    )],
    (404, {"id": "c", "choices": [{"message": {"content": "Hi"}}]}, NotFound, "HTTP status 404"),
    (200, {"error": ["inner"], "warnings": ["w"]}, ServerError, "inner"),
    (200, {"error": 429, "message": "inner"}, RateLimited, "inner"),
    (200, {"Message": "inner", "Code": "Bad"}, ServerError, "inner"),
    (200, {"ResponseMetadata": {"RequestId": "r", "Error": {"Code": "Bad", "Message": "inner"}}}, ServerError, "inner"),
    (200, {"errorMessage": "Task timed out after 3.00 seconds", "errorType": "TimeoutError"}, TimedOut, "Task timed out after 3.00 seconds"),
    (200, {"code": 8, "message": "inner", "details": []}, RateLimited, "inner"),
    (200, {"error": {"code": 14, "message": "inner", "details": []}}, Overloaded, "inner"),
    *[(400, body, InvalidRequest, "inner") for body in (
        {"err": "inner"}, {"status": "error", "reason": "inner"}, {"code": 5, "description": "inner"}, {"error": {"msg": "inner"}}, {"error": {"reason": "inner"}},
        {"error": {"errors": [{"message": "inner", "reason": "x"}], "code": 400}}, {"error": {"details": "inner"}}, {"errors": {"field": ["inner"]}}, {"ErrorCode": "X", "ErrorMsg": "inner"},
        {"error": {"code": [1], "message": "inner", "details": []}},
    )],
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind", "message"), SHAPES)
def test_the_words_of_an_error_are_found_wherever_they_stand(
    status: int, body: Any, kind: type[LLMError], message: str
) -> None:
    response = HttpResponse(status, (), json.dumps(body).encode())
    error = registry.get("open_llm").unwrap().parse_chat(response).failure()
    assert (type(error), error.message, error.body) == (kind, message, body)


INSIDE: list[tuple[type[LLMError], list[str]]] = [
    (RateLimited, ["Rate limit exceeded", "Too many requests", "Concurrency limit reached", "Request was throttled"]),
    (Overloaded, ["Model is overloaded", "The engine is at capacity", "Service temporarily unavailable", "server busy, please try again"]),
    (TimedOut, ["Request timed out", "upstream request timeout", "context deadline exceeded"]),
    (AuthenticationFailed, ["Unauthorized", "Token expired"]),
    (PermissionDenied, ["Forbidden", "Access denied", "You do not have access to this model"]),
    (NotFound, ["Unexpected endpoint or method. (POST /chat/completions)", "404 page not found"]),
    (InvalidRequest, ["Bad request: messages is required", "Invalid request", "Invalid parameter: top_k"]),
    (ContentFiltered, ["Your request was flagged by moderation", "Content blocked by safety filter"]),
    (ServerError, ["Internal error", "Provider returned error", "CUDA out of memory", "The model has crashed"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "message"), [(kind, m) for kind, rows in INSIDE for m in rows])
@pytest.mark.parametrize("provider", ["open_llm", "ollama", "anthropic", "gemini", "cohere", "openai_responses"])  # fmt: skip
def test_the_words_alone_say_what_an_error_inside_a_response_is(
    provider: str, kind: type[LLMError], message: str
) -> None:
    reader = registry.get(provider).unwrap()
    for error in (message, {"message": message}):
        response = HttpResponse(200, (), json.dumps({"error": error}).encode())
        assert type(reader.parse_chat(response).failure()) is kind, error


@pytest.mark.parametrize("error", [{}, "", False, {"code": 0, "message": ""}, {"code": None, "message": None}])  # fmt: skip
def test_an_error_that_says_nothing_is_none(error: Any) -> None:
    choice = {"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}
    body = {"id": "c", "choices": [choice], "error": error}
    response = HttpResponse(200, (), json.dumps(body).encode())
    assert registry.get("open_llm").unwrap().parse_chat(response).unwrap().text == "Hi"


@pytest.mark.parametrize(("limit", "retryable"), [("Limit 6000, Requested 9000", False), ("Limit 6000, Used 5000, Requested 2000", True)])  # fmt: skip
def test_a_request_above_the_limit_itself_is_not_sent_again(limit: str, retryable: bool) -> None:
    body = _error(f"Request too large on tokens per min (TPM): {limit}.", code="rate_limit_exceeded")  # fmt: skip
    response = HttpResponse(429, (), json.dumps(body).encode())
    error = registry.get("openai").unwrap().parse_chat(response).failure()
    assert (type(error), error.retryable) == (RateLimited, retryable)


def _error(message: str = "x", **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


DATE = ("date", "Sun, 29 Nov 2026 12:00:00 GMT")
WAITS: list[tuple[str, int, Headers, Any, float | None]] = [
    ("openai", 429, (("retry-after", "7"),), _error("try again in 20s"), 7.0),
    ("openai", 429, (), _error("Rate limit reached. Please try again in 20s. Visit https://x"), 20.0),
    ("groq", 429, (), _error("Please try again in 1m2.5s."), 62.5),
    ("openai", 429, (), _error("Please try again in 6ms."), 0.006),
    ("azure", 429, (), _error("Please retry after 26 seconds."), 26.0),
    ("azure", 429, (("x-ms-retry-after-ms", "1500"),), _error("Please retry after 26 seconds."), 1.5),
    ("azure", 429, (("retry-after-ms", "500"), ("retry-after", "7")), _error(), 0.5),
    ("github", 429, (), _error("Please wait 8 seconds before retrying."), 8.0),
    ("moonshot", 429, (), _error("please try again after 1 seconds"), 1.0),
    ("open_llm", 503, (), _error("Loading model, retry in 2 minutes"), 120.0),
    ("open_llm", 503, (), _error("try again in 500 milliseconds"), 0.5),
    ("open_llm", 503, (), _error("retry in 3 models"), None),
    ("openrouter", 429, (), _error(metadata={"retry_after_seconds": 30}), 30.0),
    ("open_llm", 429, (), _error(retry_after=2.5), 2.5),
    ("open_llm", 429, (), {"message": "x", "code": 429, "retryAfter": 3}, 3.0),
    ("open_llm", 429, (), _error(retry_after=-1), None),
    ("open_llm", 429, (), _error(retry_after=True), None),
    ("open_llm", 429, (), [_error(details=[{"retryDelay": "23.5s"}])], 23.5),
    ("gemini", 429, (), _error(status="RESOURCE_EXHAUSTED", details=[{"retryDelay": "23.5s"}]), 23.5),
    ("gemini", 429, (), _error("Please retry in 36.5s.", status="RESOURCE_EXHAUSTED"), 36.5),
    ("anthropic", 429, (("retry-after", "9"),), _error(type="rate_limit_error"), 9.0),
    ("anthropic", 429, (DATE, ("anthropic-ratelimit-requests-remaining", "0"),
        ("anthropic-ratelimit-requests-reset", "2026-11-29T12:00:30Z")), _error(type="rate_limit_error"), 30.0),
    ("openai", 429, (DATE, ("retry-after", "Sun, 29 Nov 2026 12:01:00 GMT")), _error(), 60.0),
    ("bedrock", 429, (), {"message": "Too many tokens, please wait 5 seconds before trying again."}, 5.0),
    ("cohere", 429, (), {"message": "rate limit, try again in 3s"}, 3.0),
    ("ollama", 503, (), {"error": "server busy, please try again in 4 seconds"}, 4.0),
    ("dashscope", 429, (), {"code": "Throttling", "message": "try again in 2s"}, 2.0),
    ("open_llm", 429, (), _error("Your quota will reset after 2h13m5s."), 7985.0),
    ("open_llm", 429, (), _error("Retry after 1 hour and 5 minutes"), 3900.0),
    ("open_llm", 429, (), _error("try again in 2 days"), 172800.0),
    ("zhipuai", 429, (), _error("\u8bf7\u5728 30 \u79d2\u540e\u91cd\u8bd5"), 30.0),
    ("open_llm", 429, (), {**_error(), "retry_after": "30"}, 30.0),
    ("huggingface", 503, (), {"error": "Model x is currently loading", "estimated_time": 20.0}, 20.0),
    ("open_llm", 429, (), _error(retry_after_ms=1500), 1.5),
    ("open_llm", 429, (), _error(resets_in_seconds=90), 90.0),
    ("openrouter", 429, (DATE,), _error(metadata={"headers": {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795953630000"}}), 30.0),
    *[("open_llm", 429, (DATE, *headers), _error(), 30.0) for headers in (
        (("retry-after", "30s"),), (("retry-after", "30, 30"),), (("retry-after", "1795953630"),), (("retry-after", "2026-11-29T12:00:30Z"),),
        (("retry-after", "-1"), ("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "30s")),
        (("x-ratelimit-remaining-tokens", "-5"), ("x-ratelimit-reset-tokens", "30")),
        (("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795953630000")), (("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795953630")),
        (("x-ratelimit-remaining-requests-day", "0"), ("x-ratelimit-reset-requests-day", "30.0")),
        (("ratelimitbysize-remaining", "0"), ("ratelimitbysize-reset", "30")), (("ratelimit-remaining", "0"), ("ratelimit-reset", "30")),
        (("ratelimit", '"default";r=0;t=30'),), (("ratelimit", "limit=9, remaining=0, reset=30"),), (("x-ratelimit-timeremaining", "30"),),
        (("anthropic-ratelimit-unified-5h-status", "rejected"), ("anthropic-ratelimit-unified-5h-reset", "1795953630")),
    )],
    *[("open_llm", 429, headers, _error(), None) for headers in (
        (("x-ratelimit-remaining", "5"), ("x-ratelimit-reset", "30")), (("ratelimit", '"default";r=5;t=30'),), (("retry-after", "1795953630"),),
        (("x-ratelimit-remaining", "0"),), (("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "soon")),
    )],
]  # fmt: skip


@pytest.mark.parametrize(("provider", "status", "headers", "body", "wait"), WAITS)
def test_the_wait_that_a_service_asks_for_is_read(
    provider: str, status: int, headers: Headers, body: Any, wait: float | None
) -> None:
    response = HttpResponse(status, headers, json.dumps(body).encode())
    error = registry.get(provider).unwrap().parse_chat(response).failure()
    assert retry_after_s(error) == wait


def test_the_parameter_of_an_error_that_has_no_field_for_it_stays_in_its_body() -> None:
    body = _error("too long", code="context_length_exceeded", param="messages")
    response = HttpResponse(400, (), json.dumps(body).encode())
    error = registry.get("openai").unwrap().parse_chat(response).failure()
    assert (type(error), error.body["error"]["param"]) == (ContextLengthExceeded, "messages")


def _chat(call: Any) -> tuple[Any, bytes]:
    delta = {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, **call}]}}]}
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    body = {"id": "c", "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
    return body, sse(delta, end) + b"data: [DONE]\n\n"


def _responses(item: Any) -> tuple[Any, bytes]:
    final = {"id": "r", "object": "response", "status": "completed", "model": "m", "output": [item]}
    return final, named(
        {"type": "response.created", "response": {**final, "status": "in_progress", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": final},
    )


def _anthropic(block: Any) -> tuple[Any, bytes]:
    head = {"id": "m", "type": "message", "role": "assistant", "model": "k"}
    return {**head, "content": [block], "stop_reason": "tool_use"}, named(
        {"type": "message_start", "message": {**head, "content": []}},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
        {"type": "message_stop"},
    )


def _gemini(call: Any) -> tuple[Any, bytes]:
    body = {
        "candidates": [{"content": {"parts": [{"functionCall": call}]}, "finishReason": "STOP"}]
    }
    return body, sse(body)


def _converse(name: Any) -> tuple[Any, bytes]:
    use = {"toolUseId": "t", **name}
    message = {"role": "assistant", "content": [{"toolUse": {**use, "input": {}}}]}
    return {"output": {"message": message}, "stopReason": "tool_use"}, converse(
        {"messageStart": {"role": "assistant"}},
        {"contentBlockStart": {"contentBlockIndex": 0, "start": {"toolUse": use}}},
        {"contentBlockStop": {"contentBlockIndex": 0}},
        {"messageStop": {"stopReason": "tool_use"}},
        {"metadata": {"usage": {"inputTokens": 1, "outputTokens": 1}}},
    )


def _cohere(call: Any) -> tuple[Any, bytes]:
    message = {"role": "assistant", "tool_calls": [call]}
    return {"id": "c", "message": message, "finish_reason": "TOOL_CALL"}, sse(
        {"type": "message-start", "id": "c", "delta": {"message": {"role": "assistant"}}},
        {"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": call}}},
        {"type": "tool-call-end", "index": 0},
        {"type": "message-end", "delta": {"finish_reason": "TOOL_CALL"}},
    )


def _ollama(call: Any) -> tuple[Any, bytes]:
    body = {"model": "m", "message": {"role": "assistant", "tool_calls": [call]}, "done": True}
    return body, lines(
        {**body, "done": False}, {"model": "m", "message": {"content": ""}, "done": True}
    )


def _dashscope(call: Any) -> tuple[Any, bytes]:
    message = {"role": "assistant", "content": "", "tool_calls": [call]}
    body = {"output": {"choices": [{"message": message, "finish_reason": "tool_calls"}]}}
    return body, sse(body)


def _llama(call: Any) -> tuple[Any, bytes]:
    body = {
        "completion_message": {
            "role": "assistant",
            "stop_reason": "tool_calls",
            "tool_calls": [call],
        }
    }
    event = {"event_type": "progress", "delta": {"type": "tool_call", **call}}
    end = {
        "event_type": "complete",
        "delta": {"type": "text", "text": ""},
        "stop_reason": "tool_calls",
    }
    return body, sse({"event": event}, {"event": end})


def _qianfan(call: Any) -> tuple[Any, bytes]:
    body = {"id": "a", "result": "", "function_call": call, "is_end": True}
    return body, sse(body)


def _spark(call: Any) -> tuple[Any, bytes]:
    text = [{"content": "", "role": "assistant", "index": 0, "function_call": call}]
    payload = {"choices": {"status": 2, "seq": 0, "text": text}}
    body = {"header": {"code": 0, "sid": "s", "status": 2}, "payload": payload}
    return body, lines(body)


def _invoke(body: Any, *chunks: Any) -> tuple[Any, bytes]:
    return body, invoke(*chunks)


NDJSON = "application/x-ndjson"
AWS = "application/vnd.amazon.eventstream"
FUNCTION = {"id": "x", "type": "function", "function": {"arguments": "{}"}}
EMPTY = {"id": "x", "type": "function", "function": {"name": "", "arguments": "{}"}}
NAMELESS: list[tuple[str, str, tuple[Any, bytes]]] = [
    *[("open_llm", "text/event-stream", _chat(call)) for call in (FUNCTION, EMPTY, {**EMPTY, "function": {"name": None}})],
    *[(name, "text/event-stream", _chat(FUNCTION)) for name in ("openai", "dashscope_compatible", "qianfan", "spark", "mistral")],
    *[("openai_responses", "text/event-stream", _responses({"id": "f", "type": "function_call", "call_id": "c", "arguments": "{}", **name}))
      for name in ({}, {"name": ""}, {"name": None})],
    *[("anthropic", "text/event-stream", _anthropic({"type": "tool_use", "id": "t", "input": {}, **name}))
      for name in ({}, {"name": ""}, {"name": None})],
    *[("gemini", "text/event-stream", _gemini({"args": {"a": 1}, **name})) for name in ({}, {"name": ""}, {"name": None})],
    *[("bedrock", AWS, _converse(name)) for name in ({}, {"name": ""}, {"name": None})],
    *[("cohere", "text/event-stream", _cohere(call)) for call in (FUNCTION, EMPTY)],
    *[(name, NDJSON, _ollama(call)) for call in (FUNCTION, EMPTY) for name in ("ollama", "ollama.generate")],
    *[("dashscope", "text/event-stream", _dashscope(call)) for call in (FUNCTION, EMPTY)],
    *[("llama_api", "text/event-stream", _llama(call)) for call in (FUNCTION, EMPTY)],
    *[("qianfan", "text/event-stream", _qianfan({"arguments": "{}", **name})) for name in ({}, {"name": ""})],
    *[("spark", NDJSON, _spark({"arguments": "{}", **name})) for name in ({}, {"name": ""})],
    ("bedrock_invoke", AWS, _invoke(_chat(FUNCTION)[0],
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, **FUNCTION}]}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "label", "answer"), NAMELESS)
def test_a_tool_call_without_a_name_is_a_fault_of_the_answer(
    provider: str, label: str, answer: tuple[Any, bytes]
) -> None:
    reader = registry.get(provider).unwrap()
    body, data = answer
    body_label = label if provider == "spark" and label == NDJSON else "application/json"
    response = HttpResponse(200, (("content-type", body_label),), json.dumps(body).encode())
    parsed = reader.parse_chat(response)
    assert not isinstance(parsed, Success), parsed
    head = ResponseHead(200, (("content-type", label),))
    _, streamed = read_pieces(reader.open_stream(head), [data])
    for error in (parsed.failure(), streamed):
        assert isinstance(error, ProtocolError), error
        assert error.message == "the response has a tool call without a name"
        assert error.partial is not None
        assert [call.name for call in error.partial.tool_calls] == [""]
