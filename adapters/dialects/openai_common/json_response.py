"""JSON objects of OpenAI's operations beside chat, and their common check of the model."""

from typing import Any

from llm_pure.adapters.dialects.openai_common.errors import find_error
from llm_pure.core.service import AnyService, malformed_response, read_json
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import HttpResponse
from llm_pure.types.rejection import Rejected


def read_object(service: AnyService, response: HttpResponse) -> dict[str, Any]:
    """The JSON object of a successful response. Raises Rejected with the error in the body, or with ProtocolError."""
    body = read_json(service, response, find_error)
    if isinstance(body, dict):
        return body
    message = "the response is not a JSON object"
    raise Rejected(malformed_response(service, response, message, where="$"))


def require_model(service: AnyService, config: LLMConfig, model: str) -> str:
    """The model of the request, else of the configuration. Raises Rejected with InvalidConfiguration if neither has one."""
    if model or config.model:
        return model or config.model or ""
    message = "no model: set `model` in the request or in the configuration"
    raise Rejected(InvalidConfiguration(message=message, field="model", provider=service.name))


def text_of(value: Any) -> str | None:
    """The value if it is text."""
    return value if isinstance(value, str) else None


def objects_of(value: Any) -> tuple[dict[str, Any], ...]:
    """The objects in a list; none for other values."""
    return (
        tuple([item for item in value if isinstance(item, dict)]) if isinstance(value, list) else ()
    )
