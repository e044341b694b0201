"""What the npm packages must show: what their Python twins show, with the differences of each as data."""

from msgspec.structs import replace

from tests.clients.expectations import client_of, ending, expected
from tests.clients.official import MODES as OFFICIAL
from tests.clients.official import Answer
from tests.clients.upstreams import ONLY_STREAMED, THOUGHT

SDK = {
    "ai_openai_chat": "openai_chat",
    "ai_openai_responses": "openai_responses",
    "ai_anthropic": "anthropic_messages",
    "ai_google": "google_content",
    "ai_compatible": "openai_chat",
}
"""Model of the AI SDK -> the client of the same dialect."""

MODES = [*OFFICIAL, *[name + end for name in SDK for end in ("", "_stream")]]

ERROR_TYPES = {
    "openai_chat": ("RateLimitError", "APIError"),
    "openai_responses": ("RateLimitError", "APIError"),
    "anthropic_messages": ("RateLimitError", "APIError"),
    "google_content": ("ApiError", "ApiError"),
    "ollama_chat": ("ResponseError", "Error"),
}
"""Client -> the classes of an error before the stream, and of one in it."""

SDK_FINISH = {"stop": "stop", "calls": "tool-calls", "length": "length", "filter": "content-filter"}
"""Why a response ends, in the words of the AI SDK."""


def expected_npm(mode: str, upstream: str, situation: str) -> Answer:
    """What the client shows, without signatures."""
    client = client_of(mode)
    if client in SDK:
        return _sdk(mode, upstream, situation)
    answer = expected(mode, upstream, situation)
    if answer.error is not None and situation in ("error", *ONLY_STREAMED):
        return replace(answer, error=(ERROR_TYPES[client][situation != "error"], answer.error[1]))
    if mode.endswith("_helper"):  # these do not fail for an answer that is not complete
        answer = expected(client, upstream, situation)
        if mode == "openai_chat_helper" and situation == "reasoning":
            # of a field that it does not know it keeps the last delta
            answer.reasoning = THOUGHT if upstream == "gemini_content" else THOUGHT[4:]
    return answer


def _sdk(mode: str, upstream: str, situation: str) -> Answer:
    client = SDK[client_of(mode)]
    stream = mode.endswith("_stream")
    answer = expected(client + ("_stream" if stream else ""), upstream, situation)
    if answer.error is not None:
        in_stream = situation != "error"
        kind = "Object" if in_stream and not mode.startswith("ai_google") else "APICallError"
        return replace(answer, error=(kind, answer.error[1]))
    end = ending(upstream, situation)
    if end == "refusal":
        # of OpenAI's formats it reads the part of a refusal; of Anthropic's the stop reason
        end = "stop" if client == "google_content" else "filter"
    answer.finish = SDK_FINISH[end]
    if mode.startswith("ai_openai_chat"):
        answer.reasoning = ""  # it does not read DeepSeek's field
    return answer
