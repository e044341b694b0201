"""Files in the shape of MetaGPT's config2.yaml, written for this project: one for each way in which a provider is set up there.

None of them has anything of our own in it. Keys are invented.
"""

from typing import Any

import msgspec

GENERAL = """\
llm:
  api_type: "openai"  # or azure / ollama / groq etc. Check LLMType for more options
  model: "gpt-4-turbo"  # or gpt-3.5-turbo
  base_url: "https://api.openai.com/v1"  # or forward url / other llm url
  api_key: "key-general-1"
  proxy: ""
  timeout: 600
  pricing_plan: ""

# RAG
embedding:
  api_type: ""
  base_url: ""
  api_key: ""
  model: ""
  dimensions: ""

repair_llm_output: true
prompt_schema: json
roles:
  - role: "ProductManager"
    llm:
      api_type: "openai"
      model: "gpt-4-1106-preview"
  - role: "Engineer"
    llm: {api_type: "azure", pricing_plan: "YOUR_PRICING_PLAN"}
search: {api_type: "google", api_key: "s", cse_id: "c"}
browser: {engine: "playwright", browser_type: "chromium"}
mermaid: {engine: "pyppeteer", path: "/usr/bin/chromium"}
redis: {host: "h", port: 32582, password: "p", db: "0"}
s3: {access_key: "a", secret_key: "s", endpoint: "http://minio.example", secure: false, bucket: "b"}
exp_pool: {enabled: false, enable_read: false, retrieval_type: "bm25"}
role_zero: {enable_longterm_memory: false, similarity_top_k: 5}
azure_tts_subscription_key: "t"
azure_tts_region: "eastus"
iflytek_api_id: "i"
metagpt_tti_url: "http://tti.example"
omniparse: {api_key: "o", base_url: "http://omniparse.example"}

models:
  "gpt-4-turbo":
    api_type: "openai"
    base_url: "https://api.openai.com/v1"
    api_key: "key-named-1"
    # timeout: 600
    temperature: 0
  "gpt-3.5-turbo":
    api_type: "openai"
    base_url: "https://forward.example/v1"
    api_key: "key-named-2"
    temperature: 0.7
    top_p: 0.9
    max_token: 1024
    stream: false
    use_system_prompt: false
"""

WESTERN = """\
llm: {api_type: claude, base_url: "https://api.anthropic.com", api_key: key-claude-1, model: claude-3-5-sonnet-20240620}
models:
  claude-3-opus-20240229:
    api_type: anthropic
    api_key: key-anthropic-1
    max_token: 2048
  gemini-pro: {api_type: gemini, api_key: key-gemini-1}
  deployed:
    api_type: azure
    base_url: "https://my-resource.openai.azure.com/"
    api_key: key-azure-1
    api_version: 2024-05-01-preview
    model: my-gpt4
    pricing_plan: gpt-4o
  "anthropic.claude-3-sonnet-20240229-v1:0":
    api_type: bedrock
    region_name: us-east-1
    access_key: AKEXAMPLE
    secret_key: secret-bedrock-1
    max_token: 1000
  accounts/fireworks/models/llama-v3-8b-instruct:
    api_type: fireworks
    base_url: "https://api.fireworks.ai/inference/v1"
    api_key: key-fireworks-1
  mistral-large: {api_type: mistral, base_url: "https://api.mistral.ai/v1", api_key: key-mistral-1}
  llama3-70b-8192: {api_type: openai, base_url: "https://api.groq.com/openai/v1", api_key: key-groq-1}
  meta-llama/llama-3-70b:
    {api_type: openrouter, base_url: "https://openrouter.ai/api/v1", api_key: key-openrouter-1}
  old-router:
    {api_type: open_router, base_url: "https://openrouter.ai/api/v1", api_key: key-open-router-1, model: x/y}
  deepseek/deepseek-r1:
    api_type: openrouter_reasoning
    base_url: "https://openrouter.ai/api/v1"
    api_key: key-reasoning-1
    reasoning: true
    reasoning_max_token: 2000
  llama-13b-chat: {api_type: llama_api, base_url: "https://api.llama.com/v1", api_key: key-llama-1}
  gpt-x: {api_type: metagpt, base_url: "https://metagpt.example/v1", api_key: key-metagpt-1}
"""

