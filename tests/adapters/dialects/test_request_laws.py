"""Laws of building requests, for the dialects that refuse what they cannot send."""

from functools import partial

import pytest

from llm_pure import ChatRequest, LLMConfig
from llm_pure.adapters.cohere import PROVIDER as COHERE
from llm_pure.adapters.dialects import (
    dashscope_generation,
    llama_native,
    qianfan_v1,
    spark_frames,
)
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.result import Failure, Success
from tests.support import (
    dashscope_generation_streams,
    llama_native_streams,
    qianfan_v1_streams,
    spark_frames_streams,
)
from tests.support.chat_requests import REQUESTS, chat_requests
from tests.support.laws import same_examples

BUILDERS = {
    "cohere_chat": partial(COHERE.build_chat, LLMConfig(api_type="cohere", model="command-a-plus")),
    "dashscope_generation": partial(
        dashscope_generation.build_chat,
        dashscope_generation_streams.SERVICE,
        LLMConfig(api_type="dashscope", model="qwen-plus"),
    ),
    "llama_native": partial(
        llama_native.build_chat,
        llama_native_streams.SERVICE,
        LLMConfig(api_type="llama_api", model="Llama-4-Maverick-17B-128E-Instruct-FP8"),
    ),
    "qianfan_v1": partial(
        qianfan_v1.build_chat,
        qianfan_v1_streams.SERVICE,
        LLMConfig(
            api_type="qianfan",
            model="ERNIE-4.0-8K",
            input_modalities=("image", "audio", "document"),
        ),
    ),
    "spark_frames": partial(
        spark_frames.build_chat,
        spark_frames_streams.SERVICE,
        LLMConfig(api_type="spark", app_id="app-1", domain="generalv3.5"),
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("dialect", BUILDERS)
def test_every_common_request_is_built_or_refused(dialect: str, name: str) -> None:
    built = BUILDERS[dialect](REQUESTS[name])
    assert isinstance(built, Success) or isinstance(built.failure(), UnsupportedFeature)


@pytest.mark.parametrize(
    "dialect", sorted(BUILDERS.keys() - {"qianfan_v1"})
)  # its own test asks for more
@same_examples(100, request_=chat_requests())
def test_the_same_request_makes_the_same_bytes(dialect: str, request_: ChatRequest) -> None:
    built = BUILDERS[dialect](request_)
    assert built == BUILDERS[dialect](request_)
    assert isinstance(built, Success | Failure)
