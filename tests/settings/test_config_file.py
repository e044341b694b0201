"""Configuration files: MetaGPT's config2.yaml as it is, names, types, variables, and keys that nobody knows."""

from typing import Any

import pytest

from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import RetryPolicy
from llm_pure.settings.config_file import CompressSettings, ConfigFile, CostControl, ModelSettings
from llm_pure.settings.config_parser import SECTIONS, merge, parse_config_file, read_yaml
from llm_pure.types.config import reveal
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.configs import file_config

# Written for this test in the shape of MetaGPT's config2.yaml: every section that its example has.
METAGPT = """
llm:
  api_type: "openai"  # or azure / ollama / groq etc.
  base_url: "https://example.org/v1"
  api_key: "sk-from-the-file"
  model: "gpt-4-turbo"
  proxy: "http://proxy.example:3128"
  timeout: 0
  pricing_plan: ""
roles:
  - role: "ProductManager"
    llm: {api_type: "openai", model: "gpt-4-1106-preview"}
repair_llm_output: true
proxy: "http://proxy.example:3128"
search: {api_type: "google", api_key: "x", cse_id: "y"}
browser: {engine: "playwright", browser_type: "chromium"}
mermaid: {engine: "pyppeteer"}
redis: {host: "h", port: 6379}
s3: {access_key: "a", secret_key: "s"}
exp_pool: {enabled: false}
role_zero: {enable_longterm_memory: false}
azure_tts_subscription_key: "k"
models:
  "gpt-4-turbo":
    api_type: "openai"
    base_url: "https://example.org/v1"
    api_key: "sk-one"
    temperature: 0
    stop: ["END", "STOP"]
    stream: "false"
    max_token: "1024"
  "azure":
    api_type: azure
    api_key: "two"
    api_version: 2024-10-21
    model: "my-deployment"
  "spark":
    api_type: spark
    app_id: 12345
    api_key: "${SPARK_KEY}"
    api_secret: "${SPARK_SECRET}"
cost_control: {max_budget: 10.0}
compress: {type: "post_cut_by_token", threshold: 0.7, max_token: 1000}
"""


def read(text: str, **variables: str) -> LLMResult[ConfigFile]:
    return read_yaml(text).bind(lambda sections: parse_config_file(sections, variables))


def wrong(text: str, **variables: str) -> InvalidConfiguration:
    got = read(text, **variables)
    assert isinstance(got, Failure)
    error = got.failure()
    assert isinstance(error, InvalidConfiguration)
    return error


def test_an_unchanged_config2_yaml_loads_and_its_models_answer_by_name() -> None:
    configuration = read(METAGPT, SPARK_KEY="k", SPARK_SECRET="s").unwrap()
    assert configuration.get() == Success(
        file_config(
            api_type="openai",
            base_url="https://example.org/v1",
            api_key="sk-from-the-file",
            model="gpt-4-turbo",
            proxy="http://proxy.example:3128",
        )
    )
    assert configuration.get("gpt-4-turbo") == Success(
        file_config(
            base_url="https://example.org/v1",
            api_key="sk-one",
            model="gpt-4-turbo",
            stop=("END", "STOP"),
            stream=False,
            max_token=1024,
            temperature=0.0,
            proxy="http://proxy.example:3128",
        )
    )
    assert configuration.get("azure").unwrap().api_version == "2024-10-21"
    assert configuration.get("spark") == Success(
        file_config(
            api_type="spark",
            app_id="12345",
            api_key="k",
            api_secret="s",
            model="spark",
            proxy="http://proxy.example:3128",
        )
    )
    assert configuration.cost_control == CostControl(max_budget=10.0)
    assert configuration.compress == CompressSettings(
        type="post_cut_by_token", threshold=0.7, max_token=1000
    )
    assert configuration.ignored == (
        "roles",
        "repair_llm_output",
        "search",
        "browser",
        "mermaid",
        "redis",
        "s3",
        "exp_pool",
        "role_zero",
        "azure_tts_subscription_key",
    )


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("llm: {model: a}\nmodels: {}\nllm: {model: b}", "line 3, column 1"),
        ("models: {a: {model: x, model: y}}", "line 1, column 24"),
        ("models:\n  - a: 1\n    a: 1", "line 3, column 5"),
    ],
)
def test_a_key_that_stands_twice_is_refused_with_its_place(text: str, position: str) -> None:
    error = read_yaml(text).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.message.endswith(f" stands twice ({position})")


def test_keys_that_a_merge_replaces_are_no_double_keys() -> None:
    text = "a: &one {x: 1, y: 2}\nb: &two {<<: *one, x: 3}\nc: {<<: *one, <<: *two, y: 4}\nd: *one"
    one = {"x": 1, "y": 2}
    assert read_yaml(text).unwrap() == {
        "a": one,
        "b": {"x": 3, "y": 2},
        "c": {"x": 1, "y": 4},
        "d": one,
    }


