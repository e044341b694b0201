"""Baidu's Qianfan: version 2, which is OpenAI's chat completions, and version 1 with its ERNIE URLs.

Version 2 is called if the base URL ends in /v2 or the key is one of version 2 (bce-v3/...); version 1 if the base URL is
one of aip.baidubce.com, or `secret_key` is set, or only a token. In all other cases version 2 is called.

Credentials. Version 2: `api_key`, as a bearer token. Version 1: `access_key` and `secret_key` sign each request, with no
call before it; an application's `api_key` and `secret_key` are exchanged for a token by `build_token` and `parse_token`,
and the token is `session_token`. Docs: cloud.baidu.com/doc/WENXINWORKSHOP, in excerpts, and qianfan 0.4.12.3; read 2026-11-20.
"""

from functools import partial
from typing import Any
from urllib.parse import urlsplit

from llm_pure.adapters.dialects import openai_chat, qianfan_v1
from llm_pure.adapters.dialects.common.dual_api import dual_api
from llm_pure.adapters.dialects.openai_chat import unsupported_by
from llm_pure.adapters.dialects.qianfan_v1 import Token
from llm_pure.core.adaptations import ModelProfile
from llm_pure.core.urls import with_default_path
from llm_pure.types.config import LLMConfig, reveal
from llm_pure.types.errors import (
    AuthenticationFailed,
    ContextLengthExceeded,
    NotFound,
    PermissionDenied,
    RateLimited,
)
from llm_pure.types.operations import EmbedLimit

NAME = "qianfan"
BASE_URL = "https://qianfan.baidubce.com/v2"
SOURCE = (
    "qianfan 0.4.12.3 (PyPI) and cloud.baidu.com/doc/WENXINWORKSHOP, in excerpts read 2026-11-20"
)

_VARIABLES = {
    "access_key": ("QIANFAN_ACCESS_KEY",),
    "secret_key": ("QIANFAN_SECRET_KEY", "QIANFAN_SK"),
    "session_token": ("QIANFAN_ACCESS_TOKEN",),
}


def _uses_version_1(config: LLMConfig) -> bool:
    try:
        parts = urlsplit(config.base_url or "")
        host, path = parts.hostname or "", parts.path.rstrip("/")
    except ValueError:
        return False
    if path.endswith("/v2") or host.startswith("qianfan."):
        return False
    if "/rpc/2.0" in path or host.startswith("aip."):
        return True
    key = reveal(config.api_key)
    if key.startswith("bce-v3/"):
        return False
    return bool(config.secret_key or (config.session_token and not key))


def _is_version_1(body: Any) -> bool:
    return isinstance(body, dict) and any(
        key in body for key in ("result", "error_code", "function_call", "is_end")
    )


PROVIDER = dual_api(
    openai_chat.provider(
        name=NAME,
        base_url=BASE_URL,
        url_for=with_default_path(NAME, BASE_URL),
        quirks=openai_chat.Quirks(
            # baidubce/bce-qianfan-sdk, go/qianfan/chat_completion_v2.go has none of these, and the ranges; read 2026-11-30
            unsupported=unsupported_by(NAME, "top_k", "n", "logprobs", "metadata"),
            renames={"repetition_penalty": "penalty_score"},
            ranges={"repetition_penalty": (1, 2)},
            options={"user": "user"},
            # cloud.baidu.com, stop: at most 4 elements of at most 20 characters (in public code for it), read 2026-11-30
            max_stop_sequences=4,
            max_stop_length=(20, "characters"),
            profiles=(
                ModelProfile(
                    prefix="ernie",
                    ranges={"temperature": (0.01, 1)},
                    source="bce-qianfan-sdk, chat_completion_v2.go: (0, 1.0], not 0; read 2026-11-30",
                ),
            ),
            error_codes={
                "invalid_iam_token": AuthenticationFailed,
                "access_denied": PermissionDenied,
                "invalid_model": NotFound,
                "characters_too_long": ContextLengthExceeded,
                "rpm_rate_limit_exceeded": RateLimited,
                "tpm_rate_limit_exceeded": RateLimited,
            },
        ),
        api_key_env=("QIANFAN_API_KEY", "QIANFAN_BEARER_TOKEN", "QIANFAN_AK"),
        base_url_env=("QIANFAN_BASE_URL",),
        env_vars=_VARIABLES,
        embeddings=True,
        embed_limits=(
            EmbedLimit(
                max_texts=16,
                source="unconfirmed, as generally known of cloud.baidu.com/doc/WENXINWORKSHOP, 2026-11-20",
            ),
        ),
        source=SOURCE,
    ),
    qianfan_v1.provider(name=NAME, env_vars=_VARIABLES, source=SOURCE),
    uses_second=_uses_version_1,
    is_second=_is_version_1,
)

_VERSION_1 = qianfan_v1.make_service(NAME)

build_token = partial(qianfan_v1.build_token, _VERSION_1)
"""(config) -> the request that exchanges an application's keys for a token."""

parse_token = partial(qianfan_v1.parse_token, _VERSION_1)
"""(response) -> Token(token, valid_s)."""

__all__ = ["PROVIDER", "Token", "build_token", "parse_token"]
