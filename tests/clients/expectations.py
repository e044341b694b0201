"""What each client must show in each situation, for each upstream: one rule, and what formats have no place for as data."""

from tests.clients.official import Answer
from tests.clients.upstreams import (
    BUSY,
    CACHED,
    CALLS,
    NO,
    ONLY_STREAMED,
    PIECES,
    SLOW,
    TEXT,
    THOUGHT,
    USAGE,
)

CUT_MESSAGE = "the body ended before the response was complete"
"""Begins the message of a response that its upstream did not end."""

FINISH = {
    "openai_chat": {"stop": "stop", "calls": "tool_calls", "length": "length", "filter": "content_filter", "refusal": "stop"},
    "openai_responses": {
        "stop": "completed", "calls": "completed", "length": "max_output_tokens", "filter": "content_filter", "refusal": "completed",
    },
    "anthropic_messages": {"stop": "end_turn", "calls": "tool_use", "length": "max_tokens", "filter": "refusal", "refusal": "refusal"},
    "google_content": {"stop": "STOP", "calls": "STOP", "length": "MAX_TOKENS", "filter": "SAFETY", "refusal": "STOP"},
    "ollama_chat": {"stop": "stop", "calls": "stop", "length": "length", "filter": "content_filter", "refusal": "stop"},
}  # fmt: skip
"""Client -> why a response ends, in its words."""

ERRORS = {
    "openai_chat": ("RateLimitError", "APIError"),
    "openai_responses": ("RateLimitError", "APIError"),
    "anthropic_messages": ("RateLimitError", "APIStatusError"),
    "google_content": ("ClientError", "ServerError"),
    "ollama_chat": ("ResponseError", "ResponseError"),
    "langchain_openai": ("OpenAIRateLimitError", "APIError"),
    "langchain_responses": ("OpenAIRateLimitError", "APIError"),
    "langchain_anthropic": ("AnthropicRateLimitError", "APIStatusError"),
    "langchain_google": ("GoogleRateLimitError", "GoogleAPIError"),
    "langchain_ollama": ("ResponseError", "ResponseError"),
}
"""Client -> the types of a rate limit before the stream, and of an overload in it."""

LANGCHAIN = {
    "langchain_openai": "openai_chat",
    "langchain_responses": "openai_responses",
    "langchain_anthropic": "anthropic_messages",
    "langchain_google": "google_content",
    "langchain_ollama": "ollama_chat",
}
"""LangChain's model -> the client whose words it shows."""

SAME_DIALECT = {
    "openai_responses": "openai_responses",
    "anthropic_messages": "anthropic_messages",
    "google_content": "gemini_content",
}
"""Client that shows signatures -> the upstream whose signatures it may see as they are."""

NO_COMPLETED = ("RuntimeError", "Didn't receive a `response.completed` event.")
UNFINISHED = {
    ("openai_chat_helper", "length"): ("LengthFinishReasonError", "Could not parse response content as the length limit was reached"),
    ("openai_chat_helper", "filter"): (
        "ContentFilterFinishReasonError", "Could not parse response content as the request was rejected by the content filter",
    ),
    ("openai_responses_helper", "length"): NO_COMPLETED,
    ("openai_responses_helper", "filter"): NO_COMPLETED,
}  # fmt: skip
"""Stream helpers raise these for answers that are not complete."""

OLLAMA_BUSY = f"server busy, please try again: {BUSY}"
"""Ollama's own words, by which its clients know an overload: its errors have no code."""


def client_of(mode: str) -> str:
    return mode.removesuffix("_stream").removesuffix("_helper")


def ending(upstream: str, situation: str) -> str:
    """Why the upstream's answer ends: a key of FINISH."""
    match situation, upstream:
        case "refusal", "gemini_content" | "anthropic_messages":
            return "filter"  # Anthropic's reason says it, no part does
        case "refusal", "ollama_native":
            return "stop"  # it has no sign of a refusal
        case "calls" | "length" | "refusal", _:
            return situation
        case _:
            return "stop"


def expected(mode: str, upstream: str, situation: str) -> Answer:
    """What the client shows, without signatures."""
    client = client_of(mode)
    limited, overloaded = ERRORS[client]
    client = LANGCHAIN.get(client, client)
    end = ending(upstream, situation)
    if situation == "error":
        return Answer(error=(limited, SLOW))
    if situation in ONLY_STREAMED:
        message = CUT_MESSAGE if situation == "cut" else BUSY
        if (client, message) == ("ollama_chat", BUSY) and upstream != "ollama_native":
            message = OLLAMA_BUSY
        return Answer(
            text=PIECES[0] if mode.endswith("_stream") else "", error=(overloaded, message)
        )
    if (mode, end) in UNFINISHED:
        return Answer(error=UNFINISHED[mode, end])
    knows_cache = upstream != "ollama_native" and client != "ollama_chat"
    answer = Answer(
        text={"calls": "", "refusal": "" if upstream == "gemini_content" else NO}.get(
            situation, TEXT
        ),
        reasoning=THOUGHT if situation == "reasoning" else "",
        calls=[(name, arguments) for _, name, arguments in CALLS] if situation == "calls" else [],
        finish=FINISH[client][end],
        usage=(*USAGE, CACHED if situation == "cache" and knows_cache else 0),
    )
    if mode.startswith("langchain_openai"):
        answer.reasoning = ""  # it does not read DeepSeek's field
    if (mode, end) == ("langchain_openai_stream", "refusal") and upstream.startswith("openai"):
        answer.text = ""  # it does not read the deltas of a refusal
    return answer