def test_a_files_proxy_is_that_of_its_models_that_name_none() -> None:
    mine = read_yaml(
        "{proxy: 'http://one:1', llm: {model: a}, models: {b: {proxy: 'http://two:2'}, c: null}}"
    ).unwrap()
    theirs = read_yaml("{proxy: 'http://${WHERE}', models: {d: {}}}").unwrap()
    configuration = parse_config_file(merge((mine, theirs)), {"WHERE": "three:3"}).unwrap()
    found = {name: configuration.get(name).unwrap().proxy for name in configuration.names()}
    assert found == {
        "llm": "http://one:1",
        "b": "http://two:2",
        "c": None,
        "d": "http://three:3",
    }


def test_a_model_is_found_by_its_name_before_any_is_by_its_type() -> None:
    configuration = read(
        "models: {fast: {api_type: groq, model: a}, groq: {api_type: openai, model: b}}"
    ).unwrap()
    assert configuration.get("groq").map(lambda config: config.model) == Success("b")
    assert configuration.get("openai").map(lambda config: config.model) == Success("b")


def test_a_type_that_only_the_default_has_finds_the_default() -> None:
    configuration = read("{llm: {api_type: yi, model: a}, models: {b: {api_type: groq}}}").unwrap()
    assert configuration.get("yi") == configuration.get() == configuration.get("llm")


def test_a_name_that_is_not_there_names_what_is_near() -> None:
    got = read("models: {fast: {model: a}}").unwrap().get("fest")
    assert got == Failure(
        InvalidConfiguration(
            message="there is no model 'fest'; configured are fast",
            field="models",
            suggestions=("fast",),
        )
    )


def test_without_a_default_none_is_given() -> None:
    got = read("").unwrap().get()
    assert got == Failure(
        InvalidConfiguration(message="no default model is configured", field="llm")
    )


