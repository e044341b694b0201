"""An unchanged config2.yaml of MetaGPT loads, and its models answer, each by its name and by its api_type."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from llm_pure import LLM, Completion, Embeddings, LLMConfig, Usage, assistant
from llm_pure.policy.retry import NO_RETRY
from llm_pure.settings.config_file import ConfigFile
from llm_pure.settings.loading import load_configuration
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.http import HttpRequest, get_header
from llm_pure.types.result import Success
from tests.support import config2
from tests.support.configs import file_config
from tests.support.twins import called, every_kind

FILES = {
    "general": config2.GENERAL,
    "western": config2.WESTERN,
    "chinese": config2.CHINESE,
    "local": config2.LOCAL,
    "of one's own": config2.OF_ONES_OWN,
}
OLLAMA = "http://127.0.0.1:11434/api"
ROUTER = "https://openrouter.ai/api/v1"
AZURE = "https://my-resource.openai.azure.com"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A model of a file: what is read of it, where it asks, what it is answered, and how the answer reads."""

    file: str
    config: LLMConfig
    url: str
    answer: bytes = config2.OPENAI
    kind: str = "application/json"
    provider: str = ""  # "" is the api_type
    id: str = "c1"
    model: str = "m"
    finish: str | None = "stop"
    extra: dict[str, Any] = {}
    usage: tuple[str, ...] = ("prompt_tokens", "completion_tokens", "total_tokens")
    raw: dict[str, Any] | None = None  # the usage where it is more than numbers by name

    @property
    def completion(self) -> Completion:
        """Every answer of config2 says Hello, with 3 tokens in and 1 out."""
        return Completion(
            id=self.id,
            model=self.model,
            provider=self.provider or self.config.api_type,
            message=assistant("Hello"),
            finish_reason="stop" if self.finish else "unknown",
            raw_finish_reason=self.finish,
            usage=Usage(3, 1, raw=self.raw or dict(zip(self.usage, (3, 1, 4), strict=False))),
            extra=self.extra,
        )


ANTHROPIC: dict[str, Any] = {
    "answer": config2.ANTHROPIC,
    "url": "https://api.anthropic.com/v1/messages",
    "provider": "anthropic",
    "finish": "end_turn",
    "usage": ("input_tokens", "output_tokens"),
}
OLLAMA_COUNTS = ("prompt_eval_count", "eval_count")

