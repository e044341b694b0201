"""Keys out of free text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.types.redact import SECRET_PATTERN, may_hold_key, redact, redact_bytes

LONG = "a1B2" * 10


@pytest.mark.parametrize(
    "key",
    [
        f"sk-{LONG[:20]}",
        f"sk-proj-{LONG[:20]}",
        f"sk-ant-api03-{LONG[:10]}-_{LONG[:9]}",
        "sk-abcd********wxyz",
        f"AIza{LONG[:24]}",
        "AKIA" + "A1B2" * 4,
        "ASIA" + "A1B2" * 4,
        f"ABSK{LONG}==",
        f"gsk_{LONG[:20]}",
        f"xai-{LONG[:20]}",
        f"hf_{LONG[:20]}",
        "csk-" + "a1b2" * 5,
        f"nvapi-{LONG[:20]}",
        f"pplx-{LONG[:20]}",
        f"fw_{LONG[:20]}",
        f"r8_{LONG[:20]}",
        f"tgp_v1_{LONG[:20]}",
        f"ghp_{LONG[:22]}",
        f"github_pat_{LONG[:22]}",
        f"bce-v3/ALTAK-{LONG[:20]}",
        f"lp-{(LONG * 2)[:43]}",
        f"ya29.{LONG[:20]}",
        f"eyJ{LONG[:12]}.{LONG[:12]}.{LONG[:12]}",
        f"Bearer {LONG[:20]}",
        f"bearer  {LONG[:20]}",
    ],
    ids=lambda key: key[:10],
)
def test_what_looks_like_a_key_is_concealed(key: str) -> None:
    assert redact(f"Incorrect key: {key}, see docs") == "Incorrect key: ***, see docs"
    assert redact_bytes(f"Incorrect key: {key}, é".encode()) == "Incorrect key: ***, é".encode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "set a key that begins with sk-",
        "sk-short",
        "lp-short",
        f"help-{(LONG * 2)[:43]}",
        "a task-related-question here",
        "the bearer of good tidings",
        "Bearer authentication-is-needed",
        "AIza",
        "eyJhbGciOi",
    ],
)
def test_what_only_begins_like_one_is_left(text: str) -> None:
    assert redact(text) == text


def test_given_secrets_are_concealed_wherever_they_stand() -> None:
    assert redact("pass hunter22 and hunter22!", ["hunter22", "abc", ""]) == "pass *** and ***!"


@given(st.text(), st.text(alphabet="abcdef0123456789", min_size=4))
def test_no_given_secret_is_left(text: str, secret: str) -> None:
    assert secret not in redact(text + secret + text, [secret])


@given(st.lists(st.text(alphabet="ab1", min_size=4, max_size=6), max_size=3), st.text("ab1"))
def test_none_of_several_given_secrets_is_left(secrets: list[str], text: str) -> None:
    shown = redact("-".join([text, *secrets]), secrets)
    assert not [secret for secret in secrets if secret in shown]


@given(st.binary())
def test_bytes_without_keys_pass_unchanged(data: bytes) -> None:
    assert redact_bytes(redact_bytes(data)) == redact_bytes(data)
    assert redact_bytes(data) == data or b"***" in redact_bytes(data)


@pytest.mark.parametrize(
    "key",
    [
        "sk-abcdefgh12345678", "sk-ant-api03-abcdefgh", "AIzaSyA1234567890abcdefghij", "AKIA0123456789ABCDEF", "ASIA0123456789ABCDEF",
        "ABSKabcdefghijklmnopqrstuvwx", "gsk_abcdefghijklmnop12", "xai-abcdefghijklmnop12", "hf_abcdefghijklmnop12", "csk-abcdefghijklmnop12",
        "nvapi-abcdefghijklmnop12", "pplx-abcdefghijklmnop12", "fw_abcdefghijklmnop12", "r8_abcdefghijklmnop12", "tgp_v1_abcdefghijklmnop12",
        "ghp_abcdefghijklmnopqrst12", "github_pat_abcdefghijklmnopqrst", "bce-v3/ALTAK-abcdefghijklmnop", "ya29.abcdefghijklmnop12", "lp-abcdefghijklmnopqrst-_uvwxyz0123456789ABCDE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefgh12", "bearer abcdefghijkl1", "BEARER abcdefghijkl1",
    ],
)  # fmt: skip
def test_every_format_of_keys_is_found_by_its_beginning(key: str) -> None:
    match = SECRET_PATTERN.fullmatch(key)
    assert match is not None
    assert may_hold_key(f"İ a {key} b")
    assert redact(f"a {key} b") == "a *** b"


@given(st.from_regex(SECRET_PATTERN, fullmatch=True))
def test_a_key_of_any_length_is_looked_for(key: str) -> None:
    assert may_hold_key(key)


@pytest.mark.parametrize("key", ["sk-12345678", "sk-abcdefg*"])
def test_the_shortest_keys_are_found_alone(key: str) -> None:
    assert redact(key) == "***"


def test_no_key_is_looked_for_in_plain_text() -> None:
    assert not may_hold_key(
        '{"model": "gpt-5", "messages": [{"role": "user", "content": "a word"}]}' * 3
    )


def test_letters_of_hex_are_compared_without_case_and_positions_stay() -> None:
    secret = "Cq7/pX+9w-Lm"
    for text in (secret.encode().hex().upper(), secret.encode().hex(":").title()):
        assert redact(f"İİ {text} İ", [secret]) == "İİ *** İ"
