"""What only the provider `zai` does; what it shares with `zhipuai` is in test_zhipuai.py."""

from llm_pure import LLMConfig
from llm_pure.adapters import registry
from llm_pure.settings.environment import with_env_defaults
from tests.support.family import Service

ZAI = Service("zai", "glm-4.7")


def test_it_is_the_international_host() -> None:
    assert ZAI.built("hi").request.url == "https://api.z.ai/api/paas/v4/chat/completions"


def test_each_host_has_variables_of_its_own() -> None:
    environ = {
        "ZAI_API_KEY": "z",
        "ZAI_BASE_URL": "https://z.test",
        "ZHIPUAI_API_KEY": "c",
        "ZHIPUAI_BASE_URL": "https://c.test",
    }
    for name, key, url in (("zai", "z", "https://z.test"), ("zhipuai", "c", "https://c.test")):
        found = with_env_defaults(LLMConfig(api_type=name), registry.get(name).unwrap(), environ)
        assert (found.api_key, found.base_url) == (LLMConfig(api_key=key).api_key, url)
