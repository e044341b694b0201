"""OpenAI's Responses API, as its table says. What it shares with chat completions: test_openai.py."""

import json

from llm_pure import ChatRequest, HttpResponse, LLMConfig, collect, tool_result, user
from llm_pure.adapters import registry
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.http import ResponseHead
from llm_pure.types.request import Tool
from tests.support.openai_responses_bodies import answer, call, message, reasoning, stream_of, text

PROVIDER = registry.get("openai_responses").unwrap()
CONFIG = LLMConfig(model="gpt-5.6", api_key="k")


def test_nothing_is_kept_at_the_provider_unless_asked() -> None:
    asked = ChatRequest(messages="hi")
    sent = json.loads(PROVIDER.build_chat(CONFIG, asked).unwrap().request.body)
    assert (sent["store"], sent["include"]) == (False, ["reasoning.encrypted_content"])
    kept = ChatRequest(messages="hi", extra={"store": True, "previous_response_id": "resp_0"})
    sent = json.loads(PROVIDER.build_chat(CONFIG, kept).unwrap().request.body)
    assert (sent["store"], sent["previous_response_id"]) == (True, "resp_0")
    assert "include" not in sent


def test_tools_and_reasoning_go_together_here() -> None:
    asked = ChatRequest(messages="hi", reasoning="high", tools=(Tool(name="clock"),))
    built = PROVIDER.build_chat(CONFIG, asked, strict=True).unwrap()
    assert json.loads(built.request.body)["reasoning"] == {"effort": "high", "summary": "auto"}


def test_a_conversation_of_two_turns_streamed_or_not() -> None:
    output = [reasoning("hm", encrypted_content="enc"), call("clock", "{}")]
    whole = answer(*output)
    parsed = PROVIDER.parse_chat(HttpResponse(200, (), json.dumps(whole).encode())).unwrap()
    events, error = read_pieces(PROVIDER.open_stream(ResponseHead(200)), [stream_of(whole)])
    assert error is None
    assert collect(events).unwrap() == parsed
    asked = ChatRequest(messages=[user("What time?"), parsed.message, tool_result("call_1", "9")])
    sent = json.loads(PROVIDER.build_chat(CONFIG, asked, strict=True).unwrap().request.body)
    assert sent["input"] == [
        {"role": "user", "content": "What time?"},
        *output,
        {"type": "function_call_output", "call_id": "call_1", "output": "9"},
    ]
    last = answer(message(text("Nine.")))
    told = PROVIDER.parse_chat(HttpResponse(200, (), json.dumps(last).encode())).unwrap()
    assert (told.text, told.finish_reason) == ("Nine.", "stop")
