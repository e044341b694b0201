"""Section `serve` of the configuration files: the gateway. Pure.

serve:
  aliases: {"claude-*haiku*": fast, "claude-*": smart}
  keys:
    laptop: {sha256: "9f2c...", max_budget: 5, budget_duration: 1d}
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

MIB = 1024 * 1024

_SECONDS = msgspec.Meta(gt=0, le=86_400)


class ServeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Section `serve`."""

    host: str = "127.0.0.1"
    """The address to listen on. One that other machines reach needs at least one client key."""
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 4141
    aliases: Mapping[str, str] = {}
    """Pattern of a model name, with `*` -> the name of a configured model. The first pattern that matches counts."""
    any_model: bool = False
    """Every other name means the default model, or the only one."""
    keys: Mapping[str, Any] = {}
    """Name -> a client key; `llm_pure.gateway.client_keys` has its fields."""
    hosts: tuple[str, ...] = ()
    """Names in the header `host` that are accepted besides loopback's and the address itself; "*" accepts all."""
    origins: tuple[str, ...] = ()
    """Values of the header `origin` that are accepted. Web pages send one, other programs do not."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses of proxies whose `x-forwarded-for` is the client's address."""
    record: str = ""
    """Folder of cassettes for what is sent and received; "" records nothing."""
    ledger: str = ""
    """File, or postgresql:// URL, of what the keys have spent; "" keeps it in memory."""
    budget_duration: str = ""
    """Period of `cost_control.max_budget` for all keys together, such as 1d; "" is never renewed."""
    max_body: Annotated[int, msgspec.Meta(ge=1, le=1024 * MIB)] = 32 * MIB
    """Bytes of a request, after decompression."""
    max_requests: Annotated[int, msgspec.Meta(ge=1)] = 1024
    """Requests at a time; more are refused with a hint to come back."""
    keep_alive_s: Annotated[float, _SECONDS] = 15
    """Bytes that clients ignore are sent to them after this time without others."""
    first_byte_s: Annotated[float, _SECONDS] = 600
    """A provider that sends nothing for so long has failed; so has, after its first byte, one that is silent for `silence_s`."""
    silence_s: Annotated[float, _SECONDS] = 300
    thinking: Literal["show", "hide"] = "show"
    """Whether clients see the reasoning of models."""
    strict: bool = False
    """A request that a provider cannot take as it is fails, in place of being adapted."""
    headers: bool = False
    """Send x-llm-pure-model, x-llm-pure-cost and x-llm-pure-adaptations."""
    log: str = "stderr"
    """Where a line for each call goes: "stderr", a file, or "" for nowhere. No line has a text or a key in it."""
