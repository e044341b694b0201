"""generateContent's responses; field names are Google's.

Every field may be missing: protobuf omits zero and empty values. `Plain*` is the shape of nearly every item of a stream:
one part with more text, and nothing to keep beside it.
"""

from typing import Any, Literal

import msgspec

from llm_pure.framing.json_codec import Scalar, ShallowObject


class Blob(msgspec.Struct):
    """Bytes, in base64."""

    mimeType: str | None = None
    data: str | None = None


class FileData(msgspec.Struct):
    """A file by its URI."""

    fileUri: str | None = None
    mimeType: str | None = None


class PartialArg(msgspec.Struct):
    """A fragment of a function call's arguments (Vertex). jsonPath: such as "$.city" or "$.days[0].name"."""

    jsonPath: str | None = None
    stringValue: str | None = None
    numberValue: float | None = None
    boolValue: bool | None = None
    willContinue: bool | None = None


class FunctionCall(msgspec.Struct):
    """args: an object, as the bytes received; empty if missing."""

    id: str | None = None
    name: str | None = None
    args: msgspec.Raw = msgspec.Raw()
    partialArgs: list[PartialArg] | None = None
    willContinue: bool | None = None


class Part(msgspec.Struct):
    """One payload and its side fields. Other payloads are kept as opaque parts."""

    text: str | None = None
    thought: bool | None = None
    thoughtSignature: str | None = None
    inlineData: Blob | None = None
    fileData: FileData | None = None
    functionCall: FunctionCall | None = None


class Content(msgspec.Struct):
    """parts: each as the bytes received."""

    parts: list[msgspec.Raw] | None = None


class Candidate(msgspec.Struct):
    """One choice, or a fragment of it. index: 0 is not sent, so a missing one means 0, or the next free number."""

    index: int | None = None
    content: Content | None = None
    finishReason: str | int | None = None


class PromptFeedback(msgspec.Struct):
    """Why there are no candidates."""

    blockReason: str | None = None
    blockReasonMessage: str | None = None


class Body(msgspec.Struct):
    """A GenerateContentResponse: a buffered response, or one item of a stream."""

    responseId: str | None = None
    modelVersion: str | None = None
    candidates: list[Candidate] | None = None
    promptFeedback: PromptFeedback | None = None
    usageMetadata: dict[str, Any] | None = None


BODY = msgspec.json.Decoder(Body)
PART = msgspec.json.Decoder(Part)

KNOWN_FIELDS_BODY = frozenset(
    {"responseId", "modelVersion", "candidates", "usageMetadata", "error"}
)
KNOWN_FIELDS_CANDIDATE = frozenset({"index", "content", "finishReason", "logprobsResult", "error"})
KNOWN_FIELDS_CONTENT = frozenset({"role", "parts"})
KNOWN_FIELDS_CALL = frozenset({"name", "args", "partialArgs", "willContinue"})
SIDE_FIELDS = frozenset(
    {
        "thought", "thoughtSignature", "videoMetadata", "mediaResolution", "mediaProcessing", "partMetadata",
    }
)  # fmt: skip
"""Fields beside a part's payload."""


class Nothing(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """{}"""


class PlainPart(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """More text or more thinking."""

    text: str
    thought: bool = False


class PlainContent(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The only part of a plain item."""

    parts: tuple[PlainPart]
    role: Any = None


class PlainCandidate(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The only candidate of a plain item. groundingMetadata is empty while a search goes on."""

    content: PlainContent
    index: int = 0
    groundingMetadata: Nothing | None = None


class PlainBody(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An item with nothing to keep beside its text and the usage so far; the other fields repeat the first item's.

    usageMetadata: not decoded, since only the last one counts. Unknown fields are forbidden so that an item with anything
    else is read the slow way.
    """

    candidates: tuple[PlainCandidate]
    usageMetadata: msgspec.Raw = msgspec.Raw()
    modelVersion: str | None = None
    responseId: str | None = None
    createTime: Any = None


USAGE = msgspec.json.Decoder(dict[str, Any])
PLAIN_BODY = msgspec.json.Decoder(PlainBody)


class PlainAnswerCall(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A complete call."""

    name: str
    args: msgspec.Raw = msgspec.Raw()
    id: str | None = None


class PlainAnswerPart(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Text, thinking or a call, each with or without a signature."""

    text: str | None = None
    thought: bool = False
    thoughtSignature: str | None = None
    functionCall: PlainAnswerCall | None = None


class PlainAnswerContent(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Text, thinking and calls only."""

    parts: list[PlainAnswerPart] = []
    role: Scalar = None


class PlainAnswerCandidate(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The only candidate of a plain buffered response."""

    content: PlainAnswerContent
    finishReason: str
    index: Literal[0] = 0
    avgLogprobs: float | None = None


class PlainAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """A buffered response with text, thinking and calls only. A fork like PlainBody."""

    candidates: tuple[PlainAnswerCandidate]
    usageMetadata: ShallowObject | None = None
    modelVersion: str = ""
    responseId: str = ""


PLAIN_ANSWER = msgspec.json.Decoder(PlainAnswer)


class EdgeCandidate(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The only candidate of an edge item."""

    content: PlainAnswerContent | None = None
    finishReason: str = ""
    index: int = 0


class EdgeItem(msgspec.Struct, forbid_unknown_fields=True):
    """The first item of a stream, the last one, one with a call or a signature. A fork like PlainBody."""

    candidates: tuple[EdgeCandidate]
    usageMetadata: ShallowObject | None = None
    modelVersion: str | None = None
    responseId: str | None = None


EDGE_ITEM = msgspec.json.Decoder(EdgeItem)
