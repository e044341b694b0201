"""What only the provider `huggingface` does."""

from llm_pure import ToolCall
from tests.support.family import Service
from tests.support.openai_chat_bodies import answer, call

HUGGINGFACE = Service("huggingface", "deepseek-ai/DeepSeek-R1:fastest")


def test_the_choice_of_a_host_stays_in_the_models_name() -> None:
    assert HUGGINGFACE.body("hi")["model"] == "deepseek-ai/DeepSeek-R1:fastest"


def test_what_the_hosts_add_is_kept() -> None:
    got = HUGGINGFACE.says({"content": "Hi."}, sla_metrics={"ttft_ms": 5}, metadata={"v": 1})
    assert got.extra["sla_metrics"] == {"ttft_ms": 5}
    assert got.extra["metadata"] == {"v": 1}


def test_arguments_that_are_null_are_none() -> None:
    body = answer({"tool_calls": [call("clock", "")]}, "stop")
    body["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] = None
    got = HUGGINGFACE.reads(body)
    assert (got.tool_calls, got.finish_reason) == (
        (ToolCall("call_1", "clock", "{}"),),
        "tool_calls",
    )


def test_tags_in_the_text_are_left_to_the_host() -> None:
    assert HUGGINGFACE.says({"content": "<think>a</think>b"}).text == "<think>a</think>b"


def test_an_error_as_a_string() -> None:
    error = HUGGINGFACE.fails({"error": "Invalid username or password."}, 401)
    assert (error.kind, error.message) == ("authentication", "Invalid username or password.")


def test_used_up_credits_are_a_quota() -> None:
    told = {"error": "You have exceeded your monthly included credits"}
    assert HUGGINGFACE.fails(told, 402).kind == "quota"
