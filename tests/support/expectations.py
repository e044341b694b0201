"""What the recorded servers answer, in this library's words; the questions are in `scenarios`."""

import json
from typing import Any, TypeAlias, TypeVar

import msgspec

from llm_pure import Completion, EmbedRequest, Usage
from llm_pure.types.operations import (
    GeneratedImage,
    ImagesResponse,
    ModelInfo,
    ModelPage,
    ModerationResponse,
    ModerationResult,
    Speech,
    Transcription,
)
from llm_pure.types.result import Failure, LLMResult
from tests.support.png import tiny_png
from tests.support.scenarios import LOOPBACK_URL, Scenario
from tests.support.services.cohere import PLAN
from tests.support.services.openai_media import PICTURE_URL, SEGMENT, SRT, VTT
from tests.support.services.shapes import SHAPES
from tests.support.wav import tiny_wav

A = TypeVar("A")

THINK_ALOUD = {name for name, shape in SHAPES.items() if shape.reasoning == "think"}
"""Their thoughts stand in the text, and the line that ends before the closing tag is a part of them."""

ONE_CALL = ("qianfan_v1",)
"""They call one function at most."""

ERROR_KINDS: dict[int, tuple[str, ...]] = {
    400: ("invalid_request",),
    401: ("authentication",),
    404: ("not_found",),
    429: ("rate_limited",),
    500: ("server_error",),
    529: ("overloaded",),
}

VECTOR = (0.125, -0.5, 0.25, 1.0)
COUNTED = 14
Told: TypeAlias = ImagesResponse | Speech | Transcription | ModerationResponse | ModelPage
_PICTURE = GeneratedImage(data=tiny_png(), media_type="image/png", revised_prompt="one red square")
_BARE = msgspec.structs.replace(_PICTURE, revised_prompt=None)
_SPOKEN = Speech(data=tiny_wav(), media_type="audio/wav")
_WRITTEN = Transcription(text="Hello.")
_JUDGED = ModerationResult(flagged=False, categories={"violence": False}, scores={"violence": 0.25})
_NATIVE_USAGE = {"promptTokenCount": 4, "candidatesTokenCount": 258, "totalTokenCount": 262}
_NATIVE = ImagesResponse(
    images=(_BARE,),
    model="gemini",
    usage=Usage(input_tokens=4, output_tokens=258, raw=_NATIVE_USAGE),
)
_SPEECH_USAGE = {"input_tokens": 3, "output_tokens": 5, "total_tokens": 8}
_A_MODEL = {"type": "model", "display_name": "A Model"}

