"""What every setting is, in words, from the model that reads it."""

import re
from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from proxy.settings import Settings, settings_of_environment
from proxy.settings.described import Described, Role, roles
from proxy.settings.kinds import Listed, Port
from proxy.settings.page import settings_page, template


def somewhere() -> Path:
    """in a place of this machine"""
    return Path("/var/somewhere")


class Kinds(BaseSettings):
    """What a setting can take; and more."""

    switch: bool = Field(False, description="A switch.")
    one: Literal["only"] = Field("only", description="A choice.")
    some: Literal["a", "b"] | None = Field(None, description="A choice that need not be made.")
    few: int = Field(3, ge=1, lt=10, description="A number.")
    part: float | None = Field(None, gt=0, le=0.5, description="A part.")
    port: Port | None = Field(None, description="A port.")
    names: Listed = Field((), description="Names.")
    tree: dict[str, int] = Field({}, description="A tree.")
    either: int | str = Field(1, description="A number or a word.")
    secret: SecretStr | None = Field(None, description="A secret.")
    folder: Path = Field(default_factory=somewhere, description="A folder.")
    made: list[int] = Field(default_factory=lambda: [1], description="A list.")


class Beyond(Kinds):
    """What must be set."""

    word: str = Field(description="A word.")


@pytest.fixture
def kinds() -> dict[str, Described]:
    """A setting of each kind."""
    (role,) = roles(Kinds)
    return {it.field: it for it in role.settings}


def test_every_kind_of_value_has_words(kinds: dict[str, Described]) -> None:
    assert {name: it.takes for name, it in kinds.items()} == {
        "switch": "`true` or `false`",
        "one": "`only`",
        "some": "`a` or `b`",
        "few": "a whole number, at least 1, less than 10",
        "part": "a number, more than 0, at most 0.5",
        "port": "a port, 0 to 65535",
        "names": "a list, `one,other`",
        "tree": "JSON",
        "either": "JSON",
        "secret": "a secret, or its file in `PASSERELLE_SECRET_FILE`",
        "folder": "a path",
        "made": "JSON",
    }


def test_a_default_is_told_as_it_would_be_set_and_in_words_where_a_machine_makes_it(
    kinds: dict[str, Described],
) -> None:
    told = {name: it.default for name, it in kinds.items() if it.default != "not set"}

    assert told == {
        "switch": "`false`",
        "one": "`only`",
        "few": "`3`",
        "either": "`1`",
        "folder": "in a place of this machine",
        "made": "made at start",
    }


def test_a_role_is_a_class_and_the_one_with_what_must_be_set_is_first() -> None:
    found = roles(Beyond)

    assert [role.title for role in found] == ["What must be set", "What a setting can take"]
    assert [it.field for it in found[0].settings] == ["word"]
    assert (found[0].settings[0].default, found[0].settings[0].required) == (
        "none: it must be set",
        True,
    )


def test_every_setting_of_the_gateway_has_one_role_and_words() -> None:
    found = roles(Settings)

    told = [it for role in found for it in role.settings]
    assert sorted(it.field for it in told) == sorted(Settings.model_fields)
    assert all(role.title for role in found)
    assert not [it.variable for it in told if "JSON" in it.takes or "made at" in it.default]


def test_the_page_has_a_line_for_each_setting_and_nothing_of_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/of/this/machine")

    page = settings_page(roles(Settings))

    for name in Settings.model_fields:
        assert page.count(f"\n| `PASSERELLE_{name.upper()}` |") == 1
    assert "| `passerelle` in the XDG state folder |" in page
    assert "/of/this/machine" not in page


def test_a_bar_in_a_sentence_is_no_end_of_a_cell() -> None:
    told = Described("x", "PASSERELLE_X", "text", "not set", "", "This|that.", False, False)

    page = settings_page([Role("Bars", (told,))])

    assert "| This\\|that. |" in page


def test_the_template_sets_what_is_the_case_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    text = template(roles(Settings))
    lines = re.findall(r"^#(PASSERELLE_\w+)=(.*)$", text, re.MULTILINE)
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", "https://new.example")
    before = settings_of_environment()

    for name, value in lines:
        monkeypatch.setenv(name, value)

    assert settings_of_environment() == before
    assert len(lines) == len(Settings.model_fields) - 1
    assert "\nPASSERELLE_UPSTREAM_URL=\n" in text
