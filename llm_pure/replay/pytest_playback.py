"""The cassette of one marked test, and what the plugin reports about it: misses, connections, unused and missing recordings."""

import os
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

from returns.primitives.exceptions import UnwrapFailedError

from llm_pure.replay.cassette_writer import CassetteRecorder
from llm_pure.replay.faults import PlaybackOptions
from llm_pure.replay.network_guard import Connection, Guard, blocked_message
from llm_pure.replay.recorder import RecordingOverride
from llm_pure.replay.recording_index import describe_miss
from llm_pure.transports.base import AsyncTransport, Transport
from llm_pure.transports.scripted import ScriptedTransport
from llm_pure.types.errors import ConnectionFailed, LLMError, describe
from llm_pure.types.result import Failure, LLMResult

NOTHING_RECORDED = (
    "nothing was recorded: no request of this test reached its cassette; only those of `LLM(config)` do, and of the "
    "fixtures llm_httpx, llm_httpx2 and llm_server"
)

FIRST_ERROR_STATUS = 400

MAX_CONNECTIONS = 3
"""Maximum number of connections in a report."""


class Playback:
    """The cassette of a marked test while it runs."""

    def __init__(
        self,
        recorder: CassetteRecorder,
        settings: Mapping[str, Any],
        *,
        test: str,
        folder: Path,
        is_marked_itself: bool,
    ) -> None:
        """test: its id on the command line, in `folder`. is_marked_itself: the marker is not only on its class or module."""
        self.recorder = recorder
        self.path = os.path.relpath(recorder.path, folder)
        self.is_new = not recorder.path.exists()
        playing = {key: settings[key] for key in ("borders", "speed", "fault") if key in settings}
        self.override = RecordingOverride(recorder, PlaybackOptions(**playing))
        self.guard = Guard(settings.get("allowed_hosts", ()), blocks=not recorder.can_record)
        self.on_unused = str(settings.get("unused", "report"))
        self._misses_fail = settings.get("misses", "fail") == "fail"
        self._empty_fails = settings.get("empty", "fail") == "fail"
        self._is_marked_itself = is_marked_itself
        self._test = shlex.quote(test)
        self.has_failed = False
        recorder.how_to_record = self.how_to_record

    @property
    def how_to_record(self) -> str:
        """The command that records what this test lacks."""
        if self.is_new:
            return f"pytest {self._test} --llm-record once"
        return f"pytest {self._test} --llm-record new_episodes, or rewrite to replace the cassette"

    def misses(self) -> list[str]:
        """Return a line for each request without a matching recording."""
        names = [str(self.recorder.path)]
        return [describe_miss(miss, names) for miss in self.recorder.misses]

    def unused(self) -> list[str]:
        """Return the location of each recording that no request used."""
        return [f"{self.path}: interactions[{location.index}]" for location in self.recorder.unused]

    @property
    def is_kept(self) -> bool:
        """False for errors of the service that made a test fail: written, they would be replayed from then on."""
        return not (self.has_failed and self._errors())

    def _errors(self) -> list[int]:
        """Return the statuses of the recorded errors."""
        statuses = {interaction.response.status for interaction in self.recorder.recorded}
        return sorted([status for status in statuses if status >= FIRST_ERROR_STATUS])

    def failures(self) -> list[str]:
        """Return why a test that passed fails."""
        lines = self.misses() if self._misses_fail else []
        if lines:
            lines.append(f"record with: {self.how_to_record}")
        if self.on_unused == "fail":
            lines += [f"no request used {location}" for location in self.unused()]
        return lines + self._empty()

    def notes(self) -> list[str]:
        """Return what may be the reason why a test failed."""
        lines = self.misses()
        if lines:
            lines.append(f"record with: {self.how_to_record}")
        if errors := self._errors():
            statuses = " and ".join(map(str, errors))
            lines.append(
                f"the service responded with {statuses}, and the test failed: nothing was written to {self.path}"
            )
        if self.guard.blocks:
            lines += dict.fromkeys(map(blocked_message, self.guard.connections))
        elif self._packages():
            lines += self._empty()
        return lines

    def _packages(self) -> list[Connection]:
        """Return one connection of each package that connected by itself."""
        known = {
            connection.package: connection
            for connection in self.guard.connections
            if connection.package is not None
        }
        return list(known.values())[:MAX_CONNECTIONS]

    def _empty(self) -> list[str]:
        """Return why a test that was to be recorded recorded nothing."""
        recorder = self.recorder
        if not (self._empty_fails and recorder.can_record):
            return []
        if recorder.requests and (recorder.can_play or recorder.recorded):
            return []
        if recorder.requests:
            sent = (
                f"any of the {recorder.requests} requests"
                if recorder.requests > 1
                else "the request"
            )
            return [f"nothing was recorded: no response came to {sent}"]
        connections = self._packages()
        if not (self._is_marked_itself or connections):
            return []
        lines = [NOTHING_RECORDED]
        lines += [f"{connection}: write {connection.advice}" for connection in connections]
        if not connections:
            others = dict.fromkeys(map(str, self.guard.connections))
            lines += [f"there was {other}" for other in list(others)[:MAX_CONNECTIONS]]
            lines.append(
                'a test that sends nothing needs no marker; @pytest.mark.llm_cassette(empty="ignore") allows it'
            )
        return lines


def unwrapped_error(exception: BaseException | None) -> list[str]:
    """Return the description of the error whose Result was unwrapped, of which the exception of `returns` says nothing."""
    if not isinstance(exception, UnwrapFailedError):
        return []
    container = exception.halted_container
    error: Any = container.failure() if isinstance(container, Failure) else None
    return [describe(error)] if isinstance(error, get_args(LLMError)) else []


class OutsideTest:
    """Fails every request of a fixture that belongs to several tests; for `override_transport`."""

    needs_credentials = False

    def __init__(self, fixture: str, scope: str) -> None:
        self._error = ConnectionFailed(
            message=f"the fixture {fixture} calls a model, and its scope is {scope}: a cassette belongs to one test. Give the "
            "fixture the scope of a function, or a cassette of its own (open_cassette and override_transport)",
            code="outside_test",
            retryable=False,
        )

    def open_sync(self, make: Callable[[], LLMResult[Transport]]) -> ScriptedTransport:
        """Return a transport that fails."""
        return ScriptedTransport(lambda request: self._error)

    def open_async(self, make: Callable[[], LLMResult[AsyncTransport]]) -> ScriptedTransport:
        """Return a transport that fails."""
        return ScriptedTransport(lambda request: self._error)
