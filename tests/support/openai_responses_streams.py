"""Streams of the Responses API, made up here, and what they say."""

import json

from llm_pure import (
    ResponseHead,
)
from llm_pure.adapters import registry
from tests.support.openai_responses_bodies import (
    JsonObject,
    answer,
    call,
    created,
    delta,
    frame,
    message,
    reasoning,
    refusal,
    stream_of,
    text,
)
from tests.support.streamed import Streamed

OPENAI = registry.get("openai_responses").unwrap()
HEAD = ResponseHead(200, (("content-type", "text/event-stream; charset=utf-8"),))
CITED = {"type": "url_citation", "start_index": 0, "end_index": 2, "title": "t", "url": "u"}
TOKENS: list[JsonObject] = [
    {"token": one, "logprob": -0.1, "top_logprobs": []} for one in ("Hel", "lo.")
]
SEARCH = {"id": "ws_1", "type": "web_search_call", "status": "completed"}
WHOLE = answer(
    reasoning("I should ", "look.", encrypted_content="enc"),
    SEARCH,
    message(
        text("One moment — 日本", annotations=[CITED], logprobs=TOKENS),
        text("."),
        phase="commentary",
    ),
    call("weather", '{"city":"Tromsø 🎈"}', item_id="fc_1"),
    call("clock", "{}", item_id="fc_2"),
    {"type": "custom_tool_call", "id": "ctc", "call_id": "c3", "name": "sql", "input": "SELECT 1"},
    message(refusal("Not that."), item_id="msg_2"),
    service_tier="default",
)
BODY = stream_of(WHOLE)


TAILS = {
    "[DONE]": b"data: [DONE]\n\n",
    "a delta": delta("output_text", "more"),
    "another answer": created(),
    "an error": frame("error", message="late"),
    "nonsense": b"data: nonsense\n\n",
    "a comment": b": bye\n\n",
}
STREAMED = Streamed(
    open_stream=OPENAI.open_stream,
    parse_chat=OPENAI.parse_chat,
    head=HEAD,
    body=BODY,
    whole=json.dumps(WHOLE).encode(),
    cut_every=83,
    after=TAILS,
)
