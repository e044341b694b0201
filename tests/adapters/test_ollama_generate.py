"""Provider `ollama.generate`: its own behaviour beside the dialect's."""

import json

from llm_pure import ChatRequest, HttpResponse
from llm_pure.adapters import registry
from tests.support.configs import file_config

PROVIDER = registry.get("ollama.generate").unwrap()


def test_it_asks_with_one_prompt() -> None:
    config = file_config(api_type="ollama.generate", model="m", base_url="http://box/api")
    built = PROVIDER.build_chat(config, ChatRequest(messages="hi", stream=True)).unwrap()
    assert built.request.url == "http://box/api/generate"
    assert json.loads(built.request.body) == {
        "model": "m",
        "prompt": "hi",
        "stream": True,
        "options": {"num_predict": 4096, "temperature": 0.0},
    }


def test_its_answers_name_it() -> None:
    got = PROVIDER.parse_chat(HttpResponse(200, (), b'{"response":"hi","done":true}')).unwrap()
    assert (got.provider, got.text) == ("ollama.generate", "hi")
