"""`llm-pure build`: print a request without sending it, as JSON or as a curl command, without secrets.

In a curl command the shell's variables replace the credentials. A placeholder goes through `authorize` in place of each
secret, which `to_curl` replaces by `$VARIABLE`; configured headers that are secret are treated so too. Of the secret itself only the first letters are used, by which some services
distinguish kinds of keys. AWS signatures are left to curl.
"""

import os
import re
from argparse import Namespace
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from llm_pure.cli.exit_codes import OK, CommandFailed, exit_code, value_or_exit
from llm_pure.cli.model_selection import SelectedModel, select_model
from llm_pure.cli.output import out, out_json, print_note
from llm_pure.cli.prompt import read_request
from llm_pure.core.curl import quoted, to_curl
from llm_pure.core.provider import Provider
from llm_pure.types.config import SECRET_FIELDS, LLMConfig, config_secrets, reveal
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.http import HttpRequest, get_header, redact_headers
from llm_pure.types.redact import redact, redact_url
from llm_pure.types.result import Success
from llm_pure.types.secret_spellings import mask_secrets, three_stars

_AWS_SIGNATURE = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]*/\d+/([^/]+)/([^/]+)/aws4_request")
_AWS_HEADERS = ("authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256")
_KEY_PREFIX = 4
"""Letters of a key that show its kind: "AIza", "eyJ", "ya29", "bce-"."""


class DisplayRequest(msgspec.Struct, frozen=True):
    """A request without secrets."""

    request: HttpRequest
    variables: Mapping[str, str] = {}
    """Text in its headers -> the variable that holds the secret in whose place it stands."""
    curl_options: tuple[str, ...] = ()
    """Options with which curl signs the request."""


def run(options: Namespace) -> int:
    """Print the request; adaptations go to standard error."""
    chat = read_request(options)
    selected = value_or_exit(select_model(options))
    secrets = config_secrets(selected.config)
    header_variables: Mapping[str, str] = {}
    if options.curl:
        config, header_variables = _name_header_secrets(selected.config)
        settings = msgspec.structs.replace(selected.settings, config=config)
        selected = SelectedModel(selected.provider, settings)
    built = value_or_exit(selected.provider.build_chat(selected.config, chat))
    for adaptation in built.adaptations:
        print_note(f"{adaptation.field} {adaptation.action}: {adaptation.reason}")
    if options.curl:
        command = _curl_command(selected, built.request, header_variables, include=options.include)
        out(mask_secrets(command, secrets, three_stars))
    else:
        out_json(_display_fields(built.request, secrets), indent=2)
    return OK


def _display_fields(request: HttpRequest, secrets: Collection[str]) -> dict[str, Any]:
    """{method, url, headers, body}; a JSON body is decoded."""
    text = mask_secrets(request.body.decode("utf-8", "replace"), secrets, three_stars)
    try:
        body = msgspec.json.decode(text)
    except msgspec.DecodeError:
        body = text
    return {
        "method": request.method,
        "url": redact(redact_url(request.url), secrets),
        "headers": {
            name: redact(value, secrets) for name, value in redact_headers(request.headers)
        },
        "body": body,
    }


def _name_header_secrets(config: LLMConfig) -> tuple[LLMConfig, dict[str, str]]:
    """Return the configuration with a placeholder for each secret header, and the variable of each placeholder."""
    variables: dict[str, str] = {}
    headers: list[tuple[str, str]] = []
    for name, value in config.headers:
        if redact_headers(((name.lower(), value),)) != ((name.lower(), value),):
            variable = f"HEADER_{re.sub('[^A-Z0-9]', '_', name.upper())}"
            value = f"stand-in-for-header-{variable}-"
            variables[value] = variable
        headers.append((name, value))
    return msgspec.structs.replace(config, headers=tuple(headers)), variables


def _curl_command(
    selected: SelectedModel,
    request: HttpRequest,
    header_variables: Mapping[str, str],
    *,
    include: bool,
) -> str:
    redacted = msgspec.structs.replace(request, url=redact_url(request.url))
    if redacted != request:
        print_note("the credentials in the base URL are not printed: replace *** by them")
    display = name_credentials(
        selected.provider, selected.config, os.environ, redacted, datetime.now(UTC)
    )
    if display.curl_options and "%" in urlsplit(redacted.url).path:
        print_note("old versions of curl sign a path with % wrongly (curl issue 16927)")
    head = ("--include",) if include else ()
    for text, variable in header_variables.items():
        for name, value in display.request.headers:
            if text in value:
                print_note(f"set ${variable} to the configured value of the header {name!r}")
    return to_curl(
        display.request,
        options=(*head, *display.curl_options),
        variables={**display.variables, **header_variables},
    )


