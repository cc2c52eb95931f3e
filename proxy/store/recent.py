"""What was looked up last, in memory: for what never changes once it is written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Pairs(dict[K, V], Generic[K, V]):
    """
    The pairs of one kind, young and old: `pairs[key]` finds either, and makes it young again.

    A young one is found as in any dict, by one look-up and no call.
    """

    __slots__ = ("_everything", "_old")

    def __init__(self, everything: Recent[K, V]) -> None:
        super().__init__()
        self._everything = everything
        self._old: dict[K, V] = {}

    def __missing__(self, key: K) -> V:
        value = self._old[key]
        self.add(key, value)
        return value

    def add(self, key: K, value: V) -> None:
        """Remember one more."""
        if key not in self:
            self._everything.make_room()
            self[key] = value

    def age(self) -> None:
        """Forget what is old; what was young is old from now on."""
        self._old = self.copy()
        self.clear()


class Recent(dict[str, Pairs[K, V]], Generic[K, V]):
    """
    Pairs by kind, at most so many of all kinds together; any kind may be asked for.

    Half of them may be young. When there are so many, they become old, and those that were old
    and not asked for since are forgotten.
    """

    __slots__ = ("_most", "_young")

    def __init__(self, size: int) -> None:
        super().__init__()
        self._most = size // 2
        self._young = 0

    def __missing__(self, kind: str) -> Pairs[K, V]:
        made = self[kind] = Pairs(self)
        return made

    def among(
        self, asked: Iterable[tuple[str, K]]
    ) -> tuple[dict[tuple[str, K], V], list[tuple[str, K]]]:
        """Those that are remembered, and those that are not."""
        found: dict[tuple[str, K], V] = {}
        missing: list[tuple[str, K]] = []
        for pair in asked:
            kind, key = pair
            try:
                found[pair] = self[kind][key]
            except KeyError:
                missing.append(pair)
        return found, missing

    def make_room(self) -> None:
        """Have room for one more that is young."""
        if self._young == self._most:
            self._young = 0
            for pairs in self.values():
                pairs.age()
        self._young += 1
