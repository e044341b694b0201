"""A config.yaml of litellm's proxy as our configuration: what is read, what has no place, and that the result loads."""

from pathlib import Path

import pytest
import yaml

from llm_pure.cli.main import main
from llm_pure.settings.config_parser import parse_config_file

Captured = pytest.CaptureFixture[str]
SECRET = "sk-proj-0123456789abcdefghij0123456789"

CONFIG = f"""
model_list:
  - model_name: fast
    litellm_params: {{model: groq/llama-3.3-70b-versatile, api_key: os.environ/GROQ_API_KEY, rpm: 60}}
  - model_name: smart
    litellm_params: {{model: claude-sonnet-4-5, api_key: {SECRET}, max_tokens: 1000, timeout: 30}}
    model_info: {{input_cost_per_token: 0.000003, output_cost_per_token: 0.000015, mode: chat}}
  - model_name: smart
    litellm_params: {{model: bedrock/converse/anthropic.claude-v9, aws_region_name: us-east-1}}
  - model_name: azure
    litellm_params:
      model: azure/my-deployment
      api_base: https://me.openai.azure.com
      api_version: "2024-10-21"
      api_key: os.environ/AZURE_API_KEY
    model_info: {{base_model: azure/gpt-4o}}
  - model_name: local
    litellm_params: {{model: hosted_vllm/qwen, api_base: http://127.0.0.1:8000/v1}}
  - model_name: "openai/*"
    litellm_params: {{model: openai/*}}
  - model_name: odd
    litellm_params: {{model: unheard/of}}
  - litellm_params: {{model: openai/gpt-5}}
litellm_settings:
  num_retries: 2
  request_timeout: 120
  fallbacks: [{{fast: [smart, missing]}}]
  drop_params: true
  callbacks: [langfuse]
router_settings:
  routing_strategy: least-busy
  model_group_alias: {{gpt-4: smart}}
general_settings: {{master_key: sk-1234, database_url: "postgresql://db", alerting: [slack]}}
guardrails: []
"""

EXPECTED = {
    "models": {
        "fast": {
            "api_type": "groq",
            "model": "llama-3.3-70b-versatile",
            "api_key": "${GROQ_API_KEY}",
            "timeout": 120,
        },
        "smart": {
            "api_type": "anthropic",
            "model": "claude-sonnet-4-5",
            "api_key": "${SMART_API_KEY}",
            "max_token": 1000,
            "timeout": 30,
        },
        "smart-2": {
            "api_type": "bedrock",
            "model": "anthropic.claude-v9",
            "region_name": "us-east-1",
            "timeout": 120,
        },
        "azure": {
            "api_type": "azure",
            "model": "my-deployment",
            "pricing_plan": "gpt-4o",
            "base_url": "https://me.openai.azure.com",
            "api_version": "2024-10-21",
            "api_key": "${AZURE_API_KEY}",
            "timeout": 120,
        },
        "local": {
            "api_type": "openai",
            "model": "qwen",
            "base_url": "http://127.0.0.1:8000/v1",
            "timeout": 120,
        },
    },
    "retry": {"max_attempts": 3},
    "fallbacks": {"smart": ["smart-2"], "fast": ["smart"]},
    "prices": {"claude-sonnet-4-5": {"input": 3.0, "output": 15.0}},
    "serve": {"aliases": {"gpt-4": "smart"}},
}

LEFT_OUT = [
    "model_list/0/litellm_params/rpm",
    "model_list/1/litellm_params/api_key",
    "model_list/1/model_info/mode",
    "model_list/5",
    "model_list/6/litellm_params/model",
    "model_list/7",
    "litellm_settings/callbacks",
    "router_settings/routing_strategy",
    "general_settings/master_key",
    "general_settings/database_url",
    "general_settings/alerting",
    "guardrails",
    "fallbacks of fast",
]


def imported(text: str, tmp_path: Path, capsys: Captured) -> tuple[int, str, list[str]]:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    code = main(["config", "import", "litellm", str(path)])
    output = capsys.readouterr()
    return code, output.out, output.err.splitlines()


def test_config_is_imported_and_what_has_no_place_is_listed(
    tmp_path: Path, capsys: Captured
) -> None:
    code, out, notes = imported(CONFIG, tmp_path, capsys)
    assert code == 0
    assert yaml.safe_load(out) == EXPECTED
    assert [note.removeprefix("left out: ").partition(": ")[0] for note in notes] == LEFT_OUT
    assert SECRET not in out + "".join(notes)


def test_imported_config_loads_with_its_models(tmp_path: Path, capsys: Captured) -> None:
    _, out, _ = imported(CONFIG, tmp_path, capsys)
    env = {"GROQ_API_KEY": "g", "SMART_API_KEY": "s", "AZURE_API_KEY": "a"}
    configuration = parse_config_file(yaml.safe_load(out), env).unwrap()
    assert configuration.names() == ("fast", "smart", "smart-2", "azure", "local")
    setup = configuration.setup("fast").unwrap()
    assert [config.model for config in setup.fallbacks] == ["claude-sonnet-4-5"]
    assert setup.retry is not None
    assert setup.retry.max_attempts == 3


@pytest.mark.parametrize(
    "text",
    [
        "model_list: {}",
        "model_list: [1, [], {model_name: a}]",
        "model_list: [{model_name: a, litellm_params: [1]}]",
        "{litellm_settings: 1, router_settings: [], general_settings: x}",
        "",
    ],
)
def test_config_without_models_fails_and_says_why(
    text: str, tmp_path: Path, capsys: Captured
) -> None:
    code, out, notes = imported(text, tmp_path, capsys)
    assert (code, out) == (65, "")
    assert notes[-1].endswith("config.yaml has no model that can be imported")


def test_file_that_is_no_yaml_or_missing_is_an_error(tmp_path: Path, capsys: Captured) -> None:
    assert imported("model_list: [", tmp_path, capsys)[0] == 78
    assert main(["config", "import", "litellm", str(tmp_path / "none.yaml")]) == 66
