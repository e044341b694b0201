"""Load tokenizers and token counters: cl100k_base and o200k_base from this package, others from tiktoken's cache.

tiktoken encodes and defines the encodings (patterns, special tokens, hashes). Only its download is replaced: nothing
here uses the network.
"""

import hashlib
import lzma
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib import import_module
from itertools import accumulate, islice
from pathlib import Path
from pkgutil import get_data
from types import FunctionType
from typing import TYPE_CHECKING, Any

from llm_pure.tokens import TOKENIZER_PROFILES, TokenCounter, Tokenizer, profile_for
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success

if TYPE_CHECKING:
    import tiktoken

BUNDLED: Mapping[str, tuple[int, str]] = {
    "cl100k_base": (100256, "18288f996f452d44e0e65996176591a4b712a3eb1b42afd6f0511e735c099480"),
    "o200k_base": (199998, "440741350e7cfa1c0f4869ce742d1b043550adbda5187adcac9e787edac6fba9"),
}
"""Encoding -> number of tokens, SHA-256 of its unpacked file in llm_pure/data. Packed by tests/support/pack_ranks.py, which compares
the originals with the hashes in tiktoken 0.14.0's source (tiktoken_ext/openai_public.py); read 2026-11-20."""

_RANKS_AT_ONCE = 10_000
"""Other threads run in between; each piece takes 4 ms."""
_MIN_SPLIT_LENGTH, _PIECE_LENGTH = 200_000, 50_000
_WHITE_SPACE = re.compile(r"\s++")


class _MissingFile(Exception):  # never leaves this file: `load_tokenizer` returns a Failure
    def __init__(self, url: str, path: Path) -> None:
        super().__init__(url)
        self.url = url
        self.path = path


def load_token_counter(model: str, plan: str | None = None) -> LLMResult[TokenCounter]:
    """Return the token counter of a model: its family's rules and tokenizer, loaded once per process.

    Fails with InvalidConfiguration if its encoding is not available.
    """
    family = profile_for(model, plan)
    index = TOKENIZER_PROFILES.index(family) if family in TOKENIZER_PROFILES else None
    return load_tokenizer(family.encoding).map(lambda _: _token_counter(index, model))


@lru_cache(maxsize=256)
def _token_counter(index: int | None, model: str) -> TokenCounter:
    family = profile_for(model) if index is None else TOKENIZER_PROFILES[index]
    return TokenCounter(family=family, tokenizer=_load(family.encoding))


def load_tokenizer(encoding: str) -> LLMResult[Tokenizer]:
    """Return the tokenizer, loaded once per process.

    Fails with InvalidConfiguration (field "encoding") if there is no such encoding, or its file is in no cache; the
    message explains how to fetch it.
    """
    try:
        return Success(_load(encoding))
    except KeyError:
        return Failure(_invalid(f"tiktoken has no encoding {encoding!r}"))
    except _MissingFile as missing:
        command = f"python -c \"import tiktoken; tiktoken.get_encoding('{encoding}')\""
        return Failure(
            _invalid(
                f"the encoding {encoding} is not bundled, and {missing.url} is not in tiktoken's cache ({missing.path}); "
                f"fetch it once, where there is a network, with: {command}; TIKTOKEN_CACHE_DIR sets the folder"
            )
        )


def raw_encoder(encoding: str) -> LLMResult[Callable[[str], list[int]]]:
    """Return tiktoken's own encoding of a text, the lower bound of a count. Fails as `load_tokenizer` does."""
    return load_tokenizer(encoding).map(lambda _: _encoding(encoding).encode_ordinary)


def source_of(encoding: str) -> tuple[str, str]:
    """Return (URL, SHA-256) of a rank file, from tiktoken's source."""
    sources: list[tuple[str, str]] = []

    def record(url: str, expected_hash: str) -> dict[bytes, int]:
        sources.append((url, expected_hash))
        return {}

    _define(encoding, record)
    return sources[0]


