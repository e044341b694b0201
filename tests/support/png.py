"""A picture of four red pixels."""

import struct
import zlib


def tiny_png() -> bytes:
    """Two by two, 8 bits for each of red, green and blue."""
    rows = b"\x00" + b"\xff\x00\x00" * 2
    size = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", size), (b"IDAT", zlib.compress(rows * 2, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join([_chunk(*one) for one in chunks])


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check
