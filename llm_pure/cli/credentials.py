"""A request with credentials by name: the shell's variables stand where `authorize` would put the secrets.

A stand-in goes through `authorize` in the key's place, and is then replaced by `$VARIABLE`; the key itself takes no part,
but for its first letters, by which some services tell kinds of keys apart. AWS signatures are left to curl.
"""

import re
from collections.abc import Mapping
from datetime import datetime

import msgspec

from llm_pure.config import SECRET_FIELDS, LLMConfig, reveal
from llm_pure.errors import ConfigurationInvalid, Unsupported
from llm_pure.http import HttpRequest, header
from llm_pure.provider import Provider
from llm_pure.result import Failure, Parsed, Success

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
) -> Parsed[Named]:
    """The request, authorized by names of variables.

    Unsupported when the credentials are computed from the key, and so cannot be the shell's variable.
    """
    variables = {
        field: _variable(names, environ)
        for field, names in {"api_key": provider.key_variables, **provider.variables}.items()
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
    signed = provider.authorize(msgspec.structs.replace(nobody, **stand_ins), request, now)
    if isinstance(signed, Failure):
        return signed
    sent = signed.unwrap()
    by_aws = _SIGNED_BY_AWS.match(header(sent.headers, "authorization") or "")
    if by_aws is not None:
        return Success(_left_to_curl(request, variables, stand_ins, by_aws[1], by_aws[2]))
    names = {stand_in: f"${variables[field]}" for field, stand_in in stand_ins.items()}
    ready = msgspec.structs.replace(
        sent, headers=tuple([(name, _replaced(value, names)) for name, value in sent.headers])
    )
    if ready == sent and sent != request:
        message = f"{provider.name} computes its credentials from the key: curl cannot do that"
        return Failure(Unsupported(message=message, provider=provider.name, feature="curl"))
    if _replaced(sent.url, names) != sent.url:
        message = f"{provider.name} takes its key in the URL, where it would be seen"
        return Failure(ConfigurationInvalid(message=message, provider=provider.name))
    return Success(Named(ready))


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
