"""A transport that answers from cassettes: no network, nothing patched, sync and async alike.

A recorder is a transport around another one; it belongs beside this file, in record.py.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Literal

from anyio.lowlevel import checkpoint

from llm_pure.effects.transports import AsyncOpenAnswer, OpenAnswer, Timeouts
from llm_pure.errors import ConnectionFailed, LLMError
from llm_pure.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.replay.borders import Borders, as_recorded, pieces
from llm_pure.replay.cassette import NO_CASSETTE, Cassette, Interaction
from llm_pure.replay.files import find_cassettes, load_cassette
from llm_pure.replay.match import EXACT, Matching
from llm_pure.replay.shelf import Miss, Place, Shelf
from llm_pure.result import Failure, Parsed, Success

CutAs = Literal["end", "reset"]
"""How a cut looks: the body just ends, or the connection breaks."""


class ReplayTransport:
    """Answers each request with its recording; equal requests in the order in which they were recorded.

    again: when all recordings of a request were given, the last one is given again; else the next one is a miss.
    borders: where the pieces of a streamed body end. cut_at: every body stops after so many bytes, in the way of cut_as.
    """

    def __init__(
        self,
        *cassettes: Cassette,
        matching: Matching = EXACT,
        again: bool = False,
        borders: Borders = as_recorded,
        cut_at: int | None = None,
        cut_as: CutAs = "end",
    ) -> None:
        self._shelf = Shelf(cassettes, matching, again=again)
        self._borders = borders
        self._cut_at = cut_at
        self._cut_as = cut_as

    @property
    def misses(self) -> tuple[Miss, ...]:
        """Every request so far that no recording answered."""
        return self._shelf.misses

    @property
    def unused(self) -> tuple[Place, ...]:
        """Every recording that was not asked for so far."""
        return self._shelf.unused

    def send(self, request: HttpRequest, timeouts: Timeouts) -> Parsed[HttpResponse]:
        """The recorded answer, or a ConnectionFailed that names the nearest recording and what differs."""
        return self._shelf.take(request).bind(self._whole)

    @contextmanager
    def stream(self, request: HttpRequest, timeouts: Timeouts) -> Iterator[Parsed[OpenAnswer]]:
        """The same, in pieces."""
        taken = self._shelf.take(request)
        if isinstance(taken, Failure):
            yield taken
        else:
            interaction = taken.unwrap()
            yield Success(_Answer(interaction.response.head, self._pieces(interaction)))

    async def asend(self, request: HttpRequest, timeouts: Timeouts) -> Parsed[HttpResponse]:
        """The same as `send`."""
        await checkpoint()
        return self.send(request, timeouts)

    @asynccontextmanager
    async def astream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> AsyncIterator[Parsed[AsyncOpenAnswer]]:
        """The same as `stream`."""
        await checkpoint()
        with self.stream(request, timeouts) as opened:
            if isinstance(opened, Failure):
                yield opened
            else:
                yield Success(_AsyncAnswer(opened.unwrap()))

    def _whole(self, interaction: Interaction) -> Parsed[HttpResponse]:
        response = interaction.response
        if not self._is_cut(interaction):
            return Success(response)
        if self._cut_as == "reset":
            return Failure(self._reset())
        body = response.body[: self._cut_at]
        return Success(HttpResponse(response.status, response.headers, body))

    def _pieces(self, interaction: Interaction) -> Iterator[Parsed[bytes]]:
        for piece in pieces(interaction, self._borders, self._cut_at):
            yield Success(piece)
        if self._is_cut(interaction) and self._cut_as == "reset":
            yield Failure(self._reset())

    def _is_cut(self, interaction: Interaction) -> bool:
        return self._cut_at is not None and self._cut_at < len(interaction.response.body)

    def _reset(self) -> LLMError:
        return ConnectionFailed(
            message=f"the connection broke after {self._cut_at} bytes of the body"
        )


def open_replay(
    *paths: Path | str,
    matching: Matching = EXACT,
    again: bool = False,
    borders: Borders = as_recorded,
    cut_at: int | None = None,
    cut_as: CutAs = "end",
) -> Parsed[ReplayTransport]:
    """A transport over these cassettes, and all those below these folders; the first fault where one cannot be read.

    YAML below a folder that is no cassette at all is passed over.
    """
    cassettes = _load(paths)
    if isinstance(cassettes, Failure):
        return cassettes
    return Success(
        ReplayTransport(
            *cassettes.unwrap(),
            matching=matching,
            again=again,
            borders=borders,
            cut_at=cut_at,
            cut_as=cut_as,
        )
    )


def _load(paths: Iterable[Path | str]) -> Parsed[list[Cassette]]:
    cassettes: list[Cassette] = []
    for path in paths:
        for file in find_cassettes(Path(path)):
            loaded = load_cassette(file)
            if not isinstance(loaded, Failure):
                cassettes.append(loaded.unwrap())
            elif loaded.failure().code != NO_CASSETTE or file == Path(path):
                return loaded
    return Success(cassettes)


class _Answer:
    """An open answer, sync."""

    def __init__(self, head: ResponseHead, body: Iterator[Parsed[bytes]]) -> None:
        self._head = head
        self._body = body

    @property
    def head(self) -> ResponseHead:
        return self._head

    def __iter__(self) -> Iterator[Parsed[bytes]]:
        return self._body


class _AsyncAnswer:
    """An open answer, async: other tasks have their turn between its pieces."""

    def __init__(self, answer: OpenAnswer) -> None:
        self._head = answer.head
        self._body = iter(answer)

    @property
    def head(self) -> ResponseHead:
        return self._head

    def __aiter__(self) -> "_AsyncAnswer":
        return self

    async def __anext__(self) -> Parsed[bytes]:
        await checkpoint()
        for piece in self._body:
            return piece
        raise StopAsyncIteration
