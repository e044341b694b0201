"""Options and help texts of every command. `create_parser` sets `options.run` to the "module.function" to call.

One file: a table of all commands and options, to be compared with each other. `examples` has an example of each.
"""

import sys
from argparse import REMAINDER, ArgumentParser, RawDescriptionHelpFormatter
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, NoReturn, TypeAlias

from llm_pure import __version__
from llm_pure.cli.batch_arguments import add_batch
from llm_pure.cli.examples import examples_of, wrapped
from llm_pure.cli.exit_codes import TABLE, USAGE

Commands: TypeAlias = Any
"""Return value of `add_subparsers`; argparse has no public name for its type."""

DEFAULT_MODEL = "openai:gpt-5.6-luna"
"""Model of a command if neither the files nor the environment name one."""

MEDIA_MODELS = {
    "image": "openai:gpt-image-2.5-flare",
    "speak": "openai:gpt-4o-mini-tts",
    "transcribe": "openai:gpt-4o-mini-transcribe",
    "moderate": "openai:omni-moderation-latest",
    "embed": "openai:text-embedding-3-small",
    "code": None,
}
"""Media command -> model without -m; None is the default model of `ask`."""

SERVED_DIALECTS = (
    "anthropic_messages",
    "gemini_content",
    "ollama_native",
    "openai_chat",
    "openai_responses",
)
"""The names in `llm_pure.server.server_dialects`, which is loaded when a server runs."""


class _Parser(ArgumentParser):
    """Exits with 64 on wrong usage, as sysexits.h says, in place of argparse's 2."""

    def print_help(self, file: Any = None) -> None:
        """Write the help. argparse would hide that it cannot be written."""
        (file or sys.stdout).write(self.format_help())

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


@cache
def create_parser() -> ArgumentParser:
    """Return the parser of all commands, the same one each time."""
    parser = _Parser(
        prog="llm-pure",
        description="h11 for language models: ask a model, print requests, parse and replay recorded traffic.",
        epilog=TABLE,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"llm-pure {__version__}")
    commands = _subcommands(parser)
    _add_ask(commands)
    add_batch(
        _group(commands, "batch", "answer every row of a file, in as many parts as it takes"),
        _command,
        _add_model,
        usd,
    )
    _add_build(commands)
    _add_parse(commands)
    _add_providers(commands)
    _add_models(commands)
    _command(commands, "demo", "demo.run", "run every step on a bundled cassette, offline")
    _add_config(commands)
    _add_doctor(commands)
    _add_policy(commands)
    _add_cassette(commands)
    _add_stream(commands)
    _add_replay(commands)
    _add_serve(commands)
    _add_run(commands)
    _add_log(commands)
    _add_tokens(commands)
    _add_cost(commands)
    _add_repair(commands)
    _add_translate(commands)
    _add_bench(commands)
    _add_image(commands)
    _add_speak(commands)
    _add_transcribe(commands)
    _add_texts(commands)
    return parser


