"""Differences between the services that speak generateContent, as data."""

from typing import Literal, TypeAlias

import msgspec

EmbedForm: TypeAlias = Literal["batch", "content", "predict"]
"""How a model takes the request for vectors; see `embed`."""


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """How one service differs from the others of this dialect."""

    labels: bool = False
    """A request's metadata is sent, as `labels`."""
    files_url: str = ""
    """The URL before a file's id; "" for a service that stores no files."""
    media_type_required: bool = False
    """A file's URL is rejected without a media type."""
    count_wrapped: bool = False
    """The request whose tokens are counted is inside `generateContentRequest`."""
    embed_forms: tuple[tuple[str, EmbedForm], ...] = (("", "batch"),)
    """(model prefix, form); the first prefix that matches decides."""
    file_names: bool = False
    """A file's name is sent, as `displayName`."""


def model_path(model: str) -> str:
    """The resource name of a model: "models/..." unless it has a folder, as tuned models have."""
    return model if "/" in model else f"models/{model}"
