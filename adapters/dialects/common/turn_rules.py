"""What a service accepts of a conversation, as data; `conversation.arrange` applies it before a dialect encodes.

Each field is one rule; the defaults are those of OpenAI's chat completions. A service's rules are in its quirks or its
dialect, with their sources.
"""

import re
from typing import Literal, TypeAlias

import msgspec

from llm_pure.types.messages import Part, Role

Placed: TypeAlias = tuple[str, Part]
"""A part's path, such as `messages/1/parts/0`, and the part."""

ANY_ROLE: frozenset[Role] = frozenset({"system", "user", "assistant", "tool"})

TEXT_ONLY: frozenset[type] = frozenset()


class Turn(msgspec.Struct, frozen=True):
    """One message as it is encoded, with the paths of its parts in the request."""

    role: Role
    path: str
    parts: tuple[Placed, ...]
    name: str | None = None
    prefix: bool = False
    """The model continues this turn of the assistant."""


class CallIds(msgspec.Struct, frozen=True, kw_only=True):
    """The form of the ids of tool calls."""

    max_length: int | None = None
    invalid: re.Pattern[str] | None = None
    """Characters that are not allowed."""
    nine_characters: bool = False
    """Exactly nine letters and digits."""
    sent: bool = True
    """False: ids stay in this library, where they connect calls and results."""
    description: str = ""
    """Of the form, for adaptations."""


class CacheMarks(msgspec.Struct, frozen=True, kw_only=True):
    """How a service takes the marks of a prompt cache."""

    key: Literal["cache_control", "cachePoint", "prompt_cache_breakpoint"]
    parts: frozenset[type]
    """The types of parts that can be marked, outside of tool results."""
    in_results: bool = False
    """The content of a tool result can be marked too."""
    system: bool = True
    """System text can be marked."""
    assistant: bool = True
    """Parts of the assistant's turns can be marked."""
    tools: bool = True
    """Tools can be marked."""
    ttls: frozenset[str] = frozenset()
    """The supported values of `ttl`."""
    max_marks: int | None = 4
    """The largest number of marks in a request; of more, the earliest in the conversation are dropped."""
    models: tuple[str, ...] = ("",)
    """Prefixes of the models that take marks."""
    source: str = ""


class TurnRules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of one service, or of one model of it."""

    results: Literal["first", "anywhere"] = "first"
    """"first": tool results follow their calls directly, all together. "anywhere": they are items of their own."""
    paired_results: bool = True
    """Every call needs a result, and every result a call."""
    marked_errors: bool = False
    """A result can be marked as an error, as one that is missing is."""
    result_media: frozenset[type] | None = TEXT_ONLY
    """Types of media that a tool result can hold; others follow in the user's turn. None: the dialect decides."""
    result_media_types: frozenset[str] | None = None
    """Media types that a tool result can hold; media of others follow in the user's turn. None: not documented."""
    result_urls: bool = True
    """Media of a tool result may be URLs and ids of files; else they follow in the user's turn."""
    error_media: bool = True
    """A result that is an error can hold media too; else they follow in the user's turn."""
    empty_errors: bool = True
    """A result that is an error may have no content; else it needs text."""
    after_results: Literal["anything", "no_documents", "nothing"] = "anything"
    """What the user's turn may hold after results without an assistant's turn between: all, all but documents and videos
    (but PDF), or nothing."""
    alternating: bool = False
    """Consecutive turns of one role are refused: they are joined."""
    first_is_user: bool = False
    """A conversation must begin with the user."""
    calls_after_user: bool = False
    """A conversation must begin with the user if its first turn calls tools."""
    final_assistant: Literal[
        "sent", "continued", "prefix", "prefix_required", "partial", "refused"
    ] = "sent"
    """A last turn of the assistant is: sent as any other; continued by the model; continued if the key `prefix` or `partial`
    is set, without which Mistral refuses it; refused."""
    final_text_stripped: bool = False
    """White space at the end of a last turn of the assistant is refused."""

    blank_text: Literal["sent", "left_out", "left_out_without_calls"] = "sent"
    """Text of white space alone."""
    empty_text: Literal["sent", "left_out"] = "sent"
    """Text of no characters."""
    left_out_if_empty: frozenset[Role] = frozenset({"assistant"})
    """Roles whose turns are left out when they have no content."""
    reasoning_alone: bool = True
    """A turn of the assistant may be reasoning alone; else it is left out."""
    text_beside_documents: bool = False
    """A user's turn with a document needs text."""

    call_ids: CallIds | None = CallIds()
    """None: the API has no ids of calls."""

    reasoning: Literal["none", "plain", "signed", "items"] = "none"
    """Reasoning of earlier turns that is sent back. "none"; "plain": text, whoever wrote it, and the provider's own;
    "signed": with its signature only; "items": the dialect sends it with the items that followed it."""
    signed_calls: bool = False
    """The first call of a turn needs a signature; a stand-in is sent with calls that have none."""
    compatible_providers: frozenset[str] = frozenset()
    """Other providers whose metadata and opaque parts the service accepts: one service under two names."""
    reasoning_of: frozenset[str] = frozenset()
    """Other providers whose signed reasoning it accepts, though not their metadata."""
    cache_marks: CacheMarks | None = None
