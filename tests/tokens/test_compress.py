"""Compression: what is left fits, in its order, with tools in pairs, system messages whole and every character whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    Image,
    Message,
    Text,
    ToolCall,
    ToolResult,
    assistant,
    system,
    tool_result,
    user,
)
from llm_pure.client.tokenizers import load_tokenizer
from llm_pure.tokens import TokenCounter, Tokenizer, count_messages, profile_for
from llm_pure.tokens.compress import CompressedMessages, compress
from llm_pure.types.config import CompressType
from llm_pure.types.errors import ContextLengthExceeded
from llm_pure.types.result import Failure

LETTERS = TokenCounter(
    family=profile_for("gpt-4o"),
    tokenizer=Tokenizer(encoding="letters", encode=lambda text: list(text.encode()), decode=bytes),
)
"""A byte is a token; a message costs 4 more, and the answer's start 3."""


def _o200k() -> Tokenizer:
    """Loaded by the tests that use it: every worker imports this module."""
    return load_tokenizer("o200k_base").unwrap()


REAL = TokenCounter(
    family=profile_for("gpt-4o"),
    tokenizer=Tokenizer(
        encoding="o200k_base",
        encode=lambda text: _o200k().encode(text),
        decode=lambda tokens: _o200k().decode(tokens),
    ),
)
CLAUDE = TokenCounter(family=profile_for("claude-opus-5"), tokenizer=REAL.tokenizer)
CUTTING: tuple[CompressType, ...] = (
    "post_cut_by_msg",
    "post_cut_by_token",
    "pre_cut_by_msg",
    "pre_cut_by_token",
)
ALL: tuple[CompressType, ...] = ("", "no_compress", *CUTTING)
TALK = (system("S"), user("aaaa"), assistant("bbbb"), user("cccc"))
"""5 + 8 + 8 + 8 + 3 = 32 tokens."""


def left(kind: CompressType, limit: int, talk: tuple[Message, ...] = TALK) -> CompressedMessages:
    return compress(talk, kind, LETTERS, max_tokens=limit, threshold=1).unwrap()


@pytest.mark.parametrize(
    ("kind", "limit", "texts", "dropped", "shortened"),
    [
        ("no_compress", 10, "S aaaa bbbb cccc", (), None),
        ("", 10, "S aaaa bbbb cccc", (), None),
        ("post_cut_by_msg", 32, "S aaaa bbbb cccc", (), None),
        ("post_cut_by_msg", 31, "S bbbb cccc", (1,), None),
        ("post_cut_by_msg", 23, "S cccc", (1, 2), None),
        ("post_cut_by_msg", 14, "S cc", (1, 2), 3),
        ("post_cut_by_msg", 12, "S", (1, 2, 3), None),
        ("post_cut_by_token", 31, "S aaa bbbb cccc", (), 1),
        ("post_cut_by_token", 28, "S bbbb cccc", (1,), None),
        ("pre_cut_by_msg", 31, "S aaaa bbbb", (3,), None),
        ("pre_cut_by_msg", 14, "S aa", (2, 3), 1),
        ("pre_cut_by_token", 30, "S aaaa bbbb cc", (), 3),
        ("pre_cut_by_token", 8, "S", (1, 2, 3), None),
    ],
)
def test_what_is_left_by_kind_and_limit(
    kind: CompressType, limit: int, texts: str, dropped: tuple[int, ...], shortened: int | None
) -> None:
    got = left(kind, limit)
    assert " ".join([message.text for message in got.messages]) == texts
    assert (got.dropped, got.shortened, got.before_tokens) == (dropped, shortened, 32)
    assert got.changed == bool(dropped or shortened is not None)
    assert got.tokens == count_messages(LETTERS, got.messages).tokens


@pytest.mark.parametrize(
    ("kind", "text"), [("post_cut_by_token", "6789"), ("pre_cut_by_token", "0123")]
)
def test_the_newest_keeps_its_end_and_the_oldest_its_beginning(
    kind: CompressType, text: str
) -> None:
    assert left(kind, 11, (user("0123456789"),)).messages == (user(text),)


def test_the_limit_is_a_share_of_the_window_less_what_is_sent_beside() -> None:
    got = compress(
        TALK, "post_cut_by_msg", LETTERS, max_tokens=100, threshold=0.4, other_tokens=9
    ).unwrap()
    assert got.tokens == 24


