"""The compiled functions of a mapping give what its rules give, or nothing at all."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import Field, create_model, field_validator

from mappings.core.codecs import UNCHANGED, Alone
from mappings.core.compiled import NOTHING
from mappings.core.context import EMPTY, Context, Document, Report, Scope
from mappings.core.errors import DocumentError
from mappings.core.model import Model, declared
from mappings.core.nesting import Each
from mappings.core.record_mapping import RecordMapping
from mappings.core.rules import Paired
from mappings.core.verbs import each, nested, renamed, same, untouched
from mappings.mesvaccins import PACK, Options, build
from tests.documents import MAPPINGS, context, ids_of, legacy_documents, modern_documents
from tests.laws import few
from tests.laws.edits import edited, kept_asides, with_ids
from tests.packs.toy import PAGE, TOLD, NewPage, NewPress, OldPage, OldPress

VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "straight": {
        "names": {"policy": "straight"},
        "records": {"ids": "crosswalk", "undeclared": "refuse", "ins_c": "external_id"},
        "acts": {"validation": "null", "in_record": "refuse", "unknown_vaccine": "null"},
        "conditions": {"not_boolean": "refuse"},
    },
    "swapped": {
        "names": {"swap": True},
        "records": {"required": []},
        "acts": {"required": [], "cid_codes": True},
        "caption": {"months_below": 0},
        "timestamps": {"zone": "America/New_York"},
    },
}
EVERY = {
    **MAPPINGS,
    **{
        f"{variant} {name}": mapping
        for variant, options in VARIANTS.items()
        for name, mapping in build(Options.model_validate(options)).mappings.items()
    },
}
drawn = settings(few, max_examples=100)
every_mapping = pytest.mark.parametrize("mapping", EVERY.values(), ids=list(EVERY))

STRANGE: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", " ", "x", "m", True, False, 0, 7, 1.5, [], [None], [{}], {}, {"id": 901}, {"x": 1}]
)
OTHER_NAMES = st.sampled_from(["x", "id", "title", "external_id", "caption", "label", "updated_at"])


@st.composite
def spoilt(draw: st.DrawFn, document: Document, times: int = 2) -> Any:
    """A document in which a few values, at any depth, are others, are gone, or are new."""
    result: Any = copy.deepcopy(document)
    for _ in range(draw(st.integers(0, times))):
        within = [it for it in _containers(result) if it or isinstance(it, dict)]
        container = draw(st.sampled_from(within)) if within else None
        if isinstance(container, list):
            container[draw(st.integers(0, len(container) - 1))] = copy.deepcopy(draw(STRANGE))
        elif isinstance(container, dict):
            name = draw(OTHER_NAMES | st.sampled_from(sorted(container) or ["x"]))
            if draw(st.booleans()):
                container[name] = copy.deepcopy(draw(STRANGE))
            else:
                container.pop(name, None)
    return draw(STRANGE) if draw(st.integers(0, 30)) == 0 else result


def _containers(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _containers(inner)


@contextmanager
def by_its_rules_alone(mapping: RecordMapping) -> Iterator[None]:
    """The mapping and those within it, without their compiled functions."""
    compiled, mapping.compiled = mapping.compiled, NOTHING
    with ExitStack() as within:
        for rule in mapping.of_kind(Paired):
            if rule.record is not None:
                within.enter_context(by_its_rules_alone(rule.record))
        within.callback(setattr, mapping, "compiled", compiled)
        yield


def outcome(step: Callable[[], Any]) -> Any:
    """What a step gives or raises; as text, in which 1 is neither 1.0 nor true."""
    try:
        return repr(step())
    except DocumentError as error:
        return error.problems
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return type(error)


def same_by_rules(mapping: RecordMapping, step: Callable[[], Any]) -> None:
    """Whether a step comes to the same with the compiled functions and without."""
    compiled = outcome(step)

    with by_its_rules_alone(mapping):
        assert compiled == outcome(step)


@every_mapping
@drawn
@given(data=st.data())
def test_what_does_not_fit_is_told_by_the_rules(
    mapping: RecordMapping, data: st.DataObject
) -> None:
    document = data.draw(spoilt(data.draw(modern_documents(mapping, any_code=True))))

    same_by_rules(mapping, lambda: mapping.misfits(document, "/x"))


@every_mapping
@drawn
@given(data=st.data())
def test_a_record_is_shown_as_the_rules_show_it(
    mapping: RecordMapping, data: st.DataObject
) -> None:
    record = data.draw(modern_documents(mapping, any_code=data.draw(st.booleans())))
    known = known_of(mapping, record, data)
    document = data.draw(spoilt(record))
    before = copy.deepcopy(document)

    same_by_rules(mapping, lambda: mapping.downgrade(document, known))

    assert repr(document) == repr(before)


@every_mapping
@drawn
@given(data=st.data())
def test_a_new_record_is_made_as_the_rules_make_it(
    mapping: RecordMapping, data: st.DataObject
) -> None:
    document = data.draw(spoilt(data.draw(legacy_documents(mapping))))
    before = copy.deepcopy(document)

    same_by_rules(mapping, lambda: mapping.upgrade(document, context()))
    same_by_rules(mapping, lambda: mapping.upgrade(document, replace(context(), tables={})))

    assert repr(document) == repr(before)


@every_mapping
@drawn
@given(data=st.data())
def test_a_record_is_written_over_as_the_rules_do_it(
    mapping: RecordMapping, data: st.DataObject
) -> None:
    base = with_ids(data.draw(modern_documents(mapping, any_code=True)), mapping)
    known = known_of(mapping, base, data)
    shown = mapping.downgrade(base, known).document
    edits = data.draw(edited(mapping, shown)).written
    written = data.draw(spoilt({**shown, **edits} if data.draw(st.booleans()) else edits, 1))
    before = copy.deepcopy((base, written))

    same_by_rules(mapping, lambda: mapping.upgrade(written, replace(known, base=base)))
    unfit = data.draw(spoilt(base, 1))
    if isinstance(unfit, dict):
        same_by_rules(mapping, lambda: mapping.upgrade(written, replace(known, base=unfit)))

    assert repr((base, written)) == repr(before)


@every_mapping
@drawn
@given(data=st.data())
def test_what_a_document_says_is_what_the_rules_read(
    mapping: RecordMapping, data: st.DataObject
) -> None:
    document = data.draw(legacy_documents(mapping))

    same_by_rules(mapping, lambda: mapping.canonical(document))


def known_of(mapping: RecordMapping, record: Document, data: st.DataObject) -> Context:
    """A context with ids and, at times, values set aside."""
    asides = data.draw(kept_asides(mapping, record)) if data.draw(st.booleans()) else {}
    return context(None, asides, ids_of(record, mapping))


@every_mapping
def test_every_mapping_is_compiled(mapping: RecordMapping) -> None:
    compiled = mapping.compiled

    assert None not in (compiled.downgrade, compiled.upgrade, compiled.canonical)


def test_what_is_written_and_read_every_day_needs_no_rules() -> None:
    mapping, created = EVERY["health_record"], PACK.sample.created
    upgraded = mapping.upgrade(created, context())
    record = with_ids(upgraded.document, mapping)
    known = context(None, {}, ids_of(record, mapping))
    compiled, over = mapping.compiled, Scope(replace(known, base=record), Report(), aside_to={})
    assert compiled.downgrade is not None
    assert compiled.upgrade is not None
    assert compiled.canonical is not None

    shown = compiled.downgrade(record, Scope(known, Report()))

    assert compiled.fits(record)
    assert shown == mapping.downgrade(record, known).document
    new = Scope(context(), Report(), aside_to={})
    assert compiled.upgrade(created, new, EMPTY) == upgraded.changes
    assert compiled.canonical(created) == mapping.canonical(created)
    assert compiled.upgrade({**shown, "zip_code": "29000"}, over, shown) == {"zip_code": "29000"}


class OldShop(Model):
    press: OldPress | None = declared("Its press.", TOLD)


class NewShop(Model):
    press: NewPress | None = declared("Its press.", TOLD)


class Loud(Paired):
    """A rule of a kind that the core does not know."""

    def upgrade(self, written: Document, scope: Scope) -> dict[str, Any]:
        return {name: str(value).lower() for name, value in super().upgrade(written, scope).items()}

    def downgrade(self, modern: Document, scope: Scope) -> dict[str, Any]:
        return {name: str(it).upper() for name, it in super().downgrade(modern, scope).items()}

    def canonical(self, written: Document) -> dict[str, Any]:
        return {name: str(value).upper() for name, value in super().canonical(written).items()}


def test_a_rule_of_another_kind_is_asked_itself() -> None:
    loud = Loud(
        verb="same", legacy=("street",), modern=("street",), codec=Alone(UNCHANGED), source=TOLD
    )
    mapping = RecordMapping(
        OldPress,
        NewPress,
        (loud,),
        renamed("town", to="city", source=TOLD),
        untouched("score", because="new", source=TOLD),
    )

    assert mapping.downgrade({"street": "rue"}, context()).document["street"] == "RUE"
    assert mapping.upgrade({"street": "RUE"}, context()).changes == {"street": "rue"}
    assert mapping.canonical({"street": "rue"})["street"] == "RUE"
    holder = RecordMapping(
        OldShop, NewShop, nested("press", to="press", mapping=mapping, source=TOLD)
    )
    street = {"press": {"street": "rue"}}
    assert holder.downgrade(street, context()).document["press"]["street"] == "RUE"
    assert holder.upgrade({"press": {"street": "RUE"}}, context()).changes == street


class Backwards(Each):
    """A list that the old API shows from its end."""

    def downgrade(self, modern: Any, scope: Scope) -> Any:
        return super().downgrade((modern or [])[::-1], scope)


class OldShelf(Model):
    pages: list[OldPage] | None = declared("Its pages.", TOLD)


class NewShelf(Model):
    pages: list[NewPage] | None = declared("Its pages.", TOLD)


def test_a_list_of_another_kind_and_what_holds_it_are_asked_themselves() -> None:
    (rule,) = each("pages", to="pages", mapping=PAGE, key="number", source=TOLD)
    assert isinstance(rule, Paired)
    mapping = RecordMapping(
        OldShelf, NewShelf, (dataclasses.replace(rule, codec=Alone(Backwards(PAGE, "number"))),)
    )
    record = {"pages": [{"title": "moss"}, {"title": "fern"}]}

    shown = mapping.downgrade(record, context()).document

    assert [page["heading"] for page in shown["pages"]] == ["fern", "moss"]
    assert mapping.upgrade({"pages": [{"heading": "oak"}]}, context()).changes == {
        "pages": [{"title": "oak"}]
    }


class Plain(Model):
    word: str | None = declared("A word.", TOLD)
    needed: str = declared("Another.", TOLD, required=True)


class WithValidator(Plain):
    @field_validator("word")
    @classmethod
    def shout(cls, word: str | None) -> str | None:
        return word and word.upper()


class WithPostInit(Plain):
    def model_post_init(self, context: object) -> None:
        self.word = "always"


class WithInit(Plain):
    def __init__(self, **said: Any) -> None:
        super().__init__(**{**said, "word": "mine"})


class WithAlias(Model):
    word: str | None = Field(None, alias="mot", json_schema_extra=TOLD.as_json())


@pytest.mark.parametrize("inner", [Plain, WithValidator, WithPostInit, WithInit, WithAlias])
@pytest.mark.parametrize(
    "said",
    [
        None,
        "no object",
        {},
        {"word": "a"},
        {"needed": "b", "word": "a"},
        {"word": None, "needed": "b"},
        {"needed": "b", "x": [1]},
        {"mot": "c", "needed": "b"},
    ],
    ids=str,
)
def test_an_object_is_read_as_its_model_reads_it(inner: type[Model], said: Any) -> None:
    within: Any = (inner | None, declared("Within.", TOLD))
    old = create_model("Old", __base__=Model, inner=within)
    new = create_model("New", __base__=Model, inner=within)
    mapping = RecordMapping(old, new, same("inner", source=TOLD))

    same_by_rules(mapping, lambda: mapping.upgrade({"inner": said}, context()))
    same_by_rules(mapping, lambda: mapping.canonical({"inner": said}))
