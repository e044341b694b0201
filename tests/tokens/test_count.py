"""Counting: texts, messages, tools and requests, by family; what was counted once is not counted again."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    ChatRequest,
    Image,
    LLMConfig,
    Message,
    NativeTool,
    Reasoning,
    Refusal,
    SchemaFormat,
    Tool,
    ToolCall,
    assistant,
    system,
    tool_result,
    user,
)
from llm_pure.client.tokenizers import load_tokenizer
from llm_pure.core.resolved_request import resolve_request
from llm_pure.tokens import (
    Count,
    TokenCounter,
    Tokenizer,
    count_message,
    count_messages,
    count_request,
    count_text,
    count_tools,
    first_tokens,
    get_max_completion_tokens,
    last_tokens,
    profile_for,
    window_for,
)
from llm_pure.tokens import count as count_module
from llm_pure.types.messages import Audio, Document, Opaque

O200K = load_tokenizer("o200k_base").unwrap()
LETTERS = Tokenizer(
    encoding="letters",
    encode=lambda text: list(text.encode()),
    decode=bytes,
)
"""A byte is a token: sums can be done in the head."""


def counter(model: str, tokenizer: Tokenizer = LETTERS) -> TokenCounter:
    return TokenCounter(family=profile_for(model), tokenizer=tokenizer)


@pytest.mark.parametrize(
    ("model", "encoding", "public"),
    [
        ("gpt-4o-2024-08-06", "o200k_base", True),
        ("gpt-4.1-nano", "o200k_base", True),
        ("gpt-6-sol", "o200k_base", True),
        ("o3-mini", "o200k_base", True),
        ("openai/gpt-5-mini", "o200k_base", True),
        ("openai.gpt-oss-120b-1:0", "o200k_harmony", True),
        ("gpt-4", "cl100k_base", True),
        ("gpt-4-turbo", "cl100k_base", True),
        ("gpt-35-turbo", "cl100k_base", True),
        ("text-embedding-3-large", "cl100k_base", True),
        ("claude-opus-5-5", "o200k_base", False),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "o200k_base", False),
        ("models/gemini-2.5-pro", "o200k_base", False),
        ("qwen3-max", "o200k_base", False),
        ("", "o200k_base", False),
    ],
)
def test_a_model_is_counted_by_its_family(model: str, encoding: str, public: bool) -> None:
    family = profile_for(model)
    assert (family.encoding, family.public) == (encoding, public)


def test_a_pricing_plan_names_the_model_of_a_deployment() -> None:
    assert profile_for("my-deployment", "gpt-4o") == profile_for("gpt-4o")


def test_bare_text_of_a_public_tokenizer_is_exact() -> None:
    got = count_text(counter("gpt-4o", O200K), "Hello, wörld! <|endoftext|>")
    assert got == Count(tokens=13, method="exact", encoding="o200k_base")


def test_text_of_a_model_without_one_is_an_estimate_rounded_up() -> None:
    got = count_text(counter("claude-opus-5-5"), "abc")
    assert got == Count(tokens=4, method="estimate", encoding="letters")


def test_messages_cost_four_a_name_one_and_the_answer_its_start() -> None:
    talk = (system("ab"), user("cde", name="Bo"))
    got = count_messages(counter("gpt-4o"), talk)
    assert got == Count(
        tokens=4 + 2 + 4 + 3 + 1 + 2 + 3, method="overhead rule", encoding="letters"
    )


def test_models_that_reason_begin_their_answer_with_a_token_less() -> None:
    assert count_messages(counter("gpt-5"), (user("abc"),)).tokens == 4 + 3 + 2


@pytest.mark.parametrize(
    ("message", "tokens"),
    [
        (assistant(Refusal("no")), 4 + 2),
        (assistant(ToolCall("call_1", "add", '{"a":1}')), 4 + 7 + 3 + 7),
        (tool_result("call_1", "21"), 4 + 2),
        (assistant(Reasoning("hmm"), "ok"), 4 + 2),
        (user(Opaque("openai", "x", "{}")), 4 + 2),
        (user(Image(url="https://example.org/a.png")), 4 + 765),
        (user(Image(url="https://example.org/a.png", detail="low")), 4 + 85),
        (user(Audio(data=b"\x00" * 32_000)), 4 + 20),
        (user(Document(data=b"text", media_type="text/plain")), 4 + 4),
        (user(Document(data=b"%PDF /Type /Page /Type/Page /Type /Pages")), 4 + 2000),
    ],
    ids=lambda value: type(value.parts[0]).__name__ if isinstance(value, Message) else None,
)
def test_every_part_counts(message: Message, tokens: int) -> None:
    got = count_messages(counter("gpt-4o"), (message,))
    assert got.tokens == tokens + 3
    assert got.method == ("overhead rule" if "Refusal" in repr(message) else "estimate")


def test_thoughts_count_where_they_are_sent_back() -> None:
    silent, thinking = assistant("ok"), assistant(Reasoning("hmm" * 100), "ok")
    claude = counter("claude-opus-5-5")
    assert count_message(claude, thinking) == count_message(claude, silent) + 300


def test_tools_cost_their_words_and_what_stands_around_them() -> None:
    tool = Tool(
        name="f",
        description="Does.",
        parameters={
            "type": "object",
            "properties": {"a": {"type": "string", "description": "x", "enum": ["u", "vw"]}},
        },
    )
    words = len("f:Does") + len("a:string:x") + len("u") + len("vw")
    around = 7 + 3 + 3 + (-3 + 3 + 3) + 12
    assert count_tools(counter("gpt-4o"), (tool,)) == words + around
    assert count_tools(counter("gpt-4"), (tool,)) == words + around + 3
    assert count_tools(counter("gpt-4o"), ()) == 0


def test_objects_inside_tools_are_walked_and_native_tools_counted() -> None:
    inner = {"type": "object", "properties": {"b": {"type": "integer"}}}
    outer = {"properties": {"a": {"type": "array", "items": inner}, "c": inner, "d": True}}
    total = count_tools(counter("gpt-4o"), (Tool(name="f", parameters=outer),))
    words = len("f:") + len("a:array:") + len("c:object:") + len("d::") + 2 * len("b:integer:")
    assert total == words + 7 + 3 * 3 + 5 * 3 + 12
    assert (
        count_tools(counter("gpt-4o"), (NativeTool("openai", {"a": 1}),)) == 7 + len('{"a":1}') + 12
    )


def test_a_request_counts_its_tools_and_its_schema() -> None:
    config = LLMConfig(model="gpt-4o")
    plain = resolve_request(config, ChatRequest(messages="abc")).unwrap()
    schema = ChatRequest(messages="abc", response_format=SchemaFormat(schema={"type": "object"}))
    tools = ChatRequest(messages="abc", tools=(Tool(name="f"),))
    one = counter("gpt-4o")
    assert count_request(one, plain) == Count(
        tokens=4 + 3 + 3, method="overhead rule", encoding="letters"
    )
    assert count_request(one, resolve_request(config, schema).unwrap()) == Count(
        tokens=10 + len('{"type":"object"}'), method="estimate", encoding="letters"
    )
    assert count_request(one, resolve_request(config, tools).unwrap()).tokens == 10 + 7 + 2 + 12


def test_a_conversation_that_grows_by_one_message_encodes_one_message() -> None:
    seen: list[str] = []

    def encode(text: str) -> Sequence[int]:
        seen.append(text)
        return [0] * len(text)

    one = TokenCounter(
        family=profile_for("gpt-4o"),
        tokenizer=Tokenizer(encoding="seen", encode=encode, decode=bytes),
    )
    talk = [user(f"message {number}") for number in range(20)]
    before = count_messages(one, talk).tokens
    seen.clear()
    after = count_messages(one, [*talk, user("more")]).tokens
    equal = [user(f"message {number}") for number in range(20)]
    assert (after - before, seen) == (4 + len("more"), ["more"])
    assert count_messages(one, equal).tokens == before
    assert seen == ["more"]


def test_the_memory_of_many_messages_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count_module, "MAX_CACHED_BYTES", 8 * 202)
    one = counter("gpt-4o")
    for number in range(100):
        count_message(one, user(str(number)))
        assert len(one.cache) <= 8


def test_the_memory_of_messages_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count_module, "MAX_CACHED_BYTES", 5000)
    one = counter("gpt-4o")
    for number in range(10):
        count_message(one, user("x" * 1500 + str(number)))
        assert len(one.cache) <= 3
    count_message(one, user("x" * 6000))
    assert "x" * 6000 not in one.cache
    assert "x" * 1500 + "9" in one.cache


def test_many_texts_count_as_each_of_them_does() -> None:
    texts = ["", "Hello, wörld! <|endoftext|>", " " * 250_000, "\ud800"]
    assert O200K.count_each(texts) == [O200K.count(text) for text in texts] == [0, 13, 1960, 1]
    assert LETTERS.count_each(["abc", ""]) == [3, 0]


@pytest.mark.parametrize(
    ("model", "input_tokens", "most"),
    [
        ("gpt-4o", 1000, 16_384),
        ("gpt-4o", 127_000, 999),
        ("gpt-4o", 200_000, 0),
        ("claude-sonnet-5-5", 10, 128_000),
        ("some-model", 10, None),
    ],
)
def test_the_room_for_an_answer(model: str, input_tokens: int, most: int | None) -> None:
    assert get_max_completion_tokens(model, input_tokens) == most


def test_a_context_length_of_the_user_goes_over_the_table() -> None:
    assert get_max_completion_tokens("some-model", 100, context_length=1000) == 899
    assert get_max_completion_tokens("gpt-4o", 100, context_length=1000) == 899


def test_no_row_of_the_tables_hides_behind_a_shorter_one() -> None:
    from llm_pure.tokens.profiles import TOKENIZER_PROFILES
    from llm_pure.tokens.windows import WINDOWS

    for family in TOKENIZER_PROFILES:
        assert profile_for(family.prefix) == family
    for window in WINDOWS:
        assert window_for(window.prefix) == window


TEXTS = st.text(max_size=200) | st.text("aé你🙂 👩‍👩‍👧‍👦\n", max_size=200)


@given(TEXTS, st.integers(0, 60))
def test_a_beginning_counts_at_most_the_limit_and_is_a_beginning(text: str, most: int) -> None:
    kept = first_tokens(O200K, text, most)
    assert O200K.count(kept) <= most
    assert text.encode("utf-8", "replace").startswith(kept.encode("utf-8", "replace"))


@given(TEXTS, st.integers(0, 60))
def test_an_end_counts_at_most_the_limit_and_is_an_end(text: str, most: int) -> None:
    kept = last_tokens(O200K, text, most)
    assert O200K.count(kept) <= most
    assert text.encode("utf-8", "replace").endswith(kept.encode("utf-8", "replace"))


def test_nothing_is_cut_from_what_fits_and_no_character_is_torn() -> None:
    text = "🙂👩‍🚀" * 50
    whole = O200K.count(text)
    assert first_tokens(O200K, text, whole) == text == last_tokens(O200K, text, whole)
    for most in range(whole):
        assert "�" not in first_tokens(O200K, text, most) + last_tokens(O200K, text, most)


def test_cutting_is_fast_enough_for_long_texts() -> None:
    words = random.Random(7).choices(["alpha", "βeta", "伽马", "\n", " "], k=20_000)
    text = "".join(words)
    assert O200K.count(first_tokens(O200K, text, 5000)) <= 5000
