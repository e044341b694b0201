"""What the environment adds to a configuration."""

import pytest

from llm_pure import LLMConfig
from llm_pure.adapters import registry as shipped
from llm_pure.settings.environment import load_env, proxy_for, read_env, with_env_defaults
from tests.support.tiny_provider import PROVIDER, config

KEY = "sk-env-0123456789abcdef"


def test_the_first_variable_that_is_set_counts() -> None:
    environ = {"TINY_KEY": "", "TINY_OTHER_KEY": KEY, "TINY_URL": "http://10.0.0.1"}
    expected = LLMConfig(api_type="tiny", api_key=KEY, base_url="http://10.0.0.1")
    assert read_env(PROVIDER, environ) == expected


def test_the_configuration_wins() -> None:
    environ = {"TINY_KEY": KEY, "TINY_URL": "http://10.0.0.1", "HTTPS_PROXY": "http://p:1"}
    given = config(base_url="https://b.example", proxy="http://q:2")
    assert with_env_defaults(given, PROVIDER, environ) == given


def test_an_empty_key_is_a_choice_and_not_filled_in() -> None:
    assert with_env_defaults(config(api_key=""), PROVIDER, {"TINY_KEY": KEY}) == config(api_key="")


def test_an_empty_environment_adds_nothing() -> None:
    assert with_env_defaults(config(), PROVIDER, {}) == config()


def test_this_process_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINY_KEY", KEY)
    assert load_env(config(api_key=None), PROVIDER).api_key == config(api_key=KEY).api_key


@pytest.mark.parametrize(
    ("url", "environ", "proxy"),
    [
        ("https://a.example", {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ("https://a.example", {"https_proxy": "p:1"}, "http://p:1"),
        ("https://a.example", {"HTTP_PROXY": "http://p:1"}, None),
        ("http://a.example", {"HTTP_PROXY": "http://p:1"}, "http://p:1"),
        ("https://a.example", {"ALL_PROXY": "socks5://p:1"}, "socks5://p:1"),
        ("https://a.example", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "b, .example"}, None),
        ("https://a.example", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, None),
        (
            "https://a.example",
            {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "xa.example"},
            "http://p:1",
        ),
        *[
            (url, {"HTTP_PROXY": "http://p:1", "NO_PROXY": no_proxy}, proxy)
            for url, no_proxy, proxy in [
                ("http://10.1.2.3:8000/v1", "localhost,10.0.0.0/8", None),
                ("http://11.1.2.3:8000/v1", "localhost,10.0.0.0/8", "http://p:1"),
                ("http://ten.example", "10.0.0.0/8, /, x/99", "http://p:1"),
                ("http://[fd00::7]:8000", "fd00::/8", None),
                ("http://10.1.2.3:8000", "10.1.2.3", None),
                ("http://10.1.2.3:8000", "10.1.2.3:8000", None),
                ("http://10.1.2.3:8000", "10.1.2.3:9000", "http://p:1"),
                ("http://a.example", "a.example:80", None),
                ("http://a.example:8080", "a.example:80", "http://p:1"),
                ("http://[fd00::7]:8000", "[fd00::7]:8000", None),
                ("http://[fd00::7]", "fd00::7", None),
                ("http://a.example", "*.example", None),
                ("http://an.example", "*.a.example", "http://p:1"),
            ]
        ],
        ("http://127.0.0.1:8000", {"HTTP_PROXY": "http://p:1"}, None),
        ("http://localhost:8000", {"HTTP_PROXY": "http://p:1"}, None),
        ("http://[::1]:8000", {"HTTP_PROXY": "http://p:1"}, None),
        ("http://[::1", {"HTTP_PROXY": "http://p:1"}, None),
        ("", {"HTTP_PROXY": "http://p:1"}, None),
    ],
)
def test_the_proxy_is_the_one_for_the_address(
    url: str, environ: dict[str, str], proxy: str | None
) -> None:
    assert proxy_for(url, environ) == proxy


@pytest.mark.parametrize(
    ("api_type", "environ"),
    [
        ("vertex", {"GOOGLE_CLOUD_PROJECT": "p-1", "GOOGLE_CLOUD_LOCATION": "us-east5"}),
        (
            "vertex_anthropic",
            {"ANTHROPIC_VERTEX_PROJECT_ID": "p-1", "CLOUD_ML_REGION": "us-east5"},
        ),
    ],
)
def test_vertex_finds_its_project_and_place_where_googles_tools_do(
    api_type: str, environ: dict[str, str]
) -> None:
    provider = shipped.get(api_type).unwrap()

    got = with_env_defaults(LLMConfig(api_type=api_type), provider, environ)

    assert (got.project, got.location) == ("p-1", "us-east5")
