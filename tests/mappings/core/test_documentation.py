"""The pages that are written from a pack."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mappings.core import documentation
from mappings.core.options import listed
from mappings.mesvaccins import PACK, Options, build

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("mapping.md", documentation.mapping_page(PACK)),
        ("open-questions.md", documentation.questions_page(PACK)),
    ],
    ids=["mapping", "open-questions"],
)
def test_the_pages_in_the_repository_are_fresh(name: str, page: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == page, "scripts/docs writes it anew"


def test_every_field_rule_and_option_stands_on_the_page() -> None:
    page = documentation.mapping_page(PACK)

    for mapping in PACK.mappings.values():
        for name in (*mapping.legacy.model_fields, *mapping.modern.model_fields):
            assert f"`{name}`" in page
        for rule in mapping.rules:
            assert rule.because in page
    for option in listed(PACK.options):
        assert f"| `{option.name}` |" in page


def test_a_record_within_that_does_not_stand_by_itself_is_told_under_the_one_around_it() -> None:
    record = PACK.mappings["health_record"]

    page = documentation.mapping_page(replace(PACK, mappings={"health_record": record}))

    assert "\n## health_record.vaccinations\n" in page
    assert "\n## health_record.vaccinations\n" not in documentation.mapping_page(PACK)


def test_another_name_for_a_field_says_which() -> None:
    assert "another name under which a client may write `rpps`" in documentation.mapping_page(PACK)


def test_the_page_shows_defaults_whatever_the_deployment_chose() -> None:
    chosen = build(Options.model_validate({"names": {"policy": "straight"}}))

    page = documentation.mapping_page(chosen)

    assert '| `names.policy` | `"crossed"` |' in page


def test_every_guess_is_a_question_with_an_option_that_exists() -> None:
    questions = documentation.open_questions(PACK)

    guesses = [source for source in documentation.evidences(PACK) if source.level == "guess"]
    assert {source.option for source in guesses} == questions.keys()
    for source in guesses:
        assert source.question in questions[source.option].texts


def test_an_option_that_is_a_guess_is_asked_about_under_its_own_name() -> None:
    for option in listed(PACK.options):
        if option.source.level == "guess":
            assert option.source.option == option.name


def test_every_source_that_is_cited_stands_among_the_facts() -> None:
    facts = (DOCS / "apis.md").read_text(encoding="utf-8")

    for source in documentation.evidences(PACK):
        if source.where in PACK.sources:
            assert f"| {source.where}" in facts
        else:
            assert f"## {source.where}" in facts, source


def test_every_field_and_option_has_its_sentence() -> None:
    sentences = [option.sentence for option in listed(PACK.options)]
    for mapping in PACK.mappings.values():
        for model in (mapping.legacy, mapping.modern):
            sentences += [info.description or "" for info in model.model_fields.values()]

    assert all(sentence.endswith(".") for sentence in sentences)