# name -> the model, in the order of the files; "llm of FILE" is a file's default
CASES = {
    "llm of general": Case(
        file="general",
        config=file_config(
            model="gpt-4-turbo", base_url="https://api.openai.com/v1", api_key="key-general-1"
        ),
        url="https://api.openai.com/v1/chat/completions",
    ),
    "gpt-4-turbo": Case(
        file="general",
        config=file_config(
            model="gpt-4-turbo",
            base_url="https://api.openai.com/v1",
            api_key="key-named-1",
            temperature=0.0,
        ),
        url="https://api.openai.com/v1/chat/completions",
    ),
    "gpt-3.5-turbo": Case(
        file="general",
        config=file_config(
            model="gpt-3.5-turbo",
            base_url="https://forward.example/v1",
            api_key="key-named-2",
            temperature=0.7,
            top_p=0.9,
            max_token=1024,
            stream=False,
            use_system_prompt=False,
        ),
        url="https://forward.example/v1/chat/completions",
    ),
    "llm of western": Case(
        file="western",
        config=file_config(
            api_type="claude",
            model="claude-3-5-sonnet-20240620",
            base_url="https://api.anthropic.com",
            api_key="key-claude-1",
        ),
        **ANTHROPIC,
    ),
    "claude-3-opus-20240229": Case(
        file="western",
        config=file_config(
            api_type="anthropic",
            model="claude-3-opus-20240229",
            api_key="key-anthropic-1",
            max_token=2048,
        ),
        **ANTHROPIC,
    ),
    "gemini-pro": Case(
        file="western",
        config=file_config(api_type="gemini", model="gemini-pro", api_key="key-gemini-1"),
        url="https://generativelanguage.googleapis.com/v1beta/models/gemini-pro:generateContent",
        answer=config2.GEMINI,
        finish="STOP",
        usage=("promptTokenCount", "candidatesTokenCount", "totalTokenCount"),
    ),
    "deployed": Case(
        file="western",
        config=file_config(
            api_type="azure",
            model="my-gpt4",
            base_url=f"{AZURE}/",
            api_key="key-azure-1",
            api_version="2024-05-01-preview",
            pricing_plan="gpt-4o",
        ),
        url=f"{AZURE}/openai/deployments/my-gpt4/chat/completions?api-version=2024-05-01-preview",
    ),
    "anthropic.claude-3-sonnet-20240229-v1:0": Case(
        file="western",
        config=file_config(
            api_type="bedrock",
            model="anthropic.claude-3-sonnet-20240229-v1:0",
            region_name="us-east-1",
            access_key="AKEXAMPLE",
            secret_key="secret-bedrock-1",
            max_token=1000,
        ),
        url="https://bedrock-runtime.us-east-1.amazonaws.com/model/"
        "anthropic.claude-3-sonnet-20240229-v1%3A0/converse",
        answer=config2.BEDROCK,
        id="",
        model="",
        finish="end_turn",
        usage=("inputTokens", "outputTokens", "totalTokens"),
    ),
    "accounts/fireworks/models/llama-v3-8b-instruct": Case(
        file="western",
        config=file_config(
            api_type="fireworks",
            model="accounts/fireworks/models/llama-v3-8b-instruct",
            base_url="https://api.fireworks.ai/inference/v1",
            api_key="key-fireworks-1",
        ),
        url="https://api.fireworks.ai/inference/v1/chat/completions",
    ),
    "mistral-large": Case(
        file="western",
        config=file_config(
            api_type="mistral",
            model="mistral-large",
            base_url="https://api.mistral.ai/v1",
            api_key="key-mistral-1",
        ),
        url="https://api.mistral.ai/v1/chat/completions",
    ),
    "llama3-70b-8192": Case(
        file="western",
        config=file_config(
            model="llama3-70b-8192",
            base_url="https://api.groq.com/openai/v1",
            api_key="key-groq-1",
        ),
        url="https://api.groq.com/openai/v1/chat/completions",
    ),
    "meta-llama/llama-3-70b": Case(
        file="western",
        config=file_config(
            api_type="openrouter",
            model="meta-llama/llama-3-70b",
            base_url=ROUTER,
            api_key="key-openrouter-1",
        ),
        url=f"{ROUTER}/chat/completions",
    ),
    "old-router": Case(
        file="western",
        config=file_config(
            api_type="open_router", model="x/y", base_url=ROUTER, api_key="key-open-router-1"
        ),
        url=f"{ROUTER}/chat/completions",
        provider="openrouter",
    ),
    "deepseek/deepseek-r1": Case(
        file="western",
        config=file_config(
            api_type="openrouter_reasoning",
            model="deepseek/deepseek-r1",
            base_url=ROUTER,
            api_key="key-reasoning-1",
            reasoning=True,
            reasoning_max_token=2000,
        ),
        url=f"{ROUTER}/chat/completions",
    ),
    "llama-13b-chat": Case(
        file="western",
        config=file_config(
            api_type="llama_api",
            model="llama-13b-chat",
            base_url="https://api.llama.com/v1",
            api_key="key-llama-1",
        ),
        url="https://api.llama.com/v1/chat/completions",
        answer=config2.LLAMA,
        model="",
        raw={"metrics": config2.LLAMA_METRICS},
    ),
    "gpt-x": Case(
        file="western",
        config=file_config(
            api_type="metagpt",
            model="gpt-x",
            base_url="https://metagpt.example/v1",
            api_key="key-metagpt-1",
        ),
        url="https://metagpt.example/v1/chat/completions",
    ),
    "llm of chinese": Case(
        file="chinese",
        config=file_config(
            api_type="spark",
            app_id="12345678",
            api_key="key-spark-1",
            api_secret="secret-spark-1",
            domain="generalv3.5",
            base_url="wss://spark-api.xf-yun.com/v3.5/chat",
        ),
        url="wss://spark-api.xf-yun.com/v3.5/chat",
        answer=config2.SPARK,
        kind="application/x-ndjson",
        model="",
        finish=None,
    ),
    "ERNIE-Bot-turbo": Case(
        file="chinese",
        config=file_config(
            api_type="qianfan",
            model="ERNIE-Bot-turbo",
            access_key="access-qianfan-1",
            secret_key="secret-qianfan-1",
        ),
        url="https://aip.baidubce.com/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/eb-instant",
        answer=config2.QIANFAN,
        model="",
        finish="normal",
    ),
    "qwen-max": Case(
        file="chinese",
        config=file_config(api_type="dashscope", model="qwen-max", api_key="key-dashscope-1"),
        url="https://dashscope.aliyuncs.com/api/v1/services/aigc/text-generation/generation",
        answer=config2.DASHSCOPE,
        model="",
        usage=("input_tokens", "output_tokens", "total_tokens"),
        extra={"request_id": "c1"},
    ),
    "ep-20240602-abcde": Case(
        file="chinese",
        config=file_config(
            api_type="ark",
            model="ep-20240602-abcde",
            base_url="https://ark.cn-beijing.volces.com/api/v3",
            api_key="key-ark-1",
            pricing_plan="Doubao-pro-32k",
        ),
        url="https://ark.cn-beijing.volces.com/api/v3/chat/completions",
    ),
    "glm-4": Case(
        file="chinese",
        config=file_config(
            api_type="zhipuai",
            model="glm-4",
            api_key="id0123456789.secret-zhipuai-1",
            proxy="http://proxy.example:3128",
        ),
        url="https://open.bigmodel.cn/api/paas/v4/chat/completions",
    ),
    "moonshot-v1-8k": Case(
        file="chinese",
        config=file_config(
            api_type="moonshot",
            model="moonshot-v1-8k",
            base_url="https://api.moonshot.cn/v1",
            api_key="key-moonshot-1",
        ),
        url="https://api.moonshot.cn/v1/chat/completions",
    ),
    "yi-large": Case(
        file="chinese",
        config=file_config(
            api_type="yi",
            model="yi-large",
            base_url="https://api.lingyiwanwu.com/v1",
            api_key="key-yi-1",
            max_token=3000,
        ),
        url="https://api.lingyiwanwu.com/v1/chat/completions",
    ),
    "deepseek-chat": Case(
        file="chinese",
        config=file_config(
            api_type="deepseek",
            model="deepseek-chat",
            base_url="https://api.deepseek.com",
            api_key="key-deepseek-1",
        ),
        url="https://api.deepseek.com/chat/completions",
    ),
    "Qwen/Qwen2-72B": Case(
        file="chinese",
        config=file_config(
            api_type="siliconflow",
            model="Qwen/Qwen2-72B",
            base_url="https://api.siliconflow.cn/v1",
            api_key="key-siliconflow-1",
        ),
        url="https://api.siliconflow.cn/v1/chat/completions",
    ),
    "llm of of one's own": Case(
        file="of one's own",
        config=file_config(
            api_type="qianfan",
            endpoint="my_service",
            access_key="access-own-1",
            secret_key="secret-own-1",
        ),
        url="https://aip.baidubce.com/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/my_service",
        answer=config2.QIANFAN,
        model="",
        finish="normal",
    ),
    "llm of local": Case(
        file="local",
        config=file_config(api_type="ollama", model="llama2", base_url=OLLAMA),
        url=f"{OLLAMA}/chat",
        answer=config2.OLLAMA,
        id="",
        usage=OLLAMA_COUNTS,
    ),
    "codellama": Case(
        file="local",
        config=file_config(api_type="ollama.generate", model="codellama", base_url=OLLAMA),
        url=f"{OLLAMA}/generate",
        answer=config2.OLLAMA_GENERATE,
        id="",
        usage=OLLAMA_COUNTS,
    ),
    "llama2-13b": Case(
        file="local",
        config=file_config(
            api_type="open_llm", model="llama2-13b", base_url="http://127.0.0.1:8000/v1"
        ),
        url="http://127.0.0.1:8000/v1/chat/completions",
    ),
}
EMBEDDERS = {
    "nomic-embed-text": ("ollama.embeddings", "embeddings", b'{"embedding":[0.5,1.0]}'),
    "all-minilm": ("ollama.embed", "embed", b'{"model":"all-minilm","embeddings":[[0.5,1.0]]}'),
}


