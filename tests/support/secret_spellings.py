"""How a key may be spelled in a text, and what a reader makes of it who undoes every spelling."""

import base64
import html
import re
from urllib.parse import quote, unquote

NAMED = {"+": "&plus;", "/": "&sol;", "_": "&lowbar;", "-": "&hyphen;", "=": "&equals;"}


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
        "hex": key.encode().hex(),
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
        "base64 after a name": "token=" + base64.b64encode(key.encode()).decode(),
        "base64 in a path": "/v1/a/" + base64.b64encode(key.encode()).decode(),
    }


def readings(text: str, depth: int = 2) -> str:
    """The text, and everything that undoing its spellings gives."""
    plain = text
    for _ in range(3):
        plain = html.unescape(unquote(plain, "latin-1"))
        plain = re.sub(r"\\+(?:u00|x)([0-9A-Fa-f]{2})", lambda code: chr(int(code[1], 16)), plain)
        plain = re.sub(r"\\+/", "/", plain)
    seen = [text, plain]
    seen += [
        bytes.fromhex(run[: len(run) // 2 * 2]).decode("latin-1")
        for run in re.findall("[0-9A-Fa-f]{8,}", text)
    ]
    for run in re.findall(r"[A-Za-z0-9+/_-]{6,}", text) if depth else ():
        standard = run.replace("-", "+").replace("_", "/")
        for skipped in range(4):
            rest = standard[skipped:]
            rest = rest[: len(rest) - (len(rest) % 4 == 1)]
            data = base64.b64decode(rest + "=" * (-len(rest) % 4)).decode("latin-1")
            seen.append(readings(data, depth - 1))
    return "\n".join(seen)
