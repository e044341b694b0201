"""iFlytek's Spark: OpenAI's chat completions over HTTP, or Spark's own frames over a websocket.

The websocket is used if the base URL is ws:// or wss://, or if there is none and `app_id` is set; it needs app_id, api_key
and api_secret, and the transport "websocket" (the extra `spark`). Otherwise HTTP: `api_key` is the APIPassword of the
model's page, or the application's key together with `api_secret`.
Docs: docs.iflyaicloud.com, "Spark http", by way of this project's wire notes, and spark_ai_python 0.4.5; read 2026-11-20.
"""

from datetime import datetime

from llm_pure.adapters.dialects import openai_chat, spark_frames
from llm_pure.adapters.dialects.common.dual_api import dual_api_by_line
from llm_pure.adapters.dialects.openai_chat import unconfirmed_for, unsupported_by
from llm_pure.signing.key import usable_key, with_credential_headers, with_header
from llm_pure.types.config import LLMConfig, Secret, reveal
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import LLMResult

NAME = "spark"
API_KEY_ENV = ("SPARKAI_API_KEY", "IFLYTEK_SPARK_API_KEY", "SPARKAI_API_PASSWORD")
SOURCE = "spark_ai_python 0.4.5 (PyPI), sparkai/llm/llm.py, read 2026-11-20"

_VARIABLES = {
    "app_id": ("SPARKAI_APP_ID", "IFLYTEK_SPARK_APP_ID"),
    "api_secret": ("SPARKAI_API_SECRET", "IFLYTEK_SPARK_API_SECRET"),
    "domain": ("SPARKAI_DOMAIN", "IFLYTEK_SPARK_LLM_DOMAIN"),
}


def _uses_websocket(config: LLMConfig) -> bool:
    if config.base_url:
        return config.base_url.strip().lower().startswith(("ws://", "wss://"))
    return bool(config.app_id)


def authorize_http(
    config: LLMConfig, request: HttpRequest, now: datetime
) -> LLMResult[HttpRequest]:
    """`authorization: Bearer PASSWORD`, or `Bearer KEY:SECRET` of an application."""
    request = with_credential_headers(config, request)
    key, secret = reveal(config.api_key), reveal(config.api_secret)
    both = Secret(f"{key}:{secret}" if key and secret and ":" not in key else key)
    return usable_key(NAME, API_KEY_ENV, both).map(
        lambda token: with_header(request, "authorization", f"Bearer {token}")
    )


PROVIDER = dual_api_by_line(
    openai_chat.provider(
        name=NAME,
        base_url="https://spark-api-open.xf-yun.com/v1",
        quirks=openai_chat.Quirks(
            unsupported={
                **unsupported_by("spark", "n", "logprobs"),
                **unconfirmed_for(
                    "spark",
                    "seed",
                    "stop",
                    "repetition_penalty",
                    "metadata",
                    "parallel_tool_calls",
                ),
            },
            # the penalties: xfyun.cn, Spark HTTP, in public comparisons of the services, read 2026-11-30
            ranges={
                "temperature": (0.01, 1),
                "top_k": (1, 6),
                "max_tokens": (1, 8192),
                "presence_penalty": (0, 2),
                "frequency_penalty": (0, 1),
            },
            options={"user": "user"},
            # false by default: calls come as text. xfyun.cn, Spark HTTP, in public code for it, read 2026-11-30
            tools_extra_fields={"tool_calls_switch": True},
            tool_choice_values={"auto": "auto", "none": "none"},
            tool_strict=False,
            json_formats=(),
            message_names=False,
            text_parts=False,
            include_usage=False,
            error_codes=spark_frames.ERROR_CODES,
        ),
        api_key_env=API_KEY_ENV,
        base_url_env=("SPARKAI_URL", "IFLYTEK_SPARK_API_URL"),
        env_vars=_VARIABLES,
        authorize=authorize_http,
        source=SOURCE,
    ),
    spark_frames.provider(name=NAME, api_key_env=API_KEY_ENV, env_vars=_VARIABLES, source=SOURCE),
    uses_second=_uses_websocket,
    may_be_second=spark_frames.may_hold_frames,
    is_second=spark_frames.begins_frames,
)
