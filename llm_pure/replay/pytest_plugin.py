"""The pytest plugin: tests marked `llm_cassette` are replayed from a cassette of their own, or recorded on request.

    @pytest.mark.llm_cassette
    def test_it_knows_the_capital():
        assert "Oslo" in my_program.answer("What is the capital of Norway?")

    pytest --llm-record once        # call the service, write cassettes/<module>/<test>.yaml
    pytest                          # from then on: no network

Without the marker and its fixtures the plugin does nothing. Modules are imported when a test needs them: start-up.
"""

import re
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from llm_pure.replay.cassette_writer import CassetteRecorder
    from llm_pure.replay.httpx2_client import Httpx2Clients
    from llm_pure.replay.httpx_client import HttpxClients
    from llm_pure.replay.pytest_playback import Playback

MODES = ("none", "once", "new_episodes", "all", "rewrite")
UNUSED = ("report", "fail", "ignore")

_SETTINGS = {
    "again", "allowed_hosts", "borders", "empty", "fault", "matching", "misses", "mode", "redaction", "speed", "unused"
}  # fmt: skip
_NAME_LIMIT = 200


_PLAYBACK: "pytest.StashKey[Playback]" = pytest.StashKey()
_ITEM = pytest.StashKey[pytest.Item]()
"""The test that runs."""
_BEGUN = pytest.StashKey[dict[Path, str]]()
"""Cassettes that this run records from nothing -> the first test of each."""
_SHARED_MODES = {"once": "new_episodes", "rewrite": "all"}
"""Mode -> mode of the further tests of a cassette, which add to what the first of them recorded."""


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
        "empty, allowed_hosts): replay calls of language models from a cassette, see docs/reference/cassettes.md of llm-pure",
    )


@pytest.fixture
def llm_cassette_dir(request: pytest.FixtureRequest) -> str:
    """Return the folder of a module's cassettes, cassettes/<module> beside it. Override to change it."""
    path: Path = request.node.path
    return str(path.parent / "cassettes" / path.stem)


