"""A form with files and settings, as OpenAI's endpoints for pictures and sound take it -> the request.

Source: openai/openai-openapi 2.3.0, by the wire notes of this project (sections 3.2 and 3.4); read 2026-11-20.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from llm_pure.framing.json_codec import encode
from llm_pure.framing.multipart import Field, FormFile, multipart
from llm_pure.types.config import LLMConfig, plain_headers
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure, LLMResult, Success


def post_form(
    config: LLMConfig,
    url: str,
    files: Iterable[tuple[str, FormFile]],
    settings: Iterable[tuple[str, Any]],
    *,
    provider: str,
) -> LLMResult[HttpRequest]:
    """A POST of this form, with the configuration's own headers but for credentials. The same form is the same bytes.

    A list is sent as a part for each of its items, with [] behind the name; what is no text is sent as JSON.
    Fails with InvalidRequest where it is no JSON.
    """
    fields: list[Field] = list(files)
    for name, value in _flat(settings):
        text = Success(value) if isinstance(value, str) else _json(value, provider)
        if isinstance(text, Failure):
            return text
        fields.append((name, text.unwrap()))
    content_type, body = multipart(fields)
    plain = plain_headers(config)
    ours = {"content-type": content_type, "accept": "*/*"}
    headers = tuple({**ours, **dict(plain)}.items())
    return Success(HttpRequest("POST", url, headers, body))


def _flat(settings: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for name, value in settings:
        if isinstance(value, list | tuple):
            yield from [(f"{name.removesuffix('[]')}[]", one) for one in value]
        else:
            yield name, value


def _json(value: Any, provider: str) -> LLMResult[str]:
    if isinstance(value, float):
        return Success(f"{value:g}")  # 1, and not 1.0
    return encode(value, provider=provider).map(bytes.decode)
