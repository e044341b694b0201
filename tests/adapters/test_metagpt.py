"""What only the provider `metagpt` does."""

from llm_pure import ChatRequest, JsonFormat, LLMConfig
from llm_pure.types.errors import InvalidConfiguration
from tests.support.family import Service

METAGPT = Service("metagpt", base_url="https://gateway.test/v1/")


def test_the_address_comes_from_the_configuration() -> None:
    assert METAGPT.built("hi").request.url == "https://gateway.test/v1/chat/completions"


def test_without_an_address_it_says_which_setting_is_missing() -> None:
    config = LLMConfig(api_type="metagpt", model="m", api_key="k")
    error = METAGPT.provider.build_chat(config, ChatRequest(messages="hi")).failure()
    assert isinstance(error, InvalidConfiguration)
    assert (error.field, error.provider) == ("base_url", "metagpt")


def test_a_json_object_is_requested_with_the_word_json() -> None:
    built = METAGPT.built(ChatRequest(messages="Two colours.", response_format=JsonFormat()))
    assert b"JSON" in built.request.body
    assert [(one.field, one.action) for one in built.adaptations] == [("messages", "added")]
