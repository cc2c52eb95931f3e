"""One record in the text of a function that shows it: what a codec may name there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_origin

import msgspec

from mappings.core.compiled.fits import TESTERS
from mappings.core.compiled.reading import block
from mappings.core.compiled.source import Source, shown_codes
from mappings.core.compiled.typed import NoFormError, fields_of, model_of
from mappings.core.context import EMPTY, Json
from mappings.core.days import DAYS
from mappings.core.model import CalendarDate, FieldReader, Timestamp, Uuid
from mappings.core.rules import Paired

if TYPE_CHECKING:
    from mappings.core.record_mapping import RecordMapping


class Shown(msgspec.Struct, gc=False):
    """
    A legacy document, or an object in one, that is there to be dumped: its members can be read,
    and some may be JSON that was made before (`msgspec.Raw`).
    """

    def __getitem__(self, name: str) -> Json:
        return getattr(self, name)


class Inline:
    """
    The lines about one record. What they look up and do not find, they decline, and so must the
    texts that codecs give: a legacy id, a code, a member of `Codes`.
    """

    def __init__(
        self,
        mapping: RecordMapping,
        source: Source,
        named: Mapping[str, str] = EMPTY,
        around: Inline | None = None,
        *,
        asides: bool = False,
    ) -> None:
        self.mapping = mapping
        self.source = source
        self.named = named
        """By modern list, the field by which a record in it names this one."""
        self.around = around
        """The record around this one, if any."""
        self.asides = asides
        """Whether there may be values that are set aside."""
        self.itself: str = "record" if around is None else f"{around.itself}_in"
        self._once: dict[str, str] = {} if around is None else around._once
        self._members: dict[str, str] = {}
        self._lets: dict[str, str] = {}
        self._proven: dict[str, str] = {}

    def within(self, mapping: RecordMapping) -> Inline:
        """A record within this one."""
        return Inline(mapping, self.source, around=self, asides=self.asides)

    def of(self, name: str) -> str:
        """The value of a modern field, null included."""
        if name not in self.mapping.modern_readers:
            raise NoFormError
        return self._members.setdefault(name, f"{self.itself}_{name}")

    def name(self, value: Any) -> str:
        """What a value that never changes is called."""
        return self.source.name(value)

    def codes(self, shown: Mapping[Any, Any]) -> str:
        """A table that declines what is not in it; null is null."""
        return self.name(shown_codes(shown))

    def object(self, members: Mapping[str, str]) -> str:
        """An object to show, given the texts of its members in their order."""
        # A third of the time that a dictionary takes to make, and the collector need not know it.
        kind = msgspec.defstruct("Object", members, bases=(Shown,), gc=False)
        return f"{self.name(kind)}({', '.join(members.values())})"

    def once(self, text: str) -> str:
        """What is the same for all records of a request; its text may name `context`."""
        return self._once.setdefault(text, f"once_{len(self._once)}")

    def let(self, text: str) -> str:
        """What is used several times for one record, and found once; equal texts are one."""
        return self._lets.setdefault(text, f"{self.itself}_let_{len(self._lets)}")

    def known(self, kind: str) -> str:
        """The legacy ids of a kind by modern id, in lower case; one that is missing declines."""
        return self.once(f"known.get({kind!r}, {self.name(EMPTY)})")

    def day(self, name: str) -> str:
        """The number of the calendar day in a field, see `days`; null where there is none."""
        self.proves(name)
        value = self.of(name)
        return self.let(f"None if {value} is None else {self.name(DAYS)}[{value}]")

    def proves(self, name: str, where: str = "True") -> None:
        """Say that the text declines a value of a wrong form by itself, at least `where` so."""
        self._proven.setdefault(name, where)

    def holds_objects(self, name: str) -> bool:
        """Whether a value is no plain JSON: an object of a model, or a list of them."""
        reader = self.mapping.modern_readers[name]
        return self._is_record(name) or model_of(reader.type) is not None

    def _is_record(self, name: str) -> bool:
        """Whether a mapping of its own shows what stands in a field, and looks at it."""
        rule = self.mapping.rule_of("modern", name)
        return isinstance(rule, Paired) and rule.record is not None

    def lines(self) -> list[str]:
        """The lines that stand before the others: members, what is used often, forms."""
        checks = [
            line
            for name, reader in self.mapping.modern_readers.items()
            for line in self._check(name, reader)
        ]
        members = [f"{it} = {self.itself}.{name}" for name, it in self._members.items()]
        return [*members, *(f"{it} = {text}" for text, it in self._lets.items()), *checks]

    def before(self) -> list[str]:
        """The lines that stand before those of every record."""
        return [f"{name} = {text}" for text, name in self._once.items()]

    def _check(self, name: str, reader: FieldReader) -> list[str]:
        """The lines that decline a value whose form is wrong, where nothing else does."""
        where = self._proven.get(name)
        if where == "True" or self._is_record(name):
            return []
        if reader.type == CalendarDate:
            self.day(name)
            return []
        lines = self._tests(reader, self._members.get(name, f"{self.itself}.{name}"))
        if lines and where is not None:
            return [f"if not ({where}):", *block(lines)]
        return lines

    def _tests(self, reader: FieldReader, value: str, depth: int = 0) -> list[str]:
        forms = {"is_uuid": Uuid, "is_day": CalendarDate, "is_timestamp": Timestamp}
        test = next((it for it, kind in forms.items() if kind == reader.type), None)
        if test is not None:
            tester = self.name(TESTERS[test])
            return [f"if {value} is not None and not {tester}({value}):", "    raise DeclinedError"]
        model, item = model_of(reader.type), f"{self.itself}_item_{depth}"
        lines = [
            line
            for name, within in (() if model is None else fields_of(model))
            for line in self._tests(within, f"{item}.{name}", depth + 1)
        ]
        if not lines:
            return []
        many = get_origin(reader.type) is list
        items = f"{value} or ()" if many else f"[{value}] if {value} else ()"
        return [f"for {item} in {items}:", *block(lines)]