MEDIA: dict[str, Told] = {
    "picture": ImagesResponse(images=(_PICTURE,)),
    "edit": ImagesResponse(images=(_PICTURE,)),
    "variation": ImagesResponse(images=(_PICTURE,)),
    "picture of gemini": _NATIVE,
    "edit of gemini": _NATIVE,
    "picture of imagen-4.0-generate-001": ImagesResponse(images=(_BARE,)),
    "picture of siliconflow_media": ImagesResponse(
        images=(GeneratedImage(url=PICTURE_URL),), extra={"seed": 1}
    ),
    "speech": _SPOKEN,
    "speech_events": msgspec.structs.replace(
        _SPOKEN, usage=Usage(input_tokens=3, output_tokens=5, raw=_SPEECH_USAGE)
    ),
    "transcribe": _WRITTEN,
    "transcribe_text": Transcription(text="Hello.\n", format="text"),
    "transcribe_srt": Transcription(text=SRT, format="srt"),
    "transcribe_vtt": Transcription(text=VTT, format="vtt"),
    "transcribe_verbose": msgspec.structs.replace(
        _WRITTEN,
        language="english",
        duration_s=0.5,
        segments=(SEGMENT,),
        usage=Usage(raw={"type": "duration", "seconds": 1}),
        extra={"task": "transcribe"},
    ),
    "moderate": ModerationResponse(
        id="modr-1", model="omni-moderation-latest", results=(_JUDGED,) * 2
    ),
    "moderate of mistral-moderation-latest": ModerationResponse(
        id="modr-1", model="mistral-moderation-latest", results=(_JUDGED,) * 2
    ),
    "models of openai": ModelPage(
        models=(ModelInfo(id="model-1", created_s=1, owned_by="system"),)
    ),
    "models of azure": ModelPage(models=(ModelInfo(id="model-1", created_s=1, owned_by="system"),)),
    "models of together": ModelPage(
        models=(ModelInfo(id="model-1", created_s=1, extra={"type": "chat"}),)
    ),
    "models of anthropic": ModelPage(
        models=(ModelInfo(id="page-2", created_s=1, extra=_A_MODEL),), next_page="page-2"
    ),
    "models_2 of anthropic": ModelPage(
        models=(ModelInfo(id="model-2", created_s=1, extra=_A_MODEL),)
    ),
    "models of gemini": ModelPage(
        models=(ModelInfo(id="model-1", extra={"inputTokenLimit": 1000}),), next_page="page-2"
    ),
    "models_2 of gemini": ModelPage(
        models=(ModelInfo(id="model-2", extra={"inputTokenLimit": 1000}),)
    ),
    "models of cohere": ModelPage(
        models=(ModelInfo(id="model-1", extra={"endpoints": ["chat"]}),), next_page="page-2"
    ),
    "models_2 of cohere": ModelPage(
        models=(ModelInfo(id="model-2", extra={"endpoints": ["chat"]}),)
    ),
    "models of ollama": ModelPage(
        models=(ModelInfo(id="model-1", created_s=1, extra={"size": 7}),)
    ),
}
"""All but the provider's name, by question, and where a model, a service or an API answers otherwise, by that too."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer says, without the ids that a server makes up."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[tuple[str, Any], ...] = ()
    finish_reason: str = "stop"
    tokens: tuple[int | None, int | None] = (None, None)


SAID: dict[str, Said] = {
    "hello": Said(text="Hello! How can I help you today?", tokens=(12, 9)),
    "pure": Said(
        text="A pure function is its own test bench: the same input gives the same output, so a "
        "test needs no server, no clock and no luck.\n\n"
        "Bytes in, values out – even for 日本語.",
        tokens=(17, 48),
    ),
    "reasoning": Said(
        text="17 times 23 is 391.",
        reasoning="17 times 20 is 340, 17 times 3 is 51, together 391.",
        tokens=(15, 31),
    ),
    "tools": Said(
        calls=(
            ("get_weather", {"city": "Oslo"}),
            ("get_weather", {"city": "Rome", "unit": "°C"}),
        ),
        finish_reason="tool_calls",
        tokens=(80, 34),
    ),
    "tool_results": Said(text="Oslo has 4 °C, Rome 21 °C.", tokens=(140, 14)),
    "schema": Said(text='{"city": "Oslo", "celsius": 4}', tokens=(60, 12)),
    "everything": Said(text='{"city": "Oslo", "celsius": 4}', tokens=(60, 12)),
    "everything_but_links": Said(text='{"city": "Oslo", "celsius": 4}', tokens=(60, 12)),
    "length": Said(text="one, two, three, four", finish_reason="length", tokens=(14, 8)),
    "image": Said(text="A red square.", tokens=(90, 5)),
}


def expected(scenario: Scenario) -> Said:
    """What this scenario's server said."""
    told = SAID[scenario.name]
    lacks = scenario.speaker.lacks
    if ("finish" in lacks and not told.calls) or (
        "length_reason" in lacks and told.finish_reason == "length"
    ):
        told = msgspec.structs.replace(told, finish_reason="unknown")
    if scenario.speaker.plans and told.calls:
        told = msgspec.structs.replace(told, reasoning=PLAN)
    if scenario.speaker.service in ONE_CALL:
        told = msgspec.structs.replace(told, calls=told.calls[:1])
    if told.reasoning and scenario.speaker.service in THINK_ALOUD:
        told = msgspec.structs.replace(told, reasoning=f"{told.reasoning}\n")
    return told


def told_beside_chat(scenario: Scenario) -> Told:
    """The whole value of an answer in pictures, sound or lists."""
    speaker = scenario.speaker
    path = (speaker.config.base_url or "").removeprefix(LOOPBACK_URL).split("/")
    names = [f"{scenario.name} of {one}" for one in (speaker.config.model, *reversed(path))]
    told = next(MEDIA[name] for name in (*names, scenario.name) if name in MEDIA)
    return msgspec.structs.replace(told, provider=speaker.provider)


def comparable(got: Told) -> Told:
    """Without the moment at which a picture was made."""
    if not isinstance(got, ImagesResponse):
        return got
    extra = {key: value for key, value in got.extra.items() if key != "created"}
    return msgspec.structs.replace(got, extra=extra)


def embedded(scenario: Scenario) -> tuple[tuple[float, ...], ...]:
    """The vectors that it gave."""
    request = scenario.question.request
    assert isinstance(request, EmbedRequest)
    return tuple([VECTOR for _ in request.texts])


def said(completion: Completion) -> Said:
    """What this Completion says."""
    return Said(
        text=completion.text,
        reasoning=completion.reasoning,
        calls=tuple([(call.name, json.loads(call.arguments)) for call in completion.tool_calls]),
        finish_reason=completion.finish_reason,
        tokens=(completion.usage.input_tokens, completion.usage.output_tokens),
    )


def without_remedy(result: LLMResult[A]) -> LLMResult[A]:
    """A result as the parsers give it: the client adds to an error what to do next."""
    return result.lash(lambda error: Failure(msgspec.structs.replace(error, remedy="")))
