"""Lists of models, page by page: GET {url}, and JSON rows -> ModelPage. A ListShape describes one API's fields.

Sources: openai/openai-openapi 2.3.0 (ListModelsResponse); anthropic 2.11.0 types/model_info.py; ai.google.dev
"models.list" by google-genai 3.4.0; cohere 7.3.1 models/raw_client.py; ollama/ollama v0.33.0-rc2 docs/api.md; read 2026-11-20.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from llm_pure.core.dialect import operation
from llm_pure.core.provider import Built, Operation
from llm_pure.core.service import AnyService, FindError, Service, malformed_response, read_json
from llm_pure.types.config import LLMConfig, plain_headers
from llm_pure.types.errors import LLMError
from llm_pure.types.http import Headers, HttpRequest, HttpResponse
from llm_pure.types.operations import ListModelsRequest, ModelInfo, ModelPage
from llm_pure.types.rejection import Rejected, ok, returns_failure

Q = TypeVar("Q")


class ListShape(msgspec.Struct, frozen=True, kw_only=True):
    """How one API lists its models."""

    rows: str = "data"
    """The field with the list; a bare list is read too."""
    id: str = "id"
    created: str = "created"
    """The field of a row with a number of seconds or a date (RFC 3339)."""
    owner: str = "owned_by"
    id_prefix: str = ""
    """Prefix of ids that is removed from model names."""
    query: Mapping[str, str] = MappingProxyType({})
    """Parameters of every page, such as its size."""
    page: str = ""
    """The parameter with the page to get."""
    next_page: str = ""
    """The field of the response with the next page."""
    more: str = ""
    """The field that says whether there is a next page, where `next_page` is always set."""


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


def list_models(
    service: Service[Q],
    path: str,
    shape: ListShape,
    find_error: FindError[Q],
    headers: Callable[[LLMConfig], Headers] = lambda config: (),
) -> Operation[ListModelsRequest, ModelPage]:
    """The operation `models`. `path`: the operation for `service.url_for`. `headers`: required headers beside credentials.

    Parsing fails with the error in the body, and with ProtocolError for a 2xx body without a list of models.
    """

    def error_of_object(service: Service[Q], raw: Any, response: HttpResponse) -> LLMError | None:
        is_bare_list = isinstance(raw, list) and response.status < 300
        return None if is_bare_list else find_error(service, raw, response)

    @returns_failure
    def build(service: Service[Q], config: LLMConfig, request: ListModelsRequest) -> Built:
        url = ok(service.url_for(config, "", path))
        return Built(request=_build_get(config, shape, url, headers(config), request))

    @returns_failure
    def parse(service: Service[Q], response: HttpResponse) -> ModelPage:
        raw = read_json(service, response, error_of_object)
        return _read_page(service, shape, raw, response)

    return operation(service, build, parse)


def _build_get(
    config: LLMConfig, shape: ListShape, url: str, headers: Headers, request: ListModelsRequest
) -> HttpRequest:
    query = dict(shape.query)
    if request.page and shape.page:
        query[shape.page] = request.page
    if query:
        url += f"{'&' if '?' in url else '?'}{urlencode(query)}"
    user_headers = plain_headers(config)
    names = {name for name, _ in user_headers}
    defaults = [pair for pair in (("accept", "application/json"), *headers) if pair[0] not in names]
    return HttpRequest("GET", url, (*defaults, *user_headers))


def _read_page(
    service: AnyService, shape: ListShape, raw: Any, response: HttpResponse
) -> ModelPage:
    """The models, with their other fields in `extra`."""
    body = raw if isinstance(raw, dict) else {shape.rows: raw}
    rows = next(
        (body[key] for key in (shape.rows, *_ROWS) if isinstance(body.get(key), list)), None
    )
    if rows is None and shape.rows in body and body[shape.rows] is None:
        rows = []  # Go writes null for an empty list
    if rows is None:
        message = "the response has no list of models"
        raise Rejected(malformed_response(service, response, message, where=f"$.{shape.rows}"))
    if all(isinstance(row, str) for row in rows):  # some servers send the ids alone
        rows = [{shape.id: row} for row in rows if row]
    models = [model for row in rows if (model := _model(shape, row)) is not None]
    return ModelPage(models=tuple(models), next_page=_next(shape, body), provider=service.name)


def _next(shape: ListShape, body: dict[str, Any]) -> str:
    if shape.more and body.get(shape.more) is not True:
        return ""
    token = body.get(shape.next_page)
    if token is None and shape.next_page == "nextPageToken":  # as gateways in Python name it
        token = body.get("next_page_token")
    return _text(token) or ""


_ROWS = ("data", "models")
_IDS = ("id", "name", "model")
_CREATED = ("created", "created_at", "modified_at")
"""Names of the list, of a model's id and of its date, at other services: gateways take them over."""


def _model(shape: ListShape, row: Any) -> ModelInfo | None:
    """A model; None for a row without an id."""
    if not isinstance(row, dict):
        return None
    name = next((key for key in (shape.id, *_IDS) if isinstance(row.get(key), str)), None)
    if name is None:
        return None
    created = next((key for key in (shape.created, *_CREATED) if key in row), "")
    known = (name, created, shape.owner, "object")
    return ModelInfo(
        id=row[name].removeprefix(shape.id_prefix),
        created_s=_seconds(row.get(created)),
        owned_by=_text(row.get(shape.owner)),
        extra={key: value for key, value in row.items() if key not in known},
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _seconds(value: Any) -> int | None:
    """Seconds since 1970 of a number or a date; a date without a time zone is UTC."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    if value.isascii() and value.isdigit() and len(value) < 12:
        return int(value)
    try:
        when = datetime.fromisoformat(value)
        return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None
