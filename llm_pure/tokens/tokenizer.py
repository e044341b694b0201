"""A tokenizer, as a value: text -> tokens -> bytes. Where its vocabulary comes from is the effect layer's business."""

from collections.abc import Callable, Sequence

import msgspec


class Tokenizer(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One encoding. encoding: its name, such as "o200k_base".

    encode: text to token numbers; it takes any text, and what looks like a special token is plain text.
    decode: token numbers to bytes, which need not be whole characters.
    """

    encoding: str
    encode: Callable[[str], Sequence[int]]
    decode: Callable[[Sequence[int]], bytes]

    def count(self, text: str) -> int:
        """How many tokens a text has."""
        return len(self.encode(text))


def first_tokens(tokenizer: Tokenizer, text: str, most: int) -> str:
    """The longest beginning of the text that ends at a token's border, holds whole characters and counts `most` or less."""
    tokens = tokenizer.encode(text)
    if len(tokens) <= most:
        return text
    return _kept(tokenizer, text, tokens, most, _beginning)


def last_tokens(tokenizer: Tokenizer, text: str, most: int) -> str:
    """The longest end of the text, likewise."""
    tokens = tokenizer.encode(text)
    if len(tokens) <= most:
        return text
    return _kept(tokenizer, text, tokens, most, _end)


def _kept(
    tokenizer: Tokenizer,
    text: str,
    tokens: Sequence[int],
    most: int,
    cut: Callable[[Tokenizer, Sequence[int], int], str],
) -> str:
    """What is cut off changes how the rest is split, rarely into more tokens: then one token less is tried."""
    room = most
    while room > 0:
        kept = cut(tokenizer, tokens, room)
        if tokenizer.count(kept) <= most:
            return kept
        room -= 1
    return ""


def _beginning(tokenizer: Tokenizer, tokens: Sequence[int], room: int) -> str:
    # a token may hold the first bytes of a character only: those are left out
    return tokenizer.decode(tokens[:room]).decode("utf-8", "ignore")


def _end(tokenizer: Tokenizer, tokens: Sequence[int], room: int) -> str:
    data = tokenizer.decode(tokens[len(tokens) - room :])
    start = 0
    while start < len(data) and data[start] & 0xC0 == 0x80:  # the last bytes of a character
        start += 1
    return data[start:].decode("utf-8", "ignore")
