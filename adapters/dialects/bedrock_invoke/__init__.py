"""Amazon Bedrock's InvokeModel: each vendor's own request body and response.

Claude's Messages, Nova, chat completions (gpt-oss, Qwen, Jamba, newer Mistral models ...), Command R, and the prompts of
Llama, Mistral, Titan, Jurassic, Command and DeepSeek R1.
Source: ../shared/wire/bedrock.md section 9; docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html; read
2026-11-20.
"""

from functools import partial

from llm_pure.adapters.dialects import anthropic_messages
from llm_pure.adapters.dialects.bedrock_converse.count import parse_count
from llm_pure.adapters.dialects.bedrock_converse.errors import ERROR_CODES, find_error
from llm_pure.adapters.dialects.bedrock_converse.urls import (
    API_KEY_ENV,
    BASE_URL,
    BASE_URL_ENV,
    ENV_VARS,
    authorize,
    url_of_model,
)
from llm_pure.adapters.dialects.bedrock_invoke.count import build_count
from llm_pure.adapters.dialects.bedrock_invoke.embed import EMBED_LIMITS, build_embed, parse_embed
from llm_pure.adapters.dialects.bedrock_invoke.request import build_chat
from llm_pure.adapters.dialects.bedrock_invoke.response import parse_chat, read_plain_response
from llm_pure.adapters.dialects.bedrock_invoke.stream import State, step
from llm_pure.adapters.dialects.bedrock_invoke.vendors import ANTHROPIC, OPENAI, Families
from llm_pure.core.dialect import Dialect, make_provider, operation
from llm_pure.core.provider import Provider
from llm_pure.core.service import Service
from llm_pure.framing.aws_eventstream import EventStreamDecoder
from llm_pure.types.config import LLMConfig
from llm_pure.types.result import LLMResult, Success

DIALECT = Dialect(
    name="bedrock_invoke",
    build_chat=build_chat,
    parse_chat=parse_chat,
    read_plain_response=read_plain_response,
    find_error=find_error,
    frames=EventStreamDecoder,
    initial_state=State(),
    step=step,
)


def _no_url(config: LLMConfig, model: str, operation: str) -> LLMResult[str]:
    """For the body of a chat completion, which is sent to InvokeModel's URL."""
    return Success("https://unused.invalid")


def make_service(name: str) -> Service[Families]:
    """A service of this dialect. Its quirks are the services of the dialects whose bodies it carries."""
    return Service(
        name=name,
        base_url=BASE_URL,
        url_for=url_of_model(name),
        quirks=Families(
            anthropic=anthropic_messages.make_service(name, quirks=ANTHROPIC),
            openai=Service(name=name, base_url="", url_for=_no_url, quirks=OPENAI),
        ),
        error_codes=ERROR_CODES,
    )


def provider(*, name: str, source: str = "") -> Provider:
    """A provider of this dialect."""
    service = make_service(name)
    return make_provider(
        DIALECT,
        service,
        authorize=partial(authorize, service),
        api_key_env=API_KEY_ENV,
        base_url_env=BASE_URL_ENV,
        env_vars=ENV_VARS,
        source=source,
        count_tokens=operation(service, build_count, parse_count),
        embeddings=operation(service, build_embed, parse_embed),
        embed_limits=EMBED_LIMITS,
    )


__all__ = ["DIALECT", "build_chat", "make_service", "parse_chat", "provider"]
