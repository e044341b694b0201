"""An HTTP answer out of memory, for peers that take a client of httpx, or of its twin httpx2."""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

from llm_pure.bench.sample import Sample


def http_client(library: ModuleType, sample: Sample, pieces: tuple[bytes, ...]) -> Any:
    """A client that gives this answer to every request."""

    class Body(library.SyncByteStream):  # type: ignore[misc, name-defined]
        def __iter__(self) -> Iterator[bytes]:
            return iter(pieces)

    def answer(request: Any) -> Any:
        headers = {"content-type": sample.content_type}
        return library.Response(200, headers=headers, stream=Body(), request=request)

    return library.Client(transport=library.MockTransport(answer))
