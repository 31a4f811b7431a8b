"""Reads the sizes of encoded pictures, and generates pictures to send, without a library."""

from __future__ import annotations

import random
import struct
import zlib

Header = tuple[str, int, int]
"""Format (`png`, `jpeg`, `webp`), width and height."""

_PNG = b"\x89PNG\r\n\x1a\n"
# Markers of JPEG that begin a frame, and so its size (ITU-T T.81, table B.1): SOF0 to SOF15, without DHT, JPG and DAC.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def header(picture: bytes) -> Header | None:
    """Returns the format and size of a PNG, JPEG or WebP picture without decoding it; `None` for anything else."""
    try:
        if picture.startswith(_PNG) and picture[12:16] == b"IHDR":
            width, height = struct.unpack_from(">II", picture, 16)
            return "png", width, height
        if picture.startswith(b"\xff\xd8"):
            return _jpeg(picture)
        if picture.startswith(b"RIFF") and picture[8:12] == b"WEBP":
            return _webp(picture)
    except (struct.error, IndexError):
        pass  # It ends within its header.
    return None


def _jpeg(picture: bytes) -> Header | None:
    at = 2
    while picture[at] == 0xFF:
        marker = picture[at + 1]
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", picture, at + 5)
            return "jpeg", width, height
        is_alone = marker == 0xFF or marker == 0x01 or 0xD0 <= marker <= 0xD8
        at += 1 if marker == 0xFF else 2 if is_alone else 2 + int(struct.unpack_from(">H", picture, at + 2)[0])
    return None


def _webp(picture: bytes) -> Header | None:
    # https://developers.google.com/speed/webp/docs/riff_container: lossy, lossless, extended.
    kind = picture[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", picture, 26)
        return "webp", width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", picture, 21)
        return "webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        width, height = (int.from_bytes(picture[at : at + 3], "little") + 1 for at in (24, 27))
        return "webp", width, height
    return None


def synthetic(count: int, width: int, height: int, seed: int = 0) -> list[bytes]:
    """Returns `count` PNG pictures of noise in squares of 8 × 8 pixels, the same for the same seed."""
    return [_png(random.Random(f"{seed}:{number}"), width, height) for number in range(count)]


def _png(chance: random.Random, width: int, height: int) -> bytes:
    rows = bytearray()
    squares = b""
    for row in range(height):
        if row % 8 == 0:
            colors = [chance.randbytes(3) * 8 for _ in range((width + 7) // 8)]
            squares = b"".join(colors)[: width * 3]
        rows += b"\0" + squares
    ihdr = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return _PNG + b"".join(_chunk(*c) for c in ((b"IHDR", ihdr), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
