"""Laws of buffered responses, over every dialect: parsers never raise, and a 2xx status alone is not an answer."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import HttpResponse, describe
from llm_pure.adapters import bedrock, bedrock_invoke, registry
from llm_pure.adapters.dialects import (
    anthropic_messages,
    cohere_chat,
    dashscope_generation,
    llama_native,
    qianfan_v1,
    spark_frames,
)
from llm_pure.adapters.dialects.cohere_chat import count as cohere_count
from llm_pure.adapters.dialects.cohere_chat import embed as cohere_embed
from llm_pure.adapters.dialects.dashscope_generation import embed as dashscope_embed
from llm_pure.adapters.dialects.qianfan_v1 import embed as qianfan_embed
from llm_pure.types.errors import ProtocolError
from llm_pure.types.result import LLMResult, Success
from tests.support.json_values import json_values
from tests.support.replies import response

Parse = Callable[[HttpResponse], LLMResult[Any]]


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def as_lines(value: Any) -> bytes:
    return b"".join(
        [as_json(item) + b"\n" for item in (value if isinstance(value, list) else [value])]
    )


class Replies(msgspec.Struct, frozen=True, kw_only=True):
    """The parsers of a dialect, and bodies for them."""

    parse: Parse
    others: tuple[Parse, ...] = ()
    """Parsers of other operations."""
    keys: str = ""
    """Keys of its bodies; "" where the dialect's own tests generate JSON."""
    framed: Callable[[Any], bytes] = as_json
    """Encodes a value as a body."""
    empty: tuple[bytes, ...]
    """Bodies that are no answer, for status 200."""


COMMON = (b"", b"null", b"[]", b"{}", b"<p>", b"nope", b"\xff\xfe", b"[" * 5000)

