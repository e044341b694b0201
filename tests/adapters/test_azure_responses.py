"""Azure OpenAI's Responses API. Addresses, keys and errors that it shares with chat completions: test_azure.py."""

import json

from llm_pure import ChatRequest, HttpResponse, Message, assistant
from llm_pure.adapters import registry
from llm_pure.types.messages import ProviderMetadata, Reasoning, Text
from tests.support.configs import file_config
from tests.support.openai_responses_bodies import answer, message, reasoning, text

PROVIDER = registry.get("azure_responses").unwrap()
CONFIG = file_config(base_url="https://me.openai.azure.com", model="our-best", pricing_plan="gpt-5")


def test_the_deployment_is_the_model_and_its_plan_tells_what_it_takes() -> None:
    asked = ChatRequest(messages="hi", temperature=0.5)
    built = PROVIDER.build_chat(CONFIG, asked).unwrap()
    assert json.loads(built.request.body) == {
        "model": "our-best",
        "input": [{"role": "user", "content": "hi"}],
        "max_output_tokens": 4096,
        "include": ["reasoning.encrypted_content"],
        "store": False,
    }
    assert [one.field for one in built.adaptations] == ["temperature"]


def test_results_of_filters_are_kept() -> None:
    filters = [{"blocked": False, "source_type": "prompt", "content_filter_results": {}}]
    body = json.dumps(answer(message(text("Hi")), content_filters=filters)).encode()
    got = PROVIDER.parse_chat(HttpResponse(200, (), body)).unwrap()
    assert (got.text, got.extra["content_filters"]) == ("Hi", filters)


def test_reasoning_of_openai_is_not_azures() -> None:
    output = answer(reasoning("hm", encrypted_content="enc"), message(text("Hi")))
    openai = registry.get("openai_responses").unwrap()
    turn = openai.parse_chat(HttpResponse(200, (), json.dumps(output).encode())).unwrap().message
    built = PROVIDER.build_chat(CONFIG, ChatRequest(messages=["hi", turn])).unwrap()
    assert json.loads(built.request.body)["input"][1:] == [{"role": "assistant", "content": "Hi"}]
    assert [one.reason for one in built.adaptations] == [
        "item, part: for openai_responses only",
        "it is reasoning of openai_responses",
    ]


def test_its_own_goes_back() -> None:
    own = ProviderMetadata("azure_responses", '{"id":"rs_1","summary":[]}')
    said = Text("Hi", ProviderMetadata("azure_responses", '{"item":{"id":"msg_1"}}'))
    turn: Message = assistant(Reasoning("", "enc", own), said)
    built = PROVIDER.build_chat(CONFIG, ChatRequest(messages=["hi", turn]), strict=True).unwrap()
    first, second = json.loads(built.request.body)["input"][1:]
    assert first == {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "enc"}
    assert second["id"] == "msg_1"
