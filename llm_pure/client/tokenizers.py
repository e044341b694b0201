"""Tokenizers by name: cl100k_base and o200k_base from this package, others from tiktoken's own cache; never from the network.

tiktoken does the encoding and defines the encodings (patterns, special tokens, hashes); only its download is replaced.
"""

import hashlib
import lzma
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from itertools import accumulate
from pathlib import Path
from pkgutil import get_data
from types import FunctionType
from typing import Any

from llm_pure.tokens import Tokenizer
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success

SHIPPED: Mapping[str, tuple[int, str]] = {
    "cl100k_base": (100256, "18288f996f452d44e0e65996176591a4b712a3eb1b42afd6f0511e735c099480"),
    "o200k_base": (199998, "440741350e7cfa1c0f4869ce742d1b043550adbda5187adcac9e787edac6fba9"),
}
"""Encoding -> how many tokens, SHA-256 of its unpacked file in llm_pure/data. Made by tests/support/pack_ranks.py, which compares
the originals with the hashes in tiktoken 0.14.0's source (tiktoken_ext/openai_public.py); read 2026-11-20."""

_LONG, _RUN = 200_000, 50_000
_BLANKS = re.compile(r"\s++")


class _Missing(Exception):  # never leaves this file: `load_tokenizer` turns it into a value
    def __init__(self, url: str, path: Path) -> None:
        super().__init__(url)
        self.url = url
        self.path = path


def load_tokenizer(encoding: str) -> LLMResult[Tokenizer]:
    """The tokenizer, loaded once in a process.

    Fails with InvalidConfiguration (field "encoding") when there is no such encoding, or its file is in no cache: then the
    message says how to fetch it.
    """
    try:
        return Success(_load(encoding))
    except KeyError:
        return Failure(_wrong(f"tiktoken has no encoding {encoding!r}"))
    except _Missing as missing:
        how = f"python -c \"import tiktoken; tiktoken.get_encoding('{encoding}')\""
        return Failure(
            _wrong(
                f"the encoding {encoding} is not shipped, and {missing.url} is not in tiktoken's cache ({missing.path}); "
                f"fetch it once, where there is a network, with: {how}; TIKTOKEN_CACHE_DIR names the folder"
            )
        )


def source_of(encoding: str) -> tuple[str, str]:
    """(URL, SHA-256) of a rank file, as tiktoken's source has them."""
    seen: list[tuple[str, str]] = []

    def note(url: str, expected_hash: str) -> dict[bytes, int]:
        seen.append((url, expected_hash))
        return {}

    _defined(encoding, note)
    return seen[0]


def shipped_ranks(encoding: str) -> dict[bytes, int]:
    """Token -> rank, out of the packed file; its SHA-256 is checked."""
    count, sha256 = SHIPPED[encoding]
    plain = lzma.decompress(get_data("llm_pure", f"data/{encoding}.ranks.xz") or b"")
    if hashlib.sha256(plain).hexdigest() != sha256:
        raise ImportError(f"llm_pure/data/{encoding}.ranks.xz is damaged: install llm-pure again")
    borders = list(accumulate(plain[:count], initial=count))
    tokens = map(plain.__getitem__, map(slice, borders, borders[1:]))  # faster than a comprehension
    return dict(zip(tokens, range(count), strict=False))


@cache
def _load(encoding: str) -> Tokenizer:
    import tiktoken

    made = tiktoken.Encoding(**_defined(encoding, _ranks))
    encode = made.encode_ordinary

    def encode_any(text: str) -> list[int]:
        """tiktoken overflows its stack in very long runs of white space: such texts are encoded in pieces."""
        if len(text) < _LONG or not any(_is_long(run) for run in _BLANKS.finditer(text)):
            return encode(text)
        pieces = [text[start : start + _RUN] for start in range(0, len(text), _RUN)]
        return [token for piece in pieces for token in encode(piece)]

    return Tokenizer(encoding=encoding, encode=encode_any, decode=made.decode_bytes)


def _is_long(run: re.Match[str]) -> bool:
    return run.end() - run.start() > _RUN


def _defined(encoding: str, ranks: Callable[[str, str], dict[bytes, int]]) -> dict[str, Any]:
    """tiktoken's definition of an encoding, with these ranks where it would fetch its own."""
    from tiktoken import load

    openai_public = import_module("tiktoken_ext.openai_public")  # it has no types

    def load_ranks(url: str, expected_hash: str) -> dict[bytes, int]:
        return ranks(url, expected_hash)

    gpt2_ranks = _rebound(load.data_gym_to_mergeable_bpe_ranks, read_file_cached=_cached)
    names: dict[str, Any] = {
        "load_tiktoken_bpe": load_ranks,
        "data_gym_to_mergeable_bpe_ranks": gpt2_ranks,
    }
    if encoding == "o200k_harmony":  # it is made out of o200k_base
        names["o200k_base"] = _rebound(openai_public.o200k_base, **names)
    constructor = openai_public.ENCODING_CONSTRUCTORS[encoding]
    defined: dict[str, Any] = _rebound(constructor, **names)()
    return defined


def _rebound(function: Callable[..., Any], **names: Any) -> Callable[..., Any]:
    """The same function with other values behind some of its global names; the module itself stays as it is."""
    assert isinstance(function, FunctionType)
    return FunctionType(
        function.__code__,
        {**function.__globals__, **names},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )


def _ranks(url: str, sha256: str) -> dict[bytes, int]:
    for encoding in SHIPPED:
        if url.endswith(f"/{encoding}.tiktoken"):
            return shipped_ranks(encoding)
    import base64

    rows = [line.split() for line in _cached(url, sha256).splitlines() if line]
    return {base64.b64decode(token): int(rank) for token, rank in rows}


def _cached(url: str, sha256: str | None = None) -> bytes:
    """A file of tiktoken's cache; not there, or another file under its name, is _Missing."""
    folder = os.environ.get("TIKTOKEN_CACHE_DIR") or os.environ.get("DATA_GYM_CACHE_DIR")
    path = Path(folder or Path(tempfile.gettempdir()) / "data-gym-cache")
    path /= hashlib.sha1(url.encode()).hexdigest()
    if not path.is_file():
        raise _Missing(url, path)
    data = path.read_bytes()
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise _Missing(url, path)
    return data


def _wrong(message: str) -> InvalidConfiguration:
    return InvalidConfiguration(message=message, field="encoding")


__all__: Sequence[str] = ["SHIPPED", "load_tokenizer", "shipped_ranks", "source_of"]
