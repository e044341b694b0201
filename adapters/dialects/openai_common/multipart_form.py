"""Requests with files and settings as a multipart form, for OpenAI's endpoints for images and audio.

Source: openai/openai-openapi 2.3.0, by the wire notes of this project (sections 3.2 and 3.4); read 2026-11-20.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.service import AnyService
from llm_pure.framing.json_codec import encode
from llm_pure.framing.multipart import Field, FormFile, multipart
from llm_pure.types.config import LLMConfig, plain_headers
from llm_pure.types.http import HttpRequest
from llm_pure.types.rejection import ok


def build_form(
    service: AnyService,
    config: LLMConfig,
    url: str,
    files: Iterable[tuple[str, FormFile]],
    settings: Iterable[tuple[str, Any]],
    adaptations: Sequence[Adaptation] = (),
) -> Built:
    """A POST of this form, with the configuration's headers except credentials. The same form makes the same bytes.

    A list is sent as one part per item, with [] after the name; values other than text are sent as JSON.
    Raises Rejected with InvalidRequest for a value that is not JSON.
    """
    fields: list[Field] = list(files)
    for name, value in _flatten(settings):
        fields.append((name, value if isinstance(value, str) else _json(service, value)))
    content_type, body = multipart(fields)
    headers = {"content-type": content_type, "accept": "*/*", **dict(plain_headers(config))}
    request = HttpRequest("POST", url, tuple(headers.items()), body)
    return Built(request=request, adaptations=tuple(adaptations))


def _flatten(settings: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for name, value in settings:
        if isinstance(value, list | tuple):
            yield from [(f"{name.removesuffix('[]')}[]", item) for item in value]
        else:
            yield name, value


def _json(service: AnyService, value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"  # 1, not 1.0
    return ok(encode(value, provider=service.name)).decode()
