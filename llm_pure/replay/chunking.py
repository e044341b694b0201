"""Chunk boundaries of a replayed body: as recorded, at every byte, or random by a seed. Pure."""

from collections.abc import Callable, Iterator
from random import Random

from llm_pure.replay.cassette import Interaction

Chunking = Callable[[Interaction], Iterator[int]]
"""Yields the chunk sizes in order. The rest of the body is the last chunk; sizes beyond the body are ignored."""


def as_recorded(interaction: Interaction) -> Iterator[int]:
    """Yield the recorded sizes; without any, the body is one chunk."""
    yield from interaction.sizes


def single_bytes(interaction: Interaction) -> Iterator[int]:
    """Yield every byte by itself."""
    for _ in interaction.response.body:
        yield 1


def random_chunks(seed: int, largest: int = 64) -> Chunking:
    """Return a chunking with sizes from 1 to `largest`, the same for the same seed."""

    def sizes(interaction: Interaction) -> Iterator[int]:
        random = Random(seed)
        while True:
            yield random.randint(1, largest)

    return sizes


def split_body(
    interaction: Interaction, borders: Chunking, end: int | None = None
) -> Iterator[bytes]:
    """Yield the body up to byte `end` in chunks, none of them empty."""
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