def test_a_tool_call_goes_with_its_results() -> None:
    call = assistant(ToolCall("c1", "f", "{}"), ToolCall("c2", "f", "{}"))
    talk = (user("q"), call, tool_result("c1", "one"), tool_result("c2", "two"), user("z"))
    whole = count_messages(LETTERS, talk).tokens
    fits = count_messages(LETTERS, talk[1:]).tokens
    assert left("post_cut_by_msg", fits, talk).dropped == (0,)
    assert left("post_cut_by_msg", fits - 1, talk).dropped == (0, 1, 2, 3)
    assert left("post_cut_by_token", fits - 1, talk).dropped == (0, 1, 2, 3)
    assert left("pre_cut_by_token", whole - 6, talk).dropped == (1, 2, 3, 4)


def test_pictures_count_and_are_never_cut() -> None:
    talk = (user("look", Image(url="https://example.org/a.png"), "what is it"),)
    got = left("post_cut_by_token", 100, talk)
    assert got.messages == (user("what is it"),)
    assert got.shortened == 0


def test_system_messages_that_are_too_long_are_an_error() -> None:
    got = compress((system("x" * 50), user("a")), "post_cut_by_msg", LETTERS, max_tokens=20)
    assert isinstance(got.failure(), ContextLengthExceeded)


WORDS = st.text(max_size=12) | st.text("aé你🙂👩‍👩‍👧 \n", max_size=30)


@st.composite
def talks(draw: st.DrawFn) -> tuple[Message, ...]:
    """Conversations with system messages anywhere, tools in pairs, some with something said between, pictures."""
    turns: list[Message] = []
    for number in range(draw(st.integers(0, 8))):
        match draw(st.sampled_from(["system", "user", "assistant", "tools", "picture"])):
            case "system":
                turns.append(system(draw(WORDS)))
            case "user":
                turns.append(user(*draw(st.lists(WORDS, max_size=3))))
            case "assistant":
                turns.append(assistant(draw(WORDS)))
            case "picture":
                turns.append(
                    user(draw(WORDS), Image(url="https://example.org/a.png", detail="low"))
                )
            case _:
                ids = [f"call_{number}_{place}" for place in range(draw(st.integers(1, 3)))]
                turns.append(assistant(draw(WORDS), *[ToolCall(one, "f", "{}") for one in ids]))
                for one in ids:
                    if draw(st.booleans()):
                        turns.append(system(draw(WORDS)))
                    turns.append(tool_result(one, draw(WORDS)))
    return tuple(turns)


def ids(messages: tuple[Message, ...], kind: type[ToolCall] | type[ToolResult]) -> set[str]:
    found: set[str] = set()
    for message in messages:
        for part in message.parts:
            if isinstance(part, ToolCall) and kind is ToolCall:
                found.add(part.id)
            if isinstance(part, ToolResult) and kind is ToolResult:
                found.add(part.tool_call_id)
    return found


@given(
    talks(),
    st.sampled_from(ALL),
    st.integers(0, 150),
    st.sampled_from([1.0, 0.8, 0.33]),
    st.booleans(),
)
def test_the_laws_of_compression(
    talk: tuple[Message, ...], kind: CompressType, window: int, threshold: float, claude: bool
) -> None:
    counter = CLAUDE if claude else REAL
    limit = int(window * threshold)
    got = compress(talk, kind, counter, max_tokens=window, threshold=threshold)
    if isinstance(got, Failure):
        fixed = tuple([message for message in talk if message.role == "system"])
        assert count_messages(counter, fixed).tokens > limit
        return
    made = got.unwrap()
    # the limit
    assert made.tokens == count_messages(counter, made.messages).tokens
    if kind in CUTTING:
        assert made.tokens <= limit
    else:
        assert made.messages == talk
    # what fits is not touched, and idempotent
    assert made.changed == (kind in CUTTING and made.before_tokens > limit)
    again = compress(made.messages, kind, counter, max_tokens=window, threshold=threshold).unwrap()
    assert again.messages == made.messages
    # order, and the report
    kept = [place for place in range(len(talk)) if place not in made.dropped]
    assert len(kept) == len(made.messages)
    for place, message in zip(kept, made.messages, strict=True):
        assert message == talk[place] or place == made.shortened
        assert message.role == talk[place].role
    # system messages stay
    assert [m for m in made.messages if m.role == "system"] == [
        m for m in talk if m.role == "system"
    ]
    # tools in pairs
    assert ids(made.messages, ToolCall) == ids(made.messages, ToolResult)
    # valid UTF-8: a cut text is a piece of the text that was there
    if made.shortened is not None:
        short = made.messages[kept.index(made.shortened)]
        for part in short.parts:
            if isinstance(part, Text):
                part.text.encode()
                assert any(
                    part.text in old.text
                    for old in talk[made.shortened].parts
                    if isinstance(old, Text)
                )
