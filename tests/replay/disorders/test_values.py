"""Disorders of values in each dialect, on literal bytes. Those of chat completions are in test_choices.py."""

import pytest

from tests.support.disorder_rows import Row, answer_after, deformed

ANTHROPIC_USAGE = (
    '"cache_creation_input_tokens":null,"cache_read_input_tokens":null,"cache_creation":null,"server_tool_use":null,'
    '"service_tier":null'
)
RESPONSE = (
    '"error":null,"incomplete_details":null,"instructions":null,"max_output_tokens":null,"previous_response_id":null,'
    '"reasoning":null,"temperature":null,"text":null,"tool_choice":null,"tools":null,"top_p":null,"truncation":null,'
    '"usage":null,"user":null,"service_tier":null,"metadata":null,"output_text":null,"completed_at":null'
)


def body(disorder: str, before: str, after: str) -> Row:
    """A row on a buffered body."""
    return Row(
        disorder=disorder,
        before=before.encode(),
        after=after.encode(),
        content_type="application/json",
        streamed=False,
    )


def nulls(before: str, after: str) -> Row:
    """A row of `nulls_added`."""
    return body("nulls_added", before, after)


ROWS = (
    nulls(
        '{"type":"message","usage":{},"content":[{"type":"text"},{"type":"tool_use","input":{"a":1}}]}',
        '{"type":"message","usage":{' + ANTHROPIC_USAGE + '},"content":[{"type":"text","citations":null},'
        '{"type":"tool_use","input":{"a":1},"caller":null,"cache_control":null}],"stop_reason":null,"stop_sequence":null,'
        '"container":null,"context_management":null,"stop_details":null}',
    ),
    nulls(
        '{"object":"response","output":[{"type":"message","content":[{}]},{"type":"function_call"},{"type":"reasoning"}]}',
        '{"object":"response","output":[{"type":"message","content":[{"annotations":null,"logprobs":null}],"status":null,'
        '"phase":null},{"type":"function_call","status":null,"namespace":null},{"type":"reasoning","status":null,"content":null,'
        '"encrypted_content":null}],' + RESPONSE + "}",
    ),
    nulls(
        '{"candidates":[{"content":{"parts":[{"functionCall":{"args":{"a":1}}}]}}]}',
        '{"candidates":[{"content":{"parts":[{"functionCall":{"args":{"a":1}},"text":null,"thought":null,'
        '"thoughtSignature":null,"functionResponse":null,"inlineData":null,"fileData":null,"executableCode":null,'
        '"codeExecutionResult":null,"videoMetadata":null}]},"finishReason":null,"finishMessage":null,"safetyRatings":null,'
        '"citationMetadata":null,"groundingMetadata":null,"urlContextMetadata":null,"avgLogprobs":null,"logprobsResult":null,'
        '"tokenCount":null,"index":null}],"promptFeedback":null,"usageMetadata":null,"modelVersion":null,"responseId":null,'
        '"createTime":null,"error":null}',
    ),
    nulls(
        '{"message":{"content":[{"type":"text","text":"a"}]},"finish_reason":"COMPLETE"}',
        '{"message":{"content":[{"type":"text","text":"a","thinking":null}],"tool_plan":null,"tool_calls":null,'
        '"citations":null},"finish_reason":"COMPLETE","logprobs":null,"usage":null}',
    ),
    nulls(
        '{"output":{"choices":[{"message":{"tool_calls":[{"function":{}}]}}]}}',
        '{"output":{"choices":[{"message":{"tool_calls":[{"function":{"name":null,"arguments":null},"id":null,"type":null}],'
        '"role":null,"content":null,"reasoning_content":null},"logprobs":null,"finish_reason":null}],"text":null,'
        '"finish_reason":null},"usage":null,"code":null,"message":null}',
    ),
    nulls(
        '{"message":{"tool_calls":[{"function":{"arguments":{"a":1}}}]},"done":true}',
        '{"message":{"tool_calls":[{"function":{"arguments":{"a":1},"index":null,"description":null},"id":null}],'
        '"thinking":null,"images":null,"tool_name":null},"done":true,"done_reason":null,"error":null,"total_duration":null,'
        '"load_duration":null,"prompt_eval_count":null,"prompt_eval_duration":null,"eval_count":null,"eval_duration":null,'
        '"context":null,"logprobs":null,"remote_model":null}',
    ),
    nulls(
        '{"completion_message":{}}',
        '{"completion_message":{"tool_calls":null,"stop_reason":null,"content":null},"metrics":null}',
    ),
    nulls(
        '{"output":{"message":{"content":[{"text":"a"}]}},"usage":{}}',
        '{"output":{"message":{"content":[{"text":"a","toolUse":null,"reasoningContent":null,"image":null,'
        '"citationsContent":null,"toolResult":null}]}},"usage":{"cacheReadInputTokens":null,"cacheWriteInputTokens":null},'
        '"additionalModelResponseFields":null,"trace":null,"performanceConfig":null,"serviceTier":null}',
    ),
    body(
        "usage_as_text",
        '{"candidates":[],"usageMetadata":{"promptTokenCount":3,"promptTokensDetails":[{"tokenCount":2}]}}',
        '{"candidates":[],"usageMetadata":{"promptTokenCount":"3","promptTokensDetails":[{"tokenCount":"2"}]}}',
    ),
    body(
        "usage_as_text",
        '{"message":{"tool_calls":[{"function":{"arguments":{"x_count":1}}}]},"done":true,"eval_count":2,"eval_duration":3}',
        '{"message":{"tool_calls":[{"function":{"arguments":{"x_count":1}}}]},"done":true,"eval_count":"2","eval_duration":"3"}',
    ),
    body("usage_as_text", '{"choices":[],"usage":{"cached":true}}', ""),
    body(
        "nulls_left_out",
        '{"type":"message","stop_sequence":null,"content":[{"type":"tool_use","input":{"a":null}}]}',
        '{"type":"message","content":[{"type":"tool_use","input":{"a":null}}]}',
    ),
    body(
        "unknown_fields",
        '{"type":"message","content":[{"type":"tool_use","input":{"a":{}}}],"usage":{}}',
        '{"type":"message","content":[{"type":"tool_use","input":{"a":{}},"x_unknown_field":1}],"usage":{},"x_unknown_field":"text"}',
    ),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.disorder}-{row.before[:20]!r}")
def test_disorder_of_values_changes_the_bytes_as_expected(row: Row) -> None:
    assert deformed(row) == (answer_after(row) if row.after else None)
