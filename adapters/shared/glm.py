"""Models, error codes and keys shared by Zhipu's two services, open.bigmodel.cn and api.z.ai.

Source: MetaGLM/zhipuai-sdk-python-v4; zai-sdk 0.2.3; docs.z.ai, "Errors"; read 2026-11-20.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from llm_pure.adapters.dialects.common.turn_rules import TurnRules
from llm_pure.adapters.dialects.openai_chat import (
    Quirks,
    output_limit,
    profiles_of,
    unconfirmed_for,
    unsupported_by,
)
from llm_pure.core.adaptations import Identifier, ModelProfile
from llm_pure.core.error_mapping import ErrorType
from llm_pure.core.provider import Authorize
from llm_pure.signing.jwt_hs256 import token
from llm_pure.signing.key import key_header, usable_key
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import (
    AuthenticationFailed,
    ContentFiltered,
    ContextLengthExceeded,
    NotFound,
    Overloaded,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    ServerError,
)
from llm_pure.types.http import HttpRequest
from llm_pure.types.rejection import ok, returns_failure

_SOURCE = "zai-sdk 0.2.3 and traffic of api.z.ai recorded by pydantic-ai, read 2026-11-20"

_OUTPUT = output_limit(131_072)
"""\"The max_tokens parameter is illegal.：限制数值范围[1,131072]" of glm-5 (OmniRoute#4518); 4.6 and 4.7, and 98,304 of 4.5, as generally known
of docs.z.ai, unconfirmed. Read 2026-11-30."""

RULES = (
    ModelProfile(
        prefix="glm-5.3",
        ranges=_OUTPUT,
        reasoning="always",
        efforts=("low", "high", "max"),
        traits={"reasoning_style": "thinking_effort"},
        source=_SOURCE,
    ),
    ModelProfile(
        prefix="glm-5.2",
        ranges=_OUTPUT,
        reasoning="on",
        traits={"reasoning_style": "thinking_effort"},
        source=_SOURCE,
    ),
    *profiles_of(("glm-5", "glm-4.7", "glm-4.6"), ranges=_OUTPUT, reasoning="on", source=_SOURCE),
    *profiles_of(("glm-4.5",), ranges=output_limit(98_304), reasoning="on", source=_SOURCE),
    ModelProfile(
        prefix="glm-",
        reasoning="always",
        efforts=("low", "high", "max"),
        traits={"reasoning_style": "thinking_effort"},
        is_fallback=True,
        source="newer than this table: like the newest, glm-5.3; 2026-11-29",
    ),
    *profiles_of(
        ("glm-4", "glm-3", "chatglm", "charglm", "codegeex"),
        reasoning="none",
        source="zhipuai-sdk-python-v4, read 2026-11-20",
    ),
)

ERROR_CODES: Mapping[str, ErrorType] = {
    **dict.fromkeys(("1000", "1001", "1002", "1003", "1004"), AuthenticationFailed),
    **dict.fromkeys(("1110", "1111", "1112", "1121", "1220"), PermissionDenied),
    **dict.fromkeys(("1113", "1304", "1308", "1309", "1310", "1311"), QuotaExceeded),
    **dict.fromkeys([str(code) for code in range(1313, 1322)], QuotaExceeded),
    **dict.fromkeys(("1211", "1221", "1222"), NotFound),
    **dict.fromkeys(("1120", "1200", "1230", "1234"), ServerError),
    "1261": ContextLengthExceeded,
    **dict.fromkeys(("1300", "1301"), ContentFiltered),
    **dict.fromkeys(("1302", "1303"), RateLimited),
    "1305": Overloaded,
}
"""docs.z.ai, "Errors". 1304, 1308 and 1309 are daily and plan limits, so waiting for seconds does not help; so is 1310
(Yeachan-Heo/gajae-code#1821), and 1311 to 1321 in pydantic-ai 2.68.0, _model_errors.py; read 2026-11-30."""

QUIRKS = Quirks(
    options={
        "user": Identifier(
            path="user_id",
            min_length=6,
            max_length=128,
            source="open.bigmodel.cn, chat completions, user_id: at least 6 characters, at most 128 (in public code), read 2026-11-30",
        )
    },
    # ignored beside do_sample false: docs.z.ai, read 2026-11-20; LangChain's ChatZhipuAI says the same, read 2026-11-30
    greedy_excludes=("top_p",),
    unsupported={
        **unsupported_by(
            "GLM", "n", "presence_penalty", "frequency_penalty", "logprobs", "top_k", "metadata"
        ),
        **unconfirmed_for("GLM", "repetition_penalty", "parallel_tool_calls"),
    },
    zero_temperature={"do_sample": False},
    ranges={"temperature": (0.01, 0.99), "top_p": (0.01, 0.99)},
    max_stop_sequences=1,
    profiles=RULES,
    reasoning_style="thinking",
    reasoning_replay="reasoning_content",
    replay_extra_fields={"thinking": {"clear_thinking": False}},
    tool_choice_values={"auto": "auto"},
    tool_strict=False,
    json_formats=("json_object",),
    refusal_key=False,
    document_form="none",  # parts are text, image_url, video_url and file_url; as generally known of docs.z.ai, unconfirmed, 2026-11-30
    videos=True,
    turns=TurnRules(compatible_providers=frozenset({"zai", "zhipuai"})),
    done_required=True,
    error_codes=ERROR_CODES,
)
"""0 and 1 are invalid for temperature and top_p; the vendor's package clamps them in the same way."""


def key_or_token(provider: str, variables: tuple[str, ...]) -> Authorize:
    """An `authorize` that sends `api_key` as a bearer token, or a token signed with `access_key` and `secret_key`.

    A key of these services is `id.secret`. To avoid sending the secret, set the id as access_key and the secret as
    secret_key: each request then has a token that is valid for some minutes, and api_key is ignored.
    """
    bearer = key_header(provider, variables)

    @returns_failure
    def authorize(config: LLMConfig, request: HttpRequest, now: datetime) -> HttpRequest:
        if config.access_key and config.secret_key:
            key_id = ok(usable_key(provider, (), config.access_key, "access_key"))
            secret = ok(usable_key(provider, (), config.secret_key, "secret_key"))
            config = msgspec.structs.replace(config, api_key=token(key_id, secret, now))
        return ok(bearer(config, request, now))

    return authorize
