"""Images: POST {base_url}/images/generations, and for input images /images/edits and /images/variations.

Source: openai/openai-openapi 2.3.0, by the wire notes of this project (section 3.2); openai-python 3.3.1
types/image_edit_params.py and image_create_variation_params.py; read 2026-11-20. openai 3.57.0, image_generate_params.py: n up
to 10, prompts up to 32,000 characters, transparency as PNG or WebP; read 2026-11-30.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.common.adaptations import clamped, dropped
from llm_pure.adapters.dialects.common.embed import unread_rows
from llm_pure.adapters.dialects.openai_common.errors import find_error
from llm_pure.adapters.dialects.openai_common.json_response import (
    read_object,
    require_model,
    text_of,
)
from llm_pure.adapters.dialects.openai_common.multipart_form import build_form
from llm_pure.adapters.dialects.openai_common.usage import read_usage
from llm_pure.adapters.dialects.openai_media.quirks import MediaService
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.service import build_post, malformed_response
from llm_pure.framing.multipart import FormFile
from llm_pure.types.completion import Usage
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidRequest, LLMError, UnsupportedFeature
from llm_pure.types.http import HttpResponse
from llm_pure.types.media import from_base64, from_data_url, media_type_of
from llm_pure.types.operations import GeneratedImage, ImageRequest, ImagesResponse
from llm_pure.types.rejection import Rejected, ok, returns_failure

_FIELDS = ("n", "size", "quality", "style", "background", "output_format", "response_format")
_EDIT_FIELDS = frozenset({*_FIELDS} - {"style"})
_VARIATION_FIELDS = frozenset({"n", "size", "response_format"})
_GPT_IMAGE = ("gpt-image", "chatgpt-image")
_MAX_IMAGES = {"gpt-image": 10, "chatgpt-image": 10, "dall-e-2": 10, "dall-e-3": 1, "grok-": 10}
_SIZES: Mapping[str, frozenset[str]] = {
    "gpt-image-1": frozenset({"1024x1024", "1536x1024", "1024x1536", "auto"}),
    "dall-e-3": frozenset({"1024x1024", "1792x1024", "1024x1792"}),
    "dall-e-2": frozenset({"256x256", "512x512", "1024x1024"}),
}
"""Prefix of a model -> its sizes; others are a 400, "Supported values are: '1024x1024', '1024x1536', '1536x1024', and 'auto'"
(pollinations#5037, #6465); openai 3.57.0, image_generate_params.size. Read 2026-11-30."""
_FREE_SIZES = "gpt-image-2"
_GRID = 16
"""\"Width and height must both be divisible by 16" (jezweb/claude-skills#91), of sides from 1:3 to 3:1 (openai 3.57.0), read 2026-11-30."""
_VARIED = ("gpt-image", "chatgpt-image", "dall-e-3")
"""Models that make no variations: openai 3.57.0, image_create_variation_params: "Only `dall-e-2`"; as generally known, read 2026-11-30."""
_CLEAR = "transparent"
_MAX_PROMPT = 32_000
"""Characters of a prompt for gpt-image models."""


@returns_failure
def build_images(service: MediaService, config: LLMConfig, request: ImageRequest) -> Built:
    """A prompt alone: /images/generations, JSON {model, prompt, n?, size?, quality?, style?, response_format? ...}.

    With images /images/edits, a form: image or image[], mask?, prompt, and the same fields; one image and no prompt:
    /images/variations, a form. The boundary is made from the content. Fields that an endpoint or model does not support
    are dropped: gpt-image models have no response_format, no style and none of the older models' qualities and sizes.
    Fails with InvalidRequest (neither prompt nor image, a prompt that is too long, an unusable image), UnsupportedFeature (images at a provider
    without edits, variations of a model without them), InvalidConfiguration (no model, bad URL).
    """
    _check(service, request)
    model = require_model(service, config, request.model)
    if len(request.prompt) > _MAX_PROMPT and model.startswith(_GPT_IMAGE):
        message = f"the prompt has at most {_MAX_PROMPT} characters, it has {len(request.prompt)}"
        raise Rejected(InvalidRequest(message=message, param="prompt", provider=service.name))
    operation, supported = _endpoint(request)
    if operation == "variations" and model.startswith(_VARIED):
        message = f"{model} makes no variations; a prompt is required"
        raise Rejected(UnsupportedFeature(message=message, feature="images", provider=service.name))
    url = ok(service.url_for(config, model, f"/images/{operation}"))
    quirks = service.quirks.images
    fields: dict[str, Any] = {"model": model}
    if request.prompt.strip():
        fields["prompt"] = request.prompt
    adaptations: list[Adaptation] = []
    for field in _FIELDS:
        value = getattr(request, field)
        if value is None:
            continue
        reason = quirks.unsupported.get(field) or _unsupported(
            operation, supported, model, field, value
        )
        if (
            field == "output_format"
            and request.output_format == "jpeg"
            and fields.get("background") == _CLEAR
        ):
            reason = "a transparent image is PNG or WebP"
        most = _most_images(model)
        if reason:
            adaptations.append(dropped(field, reason, value))
        elif field == "n" and value > most:
            adaptations.append(
                clamped(
                    "n", f"{model} makes at most {most} image{'s' if most > 1 else ''}", value, most
                )
            )
            fields["n"] = most
        else:
            fields[quirks.names.get(field, field)] = value
    fields |= request.extra or {}
    if request.images:
        return build_form(service, config, url, _files(request), fields.items(), adaptations)
    return build_post(service, config, url, fields, adaptations)


def _check(service: MediaService, request: ImageRequest) -> None:
    """Raise Rejected with InvalidRequest or UnsupportedFeature for a request that cannot be sent."""
    name = service.name
    if not request.prompt.strip() and len(request.images) != 1:
        message = "a prompt is required, or exactly one image for a variation"
        raise Rejected(InvalidRequest(message=message, param="prompt", provider=name))
    if request.images and not service.quirks.images.edits:
        message = f"{name} does not support input images"
        raise Rejected(UnsupportedFeature(message=message, feature="images", provider=name))
    if request.mask is not None and not (request.images and request.prompt.strip()):
        message = "a mask requires an image and a prompt"
        raise Rejected(InvalidRequest(message=message, param="mask", provider=name))
    images = [(f"images/{index}", data) for index, data in enumerate(request.images)]
    if request.mask is not None:
        images.append(("mask", request.mask))
    if not images:
        return
    from llm_pure.media.image_validation import image_problem  # imported late: start-up

    for param, data in images:
        problem = image_problem(data)
        if problem is not None:
            raise Rejected(InvalidRequest(message=problem, param=param, provider=name))


def _endpoint(request: ImageRequest) -> tuple[str, frozenset[str]]:
    """The operation, and the fields that it supports."""
    if not request.images:
        return "generations", frozenset(_FIELDS)
    if request.prompt.strip():
        return "edits", _EDIT_FIELDS
    return "variations", _VARIATION_FIELDS


def _unsupported(
    operation: str, supported: frozenset[str], model: str, field: str, value: Any
) -> str:
    """The reason why the endpoint or the model does not support the field, "" if it does."""
    if field not in supported:
        return f"{operation} have no {field}"
    if field == "size" and not _has_size(model, value):
        return f"{model} has no size {value!r}"
    if "gpt-image" in model:
        older = field in ("response_format", "style") or (
            field == "quality" and value in ("standard", "hd")
        )
        return f"gpt-image models have no {field} {value!r}" if older else ""
    if model.startswith("dall-e-"):
        newer = field in ("background", "output_format") or (
            model.startswith("dall-e-2")
            and (field == "style" or (field, value) == ("quality", "hd"))
        )
        return f"{model} has no {field} {value!r}" if newer else ""
    return ""


def _has_size(model: str, size: str) -> bool:
    """Whether the model makes images of this size, as far as its sizes are known."""
    for prefix, sizes in _SIZES.items():
        if model.startswith(prefix):
            return size in sizes
    width, _, height = size.partition("x")
    if not (model.startswith(_FREE_SIZES) and width.isdecimal() and height.isdecimal()):
        return True
    if len(size) > len("9999x9999"):
        return False
    sides = sorted((int(width), int(height)))
    return 0 < sides[1] <= 3 * sides[0] and not any(side % _GRID for side in sides)


def _most_images(model: str) -> int:
    """How many images one request may ask for, where that is documented."""
    for prefix, most in _MAX_IMAGES.items():
        if model.startswith(prefix):
            return most
    return 2**31


def _files(request: ImageRequest) -> list[tuple[str, FormFile]]:
    key = "image" if len(request.images) == 1 else "image[]"
    files: list[tuple[str, FormFile]] = [
        (key, _file(f"image-{number}", data)) for number, data in enumerate(request.images, 1)
    ]
    return files if request.mask is None else [*files, ("mask", _file("mask", request.mask))]


def _file(stem: str, data: bytes) -> FormFile:
    media_type = media_type_of(data) or "application/octet-stream"
    suffix = media_type.partition("/")[2] if media_type.startswith("image/") else "bin"
    return FormFile(filename=f"{stem}.{suffix}", media_type=media_type, data=data)


@returns_failure
def parse_images(service: MediaService, response: HttpResponse) -> ImagesResponse:
    """The images, base64 decoded; the media type is detected from the bytes, else it is `output_format`.

    They are in `data`, at SiliconFlow in `images`, or come as events. Other fields of a row stay in `extra`, also the error of one that
    failed among others (Seedream: Comfy-Org/ComfyUI#9952, read 2026-11-30).
    Fails with StreamInterrupted if the last event is missing; its `partial` has the images so far, partial ones included.
    """
    from llm_pure.adapters.dialects.openai_media import event_streams  # imported late: start-up

    media_type = media_type_of(response.body) or ""
    if media_type.startswith("image/") and response.status < 300:  # the image itself
        bare = GeneratedImage(data=response.body, media_type=media_type)
        return ImagesResponse(images=(bare,), provider=service.name)
    folded = event_streams.read_event_body(service, response, event_streams.ImagesFold())
    body = folded or read_object(service, response)
    key = next((key for key in _LISTS if body.get(key)), "data")
    rows = body.get(key)
    if not isinstance(rows, list) or not rows:
        message = "the response has no images"
        raise Rejected(malformed_response(service, response, message, where="$.data"))
    images: list[GeneratedImage] = []
    errors: list[LLMError] = []
    for index, row in enumerate(rows):
        image = _image(row, text_of(body.get("output_format")))
        error = find_error(service, row, response) if image is None else None
        if image is not None:
            images.append(image)
        elif error is not None:
            errors.append(error)
        else:
            message = "the image is neither base64 nor a URL"
            path = f"$.{key}[{index}]"
            raise Rejected(malformed_response(service, response, message, where=path))
    if not images:
        raise Rejected(errors[0])
    usage = body.get("usage")
    unread = unread_rows(rows, _KNOWN_FIELDS_ROW)
    known = (key, "model", "usage")
    return ImagesResponse(
        images=tuple(images),
        model=text_of(body.get("model")) or "",
        provider=service.name,
        usage=read_usage(usage) if isinstance(usage, dict) else Usage(),
        extra={field: value for field, value in body.items() if field not in known}
        | ({key: unread} if unread else {}),
    )


_LISTS = ("data", "images", "artifacts", "base64")
_BASE64 = ("b64_json", "base64", "b64", "image_base64")
_URL = ("url", "image_url")
"""Names of several servers; those besides OpenAI's and SiliconFlow's as generally known on 2026-11-30, unconfirmed."""
_KNOWN_FIELDS_ROW = frozenset({*_BASE64, *_URL, "revised_prompt", "index"})


def _image(row: Any, output_format: str | None) -> GeneratedImage | None:
    if isinstance(row, str):
        row = {"url" if row.startswith(("http", "data:")) else "b64_json": row}
    if not isinstance(row, dict):
        return None
    prompt = text_of(row.get("revised_prompt"))
    text = next(filter(None, [text_of(row.get(name)) for name in _BASE64]), None)
    urls = [value.get("url") if isinstance(value, dict) else value for value in map(row.get, _URL)]
    url = next(filter(None, map(text_of, urls)), None)
    if text:
        data = from_base64(text.partition(",")[2] if text.startswith("data:") else text)
        if data is None:
            return None
        media_type = media_type_of(data) or (f"image/{output_format}" if output_format else None)
        return GeneratedImage(data=data, media_type=media_type, revised_prompt=prompt)
    inline = from_data_url(url) if url else None
    if inline is not None:
        return GeneratedImage(data=inline[0], media_type=inline[1], revised_prompt=prompt)
    return GeneratedImage(url=url, revised_prompt=prompt) if url else None
