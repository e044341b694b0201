"""How a key may be spelled in a text, and what a reader makes of it who undoes every spelling."""

import base64
import html
import re
from functools import lru_cache
from urllib.parse import quote, unquote

NAMED = {"+": "&plus;", "/": "&sol;", "_": "&lowbar;", "-": "&hyphen;", "=": "&equals;"}


BREAKS = {
    "LF": "\n",
    "CR LF": "\r\n",
    "escaped LF": "\\n",
    "escaped CR LF": "\\r\\n",
    "escaped twice": "\\\\r\\\\n",
    "percent-encoded": "%0D%0A",
    "folded": "\r\n ",
    "HTML": "&#10;",
}
"""Line breaks of base64."""


def lines(text: str, width: int) -> list[str]:
    return [text[begin : begin + width] for begin in range(0, len(text), width)]


def long_base64(key: str, width: int) -> str:
    """Base64 of a text with the key, whose first line of this width ends inside the key."""
    return base64.b64encode(b"." * (width * 3 // 4 - 11) + key.encode() + b"," * 90).decode()


def spellings(key: str) -> dict[str, str]:
    """Every spelling that is hidden: name -> text."""
    in_base64 = {
        f"base64{' url-safe' if safe else ''}, {before} before, {after} after": encode(
            b"." * before + key.encode() + b"," * after
        ).decode()
        for safe, encode in ((False, base64.b64encode), (True, base64.urlsafe_b64encode))
        for before in range(3)
        for after in range(3)
    }
    plain_base64 = base64.b64encode(key.encode()).decode()
    return {
        "as it is": key,
        "percent-encoded": quote(key, safe=""),
        "percent-encoded letters": "".join([f"%{ord(letter):02X}" for letter in key]),
        "percent-encoded letters, lower case": "".join([f"%{ord(letter):02x}" for letter in key]),
        "percent-encoded twice": "".join([f"%25{ord(letter):02x}" for letter in key]),
        "one letter percent-encoded": f"{key[:3]}%{ord(key[3]):02x}{key[4:]}",
        "HTML, decimal": "".join([f"&#{ord(letter)};" for letter in key]),
        "HTML, hexadecimal": "".join([f"&#x{ord(letter):x};" for letter in key]),
        "HTML, names": "".join([NAMED.get(letter, letter) for letter in key]),
        "HTML in HTML": "".join([f"&amp;#{ord(letter)};" for letter in key]),
        "JSON escapes": "".join([f"\\u{ord(letter):04x}" for letter in key]),
        "JSON escapes in JSON": "".join([f"\\\\u{ord(letter):04X}" for letter in key]),
        "hexadecimal escapes": "".join([f"\\x{ord(letter):02x}" for letter in key]),
        "escaped slashes": key.replace("/", "\\/"),
        "JSON escapes of eight digits": "".join([f"\\U{ord(letter):08x}" for letter in key]),
        "hex": key.encode().hex(),
        "numbers, hexadecimal": ", ".join([f"0x{byte:02X}" for byte in key.encode()]),
        "numbers": ",".join([str(byte) for byte in key.encode()]),
        "base64 in hex": plain_base64.encode().hex(),
        "hex in base64": base64.b64encode(b"." + key.encode().hex().encode()).decode(),
        "percent in base64": base64.b64encode(
            "".join([f"%{ord(letter):02X}" for letter in key]).encode()
        ).decode(),
        "UTF-16 in base64": base64.b64encode(key.encode("utf-16-le")).decode(),
        "each letter in another way": "".join(
            [
                (letter, f"%{ord(letter):02x}", f"\\u{ord(letter):04x}", f"&#{ord(letter)};")[
                    index % 4
                ]
                for index, letter in enumerate(key)
            ]
        ),
        "with soft hyphens": "\u00ad".join(key),
        "HEX": key.encode().hex().upper(),
        **in_base64,
        **{
            f"{name}, without padding": text.rstrip("=")
            for name, text in in_base64.items()
            if text.endswith("=")
        },
        **{
            f"base64 of {name}": base64.b64encode(text.encode()).decode()
            for name, text in in_base64.items()
        },
        **{
            f"base64 in lines of {width}, {name}": mark.join(lines(long_base64(key, width), width))
            for width in (64, 76)
            for name, mark in BREAKS.items()
        },
        "base64 percent-encoded": quote(plain_base64, safe=""),
        "base64 percent-encoded twice": quote(quote(plain_base64, safe=""), safe=""),
        "base64 with JSON escapes": "".join([f"\\u{ord(letter):04x}" for letter in plain_base64]),
        "base64 with escaped slashes": base64.b64encode(b"?" + key.encode())
        .decode()
        .replace("/", "\\/"),
        "hex in mixed case": "".join(
            [
                letter.upper() if place % 3 else letter
                for place, letter in enumerate(key.encode().hex())
            ]
        ),
        "hex with colons": key.encode().hex(":"),
        "hex with spaces": key.encode().hex(" ").upper(),
        "hex percent-encoded": "".join([f"%{ord(digit):02x}" for digit in key.encode().hex()]),
        "octal escapes": "".join([f"\\{ord(letter):03o}" for letter in key]),
        "JSON escapes percent-encoded": quote("".join([f"\\u{ord(i):04x}" for i in key]), safe=""),
        "HTML percent-encoded": quote("".join([f"&#{ord(letter)};" for letter in key]), safe=""),
        "percent-encoded in HTML": "".join([f"&#37;{ord(letter):02x}" for letter in key]),
        "percent-encoded in JSON escapes": "".join([f"\\u0025{ord(letter):02x}" for letter in key]),
        "in two lines": f"{key[:9]}\\n{key[9:]}",
        "base64 after a name": "token=" + base64.b64encode(key.encode()).decode(),
        "base64 in a path": "/v1/a/" + base64.b64encode(key.encode()).decode(),
    }


_BREAK = re.compile(r"(?:\\+[rn]|[\r\n\xad\xc2\0]|%(?:25)*0[AaDd]|&#1[03];)+[ \t]*")
_CODE = re.compile(r"\\+(?:(?:u00|U000000|x)([0-9A-Fa-f]{2})|([01][0-7]{2}))")


_NUMBERS = re.compile(
    r"(?:(?:0x[0-9A-Fa-f]{1,2}|\b[1-9][0-9]{1,2})[, ]+){3,}(?:0x[0-9A-Fa-f]{1,2}|[1-9][0-9]{1,2})\b"
)


_SLASH = re.compile(r"\\+/")
_HEX = re.compile("(?:[0-9A-Fa-f]{2}[ :-]?){4,}")
_BETWEEN_HEX = re.compile("[ :-]")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{6,}")


def readings(text: str, depth: int = 2) -> str:
    """The text, and everything that undoing its spellings gives."""
    plain = [text]
    for _ in range(4):
        undone = html.unescape(unquote(plain[-1], "latin-1")).replace("\u2010", "-")
        undone = _CODE.sub(
            lambda code: chr(int(code[1], 16) if code[1] else int(code[2], 8)), undone
        )
        undone = _SLASH.sub("/", undone)
        if undone == plain[-1]:
            break
        plain.append(undone)
    plain = list(dict.fromkeys([*plain, *[_BREAK.sub("", one) for one in plain]]))
    in_hex = dict.fromkeys([run for one in plain for run in _HEX.findall(one)])
    in_numbers = dict.fromkeys([run for one in plain for run in _NUMBERS.findall(one)])
    in_base64 = dict.fromkeys([run for one in plain for run in _BASE64.findall(one)])
    return "\n".join(
        [
            *plain,
            *[_read_hex(_BETWEEN_HEX.sub("", run)) for run in in_hex],
            *[_read_numbers(run) for run in in_numbers],
            *[_read_base64(run, depth - 1) for run in (in_base64 if depth else ())],
        ]
    )


def _read_hex(digits: str) -> str:
    return bytes.fromhex(digits[: len(digits) // 2 * 2]).decode("latin-1")


def _read_numbers(run: str) -> str:
    return bytes([int(number, 0) % 256 for number in re.split("[, ]+", run)]).decode("latin-1")


@lru_cache(maxsize=20_000)
def _read_base64(run: str, depth: int) -> str:
    """What it says from each of four places. Names of headers and keys come again and again."""
    standard = run.replace("-", "+").replace("_", "/")
    seen = []
    for skipped in range(4):
        rest = standard[skipped:]
        rest = rest[: len(rest) - (len(rest) % 4 == 1)]
        data = base64.b64decode(rest + "=" * (-len(rest) % 4)).decode("latin-1")
        seen.append(readings(data, depth))
    return "\n".join(seen)
