"""The options of the commands for recorded traffic: `cassette scan|show|diff|redact`, `replay serve`, `log`."""

from argparse import ArgumentParser
from typing import Any


def add_cassette_commands(actions: Any) -> None:
    """`cassette` and what can be done with one, beside `check`. actions: argparse's subparsers."""
    scan = actions.add_parser(
        "scan", help="find secrets that slipped through",
        description="Look for keys, credentials, account ids and texts made by chance, inside of base64 too. Names the "
        "file and the JSON path of each, and shows none. Exit 1 when something is found.",
    )  # fmt: skip
    _paths(scan)
    _redaction(scan)
    scan.add_argument("--allow", action="append", default=[], metavar="PATH|TEXT",
                      help="a JSON path or a text that may look made by chance")  # fmt: skip
    scan.set_defaults(module="cassette_scan")
    redact = actions.add_parser(
        "redact", help="take secrets out of recorded traffic",
        description="Write the cassettes anew without secrets. Exit 1 when something is left that may be one.",
    )  # fmt: skip
    _paths(redact)
    _redaction(redact)
    redact.add_argument("--dry-run", action="store_true", help="only tell what would change")
    redact.set_defaults(module="cassette_redact")
    show = actions.add_parser("show", help="a readable picture: request, events, Completion, usage")
    _paths(show)
    show.add_argument(
        "--index", type=int, default=None, metavar="N", help="only this interaction, from 0"
    )
    show.add_argument("--whole", action="store_true", help="long bodies to their end")
    show.set_defaults(module="cassette_show")
    diff = actions.add_parser(
        "diff", help="JSON paths that a provider added, removed or retyped",
        description="Compare what two recordings of the same requests answered: paths and types, not values. Exit 1 "
        "when they differ.",
    )  # fmt: skip
    diff.add_argument("old", metavar="OLD", help="a cassette, or a folder of them")
    diff.add_argument("new", metavar="NEW", help="the same, recorded later")
    diff.set_defaults(module="cassette_diff")


def add_replay_commands(commands: Any) -> None:
    """`replay serve` and `log`. commands: argparse's subparsers."""
    replay = commands.add_parser("replay", help="answer from recorded traffic")
    actions = replay.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _serve(actions.add_parser("serve", help="a server on loopback that gives recorded answers"))
    log = commands.add_parser(
        "log", help="exchanges that were kept because LLM_PURE_LOG said so",
        description="List kept exchanges, or show one. LLM_PURE_LOG=FOLDER (or =on) switches the log on for a process.",
    )  # fmt: skip
    log.add_argument("action", nargs="?", choices=["list", "show"], default="list")
    log.add_argument("id", nargs="?", metavar="ID", help="of `show`, or how it begins")
    log.add_argument("--as-cassette", metavar="FILE", help="write the exchange there, for a test")
    log.add_argument("--folder", metavar="FOLDER", help="default: $LLM_PURE_LOG")
    log.set_defaults(module="log")


def _serve(serve: ArgumentParser) -> None:
    serve.description = (
        "Answer recorded requests on 127.0.0.1, streaming, for any program that can be given a base URL. The first line "
        "printed is the server's URL. A request that was not recorded is a 404 that tells what differs."
    )
    _paths(serve)
    serve.add_argument("--port", type=int, default=0, metavar="N", help="0: any free one")
    serve.add_argument("--once", action="store_true", help="give each recording once only")
    serve.add_argument("--ignore", action="append", default=[], metavar="PATH",
                       help="a JSON path that is not compared, such as /metadata")  # fmt: skip
    serve.add_argument("--speed", type=float, default=None, metavar="N",
                       help="1 as recorded, 10 ten times faster; default: no waits")  # fmt: skip
    serve.add_argument("--first", type=int, action="append", default=[], metavar="STATUS",
                       help="what the first request gets, before any recording")  # fmt: skip
    serve.add_argument(
        "--delay", type=float, default=0.0, metavar="SECONDS", help="before each answer"
    )
    serve.add_argument(
        "--cut-at", type=int, default=None, metavar="N", help="bodies end after N bytes"
    )
    serve.add_argument("--one-byte", action="store_true", help="stream one byte at a time")
    serve.add_argument("--upstream", default=None, metavar="URL",
                       help="the origin that stands behind the cassette, for --record")  # fmt: skip
    serve.add_argument("--record", default=None, metavar="MODE",
                       choices=["once", "new_episodes", "all", "rewrite"],
                       help="ask --upstream for what is not recorded, and record it")  # fmt: skip
    serve.set_defaults(module="serve")


def _paths(command: ArgumentParser) -> None:
    command.add_argument("paths", nargs="+", metavar="PATH", help="cassettes, or folders of them")


def _redaction(command: ArgumentParser) -> None:
    command.add_argument("--secret-name", action="append", default=[], metavar="NAME",
                         help="a further name whose text is a secret")  # fmt: skip
    command.add_argument("--path", action="append", default=[], metavar="PATH",
                         help="a JSON path to take out, such as /messages/*/content")  # fmt: skip


__all__ = ["add_cassette_commands", "add_replay_commands"]