@pytest.fixture
def configurations(tmp_path: Path) -> dict[str, ConfigFile]:
    """Each file as it is written to a disk and read from there."""
    read = {}
    for name, text in FILES.items():
        path = tmp_path / f"{name}.yaml"
        path.write_text(text, "utf-8")
        read[name] = load_configuration(path, environ={}).unwrap()
    return read


def names_of(name: str) -> list[str | None]:
    """How a model is asked for: its name, and its api_type; a default model has no name."""
    case = CASES[name]
    return [None if name == f"llm of {case.file}" else name, case.config.api_type]


@every_kind
@pytest.mark.parametrize("name", CASES)
def test_a_model_answers_by_its_name_and_by_its_api_type(
    name: str, kind: str, configurations: dict[str, ConfigFile]
) -> None:
    case = CASES[name]
    for asked in names_of(name):
        configuration = configurations[case.file]
        seen: list[HttpRequest] = []

        def answer(request: HttpRequest, seen: list[HttpRequest] = seen) -> ScriptedResponse:
            seen.append(request)
            return ScriptedResponse(headers=(("content-type", case.kind),), chunks=(case.answer,))

        llm = LLM.from_config(
            asked, configuration, ScriptedTransport(answer), retry=NO_RETRY
        ).unwrap()
        if llm.config != case.config:
            # an api_type that several models of a file have finds the first of them
            first = next(
                other
                for other in configuration.models.models.values()
                if other.api_type == case.config.api_type
            )
            assert (asked, llm.config) == (case.config.api_type, first)
            continue
        assert called(kind, llm, "completion", "Hi") == Success(case.completion)
        assert [request.url.partition("?authorization=")[0] for request in seen] == [case.url]