def usd(text: str) -> Decimal:
    """Parse an amount of money. Fails with ValueError unless it is finite and at least 0."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None
    if not amount.is_finite() or amount < 0:
        raise ValueError(text)
    return amount


def count(text: str) -> int:
    """Parse a number of things. Fails with ValueError unless it is at least 1."""
    number = int(text)
    if not 1 <= number <= _MAX_COUNT:
        raise ValueError(text)
    return number


def port(text: str) -> int:
    """Parse a port; 0 is any free one. Fails with ValueError for any other number."""
    number = int(text)
    if not 0 <= number <= 65_535:
        raise ValueError(text)
    return number


def seconds(text: str) -> float:
    """Parse a time. Fails with ValueError unless it is finite and at least 0."""
    number = float(text)
    if not 0 <= number <= _MAX_COUNT:
        raise ValueError(text)
    return number


def speed(text: str) -> float:
    """Parse a factor. Fails with ValueError unless it is finite and above 0."""
    number = seconds(text)
    if number == 0:
        raise ValueError(text)
    return number


_MAX_COUNT = 10**12


# fmt: off
# one option per line, as in a table

# Asking and building


def _add_ask(commands: Commands) -> None:
    ask = _command(commands, "ask", "ask.run", "ask a model a question", "Ask a model a question. Text that is piped in is appended to TEXT.")
    ask.epilog = wrapped(
        "Models come from the configuration files that `llm-pure doctor` lists; missing settings come from the provider's "
        "environment variables, such as OPENAI_API_KEY and OPENAI_BASE_URL. Exit 65 if the answer is incomplete: it ended at "
        "the token limit or by a filter."
    ) + f"\n\n{ask.epilog}"
    _add_prompt(ask)
    _flag(ask, "--json", "print the Completion as JSON")
    ask.add_argument("--no-stream", dest="stream", action="store_false", help="do not stream")
    ask.add_argument("--max-cost", type=usd, metavar="USD", help="send nothing if the call may cost more")


def _add_build(commands: Commands) -> None:
    build = _command(commands, "build", "build.run", "print a request without sending it",
        "Print the request as JSON or as a curl command, without secrets, and send nothing. Adaptations to the model go to "
        "standard error. `llm-pure build --curl -m X hello | sh | llm-pure parse X` is a client with curl as its "
        "transport.")
    _add_prompt(build)
    _flag(build, "--stream", "request a stream")
    _flag(build, "--curl", "print a curl command with $VARIABLE in place of the key")
    _flag(build, "--include", "with --curl: output status and headers too; `parse` reads them")


def _add_parse(commands: Commands) -> None:
    parse = _command(commands, "parse", "parse.run", "parse a saved response",
        "Print the Completion of a saved response body as JSON. The body may follow status and headers as "
        "`curl --include` prints them.")
    parse.add_argument("provider", metavar="PROVIDER", help="provider of the response, optionally with :MODEL")
    _add_file(parse)
    _flag(parse, "--stream", "the body is a stream")
    parse.add_argument("--status", type=int, metavar="N", help="HTTP status; default: 200")


def _add_prompt(command: ArgumentParser) -> None:
    command.add_argument("text", nargs="*", metavar="TEXT", help="the question")
    _add_model(command)
    command.add_argument("-s", "--system", metavar="SYSTEM", help="system prompt")
    command.add_argument("-i", "--image", action="append", default=[], metavar="FILE", help="image, PDF, audio or other file, or the URL of an image; repeatable")
    command.add_argument("--max-tokens", type=count, metavar="N", help="output limit")
    command.add_argument("--temperature", type=float, metavar="X", help="0 is the least random")


def _add_model(command: ArgumentParser, default: str | None = None) -> None:
    default = default or f"the default model of the files, $LLM_PURE_MODEL, {DEFAULT_MODEL}"
    command.add_argument("-m", "--model", metavar="MODEL", help=f"name in the configuration files, or PROVIDER:MODEL; default: {default}")
    _add_config_file(command)
    command.add_argument("--base-url", metavar="URL", help="base URL in place of the provider's")


def _add_config_file(command: ArgumentParser) -> None:
    command.add_argument("--config", metavar="FILE", help="configuration file; default: those that `doctor` lists")


# Providers, configuration and policies


def _add_providers(commands: Commands) -> None:
    providers = _command(commands, "providers", "providers.run", "list the providers and what they support",
        "List every api_type with its dialect, key variable, base URL and capabilities.")
    form = providers.add_mutually_exclusive_group()
    _flag(form, "--markdown", "print the page docs/reference/providers.md")
    _flag(form, "--json", "one JSON line per provider")


def _add_models(commands: Commands) -> None:
    models = _command(commands, "models", "models.run", "list the models that a provider has",
        "Print the name of each model that the provider lists for the key, one on a line.")
    models.add_argument("-m", "--model", metavar="PROVIDER", help="provider, or name in the configuration files; default: as `ask`")
    _add_config_file(models)
    models.add_argument("--base-url", metavar="URL", help="base URL in place of the provider's")
    _flag(models, "--json", "one JSON line per model")


def _add_config(commands: Commands) -> None:
    actions = _group(commands, "config", "check and import configuration files")
    check = _command(actions, "check", "config.check", "check that every model can be used",
        "Read a configuration file, or all that exist, and build and sign a request for each model without sending it. "
        "Exit 0 if every model can be used, else 78.")
    check.add_argument("file", nargs="?", metavar="FILE", help="default: the user's and the project's files")


    sources = _group(actions, "import", "convert the configuration of another program")
    litellm = _command(sources, "litellm", "config.import_litellm", "convert a config.yaml of litellm's proxy",
        "Print litellm's models, fallbacks, retries and prices as a configuration file. Everything that has no place there is "
        "listed on standard error, with the reason. Keys that stand in the file become variables.")
    litellm.add_argument("file", metavar="FILE", help="litellm's config.yaml")


def _add_doctor(commands: Commands) -> None:
    _command(commands, "doctor", "config.doctor", "show the settings of each model and their sources",
        "Show the configuration files, the transports, and the settings of each model with their sources. Sends nothing. "
        "Exit 0 if every model can be used, else 78.")


def _add_policy(commands: Commands) -> None:
    actions = _group(commands, "policy", "simulate retry policies")
    simulate = _command(actions, "simulate", "policy.run", "simulate a policy during an outage",
        "Print success rate, sends and waits of many calls under a retry policy during outages, on a virtual clock. "
        "The same seed prints the same output.")
    simulate.add_argument("policy", metavar="POLICY.yaml", help="fields of RetryPolicy, and `limit`")
    simulate.add_argument("outage", metavar="OUTAGE.jsonl", help="one Outage per line")
    simulate.add_argument("--seed", type=int, default=0, metavar="N", help="random seed; default: 0")
    simulate.add_argument("--calls", type=count, default=1000, metavar="N", help="default: 1000")
    simulate.add_argument("--every", type=seconds, default=0.1, metavar="SECONDS", help="time between calls; default: 0.1")
    simulate.add_argument("--takes", type=seconds, default=1.0, metavar="SECONDS", help="duration of a success; default: 1")
    _flag(simulate, "--json", "print one JSON document")


# Recorded traffic


def _add_cassette(commands: Commands) -> None:
    actions = _group(commands, "cassette", "inspect recorded traffic")
    check = _command(actions, "check", "cassette.check", "parse every interaction and report",
        "Parse each interaction of VCR cassettes and report the outcome. Exit 0 if all can be parsed, else 65.")
    _add_paths(check)
    _flag(check, "--json", "one JSON line per interaction")
    scan = _command(actions, "scan", "cassette.scan", "find secrets in recordings",
        "Find keys, credentials, account ids and random-looking texts, in base64 too. Prints the file and JSON path of "
        "each, never the text. Exit 1 if something is found.")
    _add_paths(scan)
    _add_redaction(scan)
    scan.add_argument("--allow", action="append", default=[], metavar="PATH|TEXT", help="JSON path or text that may look random")
    redact = _command(actions, "redact", "cassette.redact", "remove secrets from recordings",
        "Rewrite cassettes without secrets. Exit 1 if a possible secret is left.")
    _add_paths(redact)
    _add_redaction(redact)
    _flag(redact, "--dry-run", "only print what would change")
    show = _command(actions, "show", "cassette.show", "print request, events, completion and usage")
    _add_paths(show)
    show.add_argument("--index", type=int, metavar="N", help="only this interaction, from 0")
    show.add_argument("--whole", dest="full_bodies", action="store_true", help="do not shorten long bodies")
    diff = _command(actions, "diff", "cassette.diff", "list JSON paths that were added, removed or retyped",
        "Compare the responses of two recordings of the same requests: JSON paths and types, not values. Exit 1 if they "
        "differ.")
    diff.add_argument("old", metavar="OLD", help="cassette, or a folder of cassettes")
    diff.add_argument("new", metavar="NEW", help="the same, recorded later")


def _add_stream(commands: Commands) -> None:
    actions = _group(commands, "stream", "test the stream decoders")
    fuzz = _command(actions, "fuzz", "stream.run", "split, cut and corrupt recorded streams",
        "Check that every split of a stream gives the same events, that every cut is a failure and never a short success, "
        "and that corrupt bytes never raise. Exit 1 on a violation; a minimal cassette that shows it is written.")
    _add_paths(fuzz)
    _flag(fuzz, "--every-byte", "split at every byte and cut before every byte")
    _flag(fuzz, "--disorders", "also deform every recorded answer as gateways do, and compare the results")
    fuzz.add_argument("--seed", type=int, default=0, metavar="N", help="random seed; default: 0")
    fuzz.add_argument("--rounds", type=count, default=20, metavar="N", help="random splits, cuts and corruptions; default: 20")
    fuzz.add_argument("--out", default=".", metavar="FOLDER", help="for the minimal cassettes; default: .")


def _add_replay(commands: Commands) -> None:
    actions = _group(commands, "replay", "replay recorded traffic")
    serve = _command(actions, "serve", "serve.run", "serve recorded responses on loopback",
        "Serve recorded responses on 127.0.0.1, with streaming, for any program with a configurable base URL. The first "
        "line of output is the server's URL. A request without a recording is a 404 that shows the differences. With --as "
        "clients of another API are answered, and with --rules a file says what is answered instead of recordings.")
    serve.add_argument("paths", nargs="*", metavar="PATH", help="cassettes, or folders of cassettes")
    serve.add_argument("--as", dest="client_dialect", metavar="DIALECT", choices=[*SERVED_DIALECTS, "any"],
        help="answer clients of this API with the recordings of all: " + ", ".join(SERVED_DIALECTS) + ", or any of them")
    serve.add_argument("--rules", metavar="FILE", help="answer clients of every API by the rules of this YAML or JSON file")
    serve.add_argument("--received", metavar="FILE", help="with --as or --rules: append what clients send, a JSON line for each request")
    serve.add_argument("--port", type=port, default=0, metavar="N", help="default: 0, any free port")
    serve.add_argument("--allow-host", action="append", default=[], metavar="NAME",
        help="a name by which the server may be called, beside those of loopback")
    _flag(serve, "--once", "serve each recording once only")
    serve.add_argument("--ignore", action="append", default=[], metavar="PATH", help="JSON path to ignore in requests, such as /metadata")
    serve.add_argument("--speed", type=speed, metavar="N", help="1 as recorded, 10 ten times faster; default: no waits")
    serve.add_argument("--first", type=int, action="append", default=[], metavar="STATUS",
        help="status of the first response, in place of a recording; repeat for the next responses")
    serve.add_argument("--delay", type=seconds, default=0.0, metavar="SECONDS", help="delay of each response")
    serve.add_argument("--cut-at", type=int, metavar="N", help="cut bodies after N bytes")
    _flag(serve, "--one-byte", "stream one byte at a time")
    serve.add_argument("--upstream", metavar="URL", help="real server to record from, for --record")
    serve.add_argument("--record", metavar="MODE", choices=["once", "new_episodes", "all", "rewrite"],
        help="record missing interactions from --upstream: once, new_episodes, all or rewrite")


def _add_log(commands: Commands) -> None:
    log = _command(commands, "log", "log.run", "list or show the exchanges kept by LLM_PURE_LOG",
        "List kept exchanges, or show one. LLM_PURE_LOG=FOLDER (or =on) turns the log on for a process.")
    log.add_argument("action", nargs="?", choices=["list", "show"], default="list")
    log.add_argument("id", nargs="?", metavar="ID", help="for `show`: an id, or its first characters")
    log.add_argument("--as-cassette", metavar="FILE", help="write the exchange to a cassette, for a test")
    log.add_argument("--folder", metavar="FOLDER", help="default: $LLM_PURE_LOG")


# Gateway


def _add_serve(commands: Commands) -> None:
    serve = _command(commands, "serve", "serve_gateway.run", "serve the configured models to clients of every dialect",
        "Serve the models of the configuration files as OpenAI's, Anthropic's, Google's and Ollama's APIs on one port, with "
        "the keys, budgets and limits of the section `serve`.")
    serve.add_argument("-m", "--model", metavar="MODEL", help="serve this model only, under every name")
    _add_config_file(serve)
    serve.add_argument("--host", metavar="ADDRESS", help="default: 127.0.0.1; another needs at least one key")
    serve.add_argument("--port", type=port, metavar="N", help="default: 4141; 0 is any free port")
    serve.add_argument("--workers", type=count, default=1, metavar="N", help="processes; default: 1")
    _flag(serve, "--any-model", "serve every other model name with the default model")
    serve.add_argument("--record", metavar="FOLDER", help="record what is sent and received as cassettes, without secrets")
    serve.add_argument("--replay", action="append", default=[], metavar="PATH", help="answer from cassettes; nothing is sent")
    actions = serve.add_subparsers(title="commands", metavar="COMMAND")
    key = _command(actions, "key", "serve_keys.key", "make a key for a client",
        "Print a new key, this once, and the line for the configuration file, which has the key's hash only.")
    key.add_argument("name", metavar="NAME", help="for the log, the metrics and the key's budget")
    env = _command(actions, "env", "serve_keys.env", "print the settings of a client",
        "Print the environment variables, or the block of the configuration file, that point a client at the gateway.")
    env.add_argument("client", choices=CLIENTS, metavar="CLIENT", help=f"one of {', '.join(CLIENTS)}")
    env.add_argument("-m", "--model", metavar="MODEL", help="model that the client is to use; default: its own")
    env.add_argument("--url", metavar="URL", help="address of the gateway; default: that of the configuration file")
    env.add_argument("--port", type=port, metavar="N", help="port of the gateway on this machine")
    _add_config_file(env)


def _add_run(commands: Commands) -> None:
    run = _command(commands, "run", "run_program.run", "run a program with a gateway of its own",
        "Start a gateway on a free port of 127.0.0.1, set the variables by which OpenAI's, Anthropic's, Google's and Ollama's "
        "clients reach it, and run the program. The gateway ends with the program, whose exit code it returns.")
    run.add_argument("-m", "--model", metavar="MODEL", help="the model for every request, whatever model it names")
    _add_config_file(run)
    run.add_argument("program", nargs=REMAINDER, metavar="-- PROGRAM", help="the program and its arguments")


CLIENTS = ("claude", "codex", "gemini", "opencode", "aider", "openai", "ollama")
"""Clients of `serve env`; `llm_pure.gateway.client_settings` has the settings of each."""


def _add_paths(command: ArgumentParser) -> None:
    command.add_argument("paths", nargs="+", metavar="PATH", help="cassettes, or folders of cassettes")


def _add_redaction(command: ArgumentParser) -> None:
    command.add_argument("--secret-name", action="append", default=[], metavar="NAME", help="another name whose text is a secret; repeatable")
    command.add_argument("--path", action="append", default=[], metavar="PATH", help="JSON path to redact, such as /messages/*/content; repeatable")


# Tokens, costs and tool arguments


def _add_tokens(commands: Commands) -> None:
    tokens = _command(commands, "tokens", "tokens.run", "count the tokens of files, offline",
        "Count the tokens of text for a model, offline. Without PATH, of standard input.")
    _add_texts_of_paths(tokens)
    tokens.add_argument("-m", "--model", default="gpt-4o", metavar="MODEL",
        help="model, PROVIDER:MODEL, or name in the configuration files; default: gpt-4o")
    _add_config_file(tokens)
    _flag(tokens, "--json", "one JSON line per file")


def _add_cost(commands: Commands) -> None:
    actions = _group(commands, "cost", "estimate and report costs")
    report = _command(actions, "report", "cost.report", "report calls, tokens and costs by model and day",
        "Report the calls of a ledger (SQLite, see $LLM_PURE_LEDGER and LLM(budget=...)): tokens, cost, cost per call and "
        "tokens per second, by model and by day. Calls without a price get today's price, in the report only.")
    report.add_argument("ledger", nargs="?", metavar="LEDGER", help="default: $LLM_PURE_LEDGER")
    form = report.add_mutually_exclusive_group()
    _flag(form, "--json", "one JSON line per row")
    _flag(form, "--csv", "comma-separated values")
    estimate = _command(actions, "estimate", "cost.estimate", "estimate the maximum cost of prompts",
        "Estimate the maximum cost of prompts, each file one: its input, and the longest output.")
    _add_texts_of_paths(estimate)
    _add_model(estimate)
    estimate.add_argument("--max-tokens", type=count, default=4096, metavar="N", help="of output; default: 4096")
    _flag(estimate, "--json", "one JSON line per file")
    race = _command(actions, "race", "cost_race.run", "test one budget with several processes, offline",
        "Let processes call a scripted model against one SQLite ledger, kill one of them during a call, and check that the "
        "limit holds, that every call is admitted or refused, and that no reservation is left. Exit 1 otherwise.")
    race.add_argument("--limit", type=usd, default=Decimal("1.00"), metavar="USD", help="budget; default: 1.00")
    race.add_argument("--workers", type=count, default=8, metavar="N", help="processes; default: 8")
    race.add_argument("--calls", type=count, default=400, metavar="N", help="calls of all processes; default: 400")
    race.add_argument("--lease", type=seconds, default=2.0, metavar="S", help="reservation of the killed process, in seconds")
    _flag(race, "--json", "one JSON line")


def _add_texts_of_paths(command: ArgumentParser) -> None:
    command.add_argument("files", nargs="*", metavar="PATH",
        help="file of UTF-8 text, folder of such files, or pattern such as 'docs/**/*.md'; - is standard input")


def _add_repair(commands: Commands) -> None:
    repair = _command(commands, "repair", "repair.run", "repair tool arguments that are not valid JSON",
        "Print the object that tool arguments of a model mean, and the edits to standard error. Exit 65 if the repair "
        "would have to guess.")
    _add_file(repair)
    _flag(repair, "--code", "arguments of the code tool: language and code")
    _flag(repair, "--json", "print outcome, value and edits as JSON")


def _add_translate(commands: Commands) -> None:
    translate = _command(commands, "translate", "translate.run", "write a request, answer, stream or log in another dialect",
        "Translate a saved body from one vendor's format into another's; what it is shows by its form. A log is JSON lines, a "
        "body in each, also of OpenAI's batch files. A dialect is openai_chat, openai_responses, anthropic_messages, "
        "gemini_content or ollama_native; short names and providers are known too. What is lost goes to standard error.")
    translate.add_argument("--from", required=True, dest="from_dialect", metavar="DIALECT", help="dialect of the body")
    translate.add_argument("--to", required=True, dest="to_dialect", metavar="DIALECT", help="dialect to write")
    _add_file(translate)
    translate.add_argument("-m", "--model", metavar="NAME", help="model in place of the body's; Gemini's requests have none")
    translate.add_argument("--status", type=int, metavar="N", help="HTTP status of an answer; default: 200, 500 for an error")
    _flag(translate, "--stream", "the request is for a stream (Gemini: its URL says so)")
    _flag(translate, "--strict", "fail if something is lost")
    _flag(translate, "--json", "print kind, url, body, adaptations and error as JSON, one line for each body")


def _add_bench(commands: Commands) -> None:
    actions = _group(commands, "bench", "measure what reading, counting and building cost")
    method = (
        " All take turns in rounds; times are CPU time, medians; ratios have their quartiles. Exit 65 if there is nothing to "
        "measure.")
    streams = _command(actions, "streams", "bench.streams", "measure recorded streams, per dialect",
        "Measure recorded streams beside a bare msgspec decode of the same bytes, per dialect: time an event and a stream, to "
        "the first event, to open and close it, and memory. Streams of at most 20 events are apart." + method)
    _add_paths(streams)
    answers = _command(actions, "answers", "bench.answers", "measure recorded complete answers, per dialect",
        "Measure parsing recorded complete answers beside a bare msgspec decode of the same bytes, per dialect." + method)
    _add_paths(answers)
    tokens = _command(actions, "tokens", "bench.tokens", "measure counting the tokens of texts",
        "Measure counting tokens beside raw tiktoken. Of cassettes, the texts of requests and answers are counted, each by "
        "itself. Texts of at most 100 tokens are apart." + method)
    tokens.add_argument("paths", nargs="+", metavar="PATH", help="texts, cassettes, or folders of these")
    tokens.add_argument("-m", "--model", default="gpt-4o", metavar="MODEL", help="model to count for; default: gpt-4o")
    build = _command(actions, "build", "bench.build", "measure building recorded requests, per dialect",
        "Read recorded requests as values, and measure building them beside a bare msgspec encode of the recorded bodies, "
        "per dialect." + method)
    _add_paths(build)
    for command in (streams, answers, tokens, build):
        _flag(command, "--json", "one JSON line per row, the machine first")
        command.add_argument("--plot", metavar="FILE.svg", help="write a plot of the ratios")
        _add_force(command)
        command.add_argument("--rounds", type=count, default=9, metavar="N", help="default: 9")
        command.set_defaults(peers=False)
    for command in (streams, tokens):
        _flag(command, "--peers", "measure other libraries too, those that are installed")


def _add_file(command: ArgumentParser) -> None:
    command.add_argument("file", nargs="?", metavar="FILE", help="default: standard input")


# Images, audio, texts and code


def _add_image(commands: Commands) -> None:
    image = _media_command(commands, "image", "generate or edit images and save them to files",
        "Generate images from a description. With -i, edit images as described; one image without a description gives "
        "variations. Several images are numbered: cat-1.png, cat-2.png.")
    image.add_argument("-i", "--image", action="append", default=[], metavar="FILE", help="image to edit; repeatable")
    image.add_argument("--mask", metavar="FILE", help="PNG, transparent where the first image may change")
    image.add_argument("-o", "--output", default="image", metavar="FILE", help="default: image, with the suffix of its format (image.png)")
    image.add_argument("-n", type=int, metavar="N", help="number of images; default: 1")
    image.add_argument("--size", metavar="SIZE", help="such as 1024x1024; 16:9 or 2K for Google's models")
    image.add_argument("--quality", metavar="WORD", help="low, medium, high ..., depending on the model")
    image.add_argument("--format", choices=("png", "jpeg", "webp"), help="format of the file, if the model supports it")
    _add_force(image)


def _add_speak(commands: Commands) -> None:
    speak = _media_command(commands, "speak", "convert text to speech and save the audio")
    speak.add_argument("-o", "--output", default="speech.mp3", metavar="FILE",
        help="the suffix sets the format: mp3, wav, opus, aac, flac, pcm; - is standard output; default: speech.mp3")
    speak.add_argument("--format", metavar="WORD", help="format in place of the suffix")
    speak.add_argument("--voice", default="alloy", metavar="NAME", help="default: alloy")
    speak.add_argument("--instructions", metavar="TEXT", help="how to speak, such as: softly")
    speak.add_argument("--speed", type=float, metavar="X", help="1 is normal speed")
    _add_force(speak)


def _add_transcribe(commands: Commands) -> None:
    transcribe = _media_command(commands, "transcribe", "transcribe an audio file", "Print the text of an audio file of at most 25 MB.", text=False)
    transcribe.add_argument("file", metavar="FILE", help="wav, mp3, m4a, ogg, flac or webm; - is standard input")
    transcribe.add_argument("--language", metavar="CODE", help="language of the audio, such as en")
    transcribe.add_argument("--prompt", metavar="TEXT", help="names and words in the audio")
    transcribe.add_argument("--format", choices=("json", "text", "srt", "verbose_json", "vtt", "diarized_json"), metavar="FORMAT",
        help="srt and vtt are subtitles; json, verbose_json and diarized_json print JSON; default: text")


def _add_texts(commands: Commands) -> None:
    moderate = _media_command(commands, "moderate", "moderate texts", "Print `not flagged`, or `flagged:` with the categories, for each text.")
    _flag(moderate, "--json", "print the response as JSON")
    embed = _media_command(commands, "embed", "embed texts as vectors",
        "Print the vector of each text as a JSON list on one line. Any number of texts; they are sent in as many calls as "
        "the provider requires.")
    embed.add_argument("--dimensions", type=int, metavar="N", help="length of the vectors, if the model supports it")
    for command in (moderate, embed):
        _flag(command, "--lines", "each TEXT, or each line of standard input, is a text of its own")
    _media_command(commands, "code", "generate code and print only the code",
        "Print generated code; its language, and whether it was repaired, go to standard error.")


def _media_command(
    commands: Commands, name: str, summary: str, description: str = "", *, text: bool = True
) -> ArgumentParser:
    command = _command(commands, name, "media.run", summary, description)
    if text:
        command.add_argument("text", nargs="*", metavar="TEXT", help="default: standard input")
    _add_model(command, MEDIA_MODELS[name])
    command.set_defaults(command=name)
    return command


def _add_force(command: ArgumentParser) -> None:
    _flag(command, "--force", "overwrite an existing file")


# Building blocks


def _group(commands: Commands, name: str, summary: str) -> Commands:
    """Add a command with commands of its own; return these."""
    return _subcommands(commands.add_parser(name, help=summary, description=_sentence(summary)))


def _subcommands(parser: ArgumentParser) -> Commands:
    """Add commands to a parser; without one of them, it prints its help, which lists them."""
    parser.set_defaults(run="", parser=parser)
    return parser.add_subparsers(title="commands", metavar="COMMAND")


def _command(
    commands: Commands, name: str, run: str, summary: str, description: str = ""
) -> ArgumentParser:
    """Add a command. run: the function as "module.function", imported only when the command runs."""
    command: ArgumentParser = commands.add_parser(name, help=summary, formatter_class=RawDescriptionHelpFormatter)
    command.description = wrapped(description or _sentence(summary))
    command.epilog = examples_of(command.prog)
    command.set_defaults(run=run, parser=command)
    return command


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."


def _flag(command: Any, name: str, summary: str) -> None:
    command.add_argument(name, action="store_true", help=summary)
