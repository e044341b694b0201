"""What only the provider `openrouter_reasoning` does."""

from llm_pure import ChatRequest, ProviderMetadata, Reasoning, user
from llm_pure.types.messages import Text
from tests.support.family import Service

OPENROUTER = Service("openrouter_reasoning", "deepseek/deepseek-r1")


def test_reasoning_is_asked_for_unless_the_request_says_how_much() -> None:
    assert OPENROUTER.fields("hi") == {"reasoning": {"enabled": True}}
    assert OPENROUTER.adaptations("hi") == []
    for asked, sent in (("high", {"effort": "high"}), ("none", {"effort": "none"})):
        request = ChatRequest(messages="hi", reasoning=asked)  # type: ignore[arg-type]
        assert OPENROUTER.fields(request) == {"reasoning": sent}


def test_reasoning_and_its_details_come_and_go_back_unchanged() -> None:
    details = [{"type": "reasoning.summary", "summary": "Thinking", "format": "openai-responses-v1", "id": "r"}]  # fmt: skip
    said = {"content": "Hi.", "reasoning": "Thinking", "reasoning_details": details}
    turn = OPENROUTER.says(said).message
    assert turn.reasoning == "Thinking"
    assert turn.parts[1] == Text("Hi.")
    assert OPENROUTER.messages(user("?"), turn)[1] == {"role": "assistant", **said}


def test_reasoning_of_its_own_without_details_goes_back_as_text() -> None:
    turn = OPENROUTER.says({"content": "Hi.", "reasoning": "Hm."}).message
    assert turn.parts == (
        Reasoning("Hm.", None, ProviderMetadata("openrouter_reasoning")),
        Text("Hi."),
    )
    assert OPENROUTER.messages(user("?"), turn)[1] == {
        "role": "assistant",
        "content": "Hi.",
        "reasoning": "Hm.",
    }
