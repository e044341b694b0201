"""Tokenizer, a value: text -> tokens -> bytes. The effect layer loads its vocabulary."""

from collections.abc import Callable, Iterable, Sequence

import msgspec


class Tokenizer(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One encoding."""

    encoding: str
    """Its name, such as "o200k_base"."""
    encode: Callable[[str], Sequence[int]]
    """Any text -> token numbers; text that looks like a special token is plain text."""
    decode: Callable[[Sequence[int]], bytes]
    """Token numbers -> bytes, which may end within a character."""
    encode_each: Callable[[Sequence[str]], Iterable[Sequence[int]]] | None = None
    """The same as `encode` for many texts, where that takes less than one call for each."""

    def count(self, text: str) -> int:
        """Number of tokens of a text."""
        return len(self.encode(text))

    def count_each(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each of the texts."""
        encode_each = self.encode_each
        return list(map(len, encode_each(texts) if encode_each else map(self.encode, texts)))


def first_tokens(tokenizer: Tokenizer, text: str, max_tokens: int) -> str:
    """The longest start of the text of at most `max_tokens`, cut between tokens and not within a character."""
    tokens = tokenizer.encode(text)
    if len(tokens) <= max_tokens:
        return text
    return _fitting(tokenizer, text, tokens, max_tokens, _start)


def last_tokens(tokenizer: Tokenizer, text: str, max_tokens: int) -> str:
    """The longest end of the text of at most `max_tokens`, cut the same way."""
    tokens = tokenizer.encode(text)
    if len(tokens) <= max_tokens:
        return text
    return _fitting(tokenizer, text, tokens, max_tokens, _end)


def _fitting(
    tokenizer: Tokenizer,
    text: str,
    tokens: Sequence[int],
    max_tokens: int,
    cut: Callable[[Tokenizer, Sequence[int], int], str],
) -> str:
    """Cut to `max_tokens`. The rest may, rarely, encode to more tokens than before the cut: then try one token less."""
    size = max_tokens
    while size > 0:
        fitting = cut(tokenizer, tokens, size)
        if tokenizer.count(fitting) <= max_tokens:
            return fitting
        size -= 1
    return ""


def _start(tokenizer: Tokenizer, tokens: Sequence[int], size: int) -> str:
    # a token may hold the first bytes of a character only: those are left out
    return tokenizer.decode(tokens[:size]).decode("utf-8", "ignore")


def _end(tokenizer: Tokenizer, tokens: Sequence[int], size: int) -> str:
    data = tokenizer.decode(tokens[len(tokens) - size :])
    start = 0
    while start < len(data) and data[start] & 0xC0 == 0x80:  # the last bytes of a character
        start += 1
    return data[start:].decode("utf-8", "ignore")
