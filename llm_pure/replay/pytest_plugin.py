"""The pytest plugin: tests marked `llm_cassette` are replayed from a cassette of their own, or recorded on request.

    @pytest.mark.llm_cassette
    def test_it_knows_the_capital():
        assert "Oslo" in my_program.answer("What is the capital of Norway?")

    pytest --llm-record once        # call the service, write cassettes/<module>/<test>.yaml
    pytest                          # from then on: no network

Without the marker and its fixtures the plugin does nothing. Modules are imported when a test needs them: start-up.
"""

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from llm_pure.replay.cassette_writer import CassetteRecorder

MODES = ("none", "once", "new_episodes", "all", "rewrite")
UNUSED = ("report", "fail", "ignore")

_SETTINGS = {
    "again", "allowed_hosts", "borders", "fault", "matching", "misses", "mode", "redaction", "speed", "unused"
}  # fmt: skip
_NAME_LIMIT = 200


class Playback:
    """The cassette of a marked test, and its misses and unused recordings for the report."""

    def __init__(self, recorder: "CassetteRecorder", settings: Mapping[str, Any]) -> None:
        self._recorder = recorder
        self.on_unused = str(settings.get("unused", UNUSED[0]))
        self.misses_fail = settings.get("misses", "fail") == "fail"

    def misses(self) -> list[str]:
        """Return a line for each request without a matching recording."""
        from llm_pure.replay.recording_index import miss_error

        names = [str(self._recorder.path)]
        return [miss_error(miss, names).message for miss in self._recorder.misses]

    def unused(self) -> list[str]:
        """Return the location of each recording that no request used."""
        return [str(location) for location in self._recorder.unused]


_PLAYBACK = pytest.StashKey[Playback]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --llm-record and --llm-unused."""
    group = parser.getgroup("llm-pure", "recorded traffic of language models")
    group.addoption(
        "--llm-record", choices=MODES, default=None, metavar="MODE",
        help=f"what tests marked llm_cassette record: {', '.join(MODES)}; the default is none",
    )  # fmt: skip
    group.addoption(
        "--llm-unused", choices=UNUSED, default=None, metavar="WHAT",
        help=f"what to do about recordings that a test did not use: {', '.join(UNUSED)}",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        "llm_cassette(name=None, *, mode, matching, redaction, again, borders, speed, fault, unused, misses, "
        "allowed_hosts): replay calls of language models from a cassette, see docs/replay.md of llm-pure",
    )


@pytest.fixture
def llm_cassette_dir(request: pytest.FixtureRequest) -> str:
    """Return the folder of a module's cassettes, cassettes/<module> beside it. Override to change it."""
    path: Path = request.node.path
    return str(path.parent / "cassettes" / path.stem)


@pytest.fixture
def llm_cassette_name(request: pytest.FixtureRequest) -> str:
    """Return the name of a test's cassette without its suffix. Override to change it."""
    name = f"{request.cls.__name__}.{request.node.name}" if request.cls else request.node.name
    name = re.sub(r'[<>?%*:|"\'/\\\x00-\x1f]', "-", name)
    if len(name.encode()) > _NAME_LIMIT:
        start = name.encode()[: _NAME_LIMIT - 20].decode(errors="ignore")
        name = f"{start}...{sha256(name.encode()).hexdigest()[:16]}"
    return name


@pytest.fixture
def llm_cassette_config() -> dict[str, Any]:
    """Return settings for all marked tests in scope, with the names of the marker's arguments. Override to change them."""
    return {}


