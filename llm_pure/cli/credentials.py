"""A request with credentials by name: the shell's variables stand where `authorize` would put the secrets.

A stand-in goes through `authorize` in the key's place, and is then replaced by `$VARIABLE`; the key itself takes no part,
but for its first letters, by which some services tell kinds of keys apart. AWS signatures are left to curl.
"""

import re
from collections.abc import Mapping
from datetime import datetime

import msgspec

from llm_pure.core.provider import Provider
from llm_pure.types.config import SECRET_FIELDS, LLMConfig, reveal
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.http import HttpRequest, get_header
from llm_pure.types.result import Failure, LLMResult, Success

_SIGNED_BY_AWS = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]*/\d+/([^/]+)/([^/]+)/aws4_request")
_BY_SIGNATURE = ("authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256")
_KIND = 4
"""So many letters of a key tell its kind: "AIza", "eyJ", "ya29", "bce-"."""


class Named(msgspec.Struct, frozen=True):
    """A request without secrets, and further options that curl signs it with."""

    request: HttpRequest
    options: tuple[str, ...] = ()


def named_credentials(
    provider: Provider,
    config: LLMConfig,
    environ: Mapping[str, str],
    request: HttpRequest,
    now: datetime,
) -> LLMResult[Named]:
    """The request, authorized by names of variables.

    UnsupportedFeature when they are computed from the keys, as other signatures than AWS's are, or stand in the URL. That shows
    by signing twice, with two stand-ins: a variable in their place makes both requests the same.
    """
    variables = {
        field: _variable(names, environ)
        for field, names in {"api_key": provider.api_key_env, **provider.env_vars}.items()
        if field in SECRET_FIELDS and names
    }
    stand_ins = {
        field: _stand_in(field, reveal(getattr(config, field)))
        for field in variables
        if getattr(config, field)
    }
    nobody = msgspec.structs.replace(config, **dict.fromkeys(SECRET_FIELDS))
    if not stand_ins and "api_key" in variables:
        free = provider.authorize(nobody, request, now)
        if isinstance(free, Success):
            return Success(Named(free.unwrap()))
        stand_ins = {"api_key": _stand_in("api_key", "")}
    named: list[HttpRequest] = []
    for change in ("", "-too"):
        given = {field: stand_in + change for field, stand_in in stand_ins.items()}
        signed = provider.authorize(msgspec.structs.replace(nobody, **given), request, now)
        if isinstance(signed, Failure):
            return signed
        sent = signed.unwrap()
        by_aws = _SIGNED_BY_AWS.match(get_header(sent.headers, "authorization") or "")
        if by_aws is not None:
            return Success(_left_to_curl(request, variables, stand_ins, by_aws[1], by_aws[2]))
        named.append(
            _with_names(sent, {given[field]: f"${variables[field]}" for field in stand_ins})
        )
    if named[0] != named[1]:
        return Failure(_not_for_curl(provider, "computes its credentials from the keys"))
    if named[0].url != request.url:
        return Failure(_not_for_curl(provider, "takes a credential in the URL"))
    return Success(Named(named[0]))


def _with_names(request: HttpRequest, names: Mapping[str, str]) -> HttpRequest:
    """The request with the shell's variables where the stand-ins were; a signature made with one shows by its change."""
    headers = tuple([(name, _replaced(value, names)) for name, value in request.headers])
    return msgspec.structs.replace(request, headers=headers, url=_replaced(request.url, names))


def _not_for_curl(provider: Provider, why: str) -> UnsupportedFeature:
    message = f"{provider.name} {why}: no command can name it by a variable"
    return UnsupportedFeature(message=message, provider=provider.name, feature="curl")


def _variable(names: tuple[str, ...], environ: Mapping[str, str]) -> str:
    """The one that is set, else the first."""
    return next((name for name in names if environ.get(name)), names[0])


def _stand_in(field: str, secret: str) -> str:
    return f"{secret[:_KIND]}-stand-in-for-{field}"


def _replaced(text: str, names: Mapping[str, str]) -> str:
    for stand_in, name in names.items():
        text = text.replace(stand_in, name)
    return text


def _left_to_curl(
    request: HttpRequest,
    variables: Mapping[str, str],
    stand_ins: Mapping[str, str],
    region: str,
    service: str,
) -> Named:
    user = f"${variables['access_key']}:${variables['secret_key']}"
    headers = tuple([pair for pair in request.headers if pair[0] not in _BY_SIGNATURE])
    if "session_token" in stand_ins:
        headers = (*headers, ("x-amz-security-token", f"${variables['session_token']}"))
    return Named(
        msgspec.structs.replace(request, headers=headers),
        (f"--aws-sigv4 'aws:amz:{region}:{service}'", f'--user "{user}"'),
    )
