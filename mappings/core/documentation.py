"""The pages that are written from a pack: what becomes of each field, and what is to be asked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mappings.core.endpoint import Endpoint, Refused, Token
from mappings.core.endpoint import Row as EndpointRow
from mappings.core.evidence import Evidence
from mappings.core.model import Model, evidence_of
from mappings.core.options import listed
from mappings.core.pack import Pack
from mappings.core.record_mapping import RecordMapping
from mappings.core.rules import Computed, Paired, Rule

HOW = "Written by `passerelle docs` from the rules of the pack; edit those, not this page."


def mapping_page(pack: Pack) -> str:
    """`docs/mapping.md`: every rule, field, endpoint and option, with its reason and source."""
    lines = [f"# {pack.title}", "", HOW, ""]
    for title, mapping in _mappings(pack):
        lines += [f"## {title}", "", f"Legacy `{title}` and its modern counterpart.", ""]
        lines += _table(
            ("legacy", "modern", "what becomes of it", "why", "source"), _rules(mapping)
        )
        for side, model in (("legacy", mapping.legacy), ("modern", mapping.modern)):
            lines += [f"### The {side} fields", ""]
            lines += _table(("field", "meaning", "source"), _fields(model))
    lines += ["## Endpoints", "", _spellings(pack), ""]
    lines += _table(("legacy", "answers", "new API", "succeeds with", "source"), _endpoints(pack))
    lines += ["## Options", "", "Keys of the TOML file that `PASSERELLE_PACK_OPTIONS` names.", ""]
    lines += _table(("option", "default", "meaning", "source"), _options(pack))
    lines += ["## Tables", "", "Files in the folder that `PASSERELLE_TABLES` names.", ""]
    lines += _table(
        ("file", "columns", "meaning"),
        (
            (f"`{table.name}.csv`, `{table.name}.json`", _codes(table.columns), table.sentence)
            for table in pack.tables
        ),
    )
    lines += ["## Sources", "", "`docs/apis.md` holds what each of them says.", ""]
    lines += _table(("key", "source"), pack.sources.items())
    return "\n".join(lines).rstrip() + "\n"


def questions_page(pack: Pack) -> str:
    """`docs/open-questions.md`: every guess, as a question to the API's owner."""
    questions = open_questions(pack)
    lines = [
        "# Open questions",
        "",
        HOW,
        "",
        "What no public page tells. Each has a default that is a guess,",
        "and one option that changes it without a change of code.",
        "",
    ]
    lines += _table(
        ("question", "default", "option", "see"),
        (
            (text, f"`{_value(question.default)}`", f"`{name}`", ", ".join(sorted(question.where)))
            for name, question in questions.items()
            for text in question.texts
        ),
    )
    return "\n".join(lines).rstrip() + "\n"


@dataclass(slots=True)
class Question:
    """What is guessed under one option."""

    default: object
    texts: dict[str, None] = field(default_factory=dict)
    where: set[str] = field(default_factory=set)


def open_questions(pack: Pack) -> dict[str, Question]:
    """The guesses of a pack by option. Raises `KeyError` for a guess that names no option."""
    questions = {option.name: Question(option.default) for option in listed(pack.options)}
    for source in evidences(pack):
        if source.level == "guess":
            questions[source.option].texts.setdefault(source.question)
            questions[source.option].where.add(source.where)
    return {name: question for name, question in questions.items() if question.texts}


def evidences(pack: Pack) -> Iterator[Evidence]:
    """Every evidence that a pack cites: of its options, rules, fields and endpoints."""
    yield from (option.source for option in listed(pack.options))
    for _, mapping in _mappings(pack):
        yield from (rule.source for rule in mapping.rules)
        for model in (mapping.legacy, mapping.modern):
            yield from (evidence_of(info) for info in model.model_fields.values())
    yield from (endpoint.source for endpoint in pack.endpoints)


def _mappings(pack: Pack) -> Iterator[tuple[str, RecordMapping]]:
    for name, mapping in pack.mappings.items():
        yield name, mapping
        yield from _within(name, mapping, set(pack.mappings.values()))


def _within(
    above: str, mapping: RecordMapping, told: set[RecordMapping]
) -> Iterator[tuple[str, RecordMapping]]:
    """The mappings of the records within, but for those that stand by themselves."""
    for rule in mapping.of_kind(Paired):
        if rule.record is not None and rule.record not in told:
            name = f"{above}.{rule.legacy[0]}"
            yield name, rule.record
            yield from _within(name, rule.record, told)


def _rules(mapping: RecordMapping) -> Iterator[tuple[str, ...]]:
    for rule in mapping.rules:
        modern = rule.made_of if isinstance(rule, Computed) else rule.modern
        yield _codes(rule.legacy), _codes(modern), _fate(rule), rule.because, str(rule.source)


def _fate(rule: Rule) -> str:
    return (
        f"{rule.verb}, read only" if isinstance(rule, Paired) and not rule.writable else rule.verb
    )


def _fields(model: type[Model]) -> Iterator[tuple[str, ...]]:
    for name, info in model.model_fields.items():
        yield f"`{name}`", info.description or "", str(evidence_of(info))


def _endpoints(pack: Pack) -> Iterator[tuple[str, ...]]:
    for row in pack.endpoints:
        legacy = f"`{', '.join(row.methods)} {row.path}{pack.suffix}`"
        yield legacy, *_behind(row), str(row.source)


def _behind(row: EndpointRow) -> tuple[str, str, str]:
    """What a legacy path answers with, the call behind it, what that succeeds with."""
    if isinstance(row, Endpoint):
        call = row.call
        success = ", ".join(map(str, sorted(call.success)))
        return str(row.status), f"`{call.method} {call.path}`", success
    if isinstance(row, Refused):
        return str(row.status), "no counterpart", ""
    return "200", "the token endpoint" if isinstance(row, Token) else "the operator's tables", ""


def _spellings(pack: Pack) -> str:
    prefixes = " and ".join(f"`{prefix}`" if prefix else "no prefix" for prefix in pack.prefixes)
    return f"Served under {prefixes}, with and without `{pack.suffix}` and a slash at the end."


def _options(pack: Pack) -> Iterator[tuple[str, ...]]:
    for option in listed(type(pack.options)()):
        default = f"`{_value(option.default)}`"
        yield f"`{option.name}`", default, option.sentence, str(option.source)


def _value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [head, tuple("---" for _ in head), *rows]
    return [
        *("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines),
        "",
    ]
