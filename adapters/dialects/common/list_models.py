"""The list of a service's models, page by page: GET an address, and rows of JSON -> ModelPage.

Every service names the parts its own way; a ListShape says how.
Sources: openai/openai-openapi 2.3.0 (ListModelsResponse); anthropic 2.11.0 types/model_info.py; ai.google.dev
"models.list" by google-genai 3.4.0; cohere 7.3.1 models/raw_client.py; ollama/ollama v0.33.0-rc2 docs/api.md; read 2026-11-20.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from llm_pure.core.dialect import FindError, Service, decode_error
from llm_pure.core.error_mapping import undecodable_body_error
from llm_pure.core.provider import Built, Operation
from llm_pure.framing.json_codec import decode_any
from llm_pure.types.config import LLMConfig, plain_headers
from llm_pure.types.errors import LLMError, ProtocolError
from llm_pure.types.http import Headers, HttpRequest, HttpResponse
from llm_pure.types.operations import ListModelsRequest, ModelInfo, ModelPage
from llm_pure.types.result import Failure, LLMResult, Success

Q = TypeVar("Q")
Where = Callable[[LLMConfig], LLMResult[str]]
ReadError = Callable[[HttpResponse], LLMError | None]


class ListShape(msgspec.Struct, frozen=True, kw_only=True):
    """How one API lists its models.

    rows: the field with the list; a bare list is read too. id, created, owner: fields of a row; created is a number of
    seconds or a date (RFC 3339). id_prefix: what stands before the name in the id. query: what every page is asked with,
    such as its size. page: the parameter that names the page. next_page: the field that names the next one. more: the
    field that says whether there is one, where next_page alone does not.
    """

    rows: str = "data"
    id: str = "id"
    created: str = "created"
    owner: str = "owned_by"
    id_prefix: str = ""
    query: Mapping[str, str] = MappingProxyType({})
    page: str = ""
    next_page: str = ""
    more: str = ""


OPENAI = ListShape()
ANTHROPIC = ListShape(
    created="created_at",
    query=MappingProxyType({"limit": "1000"}),
    page="after_id",
    next_page="last_id",
    more="has_more",
)
GEMINI = ListShape(
    rows="models",
    id="name",
    id_prefix="models/",
    query=MappingProxyType({"pageSize": "1000"}),
    page="pageToken",
    next_page="nextPageToken",
)
COHERE = ListShape(
    rows="models",
    id="name",
    query=MappingProxyType({"page_size": "1000"}),
    page="page_token",
    next_page="next_page_token",
)
OLLAMA = ListShape(rows="models", id="name", created="modified_at")


def list_operation(
    name: str,
    where: Where,
    shape: ListShape,
    read_error: ReadError,
    headers: Callable[[LLMConfig], Headers] = lambda config: (),
) -> Operation[ListModelsRequest, ModelPage]:
    """The operation `models` of a service. where: the address. headers: what the API wants beside credentials."""

    def build(config: LLMConfig, request: ListModelsRequest) -> LLMResult[Built]:
        return where(config).map(
            lambda url: Built(request=_asked(config, shape, url, headers(config), request))
        )

    def parse(response: HttpResponse) -> LLMResult[ModelPage]:
        return parse_list(name, shape, read_error, response)

    return Operation(build, parse)


def list_models(
    service: Service[Q],
    path: str,
    shape: ListShape,
    find_error: FindError[Q],
    headers: Callable[[LLMConfig], Headers] = lambda config: (),
) -> Operation[ListModelsRequest, ModelPage]:
    """The operation `models` of a service whose `url_for` knows the path."""
    return list_operation(
        service.name,
        lambda config: service.url_for(config, "", path),
        shape,
        partial(decode_error, service, find_error),
        headers,
    )


def _asked(
    config: LLMConfig, shape: ListShape, url: str, headers: Headers, request: ListModelsRequest
) -> HttpRequest:
    query = dict(shape.query)
    if request.page and shape.page:
        query[shape.page] = request.page
    if query:
        url += f"{'&' if '?' in url else '?'}{urlencode(query)}"
    plain = plain_headers(config)
    named = {pair[0] for pair in plain}
    kept = [pair for pair in (("accept", "application/json"), *headers) if pair[0] not in named]
    return HttpRequest("GET", url, (*kept, *plain))


def parse_list(
    name: str, shape: ListShape, read_error: ReadError, response: HttpResponse
) -> LLMResult[ModelPage]:
    """The models with their further fields in `extra`. ProtocolError where there is no list of them."""
    decoded = decode_any(response.body, provider=name)
    if isinstance(decoded, Failure):
        if response.status < 300:
            return Failure(decoded.failure())
        return Failure(
            undecodable_body_error(name, response.status, response.headers, response.body)
        )
    body = decoded.unwrap()
    is_bare = isinstance(body, list) and response.status < 300
    told = None if is_bare else read_error(response)
    if told is not None:
        return Failure(told)
    if response.status >= 300:
        return Failure(
            undecodable_body_error(name, response.status, response.headers, response.body)
        )
    rows = body if is_bare else body.get(shape.rows) if isinstance(body, dict) else None
    if not isinstance(rows, list):
        message, where = "there is no list of models in the answer", f"$.{shape.rows}"
        return Failure(
            ProtocolError(message=message, provider=name, where=where, evidence=response.body)
        )
    found = [row for row in rows if isinstance(row, dict)]
    named = [_model(shape, row) for row in found if isinstance(row.get(shape.id), str)]
    next_page = _next(shape, body) if isinstance(body, dict) else ""
    return Success(ModelPage(models=tuple(named), next_page=next_page, provider=name))


def _next(shape: ListShape, body: dict[str, Any]) -> str:
    if shape.more and body.get(shape.more) is not True:
        return ""
    return _text(body.get(shape.next_page)) or ""


def _model(shape: ListShape, row: dict[str, Any]) -> ModelInfo:
    modelled = (shape.id, shape.created, shape.owner, "object")
    return ModelInfo(
        id=row[shape.id].removeprefix(shape.id_prefix),
        created_s=_seconds(row.get(shape.created)),
        owned_by=_text(row.get(shape.owner)),
        extra={key: value for key, value in row.items() if key not in modelled},
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _seconds(value: Any) -> int | None:
    """Seconds since 1970, of a number or a date; a date without a zone is in UTC."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    try:
        when = datetime.fromisoformat(value)
        return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None