@pytest.fixture(autouse=True)
def _use_cassette_if_marked(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("llm_cassette") is not None:
        request.getfixturevalue("llm_cassette")


@pytest.fixture
def llm_cassette(
    request: pytest.FixtureRequest,
    llm_cassette_dir: str,
    llm_cassette_name: str,
    llm_cassette_config: dict[str, Any],
) -> "Iterator[CassetteRecorder]":
    """The test's cassette. Every LLM that names its transport uses it; in replay all other connections are blocked."""
    from llm_pure.replay.cassette_writer import open_cassette
    from llm_pure.replay.faults import PlaybackOptions
    from llm_pure.replay.network_guard import block_network
    from llm_pure.replay.recorder import RecordingOverride
    from llm_pure.transports.override import override_transport

    settings, marker_name = _settings(request, llm_cassette_config)
    shared = request.node.get_closest_marker("vcr") is not None
    name = marker_name or (f"{llm_cassette_name}.llm" if shared else llm_cassette_name)
    opened = open_cassette(
        Path(llm_cassette_dir, name if name.endswith((".yaml", ".yml")) else f"{name}.yaml"),
        settings.get("mode", "none"),
        again=settings.get("again", False),
        **{key: settings[key] for key in ("matching", "redaction") if key in settings},
    )
    recorder = opened.value_or(None)
    if recorder is None:
        pytest.fail(f"llm_cassette: {opened.failure().message}", pytrace=False)
    playing = PlaybackOptions(
        **{key: settings[key] for key in ("borders", "speed", "fault") if key in settings}
    )
    request.node.stash[_PLAYBACK] = Playback(recorder, settings)
    with ExitStack() as stack:
        stack.enter_context(override_transport(RecordingOverride(recorder, playing)))
        if not recorder.can_record and not shared:  # pytest-recording has a block of its own
            stack.enter_context(block_network(settings.get("allowed_hosts", ())))
        yield recorder
    saved = recorder.save()
    if saved.value_or(None) is None:
        pytest.fail(f"llm_cassette: {saved.failure().message}", pytrace=False)


@pytest.fixture
def llm_server(llm_cassette: "CassetteRecorder") -> Iterator[Callable[[str], str]]:
    """A function that starts a server on loopback in place of an origin such as "https://api.openai.com"; returns its URL.

    For programs without LLM(...): requests to the server are replayed from the test's cassette, or recorded.
    """
    from llm_pure.replay.network_guard import allow
    from llm_pure.replay.recorder import RecordTransport
    from llm_pure.replay.server import serve
    from llm_pure.transports.httpx import HttpxTransport
    from llm_pure.types.result import Success

    with ExitStack() as stack:

        def start(upstream: str) -> str:
            recorder = RecordTransport(llm_cassette, lambda: Success(HttpxTransport()))
            stack.callback(recorder.close)
            server = stack.enter_context(serve(recorder, upstream=upstream))
            allow(f"127.0.0.1:{server.port}")
            return server.url

        yield start


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail the test for a request without a recording, even if the error was handled, and, on request, for unused ones."""
    try:
        yield
    except BaseException:
        playback = item.stash.get(_PLAYBACK, None)
        if playback is not None and playback.misses():
            item.add_report_section("call", "llm_cassette", "\n".join(playback.misses()))
        raise
    playback = item.stash.get(_PLAYBACK, None)
    if playback is None:
        return
    failures = playback.misses() if playback.misses_fail else []
    if playback.on_unused == "fail":
        failures += [f"no request used {location}" for location in playback.unused()]
    if failures:
        hint = "record new requests with --llm-record new_episodes, or all of them with --llm-record rewrite"
        lines = [f"llm_cassette: {failure}" for failure in failures]
        pytest.fail("\n".join([*lines, hint]), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add unused recordings to the report, which xdist's workers send too."""
    report = yield
    playback = item.stash.get(_PLAYBACK, None)
    listed = playback is not None and playback.on_unused == "report"
    if playback is not None and listed and report.when == "call" and report.passed:
        vars(report)["llm_unused"] = playback.unused()
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """List recordings that no test used."""
    reports = [report for group in terminalreporter.stats.values() for report in group]
    unused = [location for report in reports for location in getattr(report, "llm_unused", [])]
    if unused:
        terminalreporter.section("recordings that no request used")
        for location in sorted(unused):
            terminalreporter.line(location)


def _settings(
    request: pytest.FixtureRequest, config: Mapping[str, Any]
) -> tuple[dict[str, Any], str | None]:
    """Return the settings of a test and the cassette it names. The command line overrides the marker."""
    marker = request.node.get_closest_marker("llm_cassette")
    settings = {**config, **(marker.kwargs if marker is not None else {})}
    for option, key in (("--llm-record", "mode"), ("--llm-unused", "unused")):
        value = request.config.getoption(option)
        if value is not None:
            settings[key] = value
    name = settings.pop("name", None) or (marker.args[0] if marker and marker.args else None)
    unknown = sorted(set(settings) - _SETTINGS)
    if unknown:
        known = ", ".join(sorted(_SETTINGS))
        message = f"unknown llm_cassette settings: {', '.join(unknown)}; known settings: {known}"
        pytest.fail(message, pytrace=False)
    return settings, name
