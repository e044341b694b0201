"""What was counted lately: message -> tokens, bounded. A conversation that grows by one message costs one message.

Messages do not change, so what was counted once stays true. An object is found by its identity first; an equal one, such as
a message read anew from the same mapping, by its hash.
"""

from llm_pure.types.messages import Message

MOST_MESSAGES = 4096
MOST_BYTES = 32 * 1024 * 1024


class MessageCountCache:
    """Forgets everything when it is full: what is still in use comes back with the next count."""

    __slots__ = ("_equal", "_left_bytes", "_same")

    def __init__(self) -> None:
        self._same: dict[int, tuple[Message, int]] = {}
        self._equal: dict[Message, int] = {}
        self._left_bytes = MOST_BYTES

    def __len__(self) -> int:
        return len(self._equal)

    def get(self, message: Message) -> int | None:
        """Its tokens, None when it was not counted lately."""
        same = self._same.get(id(message))
        if same is not None and same[0] is message:
            return same[1]
        tokens = self._equal.get(message)
        if tokens is not None and len(self._same) < MOST_MESSAGES:
            self._same[id(message)] = (message, tokens)
        return tokens

    def put(self, message: Message, tokens: int, weight_bytes: int) -> None:
        """Remember it; one that is too heavy for the whole memo is not kept."""
        if weight_bytes > MOST_BYTES:
            return
        if len(self._equal) >= MOST_MESSAGES or weight_bytes > self._left_bytes:
            self._same.clear()
            self._equal.clear()
            self._left_bytes = MOST_BYTES
        self._left_bytes -= weight_bytes
        self._equal[message] = tokens
        self._same[id(message)] = (message, tokens)
