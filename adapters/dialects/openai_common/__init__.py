"""OpenAI's errors, usage and embeddings, shared by the dialects that carry them."""

from collections.abc import Callable
from functools import cache
from typing import Any

from llm_pure.core.service import AnyService
from llm_pure.types.errors import LLMError
from llm_pure.types.http import HttpResponse


def find_error(service: AnyService, body: Any, response: HttpResponse) -> LLMError | None:
    """`errors.find_error`, which the first response that is not plain imports."""
    return _find_error()(service, body, response)


@cache
def _find_error() -> Callable[[AnyService, Any, HttpResponse], LLMError | None]:
    from llm_pure.adapters.dialects.openai_common import errors  # imported late: start-up

    return errors.find_error