def name_credentials(
    provider: Provider,
    config: LLMConfig,
    environ: Mapping[str, str],
    request: HttpRequest,
    now: datetime,
) -> DisplayRequest:
    """Return the request, authorized by the names of environment variables.

    Fails with UnsupportedFeature if the credentials are in the URL, or are computed from the keys (other signatures than
    AWS's). A computed credential shows by authorizing twice with different placeholders: a variable in place of the
    placeholder makes both requests equal.
    """
    variables = {
        field: _variable(names, environ)
        for field, names in {"api_key": provider.api_key_env, **provider.env_vars}.items()
        if field in SECRET_FIELDS and names
    }
    placeholders = {
        field: _placeholder(field, reveal(getattr(config, field)))
        for field in variables
        if getattr(config, field)
    }
    without_secrets = msgspec.structs.replace(config, **dict.fromkeys(SECRET_FIELDS))
    if not placeholders and "api_key" in variables:
        without_key = provider.authorize(without_secrets, request, now)
        if isinstance(without_key, Success):
            return DisplayRequest(without_key.unwrap())
        placeholders = {"api_key": _placeholder("api_key", "")}
    displayed: list[HttpRequest] = []
    for suffix in ("", "-too"):
        secrets = {field: placeholder + suffix for field, placeholder in placeholders.items()}
        with_placeholders = msgspec.structs.replace(without_secrets, **secrets)
        signed = value_or_exit(provider.authorize(with_placeholders, request, now))
        aws = _AWS_SIGNATURE.match(get_header(signed.headers, "authorization") or "")
        if aws is not None:
            return _signed_by_curl(request, variables, "session_token" in placeholders, aws)
        common = {secrets[field]: placeholders[field] for field in placeholders}
        displayed.append(_replace_secrets(signed, common))
    if displayed[0] != displayed[1]:
        raise _unsupported(provider, "computes its credentials from the keys")
    if displayed[0].url != request.url:
        raise _unsupported(provider, "takes a credential in the URL")
    return DisplayRequest(
        displayed[0],
        {placeholder: variables[field] for field, placeholder in placeholders.items()},
    )


def _replace_secrets(request: HttpRequest, names: Mapping[str, str]) -> HttpRequest:
    def replace(text: str) -> str:
        for secret, name in names.items():
            text = text.replace(secret, name)
        return text

    headers = tuple([(name, replace(value)) for name, value in request.headers])
    return msgspec.structs.replace(request, headers=headers, url=replace(request.url))


def _unsupported(provider: Provider, reason: str) -> CommandFailed:
    message = f"{provider.name} {reason}; a command cannot name it by a variable"
    error = UnsupportedFeature(message=message, provider=provider.name, feature="curl")
    return CommandFailed(error, exit_code(error))


def _variable(names: tuple[str, ...], environ: Mapping[str, str]) -> str:
    """Return the first name that is set, else the first name."""
    return next((name for name in names if environ.get(name)), names[0])


def _placeholder(field: str, secret: str) -> str:
    return f"{secret[:_KEY_PREFIX]}-stand-in-for-{field}"


def _signed_by_curl(
    request: HttpRequest, variables: Mapping[str, str], has_session: bool, aws: re.Match[str]
) -> DisplayRequest:
    """Return the unsigned request, and the options with which curl computes its AWS signature."""
    headers = tuple([pair for pair in request.headers if pair[0] not in _AWS_HEADERS])
    session = _placeholder("session_token", "")
    if has_session:
        headers = (*headers, ("x-amz-security-token", session))
    user = f"${variables['access_key']}:${variables['secret_key']}"
    return DisplayRequest(
        msgspec.structs.replace(request, headers=headers),
        {session: variables["session_token"]} if has_session else {},
        (f"--aws-sigv4 {quoted(f'aws:amz:{aws[1]}:{aws[2]}')}", f'--user "{user}"'),
    )