REPLIES: dict[str, Replies] = {
    "anthropic_messages": Replies(
        parse=registry.get("anthropic").unwrap().parse_chat,
        others=(
            partial(anthropic_messages.parse_count, anthropic_messages.make_service("anthropic")),
        ),
        empty=COMMON,
    ),
    "bedrock_converse": Replies(
        parse=bedrock.PROVIDER.parse_chat,
        empty=(
            *COMMON,
            b"[1]",
            b'{"message":"hi"}',
            b'{"output":3}',
            b'{"output":{"message":null}}',
            b'{"output":{"message":{"content":[3]}}}',
            b'{"output":{"message":{"content":[{"text":3}]}}}',
            b'{"output":{"message":{"content":[{"hologram":"\xff"}]}}}',
            b'{"output":' + b"[" * 5000,
        ),
    ),
    "bedrock_invoke": Replies(
        parse=bedrock_invoke.PROVIDER.parse_chat,
        others=(bedrock_invoke.PROVIDER.embed.parse,) if bedrock_invoke.PROVIDER.embed else (),
        empty=(
            *COMMON,
            b'{"message":"hi"}',
            b'{"type":"x"}',
            b'{"choices":[]}',
            b'{"output":1}',
            b'{"generation":1}',
            b'{"outputs":"x"}',
            b'{"completions":[{}]}',
            b'{"results":[1]}',
            b'{"text":"?"}',
            b'{"generation_id":"g","tool_calls":[1]}',
        ),
    ),
    "cohere_chat": Replies(
        parse=registry.get("cohere").unwrap().parse_chat,
        others=(
            partial(cohere_embed.parse_embed, cohere_chat.make_service("cohere")),
            partial(cohere_count.parse_count, cohere_chat.make_service("cohere")),
        ),
        keys="id message content type text tool_calls usage tokens function citations embeddings float meta",
        empty=(*COMMON, b'{"message":null}', b'{"message":{"content":7}}'),
    ),
    "dashscope_generation": Replies(
        parse=partial(
            dashscope_generation.parse_chat, dashscope_generation.make_service("dashscope")
        ),
        others=(
            partial(dashscope_embed.parse_embed, dashscope_generation.make_service("dashscope")),
        ),
        keys="output choices message content text tool_calls usage code function finish_reason embeddings embedding "
        "request_id image",
        empty=(*COMMON, b'{"output":null}', b'{"output":{"choices":[7]}}'),
    ),
    "gemini_content": Replies(
        parse=registry.get("gemini").unwrap().parse_chat,
        keys="candidates content parts text thought functionCall args name inlineData data mimeType finishReason "
        "usageMetadata promptTokenCount promptFeedback blockReason error",
        empty=(
            *COMMON,
            b'{"candidates":[]}',
            b'{"usageMetadata":{"promptTokenCount":3}}',
            b"[1]",
            b'"x"',
            b'{"candidates":{"a":1}}',
            b'{"candidates":[{"content":{"parts":[null]}}]}',
        ),
    ),
    "llama_native": Replies(
        parse=partial(llama_native.parse_chat, llama_native.make_service("llama_api")),
        keys="id completion_message content type text tool_calls function metrics metric value error stop_reason",
        empty=(*COMMON, b'{"completion_message":null}', b'{"completion_message":{"content":7}}'),
    ),
    "ollama_native": Replies(
        parse=registry.get("ollama").unwrap().parse_chat,
        keys="model message content thinking tool_calls function arguments response done done_reason eval_count error",
        empty=(
            *COMMON,
            b"<html>",
            b'{"message":null}',
            b'{"message":"text"}',
            b'{"message":{"content":1}}',
            b'{"message":{"content":"\xff"}}',
            b'{"message":{"tool_calls":{}}}',
            b'{"response":{}}',
            b'{"models":[]}',
            b"[" * 100_000,
        ),
    ),
    "openai_chat": Replies(
        parse=registry.get("openai").unwrap().parse_chat,
        keys="choices message content tool_calls function arguments usage error index images audio reasoning_details "
        "logprobs finish_reason type text",
        empty=COMMON,
    ),
    "openai_responses": Replies(
        parse=registry.get("openai_responses").unwrap().parse_chat,
        keys="type output content text id summary usage error status call_id",
        empty=COMMON,
    ),
    "qianfan_v1": Replies(
        parse=partial(qianfan_v1.parse_chat, qianfan_v1.make_service("qianfan")),
        others=(
            partial(qianfan_embed.parse_embed, qianfan_v1.make_service("qianfan")),
            partial(qianfan_v1.parse_token, qianfan_v1.make_service("qianfan")),
        ),
        keys="id result function_call name arguments usage error_code error_msg data embedding error access_token "
        "expires_in is_end",
        empty=(*COMMON, b'{"result":7}'),
    ),
    "spark_frames": Replies(
        parse=partial(spark_frames.parse_chat, spark_frames.make_service("spark")),
        keys="header code message sid status payload choices text content function_call name arguments usage",
        framed=as_lines,
        empty=(b"[]\n", b"7\n", b'{"header":7}\n', b'"text"\n'),
    ),
}

EMPTY = {
    f"{name}, {body[:60].decode('latin-1') or 'nothing'} ({len(body)})": (replies, body)
    for name, replies in REPLIES.items()
    for body in replies.empty
}

STATUSES = st.sampled_from([200, 204, 301, 400, 403, 429, 498, 500]) | st.integers(100, 599)


def bodies(replies: Replies) -> st.SearchStrategy[bytes]:
    """Any bytes, and JSON objects with the keys of the dialect's bodies."""
    junk = st.binary(max_size=200)
    if not replies.keys:
        return junk
    values = json_values(*replies.keys.split(), max_keys=4, nan=True)
    return junk | values.map(replies.framed)


@pytest.mark.hypothesis
@pytest.mark.parametrize("replies", REPLIES.values(), ids=REPLIES)
def test_parser_never_raises(replies: Replies) -> None:
    @given(bodies(replies), STATUSES)
    def holds(body: bytes, status: int) -> None:
        for parse in (replies.parse, *replies.others):
            result = parse(response(body, status))
            assert isinstance(result, Success) or describe(result.failure())

    holds()


@pytest.mark.parametrize(("replies", "body"), EMPTY.values(), ids=EMPTY)
def test_2xx_body_without_an_answer_is_a_protocol_error(replies: Replies, body: bytes) -> None:
    assert isinstance(replies.parse(response(body)).failure(), ProtocolError)
