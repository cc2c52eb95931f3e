"""CSV: which field each column is, what a cell says, and a document as a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from mappings.core import pointer as pointers
from mappings.core.context import Document, Json
from mappings.core.model import Model
from proxy import strict_json
from proxy.cli.dumps.form import MAX_DEPTH, UnreadableError
from proxy.store.dump import MODERN_ID
from proxy.store.staging import MAX_LINE_BYTES

Kind = Literal["text", "boolean", "number", "json"]

NO_HEADER = "its first line is no header: no column names a field of the model"
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
SCALARS: dict[Any, Kind] = {
    bool: "boolean",
    int: "number",
    float: "number",
    Decimal: "number",
    Any: "json",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the member that it fills, and how its cells are read."""

    path: tuple[str, ...]
    kind: Kind
    declared: bool


def columns(header: Sequence[str], model: type[Model]) -> tuple[Column, ...]:
    """
    The columns of a header: names of fields, or of members as `/outer/inner` or `outer.inner`.

    Raises `UnreadableError`, which names columns by their number: a first line that is no header
    has values.
    """
    found = [_column(number, name, model) for number, name in enumerate(header, start=1)]
    if not any(column.declared for column in found):
        raise UnreadableError(NO_HEADER)
    for number, column in enumerate(found, start=1):
        for before, other in enumerate(found[: number - 1], start=1):
            shared = min(len(column.path), len(other.path))
            if column.path[:shared] == other.path[:shared]:
                raise UnreadableError(f"column {number} fills what column {before} fills")
    return tuple(found)


def _column(number: int, name: str, model: type[Model]) -> Column:
    name = name.strip()
    path = tuple(pointers.segments(name) if name.startswith("/") else name.split("."))
    if path == (MODERN_ID,):
        return Column(path, "text", declared=True)
    annotation: Any = model
    for segment in path:
        if _is_model(annotation) and segment in annotation.model_fields:
            annotation = _bare(annotation.model_fields[segment].annotation)
        elif get_origin(annotation) is list:
            raise UnreadableError(
                f"column {number} goes into a list: give the list as JSON in one column"
            )
        elif annotation is Any or get_origin(annotation) is dict:
            annotation = Any
        else:
            # As an undeclared member of a document: passed over, and counted.
            return Column((name,), "text", declared=False)
    composed = _is_model(annotation) or get_origin(annotation) in (list, dict)
    return Column(path, "json" if composed else SCALARS.get(annotation, "text"), declared=True)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Model)


def _bare(annotation: Any) -> Any:
    """The type alone: neither null nor what else is said of it."""
    while get_origin(annotation) in (Annotated, Union, UnionType):
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
            continue
        others = [it for it in get_args(annotation) if it is not type(None)]
        annotation = others[0] if len(others) == 1 else Any
    return annotation


def delimiter_of(header: str) -> str:
    """A comma or a semicolon, whichever the first line has more of."""
    return max(",", ";", key=header.count)


def cells(record: str, delimiter: str) -> list[str]:
    """The cells of one record; raises `csv.Error`."""
    csv.field_size_limit(MAX_LINE_BYTES)
    if "\0" in record:
        raise csv.Error("U+0000")
    (row,) = csv.reader([record.rstrip("\r\n")], delimiter=delimiter, strict=True)
    return row


def runs_over(record: str, row: Sequence[str], delimiter: str) -> bool:
    """Whether a line within a record looks like a record: a quote before it was not closed."""
    lines = record.rstrip("\r\n").split("\n")[1:]
    if lines and "\n" in row[0]:
        # What ends a first cell has all the others behind it.
        lines.pop()
    return len(row) > 1 and any(line.count(delimiter) >= len(row) - 1 for line in lines)


def document(
    row: Sequence[str], of: Sequence[Column], *, empty: Literal["absent", "null"]
) -> dict[str, Json]:
    """The document in a row; a cell that its field cannot read stays text, for the mapping."""
    made: dict[str, Json] = {}
    for cell, column in zip(row, of, strict=True):
        if cell or empty == "null":
            within = made
            for segment in column.path[:-1]:
                within = within.setdefault(segment, {})
            within[column.path[-1]] = _value(cell, column.kind) if cell else None
    return made


def _value(cell: str, kind: Kind) -> Json:
    if kind == "boolean":
        return BOOLEANS.get(cell.strip().lower(), cell)
    if kind == "number":
        value = _json(cell)
        return cell if isinstance(value, bool | str | list | dict) or value is None else value
    return _json(cell) if kind == "json" and cell.lstrip()[:1] in ("{", "[") else cell


def _json(cell: str) -> Json:
    try:
        return strict_json.parse(cell.encode(), MAX_DEPTH)
    except strict_json.NotStrictJsonError:
        return cell


def column_of(pointer: str, of: Sequence[Column]) -> int | None:
    """The number of the column that fills what a pointer names."""
    path = tuple(pointers.segments(pointer))
    for number, column in enumerate(of, start=1):
        if path[: len(column.path)] == column.path:
            return number
    return None


def row(document: Document, names: Iterable[str]) -> list[str]:
    """The top-level members as cells: a text as it is, absent or null as nothing, else JSON."""
    return [_cell(document.get(name)) for name in names]


def _cell(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else strict_json.dump(value).decode()


def written(rows: Iterable[Sequence[str]], delimiter: str) -> bytes:
    """Rows as CSV in UTF-8."""
    text = io.StringIO()
    plain = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    # Python 3.11 leaves a lone CR bare, where a reader ends the row.
    quoted = csv.writer(text, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        (quoted if any("\r" in cell for cell in row) else plain).writerow(row)
    return text.getvalue().encode()
