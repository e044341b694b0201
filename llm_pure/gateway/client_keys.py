"""The keys by which clients of the gateway identify themselves: section `serve.keys` -> look-up, expiry, permissions. Pure.

    keys:
      laptop: {sha256: "9f2c...", max_budget: 5, budget_duration: 1d}
      ci:     {sha256: "77ab...", models: [fast], requests_per_minute: 60, max_parallel_requests: 8, expires: 2027-01-01}

The file has SHA-256 hashes only. A key is 32 random bytes, so that a slow hash would protect nothing more.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from difflib import get_close_matches
from hashlib import sha256
from typing import Any

import msgspec

from llm_pure.policy.rate_limit import RateLimit
from llm_pure.pricing.accounts import is_period
from llm_pure.types.config import Secret
from llm_pure.types.errors import AuthenticationFailed, InvalidConfiguration, NotFound
from llm_pure.types.rejection import Rejected, returns_failure
from llm_pure.types.result import Failure, LLMResult, Success

KEY_BYTES = 32
KEY_PREFIX = "lp-"

ALIASES: Mapping[str, str] = {"rpm_limit": "requests_per_minute", "tpm_limit": "tokens_per_minute"}
"""Names of litellm's proxy -> ours."""

MAX_AMOUNT = Decimal(10) ** 9
_HASH_LENGTH = 64


class ClientKey(msgspec.Struct, frozen=True, kw_only=True):
    """One client of the gateway, and what it may do."""

    name: str = ""
    """For logs, metrics and budgets; "" for the clients of a gateway without keys."""
    sha256: str = ""
    """Of the key's text, in hexadecimal."""
    models: tuple[str, ...] | None = None
    """Names of the configured models that the key may use; None for all."""
    expires: datetime | None = None
    max_budget: Decimal | None = None
    """In US dollars for each `budget_duration`; None is no limit."""
    budget_duration: str = ""
    """30s, 5m, 1h, 1d, 30d, 1mo; "" for a budget that is never renewed."""
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    max_parallel_requests: int | None = None
    allow_unknown_prices: bool = False
    """Send calls to models without a known price although there is a budget; they cost nothing then."""
    metrics: bool = False
    """May read /metrics, which has the names and costs of all keys."""

    @property
    def limit(self) -> RateLimit | None:
        """The rate limit; None without one."""
        if self.requests_per_minute is None and self.tokens_per_minute is None:
            return None
        return RateLimit(
            requests_per_minute=self.requests_per_minute, tokens_per_minute=self.tokens_per_minute
        )

    def permits(self, model: str) -> LLMResult[None]:
        """Check that the key may use a configured model.

        Fails with NotFound, so that a key does not learn which other models there are.
        """
        if self.models is None or model in self.models:
            return Success(None)
        return Failure(NotFound(message=f"model: {model}", status=404, code="model_not_found"))

    def allowed(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of the model names that the key may use, for model lists."""
        return tuple([name for name in names if self.models is None or name in self.models])


OPEN = ClientKey(metrics=True)
"""Stands for the clients of a gateway without keys."""


class ClientKeys(msgspec.Struct, frozen=True):
    """The keys of a gateway by their hash."""

    by_hash: Mapping[str, ClientKey] = {}
    notes: tuple[str, ...] = ()
    """What of the section was read under another name."""

    def __bool__(self) -> bool:
        """False for a gateway without keys."""
        return bool(self.by_hash)

    @property
    def keys(self) -> tuple[ClientKey, ...]:
        """All keys, in the order of the file."""
        return tuple(self.by_hash.values())

    def authenticate(self, credentials: Sequence[Secret], now: datetime) -> LLMResult[ClientKey]:
        """Return the key of the first valid credential: some clients send two, one of them for another service.

        Fails with AuthenticationFailed, whose code is "invalid_api_key" or "expired_api_key".
        """
        expired: ClientKey | None = None
        for credential in credentials:
            key = self._lookup(credential)
            if key is None:
                continue
            if key.expires is None or now < key.expires:
                return Success(key)
            expired = key
        if expired is not None:
            message, code = (
                f"the key {expired.name!r} of this gateway has expired",
                "expired_api_key",
            )
        elif credentials:
            message, code = "this gateway does not know the key of the request", "invalid_api_key"
        else:
            message, code = "this gateway needs a key, and the request has none", "invalid_api_key"
        return Failure(AuthenticationFailed(message=message, status=401, code=code))

    def _lookup(self, credential: Secret) -> ClientKey | None:
        """Look up by the hash, of which a client cannot choose a part; the comparison takes the same time for all."""
        digest = key_hash(credential.reveal())
        key = self.by_hash.get(digest)
        return key if key is not None and hmac.compare_digest(key.sha256, digest) else None


def create_key(random_bytes: bytes) -> Secret:
    """Return a new key of 32 random bytes. Raises ValueError for another number of bytes.

    >>> create_key(bytes(32)).reveal()
    'lp-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    """
    if len(random_bytes) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} random bytes, not {len(random_bytes)}")
    return Secret(KEY_PREFIX + urlsafe_b64encode(random_bytes).rstrip(b"=").decode())


