"""Operations besides chat: lists of models, token counts, embeddings. Loaded when one is requested."""

import asyncio
from typing import TYPE_CHECKING

import msgspec

from llm_pure.client.operations import count_call, embed_call
from llm_pure.client.targets import Target
from llm_pure.client.tokenizers import load_token_counter
from llm_pure.core.resolved_request import resolve_request
from llm_pure.core.server import OperationResult, ReceivedRequest
from llm_pure.gateway.access import Caller
from llm_pure.gateway.answers import send_response
from llm_pure.gateway.models import ServedModel, ServedModels
from llm_pure.server.outgoing import outgoing_chat, outgoing_embed
from llm_pure.tokens import count_request, max_input_tokens
from llm_pure.types.operations import ModelInfo, ModelPage, TokenCount
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult

if TYPE_CHECKING:
    from llm_pure.gateway.handler import RequestHandler


@returns_failure
def model_page(models: ServedModels, caller: Caller, requested: str = "") -> ModelPage:
    """The models that a client may use, by the gateway's names; or one of them, by any name that means it.

    Fails with NotFound for a name that means none.
    """
    rows: list[ModelInfo] = []
    if requested:
        ok(caller.permits(ok(models.names.resolve(requested))))
    for name in [requested] if requested else caller.allowed(models.names.listed()):
        resolved = models.names.resolve(name).value_or(name)
        served = models.models.get(resolved)
        if served is not None:
            rows.append(ModelInfo(id=name, owned_by=served.target.provider.name))
    return ModelPage(models=tuple(rows))


async def answer_operation(
    handler: "RequestHandler", received: ReceivedRequest, served: ServedModel
) -> None:
    """Answer a token count or embeddings. The model's name goes to the provider as it is configured."""
    trace, target = handler.trace, served.target
    context = handler.context(served)
    provider = target.provider
    received = msgspec.structs.replace(
        received, upstream_dialect=provider.dialect, upstream_provider=provider.name
    )
    result: LLMResult[OperationResult]
    if received.embed is not None:
        embed = outgoing_embed(received, target.config).value
        result = await handler.perform(embed_call(embed), context)
    else:
        chat = outgoing_chat(received, provider, target.config).value
        result = await _count(handler, chat, served)
    trace.provider = provider.name
    if type(result) is Failure:
        response = handler.error_response(result.failure(), upstream=True)
    else:
        value = result.unwrap()
        trace.usage = trace.usage or getattr(value, "usage", None)
        response = handler.dialect.build_result(value, received)
        trace.status = response.status
    await send_response(handler.send, response, trace.request_id, handler.extra_headers())


async def _count(
    handler: "RequestHandler", chat: ChatRequest, served: ServedModel
) -> LLMResult[OperationResult]:
    """The provider's own count where it has one, else an upper estimate: a number that is too low makes agents overflow."""
    if served.target.provider.count_tokens is not None:
        context = handler.context(served)
        counted = await handler.perform(count_call(chat), context)
        if type(counted) is not Failure:
            return counted
    # a tokenizer is loaded for a third of a second, and a long conversation takes some time too
    return await asyncio.to_thread(_estimate, served.target, chat)


@returns_failure
def _estimate(target: Target, chat: ChatRequest) -> OperationResult:
    counter = ok(load_token_counter(target.config.model, target.config.pricing_plan))
    resolved = ok(resolve_request(target.config, chat))
    return TokenCount(input_tokens=max_input_tokens(count_request(counter, resolved)))
