"""Secrets that slipped through: in a cassette that is there already, and in an exchange before it is written.

A finding tells the place and the kind, and never the secret.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from llm_pure.replay.cassette import NO_CASSETTE, Interaction, parse_entries
from llm_pure.replay.cassette_files import find_cassettes, read_file
from llm_pure.replay.json_spans import path_fits
from llm_pure.replay.secrets.leaves import TextField, iter_text_fields
from llm_pure.replay.secrets.patterns import ACCOUNT_PATTERNS
from llm_pure.replay.secrets.redaction import (
    DEFAULT,
    Redaction,
    redact_interaction,
    redact_text,
    secret_names,
    secret_pairs,
)
from llm_pure.replay.secrets.suspicion import RANDOM_NAMES, high_entropy_runs
from llm_pure.types.http import SECRET_HEADERS
from llm_pure.types.redact import SECRET_PATTERN
from llm_pure.types.result import Failure


class SecretFinding(msgspec.Struct, frozen=True, kw_only=True):
    """What looks like a secret. where: its place in an interaction. why: in words, without it."""

    where: str
    why: str
    file: str = ""
    index: int | None = None

    def __str__(self) -> str:
        place = self.where if self.index is None else f"interactions[{self.index}].{self.where}"
        return f"{self.file}: {place}: {self.why}" if self.file else f"{place}: {self.why}"


def scan_paths(
    paths: Iterable[Path | str], redaction: Redaction = DEFAULT
) -> Iterator[SecretFinding]:
    """Every finding in the cassettes at these paths, and in the text of files that are none, in order."""
    for path in map(Path, paths):
        for file in find_cassettes(path):
            data = read_file(file)
            if isinstance(data, Failure):
                yield SecretFinding(file=str(file), where="file", why=data.failure().message)
            else:
                yield from _scan_file(str(file), data.unwrap(), redaction)


def scan_interaction(
    interaction: Interaction, redaction: Redaction = DEFAULT
) -> Iterator[SecretFinding]:
    """What redaction would take out, and what looks made by chance."""
    found = False
    for leaf in iter_text_fields(interaction):
        why = _leak(leaf, redaction) or _chance(leaf, redaction)
        if why is not None:
            found = True
            yield SecretFinding(where=leaf.where, why=why)
    if not found:  # what is no JSON in a body that has some
        yield from _beside(interaction, redaction)


def scan_text(interaction: Interaction, redaction: Redaction = DEFAULT) -> Iterator[SecretFinding]:
    """What looks made by chance in an exchange that was redacted: it may be a key of a kind that is not known."""
    for leaf in iter_text_fields(interaction):
        why = _chance(leaf, redaction)
        if why is not None:
            yield SecretFinding(where=leaf.where, why=why)


def high_entropy_texts(interaction: Interaction, redaction: Redaction = DEFAULT) -> frozenset[str]:
    """The texts themselves that `scan_text` finds: to be taken out, and shown nowhere."""
    found = [run for leaf in iter_text_fields(interaction) for run in _random_runs(leaf, redaction)]
    return frozenset(found)


_HIDDEN = re.compile(
    r"(?i)(?:bearer |basic |token )?[<\[({]*(?:\**|x{3,}|(?:fake|dummy|test|your|my)?[ _-]?(?:api[ _-]?)?"
    r"(?:key|token|secret)?|redacted|filtered|dummy|fake|placeholder|removed|hidden|masked|none|null)[>\])}]*"
)
"""What stands where a secret stood, or never was one."""


def _leak(leaf: TextField, redaction: Redaction) -> str | None:
    text = leaf.text
    if not text or _HIDDEN.fullmatch(text):
        return None
    size = f"{len(text)} characters"
    if leaf.is_header and leaf.name in SECRET_HEADERS and leaf.name not in redaction.kept_headers:
        return f"a header for credentials ({size})"
    names = secret_pairs(redaction) if leaf.is_pair else secret_names(redaction)
    if leaf.name and not leaf.is_header and names.fullmatch(leaf.name):
        return f"the value of a secret name ({size})"
    if any(path_fits(leaf.path, path) for path in redaction.paths if leaf.path):
        return f"at a path that is to be taken out ({size})" if text.strip("*") else None
    return _shaped(text, redaction)


def _shaped(text: str, redaction: Redaction) -> str | None:
    if redact_text(text, redaction) == text:
        return None
    key = SECRET_PATTERN.search(text)
    if key is not None:
        return f"shaped like a key ({len(key[0])} characters)"
    if ACCOUNT_PATTERNS.search(text):
        return "shaped like the id of an organisation or account"
    return "a key, inside of base64 or of another text"


def _chance(leaf: TextField, redaction: Redaction) -> str | None:
    for run in _random_runs(leaf, redaction):
        return f"looks made by chance ({len(run)} characters), as keys are"
    return None


def _random_runs(leaf: TextField, redaction: Redaction) -> Iterator[str]:
    if RANDOM_NAMES.fullmatch(leaf.name) or leaf.text in redaction.allowed:
        return
    if any(path_fits(leaf.path, path) for path in redaction.allowed if path.startswith("/")):
        return
    for run in high_entropy_runs(leaf.text):
        if run not in redaction.allowed:
            yield run


def _beside(interaction: Interaction, redaction: Redaction) -> Iterator[SecretFinding]:
    plain = redact_interaction(interaction, redaction)
    why = "holds what redaction would take out"
    if plain.request.body != interaction.request.body:
        yield SecretFinding(where="request.body", why=why)
    if plain.response.body != interaction.response.body:
        yield SecretFinding(where="response.body", why=why)
    if plain.request.url != interaction.request.url:
        yield SecretFinding(where="request.uri", why=why)


def _scan_file(name: str, data: bytes, redaction: Redaction) -> Iterator[SecretFinding]:
    entries = parse_entries(data, name=name)
    found = False
    if not isinstance(entries, Failure):
        for index, entry in enumerate(entries.unwrap()):
            if isinstance(entry, Failure):
                continue
            for one in scan_interaction(entry.unwrap(), redaction):
                found = True
                yield msgspec.structs.replace(one, file=name, index=index)
    elif entries.failure().code != NO_CASSETTE:
        found = True
        yield SecretFinding(file=name, where="file", why=entries.failure().message)
    if not found:  # in a comment, or under a name that is no cassette's
        yield from _scan_lines(name, data.decode("latin-1"), redaction)


def _scan_lines(name: str, text: str, redaction: Redaction) -> Iterator[SecretFinding]:
    if redact_text(text, redaction) == text:
        return
    for number, line in enumerate(text.splitlines(), 1):
        why = _shaped(line, redaction)
        if why is not None:
            yield SecretFinding(file=name, where=f"line {number}", why=why)
