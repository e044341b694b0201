"""Pictures: POST {base_url}/images/generations, and with pictures to begin from /images/edits and /images/variations.

Source: openai/openai-openapi 2.3.0, by the wire notes of this project (section 3.2); openai-python 3.3.1
types/image_edit_params.py and image_create_variation_params.py; read 2026-11-20.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from llm_pure.adapters.dialects.openai_common.json_response import body_of, model_of, text_of
from llm_pure.adapters.dialects.openai_common.multipart_form import post_form
from llm_pure.adapters.dialects.openai_common.usage import read_usage
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.urls import UrlFor, post_json
from llm_pure.framing.multipart import FormFile
from llm_pure.media.image_validation import image_problem
from llm_pure.types.completion import Usage
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidRequest, ProtocolError, UnsupportedFeature
from llm_pure.types.http import HttpResponse
from llm_pure.types.media import from_base64, media_type_of
from llm_pure.types.operations import GeneratedImage, ImageRequest, ImagesResponse
from llm_pure.types.result import Failure, LLMResult, Success

_FIELDS = ("n", "size", "quality", "style", "background", "output_format", "response_format")
_OF_EDITS = frozenset({*_FIELDS} - {"style"})
_OF_VARIATIONS = frozenset({"n", "size", "response_format"})


class ImageQuirks(msgspec.Struct, frozen=True, kw_only=True):
    """What a service that copies this API does its own way.

    names: what it calls the fields of ImageRequest. refuses: the fields that it lacks, and why. edits: it takes pictures
    to begin from.
    """

    names: Mapping[str, str] = MappingProxyType({})
    unsupported: Mapping[str, str] = MappingProxyType({})
    edits: bool = True


def build_images(
    name: str, url_for: UrlFor, quirks: ImageQuirks, config: LLMConfig, request: ImageRequest
) -> LLMResult[Built]:
    """A prompt alone: /images/generations, JSON {model, prompt, n?, size?, quality?, style?, response_format? ...}.

    With pictures /images/edits, a form: image or image[], mask?, prompt, and the same fields; one picture and no prompt:
    /images/variations, a form. The boundary is made from the content. What an endpoint or model lacks is dropped and told:
    gpt-image models refuse response_format, style and the qualities of the older ones.
    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (nothing to make a picture of, a picture that
    cannot be read), UnsupportedFeature (pictures at a service without edits).
    """
    wrong = _wrong(name, quirks, request)
    if wrong is not None:
        return Failure(wrong)
    model = model_of(name, config, request.model)
    if isinstance(model, Failure):
        return model
    operation, takes = _endpoint(request)
    url = url_for(config, model.unwrap(), f"/images/{operation}")
    if isinstance(url, Failure):
        return url
    fields: dict[str, Any] = {"model": model.unwrap()}
    if request.prompt.strip():
        fields["prompt"] = request.prompt
    told: list[Adaptation] = []
    for field in _FIELDS:
        value = getattr(request, field)
        if value is None:
            continue
        reason = quirks.unsupported.get(field) or _lacking(
            operation, takes, model.unwrap(), field, value
        )
        if reason:
            told.append(Adaptation(field=field, action="dropped", reason=reason, before=value))
        else:
            fields[quirks.names.get(field, field)] = value
    fields |= request.extra or {}
    if request.images:
        made = post_form(config, url.unwrap(), _files(request), fields.items(), provider=name)
    else:
        made = post_json(config, url.unwrap(), fields, provider=name)
    return made.map(lambda one: Built(request=one, adaptations=tuple(told)))


def _wrong(
    name: str, quirks: ImageQuirks, request: ImageRequest
) -> InvalidRequest | UnsupportedFeature | None:
    if not request.prompt.strip() and len(request.images) != 1:
        message = "there is no prompt to make a picture of"
        return InvalidRequest(message=message, param="prompt", provider=name)
    if request.images and not quirks.edits:
        message = f"{name} makes pictures from words, not from pictures"
        return UnsupportedFeature(message=message, feature="images", provider=name)
    if request.mask is not None and not (request.images and request.prompt.strip()):
        message = "a mask says where a picture may change: give the picture and a prompt"
        return InvalidRequest(message=message, param="mask", provider=name)
    given = [(f"images/{place}", data) for place, data in enumerate(request.images)]
    if request.mask is not None:
        given.append(("mask", request.mask))
    for param, data in given:
        why = image_problem(data)
        if why is not None:
            return InvalidRequest(message=why, param=param, provider=name)
    return None


def _endpoint(request: ImageRequest) -> tuple[str, frozenset[str]]:
    """Which operation this is, and the fields it has."""
    if not request.images:
        return "generations", frozenset(_FIELDS)
    if request.prompt.strip():
        return "edits", _OF_EDITS
    return "variations", _OF_VARIATIONS


def _lacking(operation: str, takes: frozenset[str], model: str, field: str, value: Any) -> str:
    if field not in takes:
        return f"{operation} have no {field}"
    older = field in ("response_format", "style") or (
        field == "quality" and value in ("standard", "hd")
    )
    return f"gpt-image models have no {field} {value!r}" if "gpt-image" in model and older else ""


def _files(request: ImageRequest) -> list[tuple[str, FormFile]]:
    key = "image" if len(request.images) == 1 else "image[]"
    files: list[tuple[str, FormFile]] = [
        (key, _file(f"image-{number}", data)) for number, data in enumerate(request.images, 1)
    ]
    return files if request.mask is None else [*files, ("mask", _file("mask", request.mask))]


def _file(stem: str, data: bytes) -> FormFile:
    kind = media_type_of(data) or "application/octet-stream"
    ending = kind.partition("/")[2] if kind.startswith("image/") else "bin"
    return FormFile(filename=f"{stem}.{ending}", media_type=kind, data=data)


def parse_images(name: str, response: HttpResponse) -> LLMResult[ImagesResponse]:
    """The pictures, base64 decoded; the media type is what the bytes show, else `output_format`.

    They stand in `data`, at SiliconFlow in `images`.
    """
    got = body_of(name, response)
    if isinstance(got, Failure):
        return got
    body = got.unwrap()
    key = "data" if "data" in body else "images"
    rows = body.get(key)
    if not isinstance(rows, list) or not rows:
        message = "there is no picture in the answer"
        return Failure(
            ProtocolError(message=message, provider=name, where="$.data", evidence=response.body)
        )
    pictures: list[GeneratedImage] = []
    for place, row in enumerate(rows):
        picture = _picture(row, text_of(body.get("output_format")))
        if picture is None:
            message = "this is neither base64 nor a URL"
            where = f"$.{key}[{place}]"
            return Failure(ProtocolError(message=message, provider=name, where=where))
        pictures.append(picture)
    usage = body.get("usage")
    modelled = (key, "model", "usage")
    return Success(
        ImagesResponse(
            pictures=tuple(pictures),
            model=text_of(body.get("model")) or "",
            provider=name,
            usage=read_usage(usage) if isinstance(usage, dict) else Usage(),
            extra={key: value for key, value in body.items() if key not in modelled},
        )
    )


def _picture(row: Any, form: str | None) -> GeneratedImage | None:
    if not isinstance(row, dict):
        return None
    words = text_of(row.get("revised_prompt"))
    text, url = text_of(row.get("b64_json")), text_of(row.get("url"))
    if text:
        data = from_base64(text.partition(",")[2] if text.startswith("data:") else text)
        if data is None:
            return None
        kind = media_type_of(data) or (f"image/{form}" if form else None)
        return GeneratedImage(data=data, media_type=kind, revised_prompt=words)
    return GeneratedImage(url=url, revised_prompt=words) if url else None
