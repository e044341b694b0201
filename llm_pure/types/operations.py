"""What is asked of providers beside chat: embeddings, and the count of a request's tokens."""

from typing import Literal

import msgspec

from llm_pure.types.completion import JsonObject, Usage


class EmbedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Texts to be turned into vectors.

    model: "" takes the configuration's. dimensions: the length of a vector, where the model lets one choose.
    task: what the vectors are for, in the provider's own words ("search_query", "RETRIEVAL_DOCUMENT" ...).
    encoding: "base64" has the vectors sent in a third of the bytes, where the provider can; they are floats all the same.
    extra: merged last into the body.
    """

    input: str | tuple[str, ...]
    model: str = ""
    dimensions: int | None = None
    task: str | None = None
    encoding: Literal["float", "base64"] | None = None
    extra: JsonObject | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The input as a tuple."""
        return (self.input,) if isinstance(self.input, str) else tuple(self.input)


class Embeddings(msgspec.Struct, frozen=True, kw_only=True):
    """One vector for each text, in the order of the texts."""

    vectors: tuple[tuple[float, ...], ...]
    model: str = ""
    provider: str = ""
    usage: Usage = Usage()
    extra: JsonObject = {}


class EmbedLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How much one call takes. prefix: of the models' names, "" for all others. None: nobody says so.

    tokens: of all texts together. source: where this is said, with its date.
    """

    max_texts: int | None = None
    max_tokens: int | None = None
    prefix: str = ""
    source: str = ""


class TokenCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many input tokens a request has. method: "provider", or how it was counted here, with which encoding."""

    input_tokens: int
    provider: str = ""
    method: str = "provider"
    encoding: str = ""
    extra: JsonObject = {}
