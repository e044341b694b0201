"""Remove API keys from free text, such as a provider's message that quotes the key it rejects.

`llm_pure.types.http` redacts headers and URLs.
"""

import re
from collections.abc import Iterable

SECRET_PATTERN = re.compile(
    r"(?<![A-Za-z0-9])sk-(?:ant-|or-|proj-|svcacct-)?[A-Za-z0-9_*-]{8,}"  # OpenAI, Anthropic, OpenRouter, DeepSeek; also their masked forms
    r"|AIza[0-9A-Za-z_-]{20,}"  # Google
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}"  # AWS
    r"|ABSK[A-Za-z0-9+/=]{20,}"  # Bedrock API keys
    r"|gsk_[A-Za-z0-9]{16,}|xai-[A-Za-z0-9]{16,}|hf_[A-Za-z0-9]{16,}|csk-[a-z0-9]{16,}|nvapi-[A-Za-z0-9_-]{16,}"
    r"|pplx-[A-Za-z0-9]{16,}|fw_[A-Za-z0-9]{16,}|r8_[A-Za-z0-9]{16,}|tgp_v1_[A-Za-z0-9_-]{16,}"
    r"|ghp_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|bce-v3/[A-Za-z0-9/_-]{16,}"
    r"|ya29\.[0-9A-Za-z_-]{16,}"  # OAuth
    # JWT: not inside a longer word, or each "eyJ" of a word would read the rest of it; an escape may stand before it
    r"|(?:(?<![A-Za-z0-9_-])|(?<=\\[nrtbf])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4}))"
    r"eyJ[A-Za-z0-9_-]{10,}+\.[A-Za-z0-9_-]{10,}+\.[A-Za-z0-9_-]{8,}"
    r"|(?i:bearer) +(?=[^ ]*[0-9])[A-Za-z0-9._~+/=-]{12,}"
)
"""The formats of the providers' keys. A mere prefix ("sk-") does not match."""


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Replace by `***` all text in the format of a key, and these secrets (of at least four characters).

    >>> redact("Incorrect API key provided: sk-abcdefgh12345678.")
    'Incorrect API key provided: ***.'
    """
    for secret in sorted(secrets, key=len, reverse=True):  # one may be a prefix of another
        if len(secret) >= 4:
            text = text.replace(secret, "***")
    return SECRET_PATTERN.sub("***", text)


def redact_bytes(data: bytes) -> bytes:
    """Redact bytes that may be text; other bytes stay unchanged."""
    return redact(data.decode("latin-1")).encode("latin-1")
