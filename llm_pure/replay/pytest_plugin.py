"""The pytest plugin: a test that is marked `llm_cassette` is answered from a cassette of its own, and records it when asked.

    @pytest.mark.llm_cassette
    def test_it_knows_the_capital():
        assert "Oslo" in my_program.answer("What is the capital of Norway?")

    pytest --llm-record once        # ask the service, write cassettes/<module>/<test>.yaml
    pytest                          # from then on: no network

Without the marker and its fixtures nothing happens. What the plugin needs is imported when a test needs it.
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
    """What a marked test has: its tape, and what is to be said of it afterwards."""

    def __init__(self, tape: "CassetteRecorder", settings: Mapping[str, Any]) -> None:
        self.tape = tape
        self.unused_means = str(settings.get("unused", UNUSED[0]))
        self.misses_fail = settings.get("misses", "fail") == "fail"

    def misses(self) -> list[str]:
        """A line for each request that no recording answered."""
        from llm_pure.replay.recording_index import miss_error

        names = [str(self.tape.path)]
        return [miss_error(miss, names).message for miss in self.tape.misses]

    def unused(self) -> list[str]:
        """The place of each recording that nobody asked for."""
        return [str(place) for place in self.tape.unused]


_PLAYBACK = pytest.StashKey[Playback]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """--llm-record and --llm-unused."""
    group = parser.getgroup("llm-pure", "recorded traffic of language models")
    group.addoption(
        "--llm-record", choices=MODES, default=None, metavar="MODE",
        help=f"what tests marked llm_cassette record: {', '.join(MODES)}; the default is none",
    )  # fmt: skip
    group.addoption(
        "--llm-unused", choices=UNUSED, default=None, metavar="WHAT",
        help=f"what becomes of recordings that a test did not ask for: {', '.join(UNUSED)}",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """The marker."""
    config.addinivalue_line(
        "markers",
        "llm_cassette(name=None, *, mode, matching, redaction, again, borders, speed, fault, unused, misses, "
        "allowed_hosts): language models are answered from a cassette, see docs/replay.md of llm-pure",
    )


@pytest.fixture
def llm_cassette_dir(request: pytest.FixtureRequest) -> str:
    """The folder of a module's cassettes, to be overridden: cassettes/<module> beside it."""
    path: Path = request.node.path
    return str(path.parent / "cassettes" / path.stem)


@pytest.fixture
def llm_cassette_name(request: pytest.FixtureRequest) -> str:
    """A test's own cassette, without the suffix, to be overridden."""
    name = f"{request.cls.__name__}.{request.node.name}" if request.cls else request.node.name
    name = re.sub(r'[<>?%*:|"\'/\\\x00-\x1f]', "-", name)
    if len(name.encode()) > _NAME_LIMIT:
        told = name.encode()[: _NAME_LIMIT - 20].decode(errors="ignore")
        name = f"{told}...{sha256(name.encode()).hexdigest()[:16]}"
    return name


@pytest.fixture
def llm_cassette_config() -> dict[str, Any]:
    """Settings for every marked test in reach of the override, under the names of the marker's."""
    return {}


@pytest.fixture(autouse=True)
def _llm_cassette_of_marked(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("llm_cassette") is not None:
        request.getfixturevalue("llm_cassette")


@pytest.fixture
def llm_cassette(
    request: pytest.FixtureRequest,
    llm_cassette_dir: str,
    llm_cassette_name: str,
    llm_cassette_config: dict[str, Any],
) -> "Iterator[CassetteRecorder]":
    """The test's tape. Every LLM that names its transport goes over it; in replay no other connection can be made."""
    from llm_pure.replay.cassette_writer import open_cassette
    from llm_pure.replay.faults import PlaybackOptions
    from llm_pure.replay.network_guard import block_network
    from llm_pure.replay.recorder import RecordingOverride
    from llm_pure.transports.override import override_transport

    settings, given = _settings(request, llm_cassette_config)
    shared = request.node.get_closest_marker("vcr") is not None
    name = given or (f"{llm_cassette_name}.llm" if shared else llm_cassette_name)
    opened = open_cassette(
        Path(llm_cassette_dir, name if name.endswith((".yaml", ".yml")) else f"{name}.yaml"),
        settings.get("mode", "none"),
        again=settings.get("again", False),
        **{key: settings[key] for key in ("matching", "redaction") if key in settings},
    )
    tape = opened.value_or(None)
    if tape is None:
        pytest.fail(f"llm_cassette: {opened.failure().message}", pytrace=False)
    playing = PlaybackOptions(
        **{key: settings[key] for key in ("borders", "speed", "fault") if key in settings}
    )
    request.node.stash[_PLAYBACK] = Playback(tape, settings)
    with ExitStack() as stack:
        stack.enter_context(override_transport(RecordingOverride(tape, playing)))
        if not tape.can_record and not shared:  # pytest-recording has a block of its own
            stack.enter_context(block_network(settings.get("allowed_hosts", ())))
        yield tape
    saved = tape.save()
    if saved.value_or(None) is None:
        pytest.fail(f"llm_cassette: {saved.failure().message}", pytrace=False)


@pytest.fixture
def llm_server(llm_cassette: "CassetteRecorder") -> Iterator[Callable[[str], str]]:
    """`llm_server("https://api.openai.com")` is the URL of a server on loopback that stands in its place for this test.

    For programs that make no LLM(...): what it is sent is answered from the tape, or recorded.
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
    """A request that no recording answered fails the test, whatever became of its error; so may an unused recording."""
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
    wrong = playback.misses() if playback.misses_fail else []
    if playback.unused_means == "fail":
        wrong += [f"no request asked for {place}" for place in playback.unused()]
    if wrong:
        hint = "record what is new with --llm-record new_episodes, or all of it with --llm-record rewrite"
        pytest.fail("\n".join([*[f"llm_cassette: {one}" for one in wrong], hint]), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The report takes unused recordings along, from xdist's workers too."""
    report = yield
    playback = item.stash.get(_PLAYBACK, None)
    told = playback is not None and playback.unused_means == "report"
    if playback is not None and told and report.when == "call" and report.passed:
        vars(report)["llm_unused"] = playback.unused()
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Recordings that no test asked for."""
    reports = [one for kept in terminalreporter.stats.values() for one in kept]
    unused = [place for report in reports for place in getattr(report, "llm_unused", [])]
    if unused:
        terminalreporter.section("recordings that no request asked for")
        for place in sorted(unused):
            terminalreporter.line(place)


def _settings(
    request: pytest.FixtureRequest, config: Mapping[str, Any]
) -> tuple[dict[str, Any], str | None]:
    """The settings of this test, and the cassette that it names; the command line counts before the marker."""
    marker = request.node.get_closest_marker("llm_cassette")
    settings = {**config, **(marker.kwargs if marker is not None else {})}
    for option, key in (("--llm-record", "mode"), ("--llm-unused", "unused")):
        told = request.config.getoption(option)
        if told is not None:
            settings[key] = told
    name = settings.pop("name", None) or (marker.args[0] if marker and marker.args else None)
    unknown = sorted(set(settings) - _SETTINGS)
    if unknown:
        known = ", ".join(sorted(_SETTINGS))
        pytest.fail(f"llm_cassette has no {', '.join(unknown)}; known are {known}", pytrace=False)
    return settings, name
