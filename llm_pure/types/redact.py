"""What is secret in a call, and its removal from text: the one place that every repr, error, log and cassette uses.

Three kinds of secrets: texts in the format of a key (`SECRET_PATTERN`), credentials of URLs inside a text, and the known
secrets of a call (`header_parts`, `cookie_parts`, `url_secrets`, `types.config.config_secrets`) in any spelling
(`types.secret_spellings`). Pure, linear.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote

from llm_pure.types.secret_spellings import MIN_SECRET_LENGTH, Mask, mask_secrets, three_stars

_KEY_FORMATS = (
    # OpenAI, Anthropic, OpenRouter, DeepSeek; also their masked forms
    ("sk-", r"(?<![A-Za-z0-9]sk-)(?:ant-|or-|proj-|svcacct-)?[A-Za-z0-9_*-]{8,}"),
    ("AIza", "[0-9A-Za-z_-]{20,}"),  # Google
    ("AKIA", "[0-9A-Z]{16}"),  # AWS
    ("ASIA", "[0-9A-Z]{16}"),
    ("ABSK", "[A-Za-z0-9+/=]{20,}"),  # Bedrock API keys
    ("gsk_", "[A-Za-z0-9]{16,}"),
    ("xai-", "[A-Za-z0-9]{16,}"),
    ("hf_", "[A-Za-z0-9]{16,}"),
    ("csk-", "[a-z0-9]{16,}"),
    ("nvapi-", "[A-Za-z0-9_-]{16,}"),
    ("pplx-", "[A-Za-z0-9]{16,}"),
    ("fw_", "[A-Za-z0-9]{16,}"),
    ("r8_", "[A-Za-z0-9]{16,}"),
    ("tgp_v1_", "[A-Za-z0-9_-]{16,}"),
    ("ghp_", "[A-Za-z0-9]{20,}"),
    ("github_pat_", "[A-Za-z0-9_]{20,}"),
    ("bce-v3/", "[A-Za-z0-9/_-]{16,}"),
    ("lp-", r"(?<![A-Za-z0-9_-]lp-)[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])"),  # clients of our gateway
    ("ya29.", "[0-9A-Za-z_-]{16,}"),  # OAuth
    # JWT: not inside a longer word, or each "eyJ" of a word would read the rest of it; an escape may stand before it
    (
        "eyJ",
        (
            r"(?:(?<![A-Za-z0-9_-]eyJ)|(?<=\\[nrtbf]eyJ)|(?<=%[0-9A-Fa-f]{2}eyJ)|(?<=\\u[0-9A-Fa-f]{4}eyJ))"
            r"[A-Za-z0-9_-]{10,}+\.[A-Za-z0-9_-]{10,}+\.[A-Za-z0-9_-]{8,}"
        ),
    ),
)
"""Formats of keys: what they begin with, and a pattern of the rest."""

SECRET_PATTERN = re.compile(
    "|".join([re.escape(start) + rest for start, rest in _KEY_FORMATS])
    + r"|[bB](?i:earer) +(?=[^ ]*[0-9])[A-Za-z0-9._~+/=-]{12,}"
)
"""The formats of the providers' keys. A mere prefix ("sk-") does not match."""

_KEY_STARTS = tuple([start.lower() for start, _ in _KEY_FORMATS] + ["bearer "])
_SHORTEST_KEY = 11
"""Length of the shortest text that SECRET_PATTERN matches: "sk-" and eight more."""


