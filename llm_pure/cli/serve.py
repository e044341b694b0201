"""`llm-pure replay serve`: serve recorded responses on loopback, and optionally record missing ones."""

import signal
from argparse import Namespace
from contextlib import ExitStack
from typing import NoReturn

from llm_pure.cli.exit_codes import (
    CANNOT_WRITE,
    INTERRUPTED,
    NO_INPUT,
    OK,
    UNAVAILABLE,
    USAGE,
    CommandFailed,
    value_or_exit,
)
from llm_pure.cli.files import require_paths
from llm_pure.cli.output import out
from llm_pure.replay.cassette_writer import open_cassette
from llm_pure.replay.chunking import as_recorded, single_bytes
from llm_pure.replay.faults import Fault, PlaybackOptions
from llm_pure.replay.matching import MatchRules
from llm_pure.replay.player import Player, open_replay
from llm_pure.replay.recorder import RecordTransport
from llm_pure.replay.server import UNROUTABLE, ReplayServer, serve
from llm_pure.transports.base import Transport


def run(options: Namespace) -> int:
    """Print the server's URL and serve until interrupted."""
    playing = PlaybackOptions(
        borders=single_bytes if options.one_byte else as_recorded,
        speed=options.speed,
        fault=Fault(first=tuple(options.first), delay_s=options.delay, cut_at=options.cut_at),
    )
    if options.client_dialect is not None or options.rules is not None:
        from llm_pure.cli.serve_double import serve_double  # imported late: start-up

        return serve_double(options, lambda transport: _serve(transport, UNROUTABLE, options))
    if options.record is not None:
        return _record(options, playing)
    if not options.paths:
        raise CommandFailed("name cassettes or folders, or a file with --rules", USAGE)
    require_paths(*options.paths)
    replay = open_replay(
        *options.paths,
        matching=MatchRules(origin=False, ignored=tuple(options.ignore)),
        again=not options.once,
        borders=playing.borders,
        speed=playing.speed,
        fault=playing.fault,
    )
    transport = value_or_exit(replay, NO_INPUT)
    transport.how_to_record = (
        "llm-pure replay serve FILE --record new_episodes --upstream https://HOST"
    )
    return _serve(transport, UNROUTABLE, options)


def _record(options: Namespace, playing: PlaybackOptions) -> int:
    if options.upstream is None or len(options.paths) != 1:
        raise CommandFailed("--record needs --upstream and one cassette", USAGE)
    opened = open_cassette(
        options.paths[0],
        options.record,
        matching=MatchRules(ignored=tuple(options.ignore)),
        again=not options.once,
    )
    cassette = value_or_exit(opened, NO_INPUT)
    from llm_pure.transports.httpx import HttpxTransport  # imported late: start-up

    with HttpxTransport() as upstream:
        recorder = RecordTransport(cassette, upstream, player=Player(playing))
        code = _serve(recorder, options.upstream, options)
    value_or_exit(cassette.save(), CANNOT_WRITE)
    return code


def _serve(transport: Transport, upstream: str, options: Namespace) -> int:
    port: int = options.port

    def stop(number: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    with ExitStack() as stack:
        try:
            server: ReplayServer = stack.enter_context(
                serve(transport, upstream=upstream, port=port, hosts=options.allow_host)
            )
        except OSError as error:
            message = f"cannot listen on port {port}: {error.strerror or error}"
            raise CommandFailed(message, UNAVAILABLE) from None
        before = signal.signal(signal.SIGTERM, stop)
        stack.callback(signal.signal, signal.SIGTERM, before)
        out(server.url)
        try:
            server.wait()
        except KeyboardInterrupt:
            return INTERRUPTED
    return OK
