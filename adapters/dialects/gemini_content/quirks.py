"""How the two services that speak generateContent differ, as data."""

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from llm_pure.types.config import LLMConfig
from llm_pure.types.result import LLMResult

Place: TypeAlias = Callable[[LLMConfig, str, str], LLMResult[str]]
"""(configuration, model, method such as "generateContent") -> the URL of that method."""

EmbedForm: TypeAlias = Literal["batch", "content", "predict"]


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """What one service does in its own way.

    place: where a method of a model is. labels: it takes a request's metadata, as `labels`. files: the URL before a
    file's id, "" when it keeps no files. media_type_required: a URL goes with a media type or not at all.
    count_wrapped: a whole request is counted inside `generateContentRequest`. embed_forms: (model prefix, how vectors
    are asked for); the first that fits counts. file_names: it takes a file's name, as `displayName`.
    """

    place: Place
    labels: bool = False
    files_url: str = ""
    media_type_required: bool = False
    count_wrapped: bool = False
    embed_forms: tuple[tuple[str, EmbedForm], ...] = (("", "batch"),)
    file_names: bool = False


def model_path(model: str) -> str:
    """The resource name of a model: "models/..." unless it has a folder of its own, as tuned models have."""
    return model if "/" in model else f"models/{model}"
