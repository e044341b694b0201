"""Operations besides chat: lists of models, token counts, embeddings. Loaded when one is requested."""

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
from llm_pure.tokens import count_request, max_input_tokens
from llm_pure.types.operations import ModelInfo, ModelPage, TokenCount
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult

if TYPE_CHECKING:
    from llm_pure.gateway.handler import Exchange


def model_page(models: ServedModels, caller: Caller) -> ModelPage:
    """The models that a client may use, by the gateway's names."""
    rows: list[ModelInfo] = []
    for name in caller.allowed(models.names.listed()):
        resolved = models.names.resolve(name).value_or(name)
        served = models.models.get(resolved)
        if served is not None:
            rows.append(ModelInfo(id=name, owned_by=served.target.provider.name))
    return ModelPage(models=tuple(rows))


async def answer_operation(
    exchange: "Exchange", received: ReceivedRequest, served: ServedModel
) -> None:
    """Answer a token count or embeddings. The model's name goes to the provider as it is configured."""
    trace, target = exchange.trace, served.target
    context = exchange.context(served)
    received = msgspec.structs.replace(received, upstream_dialect=target.provider.dialect)
    result: LLMResult[OperationResult]
    if received.embed is not None:
        embed = msgspec.structs.replace(received.embed, model=target.config.model)
        result = await exchange.perform(embed_call(embed), context)
    else:
        chat = msgspec.structs.replace(received.chat, model=target.config.model)
        result = await _count(exchange, chat, served)
    trace.provider = target.provider.name
    if type(result) is Failure:
        response = exchange.error_response(result.failure(), upstream=True)
    else:
        value = result.unwrap()
        trace.usage = trace.usage or getattr(value, "usage", None)
        response = exchange.dialect.build_result(value, received)
        trace.status = response.status
    await send_response(exchange.send, response, trace.request_id, exchange.extra_headers())


async def _count(
    exchange: "Exchange", chat: ChatRequest, served: ServedModel
) -> LLMResult[OperationResult]:
    """The provider's own count where it has one, else an upper estimate: a number that is too low makes agents overflow."""
    if served.target.provider.count_tokens is not None:
        context = exchange.context(served)
        counted = await exchange.perform(count_call(chat), context)
        if type(counted) is not Failure:
            return counted
    return _estimate(served.target, chat)


@returns_failure
def _estimate(target: Target, chat: ChatRequest) -> OperationResult:
    counter = ok(load_token_counter(target.config.model, target.config.pricing_plan))
    resolved = ok(resolve_request(target.config, chat))
    return TokenCount(input_tokens=max_input_tokens(count_request(counter, resolved)))


__all__ = ["answer_operation", "model_page"]