@pytest.fixture
def llm_cassette_name(request: pytest.FixtureRequest) -> str:
    """Return the name of a test's cassette without its suffix. Override to change it."""
    name: str = request.node.name
    if request.cls is not None:
        name = f"{request.cls.__qualname__.rpartition('<locals>.')[2]}.{name}"
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
    from llm_pure.replay.network_guard import guard_network
    from llm_pure.replay.pytest_playback import Playback
    from llm_pure.transports.override import override_transport

    config, node = request.config, request.node
    settings, marker_name = _settings(request, llm_cassette_config)
    shared = node.get_closest_marker("vcr") is not None
    name = marker_name or (f"{llm_cassette_name}.llm" if shared else llm_cassette_name)
    path = Path(llm_cassette_dir, name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    mode: Any = settings.get("mode", "none")
    begun = config.stash.setdefault(_BEGUN, {})
    if path in begun and (mode == "once" or begun[path] != node.nodeid):
        mode = _SHARED_MODES.get(mode, mode)
    elif mode == "rewrite" or (mode == "once" and not path.exists()):
        begun[path] = node.nodeid
    opened = open_cassette(
        path,
        mode,
        again=settings.get("again", False),
        **{key: settings[key] for key in ("matching", "redaction") if key in settings},
    )
    recorder = opened.value_or(None)
    if recorder is None:
        pytest.fail(f"llm_cassette: {opened.failure().message}", pytrace=False)
    own = [marker.name for marker in node.own_markers]
    playback = Playback(
        recorder,
        settings,
        test=str(config.cwd_relative_nodeid(node.nodeid)),
        folder=config.invocation_params.dir,
        is_marked_itself="llm_cassette" in own,
    )
    node.stash[_PLAYBACK] = playback
    with ExitStack() as stack:
        stack.enter_context(override_transport(playback.override))
        if recorder.can_record or not shared:  # pytest-recording has a block of its own
            stack.enter_context(guard_network(playback.guard))
        yield recorder
    if not playback.is_kept:
        return
    saved = recorder.save()
    if saved.value_or(None) is None:
        pytest.fail(f"llm_cassette: {saved.failure().message}", pytrace=False)


@pytest.fixture
def llm_httpx(
    request: pytest.FixtureRequest, llm_cassette: "CassetteRecorder"
) -> "Iterator[HttpxClients]":
    """Clients of httpx over the test's cassette, for packages that take one: `.client`, `.async_client`, `.transport`."""
    from llm_pure.replay.httpx_client import HttpxClients

    clients = HttpxClients(request.node.stash[_PLAYBACK].override)
    with clients.client:
        yield clients


@pytest.fixture
def llm_httpx2(
    request: pytest.FixtureRequest, llm_cassette: "CassetteRecorder"
) -> "Iterator[Httpx2Clients]":
    """Clients of httpx2 over the test's cassette, for packages that take one: `.client`, `.async_client`, `.transport`."""
    from llm_pure.replay.httpx2_client import Httpx2Clients

    clients = Httpx2Clients(request.node.stash[_PLAYBACK].override)
    with clients.client:
        yield clients


@pytest.fixture
def llm_server(
    request: pytest.FixtureRequest, llm_cassette: "CassetteRecorder"
) -> Iterator[Callable[[str], str]]:
    """A function that starts a server on loopback in place of an origin such as "https://api.openai.com"; returns its URL.

    For programs without LLM(...): requests to the server are replayed from the test's cassette, or recorded.
    """
    from llm_pure.replay.server import serve
    from llm_pure.transports.httpx import HttpxTransport
    from llm_pure.types.result import Success

    playback = request.node.stash[_PLAYBACK]
    with ExitStack() as stack:

        def start(upstream: str) -> str:
            recorder = playback.override.open_sync(lambda: Success(HttpxTransport()))
            stack.callback(recorder.close)
            server = stack.enter_context(serve(recorder, upstream=upstream))
            playback.guard.allow(f"127.0.0.1:{server.port}")
            return server.url

        yield start


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Remember the test that runs, for its fixtures of wider scope."""
    item.config.stash[_ITEM] = item
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Fail calls of a model in a fixture of wider scope: it belongs to no test, so no cassette would have them."""
    item = request.config.stash.get(_ITEM, None)
    if (
        fixturedef.scope == "function"
        or item is None
        or item.get_closest_marker("llm_cassette") is None
    ):
        return (yield)
    from llm_pure.replay.pytest_playback import OutsideTest
    from llm_pure.transports.override import override_transport

    with override_transport(OutsideTest(fixturedef.argname, fixturedef.scope)):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test that passed for a request without a recording, and for nothing recorded; on request, for unused ones."""
    yield
    playback = item.stash.get(_PLAYBACK, None)
    failures = [] if playback is None else playback.failures()
    if failures:
        lines = [f"llm_cassette: {failure}" for failure in failures]
        pytest.fail("\n".join(lines), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what the cassette has to do with a failure, and for the summary what was recorded and not used."""
    report = yield
    playback = item.stash.get(_PLAYBACK, None)
    if playback is not None and report.failed:
        playback.has_failed = True
    if report.failed and item.get_closest_marker("llm_cassette") is not None:
        from llm_pure.replay.pytest_playback import unwrapped_error

        notes = [] if playback is None else playback.notes()
        _explain(report, notes or unwrapped_error(call.excinfo.value if call.excinfo else None))
    if playback is not None and report.when == "call":  # xdist's workers send this too
        listed = playback.on_unused == "report" and report.passed
        vars(report)["llm_cassette"] = {
            "path": playback.path,
            "unused": playback.unused() if listed else None,
            "recorded": len(playback.recorder.recorded) if playback.is_kept else 0,
        }
    return report


def _explain(report: pytest.TestReport, notes: list[str]) -> None:
    """Show the notes below the traceback, and the first one in the line of the short summary."""
    crash = getattr(report.longrepr, "reprcrash", None)
    message = getattr(crash, "message", "")
    if not notes or message.startswith("Failed: llm_cassette: "):
        return
    report.sections.append(("llm_cassette", "\n".join(notes)))
    if crash is not None and notes[0] not in message:
        crash.message = f"{notes[0]} ({message})"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """List the cassettes that were recorded, and recordings that no test used."""
    reports = [report for group in terminalreporter.stats.values() for report in group]
    notes = [note for report in reports if (note := getattr(report, "llm_cassette", None))]
    recorded = Counter[str]()
    unused: dict[str, list[list[str]]] = {}
    for note in notes:
        recorded[note["path"]] += note["recorded"]
        if note["unused"] is not None:
            unused.setdefault(note["path"], []).append(note["unused"])
    written = sorted([(path, count) for path, count in recorded.items() if count])
    if written:
        terminalreporter.section("recorded cassettes")
        for path, count in written:
            terminalreporter.line(f"{path}: {count} request{'s' if count > 1 else ''}")
    left = [
        location  # of a cassette that several tests share: what none of them used
        for lists in unused.values()
        for location in lists[0]
        if all(location in other for other in lists[1:])
    ]
    if left:
        terminalreporter.section("recordings that no request used")
        for location in sorted(left):
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
