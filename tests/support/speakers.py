"""Who is asked: a row of DIALECT_PROVIDERS for each provider, model and server, with the questions that it gets."""

from tests.support.media_speakers import MEDIA_SPEAKERS
from tests.support.questions import ANSWERS, COUNTS, EMBEDS, ERRORS, QUIRKS
from tests.support.speaker import KEY, Speaker, aimock, own

REASONERS = (*QUIRKS, "reasoning", "image")
BLIND = (*QUIRKS, "reasoning")
"""What is asked of a reasoning model that takes words alone; SIGHTED has one of the same service that sees."""
WORDS = tuple([one for one in ANSWERS if one != "image"])
SPEAKS = tuple([one for one in ANSWERS if one != "reasoning"])
"""What is asked of those that do not reason."""

_CLAUDE = "claude-sonnet-4-5"
_GEMINI = "gemini-2.5-flash"
_GPT = "gpt-5-mini"
_VERTEX = {"project": "project-1", "location": "us-central1", "api_version": "v1"}
_DATED = {"api_version": "2024-10-21"}
_QIANFAN_V1 = "qianfan_v1/rpc/2.0/ai_custom/v1/wenxinworkshop"
_BAIDU = {"api_key": None, "access_key": KEY, "secret_key": KEY}
_INVOKE_CLAUDE = f"anthropic.{_CLAUDE}-v1:0"

FAMILY: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("ark", "ark/api/v3", "doubao-seed-1-6-250615", REASONERS),
    ("cerebras", "cerebras/v1", "gpt-oss-120b", BLIND),
    ("dashscope", "dashscope_native/api/v1", "qwen-plus", (*ANSWERS, *ERRORS)),
    ("dashscope", "dashscope_native/api/v1", "qwen3-vl-plus", ("hello", "image")),
    ("dashscope", "dashscope/compatible-mode/v1", "qwen-plus", ("hello", "tools", "reasoning")),
    ("dashscope_compatible", "dashscope/compatible-mode/v1", "qwen-plus", REASONERS),
    ("deepseek", "deepseek", "deepseek-v4-pro", (*WORDS, *ERRORS)),
    ("fireworks", "fireworks/inference/v1", "accounts/fireworks/models/gpt-oss-120b", BLIND),
    ("github", "github/inference", "openai/gpt-5-mini", REASONERS),
    ("groq", "groq/openai/v1", "openai/gpt-oss-120b", BLIND),
    ("huggingface", "huggingface/v1", "openai/gpt-oss-120b", BLIND),
    ("llama_api", "llama_api/v1", "Llama-4-Maverick", (*SPEAKS, *ERRORS)),
    ("llama_api", "llama_compat/compat/v1", "Llama-4-Maverick", ("hello", "tools")),
    ("metagpt", "metagpt/v1", "any-model", REASONERS),
    ("mistral", "mistral/v1", "mistral-medium-latest", (*ANSWERS, *ERRORS)),
    ("moonshot", "moonshot/v1", "kimi-k2.6", REASONERS),
    ("nvidia", "nvidia/v1", "openai/gpt-oss-120b", BLIND),
    ("open_llm_raw", "open_llm_raw/v1", "qwen3", BLIND),
    ("openrouter", "openrouter/api/v1", "anthropic/claude-sonnet-4.5", (*ANSWERS, *ERRORS)),
    ("openrouter_reasoning", "openrouter/api/v1", "anthropic/claude-sonnet-4.5", REASONERS),
    (
        "perplexity",
        "perplexity",
        "sonar-reasoning-pro",
        ("hello", "reasoning", "image", "401", "429"),
    ),
    ("siliconflow", "siliconflow/v1", "Qwen/Qwen3-32B", BLIND),
    ("together", "together/v1", "openai/gpt-oss-120b", BLIND),
    ("xai", "xai/v1", "grok-4.3", REASONERS),
    ("yi", "yi/v1", "yi-vision-v2", (*QUIRKS, "image")),
    ("zai", "zhipuai/api/paas/v4", "glm-4.6", BLIND),
    ("zhipuai", "zhipuai/api/paas/v4", "glm-4.6", (*WORDS, *ERRORS)),
)
"""Who speaks like OpenAI: provider, path at the loopback server, model, questions."""

SIGHTED: tuple[tuple[str, str, str], ...] = (
    ("cerebras", "cerebras/v1", "llama-4-scout-17b-16e-instruct"),
    ("deepseek", "deepseek", "deepseek-v4-flash-vision-exp"),
    ("fireworks", "fireworks/inference/v1", "accounts/fireworks/models/kimi-k2p6"),
    ("groq", "groq/openai/v1", "meta-llama/llama-4-scout-17b-16e-instruct"),
    ("huggingface", "huggingface/v1", "meta-llama/Llama-4-Scout-17B-16E-Instruct"),
    ("nvidia", "nvidia/v1", "meta/llama-4-maverick-17b-128e-instruct"),
    ("open_llm_raw", "open_llm_raw/v1", "qwen3-vl"),
    ("siliconflow", "siliconflow/v1", "Qwen/Qwen3-VL-32B-Instruct"),
    ("together", "together/v1", "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8"),
    ("zai", "zhipuai/api/paas/v4", "glm-4.6v"),
    ("zhipuai", "zhipuai/api/paas/v4", "glm-4.6v"),
)
"""A model that sees, of those whose other model does not."""

EMBEDDERS = (
    "ark", "dashscope", "dashscope_compatible", "fireworks", "github", "mistral", "nvidia", "openrouter", "siliconflow", "together", "zai", "zhipuai",
)  # fmt: skip
"""Those of them with embeddings."""


