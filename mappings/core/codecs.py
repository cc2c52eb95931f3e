"""Values both ways: a codec for one, a codec for a few together, and tables of codes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from mappings.core.context import EMPTY, Json, Key, Scope, equal
from mappings.core.errors import RefusedError

if TYPE_CHECKING:
    from mappings.core.compiled.inline import Inline

Values = tuple[Json, ...]


class Codec:
    """
    One value both ways. As it stands it changes nothing.

    A codec is pure: what it needs beside the value is in the scope. Absent comes to it as null.
    """

    def upgrade(self, legacy: Json, stored: Json, scope: Scope) -> Json:
        """
        The modern value for a legacy one; `stored` is the base's modern value, or null.

        Raises `RefusedError` for a value that cannot be carried over.
        """
        return legacy

    def downgrade(self, modern: Json, scope: Scope) -> Json:
        """
        The legacy value for a modern one, null included; it may not depend on the base.
        """
        return modern

    def inline(self, name: str, record: Inline) -> str | None:
        """
        What `downgrade` gives for the modern field `name`, as the text of an expression; none
        where it has no such text, and is called.

        The text declines (see `DECLINED`) what `downgrade` would note, and may decline more.
        """
        return None if record.holds_objects(name) else record.of(name)

    def canonical_legacy(self, legacy: Json) -> Json:
        """What a legacy value looks like after one trip there and back."""
        return legacy

    def canonical_modern(self, modern: Json) -> Json:
        """What a modern value looks like after one trip there and back."""
        return modern

    def echoes(self, legacy: Json, shown: Json) -> bool:
        """
        Whether a client wrote what it was shown: then what is stored stays, and all is said. A
        value always echoes itself.
        """
        return equal(self.canonical_legacy(legacy), self.canonical_legacy(shown))

    def contradictions(self) -> list[str]:
        """What is wrong with the declaration of this codec itself."""
        return []


class GroupCodec(ABC):
    """A few values together, both ways: tuples in the order in which the rule names the fields."""

    kinds: ClassVar[frozenset[str]] = frozenset()
    """The kinds of the ids in its values that the crosswalk must resolve."""

    @abstractmethod
    def upgrade(self, legacy: Values, stored: Values, scope: Scope) -> Values:
        """The modern values for the legacy ones; see `Codec.upgrade`."""

    @abstractmethod
    def downgrade(self, modern: Values, scope: Scope) -> Values:
        """The legacy values for the modern ones; they may not depend on the base."""

    def inline(self, names: Sequence[str], record: Inline) -> Sequence[str] | None:
        """What `downgrade` gives for the modern fields, each as a text; see `Codec.inline`."""
        return None

    @abstractmethod
    def canonical_legacy(self, legacy: Values) -> Values:
        """What the legacy values look like after one trip there and back."""

    @abstractmethod
    def canonical_modern(self, modern: Values) -> Values:
        """What the modern values look like after one trip there and back."""

    def echoes(self, legacy: Values, shown: Values) -> bool:
        """Whether a client wrote what it was shown; see `Codec.echoes`."""
        return equal(self.canonical_legacy(legacy), self.canonical_legacy(shown))

    def modern_ids(self, modern: Values) -> Iterator[Key]:
        """The ids in the modern values that the crosswalk must resolve, with their kinds."""
        return iter(())

    def contradictions(self) -> list[str]:
        """What is wrong with the declaration of this codec itself."""
        return []


@dataclass(frozen=True, slots=True)
class Alone(GroupCodec):
    """A codec for one value, seen as a group of one."""

    codec: Codec

    def upgrade(self, legacy: Values, stored: Values, scope: Scope) -> Values:
        return (self.codec.upgrade(legacy[0], stored[0], scope),)

    def downgrade(self, modern: Values, scope: Scope) -> Values:
        return (self.codec.downgrade(modern[0], scope),)

    def canonical_legacy(self, legacy: Values) -> Values:
        return (self.codec.canonical_legacy(legacy[0]),)

    def canonical_modern(self, modern: Values) -> Values:
        return (self.codec.canonical_modern(modern[0]),)

    def echoes(self, legacy: Values, shown: Values) -> bool:
        return self.codec.echoes(legacy[0], shown[0])

    def contradictions(self) -> list[str]:
        return self.codec.contradictions()


UNCHANGED = Codec()


@dataclass(frozen=True)
class CodeTable(Codec):
    """
    Two lists of codes. A legacy code that is not in it is refused; a modern one is noted and
    shown as `unknown`, so that one new word never takes a whole list down.
    """

    pairs: Mapping[str, str]
    """Modern code by legacy code."""
    also_shown: Mapping[str, str] = field(default_factory=dict)
    """Legacy code by modern code, for modern codes that no legacy code is upgraded to."""
    comes_back: Mapping[str, str] = field(default_factory=dict)
    """Legacy code by modern code, where several legacy codes are upgraded to the same one."""
    unknown: str | None = None

    @cached_property
    def shown(self) -> Mapping[str, str]:
        """Legacy code by modern code."""
        inverse = {modern: legacy for legacy, modern in self.pairs.items()}
        return {**inverse, **self.also_shown, **self.comes_back}

    def upgrade(self, legacy: Json, stored: Json, scope: Scope) -> Json:
        if legacy is not None and legacy not in self.pairs:
            raise RefusedError("inclusion")
        return None if legacy is None else self.pairs[legacy]

    def downgrade(self, modern: Json, scope: Scope) -> Json:
        shown = self.shown
        if modern is not None and modern not in shown:
            scope.note_unknown()
            return self.unknown
        return None if modern is None else shown[modern]

    def inline(self, name: str, record: Inline) -> str:
        return f"{record.codes(self.shown)}[{record.of(name)}]"

    def canonical_legacy(self, legacy: Json) -> Json:
        return self.shown[self.pairs[legacy]] if legacy in self.pairs else legacy

    def canonical_modern(self, modern: Json) -> Json:
        return self.pairs.get(self.shown.get(modern, ""), modern)

    def contradictions(self) -> list[str]:
        codes = list(self.pairs.values())
        return [
            *(
                f"several legacy codes become {code!r}: say which one comes back"
                for code in dict.fromkeys(codes)
                if codes.count(code) > 1 and code not in self.comes_back
            ),
            *(
                f"{legacy!r} cannot come back for {code!r}: it does not become it"
                for code, legacy in self.comes_back.items()
                if self.pairs.get(legacy) != code
            ),
            *(
                f"{code!r} is both upgraded to and shown besides: once is enough"
                for code in self.also_shown
                if code in codes
            ),
        ]


def code_table(
    pairs: Mapping[str, str],
    *,
    also_shown: Mapping[str, str] = EMPTY,
    comes_back: Mapping[str, str] = EMPTY,
    unknown: str | None = None,
) -> CodeTable:
    """A table of codes, modern by legacy; see `CodeTable` for what is not one to one."""
    return CodeTable(dict(pairs), dict(also_shown), dict(comes_back), unknown)
