import json

from acme_llm import PROVIDER

from llm_pure import LLM, ChatRequest, LLMConfig, answering, unwrap
from llm_pure.adapters import registry

CONFIG = LLMConfig(api_type="acme", model="acme-1", api_key="k")


def test_seed_is_dropped_and_reported():
    built = unwrap(PROVIDER.build_chat(CONFIG, ChatRequest(messages="hi", seed=7)))

    assert "seed" not in json.loads(built.request.body)
    assert [(one.field, one.reason) for one in built.adaptations] == [("seed", "acme has no seed")]


def test_the_client_uses_it():
    own = registry.with_provider("acme", PROVIDER)

    assert unwrap(LLM(CONFIG, transport=answering("hi"), registry=own).ask("hello")) == "hi"