CHINESE = """\
llm:
  api_type: "spark"
  app_id: 12345678
  api_key: "key-spark-1"
  api_secret: "secret-spark-1"
  domain: "generalv3.5"
  base_url: "wss://spark-api.xf-yun.com/v3.5/chat"
models:
  ERNIE-Bot-turbo: {api_type: qianfan, access_key: access-qianfan-1, secret_key: secret-qianfan-1}
  qwen-max: {api_type: dashscope, api_key: key-dashscope-1}
  ep-20240602-abcde:
    api_type: ark
    base_url: "https://ark.cn-beijing.volces.com/api/v3"
    api_key: key-ark-1
    pricing_plan: Doubao-pro-32k
  glm-4: {api_type: zhipuai, api_key: id0123456789.secret-zhipuai-1, proxy: "http://proxy.example:3128"}
  moonshot-v1-8k: {api_type: moonshot, base_url: "https://api.moonshot.cn/v1", api_key: key-moonshot-1}
  yi-large:
    api_type: yi
    base_url: "https://api.lingyiwanwu.com/v1"
    api_key: key-yi-1
    max_token: 3000
  deepseek-chat: {api_type: deepseek, base_url: "https://api.deepseek.com", api_key: key-deepseek-1}
  Qwen/Qwen2-72B:
    {api_type: siliconflow, base_url: "https://api.siliconflow.cn/v1", api_key: key-siliconflow-1}
"""

LOCAL = """\
llm: {api_type: ollama, base_url: "http://127.0.0.1:11434/api", model: llama2, timeout: 600}
models:
  codellama: {api_type: ollama.generate, base_url: "http://127.0.0.1:11434/api"}
  nomic-embed-text: {api_type: ollama.embeddings, base_url: "http://127.0.0.1:11434/api"}
  all-minilm: {api_type: ollama.embed, base_url: "http://127.0.0.1:11434/api"}
  llama2-13b: {api_type: open_llm, base_url: "http://127.0.0.1:8000/v1"}
"""

OF_ONES_OWN = """\
llm: {api_type: qianfan, access_key: access-own-1, secret_key: secret-own-1, endpoint: my_service}
"""


def body(value: Any) -> bytes:
    """JSON, as a service sends it."""
    return msgspec.json.encode(value)


OPENAI = body(
    {
        "id": "c1",
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello"},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
    }
)
ANTHROPIC = body(
    {
        "id": "c1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": "Hello"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 3, "output_tokens": 1},
    }
)
GEMINI = body(
    {
        "responseId": "c1",
        "modelVersion": "m",
        "candidates": [
            {
                "content": {"role": "model", "parts": [{"text": "Hello"}]},
                "finishReason": "STOP",
            }
        ],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 1, "totalTokenCount": 4},
    }
)
BEDROCK = body(
    {
        "output": {"message": {"role": "assistant", "content": [{"text": "Hello"}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 3, "outputTokens": 1, "totalTokens": 4},
    }
)
QIANFAN = body(
    {
        "id": "c1",
        "object": "chat.completion",
        "result": "Hello",
        "finish_reason": "normal",
        "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
    }
)
DASHSCOPE = body(
    {
        "request_id": "c1",
        "output": {
            "choices": [
                {"finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}}
            ]
        },
        "usage": {"input_tokens": 3, "output_tokens": 1, "total_tokens": 4},
    }
)
LLAMA_METRICS = [
    {"metric": "num_prompt_tokens", "value": 3, "unit": "tokens"},
    {"metric": "num_completion_tokens", "value": 1, "unit": "tokens"},
]
LLAMA = body(
    {
        "id": "c1",
        "completion_message": {
            "role": "assistant",
            "stop_reason": "stop",
            "content": {"type": "text", "text": "Hello"},
        },
        "metrics": LLAMA_METRICS,
    }
)
OLLAMA = body(
    {
        "model": "m",
        "message": {"role": "assistant", "content": "Hello"},
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": 3,
        "eval_count": 1,
    }
)
OLLAMA_GENERATE = body(
    {
        "model": "m",
        "response": "Hello",
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": 3,
        "eval_count": 1,
    }
)
SPARK = body(
    {
        "header": {"code": 0, "message": "Success", "sid": "c1", "status": 2},
        "payload": {
            "choices": {
                "status": 2,
                "seq": 0,
                "text": [{"content": "Hello", "role": "assistant", "index": 0}],
            },
            "usage": {"text": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}},
        },
    }
)
