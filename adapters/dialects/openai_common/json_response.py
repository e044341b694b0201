"""What the answers of OpenAI's operations beside chat have in common: a JSON object, or an error in one."""

from typing import Any

from llm_pure.adapters.dialects.openai_common.errors import error_in_body
from llm_pure.core.error_mapping import undecodable_body_error
from llm_pure.framing.json_codec import decode_any
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration, ProtocolError
from llm_pure.types.http import HttpResponse
from llm_pure.types.result import Failure, LLMResult, Success


def body_of(name: str, response: HttpResponse) -> LLMResult[dict[str, Any]]:
    """The JSON object of a good answer, else the error that the answer tells."""
    decoded = decode_any(response.body, provider=name)
    if isinstance(decoded, Failure):
        if response.status < 400:
            return Failure(decoded.failure())
        return Failure(
            undecodable_body_error(name, response.status, response.headers, response.body)
        )
    body = decoded.unwrap()
    told = error_in_body(name, {}, body, response)
    if told is not None:
        return Failure(told)
    if response.status >= 400:
        return Failure(
            undecodable_body_error(name, response.status, response.headers, response.body)
        )
    if isinstance(body, dict):
        return Success(body)
    message = "the answer is no JSON object"
    return Failure(ProtocolError(message=message, provider=name, where="$", evidence=response.body))


def model_of(name: str, config: LLMConfig, model: str) -> LLMResult[str]:
    """The model that is asked; InvalidConfiguration when nobody names one."""
    found = model or config.model
    if found:
        return Success(found)
    message = "no model: set `model` in the request or in the configuration"
    return Failure(InvalidConfiguration(message=message, field="model", provider=name))


def text_of(value: Any) -> str | None:
    """The value where it is text."""
    return value if isinstance(value, str) else None


def objects_of(value: Any) -> tuple[dict[str, Any], ...]:
    """The objects of a list; none of anything else."""
    if not isinstance(value, list):
        return ()
    return tuple([one for one in value if isinstance(one, dict)])
