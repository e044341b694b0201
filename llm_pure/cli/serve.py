"""`llm-pure replay serve`: recorded answers on loopback."""

import signal
from argparse import Namespace
from contextlib import ExitStack
from typing import NoReturn

from llm_pure.cli.exit_codes import CANNOT_WRITE, INTERRUPTED, NO_INPUT, OK, UNAVAILABLE, USAGE
from llm_pure.cli.output import out, print_error, print_note
from llm_pure.cli.paths import all_there
from llm_pure.replay.cassette_writer import CassetteRecorder, open_cassette
from llm_pure.replay.chunking import as_recorded, single_bytes
from llm_pure.replay.faults import Fault, PlaybackOptions
from llm_pure.replay.matching import MatchRules
from llm_pure.replay.player import Player, open_replay
from llm_pure.replay.recorder import RecordTransport
from llm_pure.replay.server import UNROUTABLE, ReplayServer, serve
from llm_pure.transports.base import Transport
from llm_pure.types.errors import LLMError
from llm_pure.types.result import Failure


def run(options: Namespace) -> int:
    """Until it is interrupted; the server's URL is the first line."""
    playing = PlaybackOptions(
        borders=single_bytes if options.one_byte else as_recorded,
        speed=options.speed,
        fault=Fault(first=tuple(options.first), delay_s=options.delay, cut_at=options.cut_at),
    )
    if options.record is not None:
        return _record(options, playing)
    if not all_there(options.paths):
        return NO_INPUT
    opened = open_replay(
        *options.paths,
        matching=MatchRules(origin=False, ignored=tuple(options.ignore)),
        again=not options.once,
        borders=playing.borders,
        speed=playing.speed,
        fault=playing.fault,
    )
    if isinstance(opened, Failure):
        return _failed(opened.failure(), NO_INPUT)
    return _serve(opened.unwrap(), UNROUTABLE, options.port)


def _record(options: Namespace, playing: PlaybackOptions) -> int:
    if options.upstream is None or len(options.paths) != 1:
        print_note("--record needs --upstream and one cassette")
        return USAGE
    opened = open_cassette(
        options.paths[0],
        options.record,
        matching=MatchRules(ignored=tuple(options.ignore)),
        again=not options.once,
    )
    if isinstance(opened, Failure):
        return _failed(opened.failure(), NO_INPUT)
    from llm_pure.transports.httpx import HttpxTransport

    tape: CassetteRecorder = opened.unwrap()
    with HttpxTransport() as inner:
        recorder = RecordTransport(tape, inner, player=Player(playing))
        code = _serve(recorder, options.upstream, options.port)
    saved = tape.save()
    return _failed(saved.failure(), CANNOT_WRITE) if isinstance(saved, Failure) else code


def _serve(transport: Transport, upstream: str, port: int) -> int:
    def stop(number: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    with ExitStack() as stack:
        try:
            server: ReplayServer = stack.enter_context(
                serve(transport, upstream=upstream, port=port)
            )
        except OSError as fault:
            print_note(f"cannot listen on port {port}: {fault.strerror or fault}")
            return UNAVAILABLE
        before = signal.signal(signal.SIGTERM, stop)
        stack.callback(signal.signal, signal.SIGTERM, before)
        out(server.url)
        try:
            server.wait()
        except KeyboardInterrupt:
            return INTERRUPTED
    return OK


def _failed(error: LLMError, code: int) -> int:
    print_error(error)
    return code
