"""What an encoder keeps of an answer: the parts of each choice as far as they were received and sent."""

from typing import Any, Literal, TypeAlias

from llm_pure.types.completion import FinishReason
from llm_pure.types.events import Finished
from llm_pure.types.messages import Part

Kind: TypeAlias = Literal["text", "reasoning", "refusal", "tool_call", "complete", ""]


class Sent:
    """A part as far as it was received and sent."""

    __slots__ = (
        "arguments", "begun", "call_number", "carried", "checksum", "choice", "closed", "complete", "id", "index", "kind",
        "length", "metadata", "name", "number", "pieces", "signature",
    )  # fmt: skip

    def __init__(self, choice: int, index: int, kind: Kind) -> None:
        self.choice = choice
        self.index = index
        self.kind: Kind = kind
        self.number = -1
        """Position among the parts of its choice that have begun."""
        self.call_number = -1
        """Position among the calls that have begun."""
        self.id = ""
        self.name = ""
        self.arguments: list[str] = []
        """Of a call that has not begun, or is held."""
        self.pieces: list[str] = []
        """The text, if the encoder needs it at the part's end."""
        self.signature: str | None = None
        self.metadata: dict[str, Any] = {}
        self.complete: Part | None = None
        self.checksum = 0
        self.length = 0
        """Of the text so far, if it may be sealed."""
        self.carried = False
        """What its provider needs of it is in an envelope."""
        self.begun = False
        self.closed = False

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self.pieces)


class Sequence:
    """The parts of one choice."""

    __slots__ = ("calls", "count", "finish", "held", "open", "parts", "refused", "waiting")

    def __init__(self) -> None:
        self.parts: dict[int, Sent] = {}
        self.waiting: dict[int, Sent] = {}
        """Those whose signatures wait for the id of a call."""
        self.open: Sent | None = None
        self.held: list[Sent] = []
        self.count = 0
        self.calls = 0
        self.refused = False
        self.finish: Finished | None = None

    @property
    def reason(self) -> FinishReason:
        """The finish reason as `collect` settles it."""
        reason = self.finish.finish_reason if self.finish else "unknown"
        if reason in ("stop", "unknown"):
            return "tool_calls" if self.calls else "refusal" if self.refused else reason
        return reason
