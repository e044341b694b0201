"""Amazon Bedrock's InvokeModel: the body that each vendor gave its models, and the answer that came with it.

Claude's Messages, Nova, chat completions (gpt-oss, Qwen, Jamba, Mistral's newer ones ...), Command R, and the prompts of
Llama, Mistral, Titan, Jurassic, Command and DeepSeek R1.
Source: ../shared/wire/bedrock.md section 9; docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html; read
2026-11-20.
"""

from functools import partial

from llm_pure.adapters.dialects.bedrock_converse.count import parse_count
from llm_pure.adapters.dialects.bedrock_converse.errors import read_error
from llm_pure.adapters.dialects.bedrock_converse.urls import (
    API_KEY_ENV,
    BASE_URL,
    BASE_URL_VARIABLES,
    VARIABLES,
    authorize,
)
from llm_pure.adapters.dialects.bedrock_invoke.count import build_count
from llm_pure.adapters.dialects.bedrock_invoke.embed import EMBED_LIMITS, build_embed, parse_embed
from llm_pure.adapters.dialects.bedrock_invoke.request import build_chat
from llm_pure.adapters.dialects.bedrock_invoke.response import parse_chat
from llm_pure.adapters.dialects.bedrock_invoke.stream import State, step
from llm_pure.core.provider import Operation, Provider, StreamDecoder
from llm_pure.core.stream import decode_steps
from llm_pure.framing.aws_eventstream import EventStreamDecoder
from llm_pure.types.http import ResponseHead

DIALECT = "bedrock_invoke"


def provider(*, name: str, source: str = "") -> Provider:
    """A service that speaks this dialect."""
    return Provider(
        name=name,
        dialect=DIALECT,
        base_url=BASE_URL,
        build_chat=partial(build_chat, name),
        authorize=partial(authorize, name),
        parse_chat=partial(parse_chat, name),
        open_stream=partial(open_stream, name),
        api_key_env=API_KEY_ENV,
        base_url_env=BASE_URL_VARIABLES,
        env_vars=VARIABLES,
        source=source,
        count_tokens=Operation(partial(build_count, name), partial(parse_count, name)),
        embed=Operation(partial(build_embed, name), partial(parse_embed, name)),
        embed_limits=EMBED_LIMITS,
    )


def open_stream(name: str, head: ResponseHead) -> StreamDecoder:
    """AWS event-stream messages; a JSON body in their place is an error, or the whole answer."""
    return decode_steps(
        name,
        head,
        frames=EventStreamDecoder,
        state=State(),
        step=partial(step, name, head),
        parse=partial(parse_chat, name),
        parse_error=partial(read_error, name),
    )


__all__ = ["DIALECT", "build_chat", "open_stream", "parse_chat", "provider"]
