"""Names: two at the old desk; the whole name and the one to sort by in the new API."""

from __future__ import annotations

from mappings.core.codecs import Codec, GroupCodec, Values
from mappings.core.context import Json, Scope


class BorrowerName(GroupCodec):
    """("Ada", "Byron") is ("Ada Byron", "Byron"); where there is no name, "" or null."""

    def upgrade(self, legacy: Values, stored: Values, scope: Scope) -> Values:
        return self._upgraded(legacy)

    def downgrade(self, modern: Values, scope: Scope) -> Values:
        return self._downgraded(modern)

    def canonical_legacy(self, legacy: Values) -> Values:
        return self._downgraded(self._upgraded(legacy))

    def canonical_modern(self, modern: Values) -> Values:
        return self._upgraded(self._downgraded(modern))

    @staticmethod
    def _upgraded(legacy: Values) -> Values:
        forename, surname = ((name or "").strip() for name in legacy)
        whole = f"{forename} {surname}".strip()
        return whole or None, surname or None

    @staticmethod
    def _downgraded(modern: Values) -> Values:
        whole, surname = ((name or "").strip() for name in modern)
        # A whole name that does not end with the family name is somebody's choice: it is kept.
        forename = "" if whole == surname else whole.removesuffix(f" {surname}").strip()
        return forename, surname


class Authors(Codec):
    """ "Lem; Strugatsky" is a list of two."""

    def upgrade(self, legacy: Json, stored: Json, scope: Scope) -> Json:
        return self._split(legacy)

    def downgrade(self, modern: Json, scope: Scope) -> Json:
        return self._joined(modern)

    def canonical_legacy(self, legacy: Json) -> Json:
        return self._joined(self._split(legacy))

    def canonical_modern(self, modern: Json) -> Json:
        return self._split(self._joined(modern))

    @staticmethod
    def _split(text: Json) -> Json:
        names = [name.strip() for name in (text or "").split(";")]
        return [name for name in names if name] or None

    @classmethod
    def _joined(cls, names: Json) -> Json:
        # A name that is empty, or has a semicolon in it, is shown as it would be read again.
        return "; ".join(cls._split(";".join(names or [])) or []) or None
