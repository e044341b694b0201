"""Where the pieces of a replayed body end: as they were recorded, at every byte, or anywhere by a seed. Pure."""

from collections.abc import Callable, Iterator
from random import Random

from llm_pure.replay.cassette import Interaction

Chunking = Callable[[Interaction], Iterator[int]]
"""The sizes of the pieces, in order. What they leave of the body is the last piece; sizes beyond it are cut off."""


def as_recorded(interaction: Interaction) -> Iterator[int]:
    """The recorded sizes; the whole body at once where none were recorded."""
    yield from interaction.sizes


def single_bytes(interaction: Interaction) -> Iterator[int]:
    """Every byte by itself."""
    for _ in interaction.response.body:
        yield 1


def random_chunks(seed: int, largest: int = 64) -> Chunking:
    """Sizes from 1 to `largest`, the same ones for the same seed."""

    def sizes(interaction: Interaction) -> Iterator[int]:
        chance = Random(seed)
        while True:
            yield chance.randint(1, largest)

    return sizes


def split_body(
    interaction: Interaction, borders: Chunking, end: int | None = None
) -> Iterator[bytes]:
    """The body in pieces, up to byte `end` where it is given; no piece is empty."""
    body = interaction.response.body[:end]
    begin = 0
    for size in borders(interaction):
        if begin >= len(body):
            return
        if size > 0:
            yield body[begin : begin + size]
            begin += size
    if begin < len(body):
        yield body[begin:]
