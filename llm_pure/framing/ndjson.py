"""Split newline-delimited JSON into lines, with one value each.

Lines end in LF or CRLF; a lone CR is white space inside a line, as in JSON. Blank lines are skipped, and a byte order mark
at the start.

Source: github.com/ndjson/ndjson-spec, and Ollama's docs/api.md, "Streaming responses"; read 2026-11-20.
"""

from llm_pure.framing import BYTE_ORDER_MARK, FRAME_LIMIT, FramingFault


class NdjsonDecoder:
    """Decodes one body. `limit`: maximum bytes of a line without its end."""

    __slots__ = ("_buffer", "_limit", "_started", "fault")

    def __init__(self, limit: int = FRAME_LIMIT) -> None:
        self.fault: FramingFault | None = None
        self._buffer = bytearray()  # no line end in it
        self._limit = limit
        self._started = False  # past the first line, which a byte order mark may begin

    @property
    def stray(self) -> bytes:
        """Always empty: each line is a frame."""
        return b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that these bytes complete."""
        if self.fault is not None:
            return []
        lines = data.split(b"\n")
        rest = lines.pop()
        if lines and self._buffer:
            self._buffer += lines[0]
            lines[0] = bytes(self._buffer)
            self._buffer.clear()
        frames = self._frames(lines)
        self._buffer += rest
        # a CR at the end may be half of CRLF
        if len(self._buffer) - self._buffer.endswith(b"\r") > self._limit:
            self._fail(bytes(self._buffer[:100]))
        return frames

    def close(self) -> list[bytes]:
        """Return the last line without an end, if there is one; it may be truncated."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return self._frames([rest]) if self.fault is None else []

    def _frames(self, lines: list[bytes]) -> list[bytes]:
        frames: list[bytes] = []
        for line in lines:
            line = line.removesuffix(b"\r")
            if not self._started:
                self._started = True
                line = line.removeprefix(BYTE_ORDER_MARK)
            if len(line) > self._limit:
                self._fail(line)
                break
            if line and not line.isspace():
                frames.append(line)
        return frames

    def _fail(self, line: bytes) -> None:
        if self.fault is None:
            self._buffer.clear()
            self.fault = FramingFault(
                f"a line is longer than {self._limit} bytes", line[: min(100, self._limit)]
            )