UNKNOWN: dict[str, tuple[str, str, str]] = {
    "a field of the default": ("llm: {api_keey: x}", "llm/api_keey", "api_key"),
    "a field in capitals": ("llm: {Base_URL: x}", "llm/Base_URL", "base_url"),
    "a field of a model": ("models: {a: {max_tokens: 1}}", "models/a/max_tokens", "max_token"),
    "a section": ("modles: {}", "modles", "models"),
    "a field of cost_control": (
        "cost_control: {max_budgets: 1}",
        "cost_control/max_budgets",
        "max_budget",
    ),
    "a field of compress": ("compress: {treshold: 1}", "compress/treshold", "threshold"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_key_is_an_error_that_names_the_nearest_known_one(name: str) -> None:
    text, place, near = UNKNOWN[name]
    assert wrong(text) == InvalidConfiguration(
        message=f"{place} is not known", field=place, suggestions=(near,)
    )


WRONG = {
    "not YAML": ("llm: {", ""),
    "no mapping": ("- a", ""),
    "a section that is no mapping": ("models: [a]", "models"),
    "a model that is no mapping": ("models: {a: 3}", "models/a"),
    "a number that is none": ("llm: {top_p: high}", "llm/top_p"),
    "a text that is a list": ("llm: {model: [a]}", "llm/model"),
    "an unknown choice": ("llm: {compress_type: squeeze}", "llm/compress_type"),
    "a tag that makes an object": ("llm: !!python/object/apply:os.system [ls]", ""),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_read_says_where(name: str) -> None:
    text, place = WRONG[name]
    assert wrong(text).field == place


def test_no_value_of_a_secret_field_is_told() -> None:
    assert "hunter2" not in repr(wrong("llm: {api_key: [hunter2]}"))


def test_a_variable_may_stand_in_a_list() -> None:
    configuration = read('serve: {hosts: ["${HOST}", b]}', HOST="a.example").unwrap()
    assert configuration.serve.hosts == ("a.example", "b")


def test_a_variable_that_is_not_set_breaks_its_model_and_no_other() -> None:
    configuration = read(
        'models: {a: {api_key: "${NOT_SET}"}, b: {api_key: "Bearer ${SET}"}}', SET="yes"
    ).unwrap()
    assert configuration.get("b").map(lambda config: reveal(config.api_key)) == Success(
        "Bearer yes"
    )
    assert configuration.get("a") == Failure(
        InvalidConfiguration(
            message="models/a/api_key needs the variable NOT_SET, which is not set",
            field="models/a/api_key",
            code="unset_variable",
        )
    )


def test_a_later_file_wins_and_nothing_is_mixed_inside_a_model() -> None:
    below: dict[str, Any] = {
        "llm": {"api_key": "home", "model": "a"},
        "models": {"x": {"api_key": "home", "base_url": "https://a"}, "y": {"model": "y"}},
        "search": {},
    }
    above: dict[str, Any] = {"llm": None, "models": {"x": {"base_url": "https://b"}}}
    assert merge([below, above]) == {
        "llm": {"api_key": "home", "model": "a"},
        "models": {"x": {"base_url": "https://b"}, "y": {"model": "y"}},
        "search": {},
    }


def test_headers_are_a_mapping() -> None:
    got = read("llm: {headers: {X-Team: blue}}").unwrap().get()
    assert got.map(lambda config: config.headers) == Success((("X-Team", "blue"),))


WHOLE = """
llm: {model: a, api_type: openai}
models:
  fast: {api_type: groq, model: b, compress_type: pre_cut_by_msg}
  slow: {api_type: mistral, model: c}
  broken: {api_key: "${NOT_SET}"}
cost_control: {max_budget: 2.5, alert_threshold: 0.5}
compress: {type: post_cut_by_token, threshold: 0.7, max_token: 1000}
fallbacks: {llm: [fast, slow], fast: slow, slow: [broken]}
retry: {max_attempts: 2}
limit: {requests_per_minute: 30}
prices: {"groq:*": {input: 1, output: 2}}
"""
CUT = CompressSettings(type="post_cut_by_token", threshold=0.7, max_token=1000)
FAST = file_config(api_type="groq", model="b", compress_type="pre_cut_by_msg")
SLOW = file_config(api_type="mistral", model="c")
COMMON: dict[str, Any] = {
    "cost_control": CostControl(2.5, 0.5),
    "retry": RetryPolicy(max_attempts=2),
    "limit": RateLimit(requests_per_minute=30),
    "prices": {"groq:*": {"input": 1, "output": 2}},
}


def test_a_setup_is_all_that_the_files_say_about_calling_a_model() -> None:
    configuration = read(WHOLE).unwrap()
    assert configuration.setup() == Success(
        ModelSettings(
            name="llm",
            config=file_config(model="a"),
            fallbacks=(FAST, SLOW),
            compress=CUT,
            **COMMON,
        )
    )
    assert configuration.setup("openai") == configuration.setup()


def test_a_models_own_way_of_cutting_counts_more_than_the_sections() -> None:
    cut = CompressSettings(type="pre_cut_by_msg", threshold=0.7, max_token=1000)
    assert read(WHOLE).unwrap().setup("groq") == Success(
        ModelSettings(name="fast", config=FAST, fallbacks=(SLOW,), compress=cut, **COMMON)
    )


def test_without_the_sections_a_setup_is_the_model_alone() -> None:
    assert read("models: {fast: {model: b}}").unwrap().setup("fast") == Success(
        ModelSettings(name="fast", config=file_config(model="b"))
    )


def test_a_fallback_that_cannot_be_used_is_told_and_harms_no_other() -> None:
    configuration = read(WHOLE).unwrap()
    error = configuration.setup("slow").failure()
    assert error.message == "models/broken/api_key needs the variable NOT_SET, which is not set"
    assert isinstance(configuration.get("slow"), Success)


def test_fallbacks_are_models_of_the_files() -> None:
    assert wrong("{models: {fast: {}}, fallbacks: {fast: [slwo]}}") == InvalidConfiguration(
        message="fallbacks/fast: there is no model 'slwo'; configured are fast",
        field="fallbacks/fast",
    )
    assert wrong("{models: {fast: {}}, fallbacks: {fats: [fast]}}").suggestions == ("fast",)
    assert wrong("{models: {fast: {}}, fallbacks: {fast: 3}}").field == "fallbacks/fast"


def test_what_is_joined_by_name_is_joined_across_files() -> None:
    below = {"fallbacks": {"a": ["b"]}, "prices": {"x": {"input": 1}}, "limit": {"a": 1}}
    above = {"fallbacks": {"c": ["d"]}, "prices": {"x": {"input": 2}}, "limit": {"b": 1}}
    assert merge([below, above]) == {
        "fallbacks": {"a": ["b"], "c": ["d"]},
        "prices": {"x": {"input": 2}},
        "limit": {"b": 1},
    }


def test_a_model_that_is_there_is_known_also_when_it_is_broken() -> None:
    configuration = read(WHOLE).unwrap()
    asked = (None, "llm", "fast", "groq", "broken", "brocken")
    assert [configuration.find(name) for name in asked] == [
        "llm", "llm", "fast", "fast", "broken", None
    ]  # fmt: skip
    assert configuration.names() == ("llm", "fast", "slow", "broken")


@pytest.mark.parametrize("value", [5, "a", True, [1], {1, 2}, 1e308])
@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_of_another_type_is_named(section: str, value: object) -> None:
    error = parse_config_file({section: value}, {}).failure()
    assert (error.kind, error.message) == ("configuration", f"{section} must be a mapping")


def test_a_section_whose_name_is_no_text_is_ignored() -> None:
    sections: Any = {1: "a", None: {}, False: [1]}
    assert parse_config_file(sections, {}).unwrap().ignored == ("1", "None", "False")


@pytest.mark.parametrize("value", ["-1", ".nan", "-.inf"])
@pytest.mark.parametrize("path", ["retry/initial_backoff_s", "retry/deadline_s", "limit/requests_per_minute"])  # fmt: skip
def test_a_number_that_no_time_or_limit_can_be_is_named(path: str, value: str) -> None:
    section, _, field = path.partition("/")
    read = read_yaml(f"{section}: {{{field}: {value}}}")
    error = read.bind(lambda sections: parse_config_file(sections, {})).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == path