def key_hash(text: str) -> str:
    """Return the SHA-256 of a key as the file has it."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@returns_failure
def parse_client_keys(section: Mapping[str, Any] | None, path: str = "serve/keys") -> ClientKeys:
    """Return the keys of the section `serve.keys`: name -> fields.

    Fails with InvalidConfiguration, whose field is a path such as `serve/keys/ci/models`; no message has a value of the file.
    """
    if not isinstance(section, Mapping | None):
        raise _invalid(path, "must be a mapping of names to keys")
    by_hash: dict[str, ClientKey] = {}
    notes: list[str] = []
    for name, fields in (section or {}).items():
        key = _parse_key(str(name), fields, f"{path}/{name}", notes)
        if key.sha256 in by_hash:
            raise _invalid(f"{path}/{name}/sha256", f"is that of {by_hash[key.sha256].name!r} too")
        by_hash[key.sha256] = key
    return ClientKeys(by_hash, tuple(notes))


def _parse_key(name: str, fields: object, path: str, notes: list[str]) -> ClientKey:
    if not name:
        raise _invalid(path, "is a key without a name")
    if not isinstance(fields, Mapping):
        raise _invalid(path, "must be a mapping with sha256; `llm-pure serve key NAME` prints one")
    values: dict[str, Any] = {}
    known = [field for field in ClientKey.__struct_fields__ if field != "name"]
    for field, value in fields.items():
        ours = ALIASES.get(str(field), str(field))
        if ours not in known:
            near = tuple(get_close_matches(ours.lower(), known, n=1, cutoff=0.5))
            raise _invalid(f"{path}/{field}", "is not known", near)
        if ours != field:
            if ours in fields:
                raise _invalid(f"{path}/{field}", f"is another name of {ours}, which is set too")
            notes.append(f"{path}/{field} is read as {ours}")
        if value is not None:
            values[ours] = _READERS[ours](value, f"{path}/{field}")
    if "sha256" not in values:
        raise _invalid(f"{path}/sha256", "is missing; `llm-pure serve key NAME` prints a new one")
    if values.get("budget_duration") and "max_budget" not in values:
        raise _invalid(f"{path}/budget_duration", "needs max_budget")
    return ClientKey(name=name, **values)


def _read_hash(value: object, path: str) -> str:
    text = str(value).strip().lower() if isinstance(value, str | int) else ""
    if len(text) != _HASH_LENGTH or not set(text) <= set("0123456789abcdef"):
        raise _invalid(path, "must be the 64 hexadecimal digits of a SHA-256, not the key itself")
    return text


def _read_models(value: object, path: str) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise _invalid(path, "must be a list of model names")
    return tuple(names)


def _read_expiry(value: object, path: str) -> datetime:
    """YAML has read a date already. A date is its first moment, and a time without a zone is UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise _invalid(path, "must be a date such as 2027-01-31, or a time") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        raise _invalid(path, "must be a date such as 2027-01-31, or a time")
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


def _read_number(value: object, path: str, *, least: Decimal = Decimal(0)) -> Decimal:
    try:
        number = Decimal(str(value)) if not isinstance(value, bool) else None
    except ArithmeticError:
        number = None
    if number is None or not number.is_finite() or not least <= number <= MAX_AMOUNT:
        raise _invalid(path, f"must be a number of at least {least}")
    return number


def _read_rate(value: object, path: str) -> float:
    return float(_read_number(value, path, least=Decimal(1)))


def _read_count(value: object, path: str) -> int:
    number = _read_number(value, path, least=Decimal(1))
    if number != number.to_integral_value():
        raise _invalid(path, "must be an integer of at least 1")
    return int(number)


def _read_period(value: object, path: str) -> str:
    text = str(value).strip().lower() if isinstance(value, str) else ""
    if not text or not is_period(text):
        raise _invalid(path, "must be a time such as 30s, 5m, 1h, 1d, 30d or 1mo")
    return text


def _read_bool(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise _invalid(path, "must be true or false")
    return value


_READERS: Mapping[str, Any] = {
    "sha256": _read_hash,
    "models": _read_models,
    "expires": _read_expiry,
    "max_budget": _read_number,
    "budget_duration": _read_period,
    "requests_per_minute": _read_rate,
    "tokens_per_minute": _read_rate,
    "max_parallel_requests": _read_count,
    "allow_unknown_prices": _read_bool,
    "metrics": _read_bool,
}
"""Field -> function that reads it from a value of YAML."""


def _invalid(path: str, problem: str, suggestions: tuple[str, ...] = ()) -> Rejected:
    return Rejected(
        InvalidConfiguration(message=f"{path} {problem}", field=path, suggestions=suggestions)
    )
