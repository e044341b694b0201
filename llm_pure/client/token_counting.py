"""Requests counted and shortened here, with the tokenizers of this package; nothing is sent."""

import logging

import msgspec

from llm_pure.client.jobs import ChatInput, chat_request
from llm_pure.client.meters import load_meter
from llm_pure.core.resolved_request import resolve_request
from llm_pure.settings.config_file import CompressSettings
from llm_pure.tokens import count_request, window_for
from llm_pure.tokens.compress import compress
from llm_pure.types.config import LLMConfig
from llm_pure.types.operations import TokenCount
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success

_log = logging.getLogger("llm_pure")


def count_here(config: LLMConfig, request: ChatInput) -> LLMResult[TokenCount]:
    """The input tokens of a request, tools and schema included; `method` says how sure that is."""
    drafted = resolve_request(config, chat_request(request))
    if isinstance(drafted, Failure):
        return drafted
    counter = load_meter(drafted.unwrap().model, config.pricing_plan)
    if isinstance(counter, Failure):
        return counter
    count = count_request(counter.unwrap(), drafted.unwrap())
    return Success(
        TokenCount(
            input_tokens=count.tokens,
            provider=config.api_type,
            method=count.method,
            encoding=count.encoding,
        )
    )


def shortened(
    request: ChatRequest, config: LLMConfig, settings: CompressSettings | None = None
) -> LLMResult[ChatRequest]:
    """The request with its conversation cut as the settings say; what was cut is told at info.

    settings: None does as config.compress_type says.
    The window is the smaller of the settings' and the model's, where that is known.
    """
    settings = settings or CompressSettings(type=config.compress_type)
    if settings.type in ("", "no_compress"):
        return Success(request)
    drafted = resolve_request(config, request)
    if isinstance(drafted, Failure):
        return drafted
    asked = drafted.unwrap()
    counter = load_meter(asked.model, config.pricing_plan)
    if isinstance(counter, Failure):
        return counter
    one = counter.unwrap()
    beside = count_request(one, asked).tokens
    beside -= count_request(
        one, msgspec.structs.replace(asked, tools=(), response_format=None)
    ).tokens
    window = window_for(asked.model, config.pricing_plan)
    known = config.context_length or (window.context if window else settings.max_token)
    made = compress(
        asked.messages,
        settings.type,
        one,
        max_tokens=min(settings.max_token, known),
        threshold=settings.threshold,
        beside_tokens=beside,
    )
    if isinstance(made, Failure):
        return made
    got = made.unwrap()
    if got.changed:
        _log.info(
            "compressed (%s): %d tokens to %d, messages left out: %s, shortened: %s",
            settings.type,
            got.before_tokens,
            got.tokens,
            list(got.dropped),
            got.shortened,
        )
    return Success(msgspec.structs.replace(request, messages=got.messages))
