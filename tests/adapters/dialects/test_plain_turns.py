"""`turns_of` gives what `arrange` gives, also for the conversations that it does not arrange."""

from collections.abc import Iterator
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from llm_pure.adapters.dialects.common.conversation import arrange
from llm_pure.adapters.dialects.common.message_encoder import turns_of
from llm_pure.adapters.dialects.common.turn_rules import ANY_ROLE, CallIds, Turn, TurnRules
from llm_pure.core.adaptations import Adaptation
from llm_pure.types.messages import (
    CacheMark,
    Document,
    Image,
    Message,
    Opaque,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    assistant,
    system,
    tool_result,
    user,
)
from llm_pure.types.rejection import UnsupportedPart
from tests.support.laws import examples

RULES = st.builds(
    TurnRules,
    results=st.sampled_from(["first", "anywhere"]),
    error_media=st.booleans(),
    after_results=st.sampled_from(["anything", "no_documents", "nothing"]),
    alternating=st.sampled_from([False, False, False, True]),
    first_is_user=st.booleans(),
    calls_after_user=st.booleans(),
    final_assistant=st.sampled_from(
        ["sent", "continued", "prefix", "prefix_required", "partial", "refused"]
    ),
    final_text_stripped=st.booleans(),
    blank_text=st.sampled_from(["sent", "left_out", "left_out_without_calls"]),
    empty_text=st.sampled_from(["sent", "left_out"]),
    left_out_if_empty=st.sampled_from([frozenset[Any](), frozenset({"assistant"}), ANY_ROLE]),
    reasoning_alone=st.booleans(),
    text_beside_documents=st.booleans(),
    call_ids=st.sampled_from([None, CallIds(), CallIds(max_length=12), CallIds(sent=False)]),
    reasoning=st.sampled_from(["none", "plain", "signed", "items"]),
)

IDS = st.sampled_from(["a", "b", "call_of_some_length", ""])
ODD_PARTS = st.sampled_from(
    [
        Text(""),
        Text(" \n"),
        Text("marked", cache=CacheMark()),
        Text("of another", ProviderMetadata("other", '{"id":"x"}')),
        Refusal("no"),
        Reasoning("hm", "signature"),
        Opaque("example", "item", "{}"),
        Document(data=b"a,b", media_type="text/csv"),
        ToolCall("a", "f", "{}", ProviderMetadata("other")),
        ToolCall("b", "f"),
        ToolResult(tool_call_id="a", content=(Image(url="https://example.org/cat.png"),)),
        ToolResult(tool_call_id="b", content=(Text(" "),)),
    ]
)
ODD_MESSAGES = st.builds(
    Message,
    role=st.sampled_from(["system", "user", "assistant", "tool"]),
    parts=st.lists(st.one_of(st.just(Text("text")), ODD_PARTS), max_size=2).map(tuple),
    name=st.sampled_from([None, "ann"]),
    prefix=st.sampled_from([False, False, True]),
    cache=st.sampled_from([None, None, CacheMark()]),
)


def _round(
    ids: list[str],
    *,
    text: bool = False,
    calls_apart: bool = False,
    results_apart: bool = False,
    is_error: bool = False,
    name: str | None = None,
) -> list[Message]:
    """A turn with calls and a turn with their results, each in one message or in several."""
    calls = [ToolCall(call_id, "f") for call_id in ids]
    results = [
        ToolResult(tool_call_id=call_id, content=(Text("result"),), is_error=is_error)
        for call_id in ids
    ]
    words = [Text("I look.")] if text else []
    return [
        *(
            [assistant(*words, call) for call in calls]
            if calls_apart
            else [assistant(*words, *calls)]
        ),
        *[Message("tool", (result,), name) for result in results if results_apart],
        *([] if results_apart else [Message("tool", tuple(results), name)]),
    ]


ROUNDS = st.builds(
    _round,
    st.lists(IDS, min_size=1, max_size=3),
    text=st.booleans(),
    calls_apart=st.booleans(),
    results_apart=st.booleans(),
    is_error=st.booleans(),
    name=st.sampled_from([None, None, None, "ann"]),
)
TEXTS = st.sampled_from(
    [
        [user("hi")],
        [user("two", "texts")],
        [user("I am Ann", name="ann")],
        [assistant("Hello.")],
        [system("Be brief.")],
    ]
)
CONVERSATIONS = st.builds(
    lambda first, rounds, last: [*first, *[turn for each in rounds for turn in each], *last],
    st.sampled_from([[], [user("q")], [system("Be brief."), user("q")]]),
    st.lists(st.one_of(TEXTS, ROUNDS, st.lists(ODD_MESSAGES, max_size=1)), max_size=5),
    st.sampled_from([[], [user("and?")]]),
)


def _outcome(arranges: Any, messages: list[Message], rules: TurnRules) -> Iterator[object]:
    """The turns and the adaptations, or the error."""
    adaptations: list[Adaptation] = []
    try:
        turns: list[Turn] = arranges(messages, "example", rules, adaptations, model="m")
    except UnsupportedPart as rejected:
        yield rejected.error
        return
    yield turns
    yield adaptations


@examples(500)
@example([user("q"), *_round(["a"]), user("and?")], TurnRules(after_results="nothing"))
@example([user("q"), *_round(["a", "b"], calls_apart=True, text=True)], TurnRules())
@example([user("q"), *_round(["a", "b"], results_apart=True, is_error=True)], TurnRules())
@example([user("q"), *_round(["a", "b"], results_apart=True)], TurnRules(results="anywhere"))
@example(
    [user("q"), *_round(["a", "b"], results_apart=True)],
    TurnRules(results="anywhere", after_results="nothing"),
)
@example([user("q"), *_round(["a"], name="ann")], TurnRules())
@example([tool_result("a", "result"), user("q")], TurnRules())
@example([user("q"), *_round(["a"]), user("and?"), tool_result("a", "late")], TurnRules())
@example([user("q"), assistant("Go on"), system("Now.")], TurnRules(final_assistant="refused"))
@example([user("q"), assistant("Go on")], TurnRules(final_assistant="refused"))
@example([user("q"), assistant("Go on", prefix=True), user("no")], TurnRules())
@example([user("q"), user(" \n")], TurnRules(blank_text="left_out"))
@given(CONVERSATIONS, RULES)
def test_a_conversation_without_faults_is_encoded_as_if_it_was_arranged(
    messages: list[Message], rules: TurnRules
) -> None:
    assert [*_outcome(turns_of, messages, rules)] == [*_outcome(arrange, messages, rules)]
