"""The table of all disorders."""

from llm_pure.replay.disorders.blocks import BLOCK_DISORDERS
from llm_pure.replay.disorders.calls import CALL_DISORDERS
from llm_pure.replay.disorders.choices import CHOICE_DISORDERS
from llm_pure.replay.disorders.disorder import Disorder
from llm_pure.replay.disorders.framing import FRAMING_DISORDERS
from llm_pure.replay.disorders.labels import LABEL_DISORDERS
from llm_pure.replay.disorders.responses import RESPONSES_DISORDERS
from llm_pure.replay.disorders.values import VALUE_DISORDERS

DISORDERS: tuple[Disorder, ...] = (
    *FRAMING_DISORDERS,
    *LABEL_DISORDERS,
    *VALUE_DISORDERS,
    *CHOICE_DISORDERS,
    *CALL_DISORDERS,
    *BLOCK_DISORDERS,
    *RESPONSES_DISORDERS,
)
"""Every disorder, each with a name of its own."""
