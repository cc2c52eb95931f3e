"""The files with which a pack begins, with `$places` for what its two samples tell."""

from __future__ import annotations

FILES = {
    "__init__.py": '''\
"""$title: the old API, and the one that replaced it."""

from __future__ import annotations

from datetime import UTC

from mappings.core.options import Section
from mappings.core.pack import Pack, Sample

from $name.endpoints import endpoints
from $name.errors import OldErrors
from $name.mapping import mapping
from $name.sources import SOURCES


class Options(Section):
    """The choices that the sources leave open: every guess names one."""


def build(options: Options) -> Pack:
    """The pack for these options."""
    record = mapping()
    return Pack(
        name="$name",
        title="$title: old and new",
        options=options,
        mappings={"$name": record},
        endpoints=endpoints(record),
        # About an invented person: `passerelle demo` shows it.
        sample=Sample(created={}, by_another_hand={}, refused={}),
        errors=OldErrors(),
        zone=UTC,
        sources=SOURCES,
    )
''',
    "sources.py": '''\
"""The sources that this pack's evidence cites; `docs/apis.md` holds what each of them says."""

SOURCES = {
    "OLD": "a record as the old API writes it",
    "NEW": "the same record as the new API writes it",
}
''',
    "mapping.py": '''\
"""What becomes of each field, both ways."""

from __future__ import annotations

from mappings.core.evidence import inferred
from mappings.core.record_mapping import RecordMapping
from mappings.core.verbs import coded, computed, identifier, renamed, same, set_aside, untouched

from $name import new, old

LOOKS_THE_SAME = inferred("OLD")
"""The samples have the same name and type on both sides: see whether they mean the same."""


def mapping() -> RecordMapping:
    """The mapping of the record; `open-questions.md` has the fields that no rule decides yet."""
    return RecordMapping(
        old.$title,
        new.$title,
$rules        kind="$name",
    )
''',
    "endpoints.py": '''\
"""The old API's paths, and the calls of the new API behind each: these are made up."""

from __future__ import annotations

from functools import partial

from mappings.core.endpoint import ID, ${patterns}Endpoint, Row, UpstreamCall
from mappings.core.evidence import inferred
from mappings.core.record_mapping import RecordMapping

OLD, OLD_ONE = "/${name}s", "/${name}s/{id}"
NEW, NEW_ONE = "/${name}s", "/${name}s/{id}"


def endpoints(mapping: RecordMapping) -> tuple[Row, ...]:
    """Every path of the old API that is served."""
    read = UpstreamCall("GET", NEW_ONE, frozenset({200}))
    listed = UpstreamCall("GET", NEW, frozenset({200}))
    made = UpstreamCall("POST", NEW, frozenset({201}))
    changed = UpstreamCall("PATCH", NEW_ONE, frozenset({200}))
    deleted = UpstreamCall("DELETE", NEW_ONE, frozenset({204}))
    row = partial(
        Endpoint,
        mapping=mapping,
        read=read,
        patterns={ID: $pattern},
        kinds=$kinds,
        source=inferred("OLD"),
    )
    return (
        row(action="list", methods=("GET",), path=OLD, call=listed, status=200),
        row(
            action="create",
            methods=("POST",),
            path=OLD,
            call=made,
            located_at=OLD_ONE,
            status=201,
        ),
        row(action="read", methods=("GET",), path=OLD_ONE, call=read, status=200),
        row(action="update", methods=("PUT",), path=OLD_ONE, call=changed, status=200),
        row(action="delete", methods=("DELETE",), path=OLD_ONE, call=deleted, status=204),
    )
''',
    "errors.py": '''\
"""How the old API says that something went wrong: made up, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from mappings.core.context import Document
from mappings.core.errors import Problem


@dataclass(frozen=True, slots=True)
class OldErrors:
    """`{"error": "Not Found"}`, with the places and reasons of what is wrong in a document."""

    def error(self, status: int, reason: str = "") -> Document:
        """The body for a status, or for a reason of its own."""
        return {"error": reason or HTTPStatus(status).phrase}

    def partial(self, status: int, pointer: str, reason: str = "") -> Document:
        """The same, for what concerns one place of the client's document."""
        return {**self.error(status, reason), "at": pointer}

    def invalid(self, problems: Sequence[Problem]) -> Document:
        """The body for a document with problems."""
        return {**self.error(422), "problems": {it.pointer: it.reason for it in problems}}

    def headers(self, status: int) -> Mapping[str, str]:
        """The headers that the old API sends with a status."""
        return {}
''',
    "open-questions.md": """\
# $title: what is left to decide

Each is a field that no rule of `mapping.py` decides; `passerelle check --offline` refuses the
pack until none is left. Then this page has done its work: `passerelle docs` writes one from the
guesses that remain.

$questions""",
}
"""The text by file; the models are written from the samples themselves."""
