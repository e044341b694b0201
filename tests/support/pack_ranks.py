"""tiktoken's rank files -> llm_pure/data/<encoding>.ranks.xz: `python -m tests.support.pack_ranks FOLDER`.

FOLDER holds the files as tiktoken's cache names them. Each is checked against the SHA-256 in tiktoken's own source. In
both encodings a token's rank is its line number, so the packed form needs no ranks and no base64:

    for n tokens: n bytes, the lengths in bytes; then the tokens themselves, one after another; xz over the whole

tests/client/test_tokenizers.py makes the original file out of the packed one and compares SHA-256 again.
"""

import base64
import hashlib
import lzma
import sys
from pathlib import Path

from llm_pure.client.tokenizers import BUNDLED, source_of

DATA = Path(__file__).parents[2] / "llm_pure" / "data"


def packed(original: bytes) -> bytes:
    """Lengths, then tokens; refuses a file whose ranks are not its line numbers."""
    rows = [line.split() for line in original.splitlines()]
    tokens = [base64.b64decode(token) for token, _ in rows]
    if [int(rank) for _, rank in rows] != list(range(len(rows))) or max(map(len, tokens)) > 255:
        raise SystemExit("the ranks are not the line numbers, or a token is too long")
    return bytes(map(len, tokens)) + b"".join(tokens)


def main() -> None:
    """Pack both, and print what belongs into `BUNDLED`."""
    folder = Path(sys.argv[1])
    for encoding in BUNDLED:
        url, sha256 = source_of(encoding)
        original = (folder / hashlib.sha1(url.encode()).hexdigest()).read_bytes()
        if hashlib.sha256(original).hexdigest() != sha256:
            raise SystemExit(f"{encoding}: this is not the file that tiktoken knows")
        plain = packed(original)
        data = lzma.compress(plain, preset=9 | lzma.PRESET_EXTREME)
        (DATA / f"{encoding}.ranks.xz").write_bytes(data)
        tokens = original.count(b"\n")
        print(encoding, tokens, hashlib.sha256(plain).hexdigest(), len(data), "bytes")


if __name__ == "__main__":
    main()
