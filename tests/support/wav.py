"""A sound of eight samples."""

import struct


def tiny_wav() -> bytes:
    """One channel, 8000 samples a second, 8 bits for each: as good as silence."""
    samples = b"\x80" * 8
    form = struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)
    inner = b"WAVEfmt " + struct.pack("<I", len(form)) + form
    inner += b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(inner)) + inner
