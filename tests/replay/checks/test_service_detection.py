"""URLs -> what was asked, of whom, and whose parser reads it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import HttpRequest
from llm_pure.replay.checks.service_detection import (
    DIALECT_PROVIDERS,
    ROUTES,
    SERVICES,
    Call,
    UnknownCall,
    detect_call,
)

AZURE = "https://mine.openai.azure.com/openai"
BEDROCK = "https://bedrock-runtime.us-east-1.amazonaws.com/model"
GOOGLE = "https://generativelanguage.googleapis.com/v1beta"
LAKE = "https://dashscope-intl.aliyuncs.com"
MANTLE = "https://bedrock-mantle.us-east-1.api.aws"
VERTEX = "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/l/publishers"

CALLS = [
    ("https://api.openai.com/v1/chat/completions", "chat", "openai"),
    ("https://eu.api.openai.com/v1/chat/completions", "chat", "openai"),
    ("https://api.openai.com/v1/responses", "chat", "openai_responses"),
    ("https://api.openai.com/v1/responses/input_tokens", "count", "openai_responses"),
    ("https://api.openai.com/v1/embeddings", "embed", "openai"),
    ("https://api.anthropic.com/v1/messages?beta=true", "chat", "anthropic"),
    ("https://api.anthropic.com/v1/messages/count_tokens", "count", "anthropic"),
    ("https://api.anthropic.com/v1/chat/completions", "chat", "open_llm"),
    (f"{GOOGLE}/models/gemini-2.5-flash:generateContent", "chat", "gemini"),
    (f"{GOOGLE}/models/gemini-2.5-flash:streamGenerateContent?alt=sse", "chat", "gemini"),
    (f"{GOOGLE}/models/gemini-2.5-flash:countTokens", "count", "gemini"),
    (f"{GOOGLE}/models/e:embedContent", "embed", "gemini"),
    (f"{GOOGLE}/models/e:batchEmbedContents", "embed", "gemini"),
    (f"{GOOGLE}/openai/chat/completions", "chat", "open_llm"),
    (f"{VERTEX}/google/models/gemini-2.5-pro:generateContent", "chat", "vertex"),
    (f"{VERTEX}/google/models/gemini-embedding-001:predict", "embed", "vertex"),
    ("https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/g:countTokens",
     "count", "vertex"),
    (f"{VERTEX}/anthropic/models/claude:rawPredict", "chat", "vertex_anthropic"),
    (f"{VERTEX}/anthropic/models/claude:streamRawPredict", "chat", "vertex_anthropic"),
    (f"{VERTEX}/anthropic/models/count-tokens:rawPredict", "count", "vertex_anthropic"),
    (f"{BEDROCK}/us.amazon.nova-micro-v1%3A0/converse", "chat", "bedrock"),
    (f"{BEDROCK}/arn%3Aaws%3Abedrock%3A%3A1%3Aprofile%2Fx/converse-stream", "chat", "bedrock"),
    (f"{BEDROCK}/anthropic.claude-v1:0/count-tokens", "count", "bedrock"),
    (f"{BEDROCK}/amazon.titan-embed-text-v2%3A0/invoke", "embed", "bedrock_invoke"),
    (f"{BEDROCK}/anthropic.claude-v1:0/invoke", "chat", "bedrock_invoke"),
    (f"{BEDROCK}/anthropic.claude-v1:0/invoke-with-response-stream", "chat", "bedrock_invoke"),
    (f"{MANTLE}/openai/v1/responses", "chat", "bedrock_mantle_responses"),
    (f"{MANTLE}/v1/chat/completions", "chat", "bedrock_mantle"),
    (f"{MANTLE}/anthropic/v1/messages", "chat", "bedrock_mantle_anthropic"),
    (f"{AZURE}/deployments/gpt-4o/chat/completions?api-version=1", "chat", "azure"),
    (f"{AZURE}/v1/responses", "chat", "azure_responses"),
    (f"{AZURE}/deployments/e/embeddings", "embed", "azure"),
    ("https://x.services.ai.azure.com/models/chat/completions", "chat", "azure"),
    ("https://x.services.ai.azure.com/anthropic/v1/messages", "chat", "azure_anthropic"),
    ("https://x.cognitiveservices.azure.com/openai/v1/chat/completions", "chat", "azure"),
    ("http://localhost:11434/api/chat", "chat", "ollama"),
    ("http://localhost:11434/api/generate", "chat", "ollama.generate"),
    ("http://localhost:11434/api/embed", "embed", "ollama.embed"),
    ("http://localhost:11434/api/embeddings", "embed", "ollama.embeddings"),
    ("https://ollama.com/v1/chat/completions", "chat", "open_llm"),
    ("https://api.cohere.com/v2/chat", "chat", "cohere"),
    ("https://api.cohere.com/v2/embed", "embed", "cohere"),
    ("https://api.cohere.ai/compatibility/v1/chat/completions", "chat", "open_llm"),
    ("https://api.groq.com/openai/v1/chat/completions", "chat", "groq"),
    ("https://api.deepseek.com/chat/completions", "chat", "deepseek"),
    ("https://api.deepseek.com/responses", "chat", "deepseek_responses"),
    ("https://api.deepseek.com/anthropic/v1/messages", "chat", "deepseek_anthropic"),
    ("https://api.mistral.ai/v1/chat/completions", "chat", "mistral"),
    ("https://openrouter.ai/api/v1/chat/completions", "chat", "openrouter"),
    ("https://api.cerebras.ai/v1/chat/completions", "chat", "cerebras"),
    ("https://router.huggingface.co/together/v1/chat/completions", "chat", "huggingface"),
    ("https://api.z.ai/api/paas/v4/chat/completions", "chat", "zai"),
    ("https://open.bigmodel.cn/api/paas/v4/chat/completions", "chat", "zhipuai"),
    ("https://api.moonshot.cn/v1/chat/completions", "chat", "moonshot"),
    ("https://api.x.ai/v1/chat/completions", "chat", "xai"),
    ("https://api.together.xyz/v1/chat/completions", "chat", "together"),
    ("https://api.fireworks.ai/inference/v1/chat/completions", "chat", "fireworks"),
    ("https://api.perplexity.ai/chat/completions", "chat", "perplexity"),
    ("https://integrate.api.nvidia.com/v1/chat/completions", "chat", "nvidia"),
    (f"{LAKE}/api/v1/services/aigc/text-generation/generation", "chat", "dashscope"),
    (f"{LAKE}/compatible-mode/v1/chat/completions", "chat", "dashscope"),
    ("https://aip.baidubce.com/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions", "chat", "qianfan"),
    ("https://qianfan.baidubce.com/v2/chat/completions", "chat", "qianfan"),
    ("https://api.siliconflow.cn/v1/chat/completions", "chat", "siliconflow"),
    ("https://ark.cn-beijing.volces.com/api/v3/chat/completions", "chat", "ark"),
    ("https://spark-api-open.xf-yun.com/v1/chat/completions", "chat", "spark"),
    ("https://api.llama.com/v1/chat/completions", "chat", "llama_api"),
    ("wss://spark-api.xf-yun.com/v3.5/chat?host=spark-api.xf-yun.com", "chat", "spark"),
    ("wss://spark-api.xf-yun.com/chat/max-32k", "chat", "spark"),
    ("https://api.cohere.com/v1/tokenize", "count", "cohere"),
    ("https://api.lingyiwanwu.com/v1/chat/completions", "chat", "yi"),
    ("https://models.github.ai/inference/chat/completions", "chat", "github"),
    ("https://models.inference.ai.azure.com/embeddings", "embed", "github"),
    ("http://127.0.0.1:8000/v1/chat/completions", "chat", "open_llm"),
    ("https://gateway.example/v1/responses/", "chat", "openai_responses"),
    ("https://gateway.example/anthropic/v1/messages", "chat", "anthropic"),
    ("https://gateway.example/v1/embeddings", "embed", "open_llm"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "operation", "provider"), CALLS, ids=[row[0] for row in CALLS])
def test_a_call_is_known_by_its_url(url: str, operation: str, provider: str) -> None:
    match detect_call(HttpRequest("POST", url)):
        case Call() as call:
            assert (call.operation, call.providers[0]) == (operation, provider)
        case UnknownCall(reason=reason):
            pytest.fail(reason)


NO_CALLS = [
    ("GET", "https://api.openai.com/v1/models", "a GET asks no model"),
    ("GET", "https://api.openai.com/v1/responses/resp_1", "a GET asks no model"),
    ("POST", "https://oauth2.googleapis.com/token", "a token exchange"),
    ("POST", "https://aip.baidubce.com/oauth/2.0/token", "a token exchange"),
    ("POST", "https://api.openai.com/v1/files", "a file upload"),
    ("POST", "https://api.openai.com/v1/batches", "housekeeping"),
    ("POST", "https://api.openai.com/v1/threads/t/messages", "housekeeping"),
    ("POST", "https://logfire-api.pydantic.dev/v1/traces", "telemetry"),
    ("POST", "https://api.openai.com/v1/moderations", "a moderation, which is not read yet"),
    ("POST", "https://api.openai.com/v1/audio/speech", "speech, which is not read yet"),
    ("POST", "https://api.openai.com/v1/images/generations", "an image or a prediction, which is not read yet"),
    ("POST", "https://example.org/", "no model API is known at this URL"),
    ("POST", "https://[bad/v1/chat/completions", "no URL"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "url", "reason"), NO_CALLS, ids=[row[1] for row in NO_CALLS])
def test_what_is_no_model_call_has_a_reason(method: str, url: str, reason: str) -> None:
    assert detect_call(HttpRequest(method, url)) == UnknownCall(reason)


@pytest.mark.parametrize(
    ("url", "streams"),
    [
        (f"{GOOGLE}/models/m:streamGenerateContent", True),
        (f"{BEDROCK}/m/converse-stream", True),
        (f"{VERTEX}/anthropic/models/claude:streamRawPredict", True),
        ("https://api.openai.com/v1/chat/completions", False),
    ],
)
def test_some_paths_say_that_a_stream_follows(url: str, streams: bool) -> None:
    call = detect_call(HttpRequest("post", url))
    assert isinstance(call, Call)
    assert call.streams is streams


def test_the_tables_fit_together() -> None:
    assert {route.dialect for route in ROUTES} == set(DIALECT_PROVIDERS)
    assert {dialect for service in SERVICES for dialect in service.dialects} <= set(
        DIALECT_PROVIDERS
    )
    for pattern in [route.path for route in ROUTES] + [service.host for service in SERVICES]:
        re.compile(pattern)


@given(st.text(), st.text())
def test_no_method_and_no_url_make_it_raise(method: str, url: str) -> None:
    detect_call(HttpRequest(method, url))
    detect_call(HttpRequest("POST", f"https://{url}/v1/chat/completions"))