def may_hold_key(text: str) -> bool:
    """Return false if nothing in a text can match SECRET_PATTERN: looking for its beginnings is far cheaper."""
    if len(text) < _SHORTEST_KEY:
        return False
    low = text.lower()
    for start in _KEY_STARTS:  # noqa: SIM110 - any() takes twice the time, and every string of every error comes here
        if start in low:
            return True
    return False


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Replace by `***` all text in the format of a key, credentials of URLs, and these secrets (of at least four characters).

    >>> redact("Incorrect API key provided: sk-abcdefgh12345678.")
    'Incorrect API key provided: ***.'
    """
    if secrets:
        known = [secret for secret in secrets if len(secret) >= MIN_SECRET_LENGTH]
        text = mask_secrets(text, known, three_stars)
    text = redact_urls(text)
    return SECRET_PATTERN.sub("***", text) if may_hold_key(text) else text


def redact_bytes(data: bytes) -> bytes:
    """Redact bytes that may be text; other bytes stay unchanged."""
    return redact(data.decode("latin-1")).encode("latin-1")


# names


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SECRET_WORDS = _words(
    "secret password passwd passphrase pwd credential credentials authorization cookie"
)
"""Last words of names whose text is a secret."""

_SECRET_ENDS = tuple(
    _words(
        "apikey appkey accesskey secretkey privatekey signingkey subscriptionkey authkey accesstoken "
        "authtoken bearertoken sessiontoken refreshtoken idtoken securitytoken apitoken apisecret "
        "appsecret clientsecret signingsecret webhooksecret connectionstring"
    )
)
"""Ends of such names that are written as one word."""

_PUBLIC_WORDS = {
    "token": _words(
        "page next previous prev continuation cursor sync start stop end first last eos bos pad unk sep "
        "cls mask special think thinking reasoning image audio text input output prompt completion "
        "cached total max min top per draft new best chosen sampled predicted decoded"
    ),
    "key": _words(
        "cache public idempotency primary foreign partition sort group object lookup routing row map "
        "json dict param parameter field message translation answer metadata dedup deduplication hot "
        "arrow"
    ),
    "signature": _words("thought thinking reasoning function method type call key time redacted"),
}
"""Last word of a name -> words before it with which it is no secret. Alone none of these is one."""

_PAIR_WORDS = _words("key token sig signature auth code_verifier assertion session sid")
"""Names of queries and forms whose value is a secret, although they are none in JSON (a logprob has a "token")."""

_WORDS = re.compile(r"[A-Z]++(?![a-z])|[A-Z]?[a-z]++|[A-Z]|[0-9]++")


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Return true if the text under this name in JSON is a secret.

    >>> [is_secret_name(name) for name in ("webhook_secret", "xAuthToken", "next_page_token", "token", "monkey")]
    [True, True, False, False, False]
    """
    if len(name) > 100:
        return False
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words:
        return False
    *before, last = words
    if last in _PUBLIC_WORDS:
        return bool(before) and before[-1] not in _PUBLIC_WORDS[last]
    return (
        last in _SECRET_WORDS
        or last.endswith(_SECRET_ENDS)
        or words[-2:] == ["connection", "string"]
        or words[-3:] == ["access", "key", "id"]
    )


def is_secret_pair(name: str) -> bool:
    """Return true if the value of this name in a query or form is a secret.

    >>> is_secret_pair("X-Amz-Signature"), is_secret_pair("sig"), is_secret_pair("monkey")
    (True, True, False)
    """
    low = name.lower()
    return low in _PAIR_WORDS or low in ("client_id", "client-id") or is_secret_name(name)


# URLs

_HOST = re.compile(
    r"(?:[A-Za-z0-9_-]{1,63}\.)++[A-Za-z0-9-]{1,63}\.?(?::[0-9]{0,5})?"
    r"|localhost(?::[0-9]{0,5})?|[A-Za-z0-9_-]{1,63}|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{0,5})?"
)
"""The authority of a URL without user information. A single word with a port may be a user with a password."""

_HOST_START = re.compile(
    r"(?:(?:[A-Za-z0-9_-]{1,63}\.)++[A-Za-z][A-Za-z0-9-]{0,62}|(?:[0-9]{1,3}\.){3}[0-9]{1,3}|localhost"
    r"|[A-Za-z0-9_-]{1,63}(?=[:/])|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?(?:[/?#]|$)"
)
"""What follows the last "@" if that ends the user information, and not a word in a path."""

_AUTHORITY_END = re.compile(r"[/?#]")
_URL_IN_TEXT = re.compile(r"(?<=://)[^\s\"'<>`]++")
_PAIR = re.compile(
    r"((?:[?&;]|\\u0026|%26|&amp;)((?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2}){1,60})(?:=|%3[dD]|\\u003[dD]))([^&#;\\\s\"'<>]++)"
)


