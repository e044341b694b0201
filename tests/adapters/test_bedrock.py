"""The provider bedrock: where it is, and how it is let in."""

from datetime import UTC, datetime
from typing import Any

import pytest

from llm_pure import ChatRequest, HttpRequest, LLMConfig, describe
from llm_pure.adapters import registry
from llm_pure.adapters.bedrock import PROVIDER
from llm_pure.signing.aws_sigv4 import AwsCredentials, sign
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import get_header
from llm_pure.types.result import Success

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEYS: dict[str, Any] = {
    "access_key": "AKIDEXAMPLE",
    "secret_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
}


def request(config: LLMConfig) -> HttpRequest:
    return PROVIDER.build_chat(config, ChatRequest(messages="Hi")).unwrap().request


def authorized(config: LLMConfig) -> HttpRequest:
    return PROVIDER.authorize(config, request(config), NOW).unwrap()


def test_the_registry_knows_it() -> None:
    assert registry.get("bedrock") == Success(PROVIDER)
    assert PROVIDER.name == "bedrock"
    assert PROVIDER.base_url == "https://bedrock-runtime.us-east-1.amazonaws.com"
    assert PROVIDER.api_key_env == ("AWS_BEARER_TOKEN_BEDROCK",)
    assert set(PROVIDER.env_vars) == {"access_key", "secret_key", "session_token", "region_name"}


def test_a_key_is_a_bearer_token_and_needs_no_signature() -> None:
    config = LLMConfig(model="m", api_key="ABSKtoken", **KEYS)
    assert authorized(config).headers == (
        *request(config).headers,
        ("authorization", "Bearer ABSKtoken"),
    )


@pytest.mark.parametrize("api_key", [None, "YOUR_API_KEY"], ids=["no key", "a placeholder"])
def test_credentials_sign_the_request_as_it_is_sent(api_key: str | None) -> None:
    model = "arn:aws:bedrock:eu-west-1:1:application-inference-profile/abc"
    config = LLMConfig(model=model, api_key=api_key, session_token="TOKEN==", **KEYS)
    got = authorized(config)
    credentials = AwsCredentials(session_token="TOKEN==", **KEYS)
    assert got == sign(request(config), credentials, region="eu-west-1", service="bedrock", now=NOW)
    assert "/model/arn%3Aaws%3A" in got.url
    signature = get_header(got.headers, "authorization") or ""
    assert signature.startswith(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261120/eu-west-1/bedrock/aws4_request, "
        "SignedHeaders=accept;content-type;host;x-amz-date;x-amz-security-token, Signature="
    )


@pytest.mark.parametrize(
    ("config", "region"),
    [
        (LLMConfig(model="m"), "us-east-1"),
        (LLMConfig(model="m", region_name="ap-southeast-2"), "ap-southeast-2"),
        (
            LLMConfig(
                model="m",
                region_name="us-east-1",
                base_url="https://vpce-1.bedrock-runtime.us-gov-west-1.vpce.amazonaws.com",
            ),
            "us-gov-west-1",
        ),
        (LLMConfig(model="m", region_name="eu-west-3", base_url="http://localhost:8080"), "eu-west-3"),
        (
            LLMConfig(model="m", base_url="https://bedrock-runtime-fips.ca-central-1.amazonaws.com"),
            "ca-central-1",
        ),
    ],
    ids=["default", "configured", "the host's own", "a proxy", "FIPS"],
)  # fmt: skip
def test_the_signature_is_for_the_region_that_is_asked(config: LLMConfig, region: str) -> None:
    signed = PROVIDER.authorize(
        LLMConfig(model="m", region_name=config.region_name, **KEYS), request(config), NOW
    ).unwrap()
    assert f"/20261120/{region}/bedrock/" in (get_header(signed.headers, "authorization") or "")


@pytest.mark.parametrize(
    ("config", "field", "named"),
    [
        (LLMConfig(model="m"), "api_key", "AWS_ACCESS_KEY_ID"),
        (LLMConfig(model="m"), "api_key", "AWS_BEARER_TOKEN_BEDROCK"),
        (LLMConfig(model="m", api_key="YOUR_API_KEY"), "api_key", "AWS_BEARER_TOKEN_BEDROCK"),
        (LLMConfig(model="m", access_key="AKID"), "secret_key", "AWS_SECRET_ACCESS_KEY"),
        (LLMConfig(model="m", secret_key="s3cret"), "access_key", "AWS_ACCESS_KEY_ID"),
        (
            LLMConfig(model="m", session_token="a\nb", **KEYS),
            "session_token",
            "AWS_SESSION_TOKEN",
        ),
    ],
    ids=["nothing", "nothing, again", "a placeholder", "half", "the other half", "odd token"],
)
def test_missing_credentials_are_named_by_their_variables(
    config: LLMConfig, field: str, named: str
) -> None:
    error = PROVIDER.authorize(config, request(config), NOW).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == field
    assert named in error.message
    assert "s3cret" not in describe(error)


def test_an_authorization_header_of_the_users_own_is_enough() -> None:
    config = LLMConfig(model="m", headers=(("Authorization", "Bearer own"),))
    assert get_header(request(config).headers, "authorization") is None
    assert get_header(authorized(config).headers, "authorization") == "Bearer own"


def test_no_secret_is_in_what_is_built() -> None:
    config = LLMConfig(model="m", api_key="ABSKtoken", session_token="TOKEN", **KEYS)
    built = repr(PROVIDER.build_chat(config, ChatRequest(messages="Hi")))
    assert not [one for one in ("ABSKtoken", "TOKEN", *KEYS.values()) if one in built]
