"""The provider bedrock_invoke: as bedrock, but for its bodies."""

from datetime import UTC, datetime

from llm_pure import ChatRequest, LLMConfig
from llm_pure.adapters import bedrock, registry
from llm_pure.adapters.bedrock_invoke import PROVIDER
from llm_pure.types.http import get_header
from llm_pure.types.result import Success


def test_the_registry_knows_it() -> None:
    assert registry.get("bedrock_invoke") == Success(PROVIDER)
    assert (PROVIDER.name, PROVIDER.dialect) == ("bedrock_invoke", "bedrock_invoke")


def test_it_is_where_bedrock_is_and_wants_the_same_credentials() -> None:
    for field in ("base_url", "api_key_env", "base_url_env", "env_vars"):
        assert getattr(PROVIDER, field) == getattr(bedrock.PROVIDER, field)


def test_the_signature_covers_what_is_asked_of_the_stream() -> None:
    config = LLMConfig(
        model="us.anthropic.claude-sonnet-4-20250514-v1:0", access_key="AKID", secret_key="s3cret"
    )
    request = ChatRequest(messages="Hi", stream=True)
    built = PROVIDER.build_chat(config, request).unwrap()
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    signed = PROVIDER.authorize(config, built.request, now).unwrap()
    signature = get_header(signed.headers, "authorization") or ""
    assert "SignedHeaders=accept;content-type;host;x-amz-date;x-amzn-bedrock-accept," in signature
    assert "s3cret" not in repr(signed)