def bundled_ranks(encoding: str) -> dict[bytes, int]:
    """Return token -> rank from the packed file, after a check of its SHA-256."""
    count, sha256 = BUNDLED[encoding]
    plain = lzma.decompress(get_data("llm_pure", f"data/{encoding}.ranks.xz") or b"")
    if hashlib.sha256(plain).hexdigest() != sha256:
        raise ImportError(f"llm_pure/data/{encoding}.ranks.xz is damaged: install llm-pure again")
    offsets = list(accumulate(plain[:count], initial=count))
    tokens = map(plain.__getitem__, map(slice, offsets, offsets[1:]))  # faster than a comprehension
    ranks: dict[bytes, int] = {}
    for start in range(0, count, _RANKS_AT_ONCE):
        ranks.update(zip(islice(tokens, _RANKS_AT_ONCE), range(start, count), strict=False))
    return ranks


@cache
def _encoding(encoding: str) -> "tiktoken.Encoding":
    import tiktoken

    return tiktoken.Encoding(**_define(encoding, _ranks))


@cache
def _load(encoding: str) -> Tokenizer:
    loaded = _encoding(encoding)
    encode = loaded.encode_ordinary

    def encode_any(text: str) -> list[int]:
        """Encode texts with very long runs of white space in pieces: tiktoken overflows its stack in them."""
        if len(text) < _MIN_SPLIT_LENGTH:
            return encode(text)
        runs = _WHITE_SPACE.finditer(text)
        if not any(run.end() - run.start() > _PIECE_LENGTH for run in runs):
            return encode(text)
        starts = range(0, len(text), _PIECE_LENGTH)
        return [token for start in starts for token in encode(text[start : start + _PIECE_LENGTH])]

    def encode_each(texts: Sequence[str]) -> Iterable[list[int]]:
        is_long = max(map(len, texts), default=0) >= _MIN_SPLIT_LENGTH
        return map(encode_any if is_long else encode, texts)

    return Tokenizer(
        encoding=encoding, encode=encode_any, decode=loaded.decode_bytes, encode_each=encode_each
    )


def _define(encoding: str, ranks: Callable[[str, str], dict[bytes, int]]) -> dict[str, Any]:
    """Return tiktoken's definition of an encoding, with `ranks` in place of its download."""
    from tiktoken import load

    openai_public = import_module("tiktoken_ext.openai_public")  # it has no types

    def load_ranks(url: str, expected_hash: str) -> dict[bytes, int]:
        return ranks(url, expected_hash)

    gpt2_ranks = _rebind(load.data_gym_to_mergeable_bpe_ranks, read_file_cached=_read_cached)
    names: dict[str, Any] = {
        "load_tiktoken_bpe": load_ranks,
        "data_gym_to_mergeable_bpe_ranks": gpt2_ranks,
    }
    if encoding == "o200k_harmony":  # it is derived from o200k_base
        names["o200k_base"] = _rebind(openai_public.o200k_base, **names)
    constructor = openai_public.ENCODING_CONSTRUCTORS[encoding]
    definition: dict[str, Any] = _rebind(constructor, **names)()
    return definition


def _rebind(function: Callable[..., Any], **names: Any) -> Callable[..., Any]:
    """Return the function with other values for some of its global names; its module does not change."""
    assert isinstance(function, FunctionType)
    return FunctionType(
        function.__code__,
        {**function.__globals__, **names},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )


def _ranks(url: str, sha256: str) -> dict[bytes, int]:
    for encoding in BUNDLED:
        if url.endswith(f"/{encoding}.tiktoken"):
            return bundled_ranks(encoding)
    import base64

    rows = [line.split() for line in _read_cached(url, sha256).splitlines() if line]
    return {base64.b64decode(token): int(rank) for token, rank in rows}


def _read_cached(url: str, sha256: str | None = None) -> bytes:
    """Read a file of tiktoken's cache. Raises _MissingFile if it is absent or has other content."""
    folder = os.environ.get("TIKTOKEN_CACHE_DIR") or os.environ.get("DATA_GYM_CACHE_DIR")
    path = Path(folder or Path(tempfile.gettempdir()) / "data-gym-cache")
    path /= hashlib.sha1(url.encode()).hexdigest()
    if not path.is_file():
        raise _MissingFile(url, path)
    data = path.read_bytes()
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise _MissingFile(url, path)
    return data


def _invalid(message: str) -> InvalidConfiguration:
    return InvalidConfiguration(message=message, field="encoding")


__all__: Sequence[str] = [
    "BUNDLED",
    "bundled_ranks",
    "load_token_counter",
    "load_tokenizer",
    "source_of",
]
