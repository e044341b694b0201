"""Pictures from words: POST {base_url}/images/generations, as OpenAI and those who copy it have it.

Source: openai/openai-openapi 2.3.0, by the wire notes of this project (section 3.2); read 2026-11-20.
"""

from typing import Any

from llm_pure.adapt import Adaptation
from llm_pure.adapters.dialects.openai_answers import body_of, model_of, text_of
from llm_pure.adapters.dialects.openai_chat.usage import read_usage
from llm_pure.completion import Usage
from llm_pure.config import LLMConfig
from llm_pure.endpoint import Locate, post_json
from llm_pure.errors import InvalidRequest, ProtocolFault
from llm_pure.http import HttpResponse
from llm_pure.media import from_base64, media_type_of
from llm_pure.media_operations import ImageRequest, Picture, Pictures
from llm_pure.provider import Built
from llm_pure.result import Failure, Parsed, Success

_FIELDS = ("n", "size", "quality", "style", "background", "output_format", "response_format")
_GPT_IMAGE = "gpt-image models have no"


def build_images(
    name: str, locate: Locate, config: LLMConfig, request: ImageRequest
) -> Parsed[Built]:
    """POST {base_url}/images/generations. Body: {model, prompt, n?, size?, quality?, style?, response_format? ...}.

    gpt-image models refuse response_format, style and the qualities of the older ones; these are dropped.
    Fails with ConfigurationInvalid (no model, bad URL), InvalidRequest (no prompt).
    """
    if not request.prompt.strip():
        message = "there is no prompt to make a picture of"
        return Failure(InvalidRequest(message=message, param="prompt", provider=name))
    model = model_of(name, config, request.model)
    if isinstance(model, Failure):
        return model
    url = locate(config, model.unwrap(), "/images/generations")
    if isinstance(url, Failure):
        return url
    body: dict[str, Any] = {"model": model.unwrap(), "prompt": request.prompt}
    told: list[Adaptation] = []
    for field in _FIELDS:
        value = getattr(request, field)
        if value is None:
            continue
        if "gpt-image" in model.unwrap() and _is_older(field, value):
            reason = f"{_GPT_IMAGE} {field} {value!r}"
            told.append(Adaptation(field=field, action="dropped", reason=reason, before=value))
        else:
            body[field] = value
    body |= request.extra or {}
    made = post_json(config, url.unwrap(), body, provider=name)
    return made.map(lambda one: Built(request=one, adaptations=tuple(told)))


def _is_older(field: str, value: Any) -> bool:
    return field in ("response_format", "style") or (
        field == "quality" and value in ("standard", "hd")
    )


def parse_images(name: str, response: HttpResponse) -> Parsed[Pictures]:
    """The pictures, base64 decoded; the media type is what the bytes show, else `output_format`."""
    got = body_of(name, response)
    if isinstance(got, Failure):
        return got
    body = got.unwrap()
    rows = body.get("data")
    if not isinstance(rows, list) or not rows:
        message = "there is no picture in the answer"
        return Failure(
            ProtocolFault(message=message, provider=name, where="$.data", evidence=response.body)
        )
    pictures: list[Picture] = []
    for place, row in enumerate(rows):
        picture = _picture(row, text_of(body.get("output_format")))
        if picture is None:
            message = "this is neither base64 nor a URL"
            where = f"$.data[{place}]"
            return Failure(ProtocolFault(message=message, provider=name, where=where))
        pictures.append(picture)
    usage = body.get("usage")
    modelled = ("data", "model", "usage")
    return Success(
        Pictures(
            pictures=tuple(pictures),
            model=text_of(body.get("model")) or "",
            provider=name,
            usage=read_usage(usage) if isinstance(usage, dict) else Usage(),
            extra={key: value for key, value in body.items() if key not in modelled},
        )
    )


def _picture(row: Any, form: str | None) -> Picture | None:
    if not isinstance(row, dict):
        return None
    words = text_of(row.get("revised_prompt"))
    text, url = text_of(row.get("b64_json")), text_of(row.get("url"))
    if text:
        data = from_base64(text.partition(",")[2] if text.startswith("data:") else text)
        if data is None:
            return None
        kind = media_type_of(data) or (f"image/{form}" if form else None)
        return Picture(data=data, media_type=kind, revised_prompt=words)
    return Picture(url=url, revised_prompt=words) if url else None