def _userinfo_end(rest: str) -> int:
    """Return the position of the "@" that ends the user information of `user:password@host/...`, -1 without any.

    Passwords with / ? # @ are hidden up to the last "@", unless the host is clear and the last "@" is in the path.
    """
    last = rest.rfind("@")
    if last < 0:
        return -1
    authority = _AUTHORITY_END.split(rest, maxsplit=1)[0]
    end = authority.rfind("@")
    if _HOST.fullmatch(authority[end + 1 :]) and not _HOST_START.match(rest, last + 1):
        return end
    return last


def _redact_rest(rest: str, mask: Mask) -> str:
    """Mask the credentials of what follows the "://" of a URL."""
    end = _userinfo_end(rest)
    if end >= 0:
        rest = mask(rest[:end]) + rest[end:]

    def masked(pair: re.Match[str]) -> str:
        return pair[1] + mask(pair[3]) if is_secret_pair(unquote(pair[2])) else pair[0]

    return _PAIR.sub(masked, rest)


def redact_url(url: str) -> str:
    """Return the URL with `***` for user information and for query values that are credentials.

    >>> redact_url("https://me:pw@example.org/chat?access_token=abc&n=1")
    'https://***@example.org/chat?access_token=***&n=1'
    >>> redact_url("http://me:p@ss/w?rd@proxy:3128")
    'http://***@proxy:3128'
    """
    scheme, mark, rest = url.partition("://")
    if not mark:
        scheme, rest = "", url
    return scheme + mark + _redact_rest(rest, three_stars)


def redact_proxy(url: str) -> str:
    """Return the URL of a proxy, which has no path: all before the last "@" is hidden.

    >>> redact_proxy("http://me:12/3@proxy")
    'http://***@proxy'
    """
    before, at, host = url.rpartition("@")
    scheme, mark, _ = before.partition("://")
    return f"{scheme + mark if mark else ''}***@{host}" if at else redact_url(url)


def redact_urls(text: str, mask: Mask = three_stars) -> str:
    """Mask the credentials of all URLs inside a text."""
    if "://" not in text:
        return text
    return _URL_IN_TEXT.sub(lambda match: _redact_rest(match[0], mask), text)


def url_secrets(url: str, *, is_proxy: bool = False) -> Iterator[str]:
    """Yield the password (without one, the user) and the secret query values of a URL, as they are and decoded.

    A proxy has no path: all before the last "@" is user information.
    """
    rest = url.partition("://")[2] or url
    end = rest.rfind("@") if is_proxy else _userinfo_end(rest)
    if end >= 0:
        user, colon, password = rest[:end].partition(":")
        values = [password or user]
        if colon and looks_generated(user):
            values.append(user)
        for value in values:
            yield from (value, unquote(value))
            # libraries quote the piece that they take for a port or a host
            yield from filter(looks_generated, re.split(r"[/?#@]", value))
    for name, value in parse_qsl(rest.partition("?")[2].partition("#")[0]):
        if is_secret_pair(name):
            yield from (value, quote(value, safe=""))


# headers

_SEPARATORS = re.compile(r"[\s;,]+")
_LONG = 20


def looks_generated(text: str) -> bool:
    """Return whether a text is probably not a word: it has a digit or is long."""
    return len(text) >= _LONG or any(map(str.isdigit, text))


def header_parts(value: str) -> Iterator[str]:
    """Yield the secrets of a credential header: `Bearer KEY`, `Basic ...`, `Credential=..., Signature=...`, `me:KEY`, KEY."""
    parts = _SEPARATORS.split(value.strip())
    if len(parts) == 1 and "=" not in value.rstrip("="):
        yield from (parts[0], parts[0].partition(":")[2])
    elif len(parts) == 2 and parts[0].lower() == "basic":
        yield parts[1]
        try:
            pair = base64.b64decode(parts[1]).decode("latin-1")
        except (binascii.Error, ValueError):
            return
        user, _, password = pair.partition(":")
        yield password or user
    elif len(parts) == 2 and "=" not in parts[0]:
        yield from (parts[1], parts[1].partition(":")[2])
        yield parts[1].rstrip("=").partition("=")[2].strip('"')
    else:
        for name, _, text in [part.partition("=") for part in parts]:
            yield from filter(looks_generated, [(text or name).strip('"')])


def cookie_parts(value: str) -> Iterator[str]:
    """Yield the values of the cookies in a Cookie header."""
    for pair in value.split(";"):
        yield pair.partition("=")[2].strip().strip('"')
