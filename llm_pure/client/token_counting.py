"""Count and compress requests locally, with the tokenizers of this package. Sends nothing."""

import logging

import msgspec

from llm_pure.client.call import ChatInput, chat_request
from llm_pure.client.tokenizers import load_token_counter
from llm_pure.core.resolved_request import resolve_request
from llm_pure.settings.config_file import CompressSettings
from llm_pure.tokens import count_request, window_for
from llm_pure.tokens.compress import compress
from llm_pure.types.config import LLMConfig
from llm_pure.types.operations import TokenCount
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import ChatRequest

_log = logging.getLogger("llm_pure")


@returns_failure
def count_locally(config: LLMConfig, request: ChatInput) -> TokenCount:
    """Count the input tokens of a request, tools and schema included; `method` is how exact the count is."""
    resolved = ok(resolve_request(config, chat_request(request)))
    counter = ok(load_token_counter(resolved.model, config.pricing_plan))
    count = count_request(counter, resolved)
    return TokenCount(
        input_tokens=count.tokens,
        provider=config.api_type,
        method=count.method,
        encoding=count.encoding,
    )


@returns_failure
def compress_request(
    request: ChatRequest, config: LLMConfig, settings: CompressSettings | None = None
) -> ChatRequest:
    """Return the request with its conversation compressed; what was removed is logged at INFO.

    settings: by default those of config.compress_type. The limit is the smaller of the settings' and, if known, the
    model's context.
    """
    settings = settings or CompressSettings(type=config.compress_type)
    if settings.type in ("", "no_compress"):
        return request
    resolved = ok(resolve_request(config, request))
    counter = ok(load_token_counter(resolved.model, config.pricing_plan))
    messages_only = msgspec.structs.replace(resolved, tools=(), response_format=None)
    other_tokens = count_request(counter, resolved).tokens
    other_tokens -= count_request(counter, messages_only).tokens
    window = window_for(resolved.model, config.pricing_plan)
    context = config.context_length or (window.context if window else settings.max_token)
    compressed = ok(
        compress(
            resolved.messages,
            settings.type,
            counter,
            max_tokens=min(settings.max_token, context),
            threshold=settings.threshold,
            other_tokens=other_tokens,
        )
    )
    if compressed.changed:
        _log.info(
            "compressed (%s): %d tokens to %d, messages left out: %s, shortened: %s",
            settings.type,
            compressed.before_tokens,
            compressed.tokens,
            list(compressed.dropped),
            compressed.shortened,
        )
    return msgspec.structs.replace(request, messages=compressed.messages)