def test_every_model_of_the_files_is_asked_for() -> None:
    named = {
        name for text in FILES.values() for name in msgspec.yaml.decode(text).get("models", ())
    }
    assert named == {*EMBEDDERS, *[name for name in CASES if not name.startswith("llm of ")]}


def test_the_files_hold_every_api_type_of_metagpt() -> None:
    from tests.every_provider.test_every_api_type import MISSION

    types = {case.config.api_type for case in CASES.values()}
    assert types | {api_type for api_type, _, _ in EMBEDDERS.values()} == set(MISSION)


@every_kind
@pytest.mark.parametrize("name", EMBEDDERS)
def test_a_model_that_embeds_does_so_by_its_name_and_by_its_api_type(
    name: str, kind: str, configurations: dict[str, ConfigFile]
) -> None:
    api_type, path, answer = EMBEDDERS[name]
    for asked in (name, api_type):
        transport = ScriptedTransport(
            [ScriptedResponse(headers=(("content-type", "application/json"),), chunks=(answer,))]
        )
        llm = LLM.from_config(asked, configurations["local"], transport).unwrap()
        got = called(kind, llm, "embed", "Hi")
        assert got.map(lambda made: made.vectors) == Success(((0.5, 1.0),))
        assert isinstance(got.unwrap(), Embeddings)
        assert [request.url for request in transport.requests] == [f"{OLLAMA}/{path}"]


def test_the_key_of_a_model_goes_with_its_request(configurations: dict[str, ConfigFile]) -> None:
    transport = ScriptedTransport([ScriptedResponse(chunks=(config2.OPENAI,))])
    LLM.from_config("deepseek-chat", configurations["chinese"], transport).unwrap().completion("Hi")
    assert get_header(transport.requests[0].headers, "authorization") == "Bearer key-deepseek-1"
