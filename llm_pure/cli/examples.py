"""Examples of every command, for its help; a test parses each of them."""

import shutil
import textwrap
from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "ask": (
        'llm-pure ask "Why is the sky blue?"',
        "git diff | llm-pure ask -m anthropic:claude-sonnet-5-5 'What could go wrong here?'",
    ),
    "batch plan": ("llm-pure batch plan reviews.csv -m openai:gpt-5.6-luna --prompt 'Classify: {text}'",),
    "batch run": (
        "llm-pure batch run reviews.csv --prompt 'Classify: {text}' -o runs/reviews --max-cost 25",
        "llm-pure batch run requests.jsonl -m anthropic:claude-sonnet-5-5 --concurrency 64",
    ),
    "batch status": ("llm-pure batch status runs/reviews", "llm-pure batch status runs/reviews --json | jq .counts.answered"),
    "batch resume": ("llm-pure batch resume runs/reviews --max-cost 50",),
    "batch retry": ("llm-pure batch retry runs/reviews --errors timeout,content_filtered",),
    "batch results": (
        "llm-pure batch results runs/reviews > answers.jsonl",
        "llm-pure batch results runs/reviews --parquet answers.parquet",
    ),
    "batch cancel": ("llm-pure batch cancel runs/reviews",),
    "batch clean": ("llm-pure batch clean runs/reviews",),
    "build": (
        "llm-pure build -m openai:gpt-5.6-luna hello",
        "llm-pure build --curl -m openai:gpt-5.6-luna hello | sh | llm-pure parse openai",
    ),
    "parse": ("llm-pure parse anthropic answer.json", "llm-pure parse --stream openai answer.sse"),
    "providers": ("llm-pure providers", "llm-pure providers --json | jq -r .api_type"),
    "models": ("llm-pure models -m openai", "llm-pure models -m ollama --base-url http://127.0.0.1:11434"),
    "demo": ("llm-pure demo",),
    "config check": ("llm-pure config check", "llm-pure config check config2.yaml"),
    "config import litellm": ("llm-pure config import litellm config.yaml > llm-pure.yaml",),
    "doctor": ("llm-pure doctor",),
    "policy simulate": ("llm-pure policy simulate policy.yaml outage.jsonl --seed 1",),
    "cassette check": ("llm-pure cassette check tests/cassettes", "llm-pure cassette check --json tests/cassettes"),
    "cassette scan": ("llm-pure cassette scan tests/cassettes",),
    "cassette redact": ("llm-pure cassette redact --dry-run tests/cassettes",),
    "cassette show": ("llm-pure cassette show --index 0 tests/cassettes/ask.yaml",),
    "cassette diff": ("llm-pure cassette diff old/ask.yaml new/ask.yaml",),
    "stream fuzz": ("llm-pure stream fuzz --every-byte tests/cassettes",),
    "replay serve": (
        "llm-pure replay serve --port 8000 tests/cassettes",
        "llm-pure replay serve --as anthropic_messages tests/cassettes/openai",
        "llm-pure replay serve --rules rules.yaml --received requests.jsonl",
    ),
    "serve": ("llm-pure serve", "llm-pure serve --port 11434 -m fast", "llm-pure serve --replay tests/cassettes"),
    "serve key": ("llm-pure serve key laptop",),
    "serve env": ("llm-pure serve env claude > claude.env", "llm-pure serve env codex -m smart >> ~/.codex/config.toml"),
    "run": ("llm-pure run -m smart -- claude -p hi", "llm-pure run -- python agent.py"),
    "log": ("LLM_PURE_LOG=calls python program.py; llm-pure log --folder calls", "llm-pure log show 3f2a"),
    "tokens": ("llm-pure tokens -m gpt-4o README.md docs", "llm-pure tokens 'src/**/*.py'"),
    "cost report": ("llm-pure cost report ledger.db", "llm-pure cost report --csv ledger.db > costs.csv"),
    "cost estimate": ("llm-pure cost estimate -m openai:gpt-5.6-luna --max-tokens 500 prompts",),
    "cost race": ("llm-pure cost race --limit 0.5 --workers 4 --calls 100",),
    "repair": ("llm-pure repair arguments.txt", """echo '{"city": "Oslo",}' | llm-pure repair"""),
    "translate": (
        "llm-pure translate --from anthropic --to openai-chat request.json",
        "llm-pure translate --from deepseek --to anthropic --json answers.jsonl",
    ),
    "bench streams": (
        "llm-pure bench streams tests/cassettes",
        "llm-pure bench streams --peers --plot speed.svg tests/cassettes",
    ),
    "bench answers": ("llm-pure bench answers --json tests/cassettes | jq .ratio",),
    "bench tokens": ("llm-pure bench tokens -m gpt-4o README.md docs",),
    "bench build": ("llm-pure bench build --rounds 3 tests/cassettes",),
    "image": ("llm-pure image -o cat.png 'a cat in the rain'",),
    "speak": ("llm-pure speak -o hello.mp3 'Hello!'",),
    "transcribe": ("llm-pure transcribe talk.mp3", "llm-pure transcribe --format srt talk.mp3 > talk.srt"),
    "moderate": ("llm-pure moderate 'Some text.'", "llm-pure moderate --lines < comments.txt"),
    "embed": ("llm-pure embed --lines < titles.txt",),
    "code": ("llm-pure code 'the first ten primes' > primes.py",),
}  # fmt: skip
"""Command without "llm-pure" -> its examples."""


def examples_of(program: str) -> str:
    """Return the examples of a command for the end of its help. program: such as "llm-pure cassette check"."""
    examples = EXAMPLES[program.removeprefix("llm-pure ")]
    heading = "example:" if len(examples) == 1 else "examples:"
    return "\n".join([heading, *[f"  {example}" for example in examples]])


def wrapped(text: str) -> str:
    """Return a paragraph of help in lines as wide as the terminal."""
    return textwrap.fill(text, max(20, shutil.get_terminal_size().columns - 2))
