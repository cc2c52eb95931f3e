"""How a vaccination was validated: a legacy object, three modern fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mappings.core.codecs import CodeTable, GroupCodec, Values
from mappings.core.compiled.inline import Inline
from mappings.core.context import Json, Key, Scope, equal, is_blank
from mappings.core.errors import RefusedError

PROFESSIONAL = "professional"
"""The kind under which the crosswalk has the accounts of those who validate."""


@dataclass(frozen=True)
class Validation(GroupCodec):
    """
    `{"validator": {"id": ...}, "date": ..., "method": ...}`, or null for what nobody validated.
    Who validates is the caller, by the new API's decision: a validator that is written is told
    as lost.
    """

    kinds = frozenset({PROFESSIONAL})
    methods: CodeTable

    def upgrade(self, legacy: Values, stored: Values, scope: Scope) -> Values:
        (written,) = legacy
        if written is None:
            return None, None, stored[2]
        (shown,) = self.downgrade(stored, scope.unheard())
        if shown is None and all(map(is_blank, written.values())):
            return None, None, stored[2]
        known = shown or {"validator": None, "date": None, "method": None}
        validation = {**known, **written}
        if validation["date"] is None:
            raise RefusedError("blank", ("date",))
        if not _says_the_same(validation["validator"], known["validator"]):
            scope.lose("validator")
        method = validation["method"]
        if equal(method, known["method"]):
            return validation["date"], stored[1] if shown else None, stored[2]
        try:
            return validation["date"], self.methods.upgrade(method, None, scope), stored[2]
        except RefusedError as refusal:
            raise RefusedError(refusal.reason, ("method",)) from refusal

    def downgrade(self, modern: Values, scope: Scope) -> Values:
        certified_on, method, certificator = modern
        if certified_on is None:
            return (None,)
        return (
            {
                "validator": _professional(certificator, scope),
                "date": certified_on,
                "method": self.methods.downgrade(method, scope),
            },
        )

    def inline(self, names: Sequence[str], record: Inline) -> Sequence[str]:
        certified_on, _, certificator = map(record.of, names)
        # Only a validation that is shown looks its professional up.
        record.proves(names[2], f"{certified_on} is not None")
        identity = f"{record.known(PROFESSIONAL)}[{certificator}]"
        user = record.object(
            {"id": identity, "name": "None", "first_name": "None", "last_name": "None"}
        )
        shown = record.object(
            {
                "validator": f"None if {certificator} is None else {user}",
                "date": certified_on,
                "method": self.methods.inline(names[1], record),
            }
        )
        return [f"None if {certified_on} is None else {shown}"]

    def canonical_legacy(self, legacy: Values) -> Values:
        (written,) = legacy
        if written is None:
            return (None,)
        return ({name: written[name] for name in ("date", "method") if name in written},)

    def echoes(self, legacy: Values, shown: Values) -> bool:
        # A validator that differs is told, though it changes nothing.
        return equal(legacy, shown)

    def canonical_modern(self, modern: Values) -> Values:
        certified_on, method, _ = modern
        return (None, None, None) if certified_on is None else (certified_on, method, None)

    def modern_ids(self, modern: Values) -> Iterator[Key]:
        if modern[0] is not None and modern[2] is not None:
            yield PROFESSIONAL, str(modern[2]).lower()

    def contradictions(self) -> list[str]:
        return self.methods.contradictions()


def _professional(certificator: Json, scope: Scope) -> Mapping[str, Json] | None:
    """A legacy user of whom only the id is known: an act does not tell names."""
    if certificator is None:
        return None
    identity = scope.context.ids.to_legacy.get((PROFESSIONAL, str(certificator).lower()))
    return {"id": identity, "name": None, "first_name": None, "last_name": None}


def _says_the_same(written: Json, shown: Json) -> bool:
    """Whether a user that a client wrote is the one that it was shown, as far as it says."""
    known = shown or {}
    if written is None:
        return shown is None
    return all(
        equal(value, known.get(name)) or (is_blank(value) and is_blank(known.get(name)))
        for name, value in written.items()
    )