_EMBED_PATHS = {name: path for name, path, _, _ in reversed(FAMILY) if name in EMBEDDERS}
"""The first path of each."""

DIALECT_PROVIDERS: tuple[Speaker, ...] = (
    aimock("openai", "/v1", _GPT, (*ANSWERS, "everything", *ERRORS)),
    aimock("openai", "/v1", "text-embedding-3-small", EMBEDS),
    aimock(
        "openai_responses", "/v1", _GPT, (*ANSWERS, "everything", *ERRORS),
        lacks=("length_reason",),
    ),
    aimock("openai_responses", "/v1", "text-embedding-3-small", EMBEDS),
    own("openai_responses", "responses/v1", _GPT, COUNTS),
    aimock("azure", "", "my-gpt", (*ANSWERS, "everything", *ERRORS), **_DATED),
    own("azure", "azure", "my-embedding", EMBEDS, **_DATED),
    aimock("azure_responses", "", "my-gpt", (*QUIRKS, "reasoning", "image", "everything")),
    own("azure_responses", "azure", "my-embedding", EMBEDS),
    own("azure_responses", "responses", "my-gpt", COUNTS),
    aimock("open_llm", "/v1", "any-model", (*ANSWERS, "everything", *ERRORS)),
    aimock("open_llm", "/v1", "any-embedding", EMBEDS),
    aimock("anthropic", "", _CLAUDE, (*ANSWERS, "everything", *ERRORS)),
    own("anthropic", "anthropic", _CLAUDE, COUNTS),
    own("vertex_anthropic", "anthropic", _CLAUDE, (*ANSWERS, *ERRORS), **_VERTEX),
    own("vertex_anthropic", "anthropic", _CLAUDE, COUNTS, **_VERTEX),
    aimock("gemini", "", _GEMINI, (*ANSWERS, "everything", *ERRORS)),
    own("gemini", "gemini", _GEMINI, COUNTS),
    own("gemini", "gemini", "gemini-embedding-001", EMBEDS),
    aimock("vertex", "", _GEMINI, (*QUIRKS, "reasoning", "image", "everything"), **_VERTEX),
    own("vertex", "gemini", _GEMINI, COUNTS, **_VERTEX),
    own("vertex", "gemini", "text-embedding-005", EMBEDS, **_VERTEX),
    aimock("bedrock", "", _INVOKE_CLAUDE, (*ANSWERS, "everything_but_links", *ERRORS)),
    own("bedrock", "bedrock", _INVOKE_CLAUDE, COUNTS),
    own("bedrock_invoke", "bedrock", _INVOKE_CLAUDE, (*ANSWERS, *ERRORS)),
    own("bedrock_invoke", "bedrock", "amazon.nova-lite-v1:0", ("hello", "tools", "length")),
    own("bedrock_invoke", "bedrock", "meta.llama3-8b-instruct-v1:0", ("hello", "length")),
    own("bedrock_invoke", "bedrock", "amazon.titan-text-express-v1", ("hello", "length")),
    own("bedrock_invoke", "bedrock", _INVOKE_CLAUDE, COUNTS),
    own("bedrock_invoke", "bedrock", "cohere.embed-english-v3", EMBEDS),
    own("bedrock_invoke", "bedrock", "amazon.titan-embed-text-v2:0", ("embed_one",)),
    own(
        "ollama", "ollama", "llama3.2",
        ("hello", "pure", "tools", "tool_results", "schema", "length", *ERRORS),
    ),
    own("ollama", "ollama", "qwen3", ("reasoning",)),
    own("ollama", "ollama", "gemma3", ("image",)),
    own("ollama", "ollama", "all-minilm", EMBEDS),
    own(
        "ollama.generate", "ollama", "llama3.2",
        ("hello", "pure", "schema", "length", *ERRORS),
    ),
    own("ollama.generate", "ollama", "qwen3", ("reasoning",)),
    own("ollama.generate", "ollama", "gemma3", ("image",)),
    own("ollama.generate", "ollama", "all-minilm", EMBEDS),
    own("ollama.embed", "ollama", "all-minilm", EMBEDS),
    own("cohere", "cohere", "command-a-reasoning-08-2025", (*WORDS, *ERRORS), plans=True),
    own("cohere", "cohere", "command-a-vision-07-2025", ("image",)),
    own("cohere", "cohere", "command-a-reasoning-08-2025", COUNTS),
    own("cohere", "cohere", "embed-v4.0", EMBEDS),
    own("ollama.embeddings", "ollama", "all-minilm", ("embed_one", "embed_429")),
    own("qianfan", "qianfan/v2", "ernie-4.5-turbo-vl", (*SPEAKS, *ERRORS)),
    own("qianfan", "qianfan/v2", "an-embedding", EMBEDS),
    own(
        "qianfan", _QIANFAN_V1, "ERNIE-4.0-8K",
        ("hello", "pure", "tools", "length", "400", "401", "404", "429", "500"), **_BAIDU,
    ),
    own("qianfan", _QIANFAN_V1, "Embedding-V1", EMBEDS, **_BAIDU),
    own("spark", "spark/v1", "4.0Ultra", (*QUIRKS, "pure", "image"), lacks=("finish",)),
    *[own(*one) for one in FAMILY],
    *[own(*one, ("image",)) for one in SIGHTED],
    *[own(name, path, "an-embedding", EMBEDS) for name, path in _EMBED_PATHS.items()],
    aimock("openai", "/v1", "text-embedding-3-small", ("embed_base64",)),
    *MEDIA_SPEAKERS,
)  # fmt: skip
