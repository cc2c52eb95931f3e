"""What is sealed opens in its own place, by its own key, unchanged, and nowhere else."""

from __future__ import annotations

import base64
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from proxy.errors import ConfigurationError, StoreError
from proxy.settings import Settings
from proxy.settings.keys import Keys, new_key
from proxy.store.seal import Seal, SealError, keys_of

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER = base64.b64encode(bytes(32)).decode()
PLACE = ("set_aside", "record", "r-1")
DOCUMENT = {"note": "Ève", "weight": Decimal("1.10"), "list": [1, None, True]}


def settings(**given: Any) -> Settings:
    return Settings(upstream_url="https://new.example", **given)


def parsed(text: str) -> Keys:
    return Keys.parse(text, "PASSERELLE_KEYS", "passerelle store new-key")


def seal(text: str) -> Seal:
    return Seal(parsed(text))


def test_a_document_comes_back_as_it_was_sealed() -> None:
    key_id, sealed = seal(f"a:{KEY}").seal(DOCUMENT, *PLACE)

    assert key_id == "a"
    assert "Ève".encode() not in sealed
    assert seal(f"a:{KEY}").open(key_id, sealed, *PLACE) == DOCUMENT


def test_the_same_document_is_never_sealed_alike() -> None:
    same = seal(f"a:{KEY}")

    assert same.seal(DOCUMENT, *PLACE) != same.seal(DOCUMENT, *PLACE)


def test_a_document_of_the_deepest_settings_comes_back() -> None:
    deep: Any = "bottom"
    for _ in range(190):
        deep = [deep]

    key_id, sealed = seal(f"a:{KEY}").seal({"deep": deep}, *PLACE)

    assert seal(f"a:{KEY}").open(key_id, sealed, *PLACE) == {"deep": deep}


def test_the_first_key_seals_and_every_key_opens() -> None:
    rotated = seal(f"b:{OTHER}, a:{KEY}")

    key_id, sealed = seal(f"a:{KEY}").seal(DOCUMENT, *PLACE)

    assert rotated.open(key_id, sealed, *PLACE) == DOCUMENT
    assert rotated.sealing == rotated.seal(DOCUMENT, *PLACE)[0] == "b"


@pytest.mark.parametrize(
    "place", [("set_aside", "record", "r-2"), ("set_aside", "recordr", "-1"), ("set_aside",)]
)
def test_nothing_opens_in_another_place(place: tuple[str, ...]) -> None:
    key_id, sealed = seal(f"a:{KEY}").seal(DOCUMENT, *PLACE)

    with pytest.raises(SealError, match="changed, moved, or sealed by another key"):
        seal(f"a:{KEY}").open(key_id, sealed, *place)


@pytest.mark.parametrize("at", [0, 11, 12, -1])
def test_nothing_opens_with_a_byte_changed(at: int) -> None:
    key_id, sealed = seal(f"a:{KEY}").seal(DOCUMENT, *PLACE)
    changed = bytearray(sealed)
    changed[at] ^= 1

    with pytest.raises(SealError, match="changed"):
        seal(f"a:{KEY}").open(key_id, bytes(changed), *PLACE)


@pytest.mark.parametrize("length", [0, 3, 12, 20])
def test_nothing_opens_that_was_cut_short(length: int) -> None:
    key_id, sealed = seal(f"a:{KEY}").seal(DOCUMENT, *PLACE)

    with pytest.raises(SealError, match="changed"):
        seal(f"a:{KEY}").open(key_id, sealed[:length], *PLACE)


def test_another_key_of_the_same_name_opens_nothing() -> None:
    key_id, sealed = seal(f"a:{KEY}").seal(DOCUMENT, *PLACE)

    with pytest.raises(SealError, match="sealed by another key"):
        seal(f"a:{OTHER}").open(key_id, sealed, *PLACE)


def test_the_name_of_a_key_is_bound_too() -> None:
    two = seal(f"a:{KEY} b:{KEY}")
    _, sealed = two.seal(DOCUMENT, *PLACE)

    with pytest.raises(SealError, match="changed"):
        two.open("b", sealed, *PLACE)


def test_a_key_that_is_not_configured_is_named() -> None:
    key_id, sealed = seal(f"a:{KEY}").seal(DOCUMENT, *PLACE)

    with pytest.raises(StoreError) as raised:
        seal(f"b:{KEY}").open(key_id, sealed, *PLACE)

    assert str(raised.value) == "a row is sealed by the key a, which is not configured"


@pytest.mark.parametrize("between", [",", "\n", " ", ",\n  ", "\r\n"])
def test_keys_stand_with_commas_or_blanks_between(between: str) -> None:
    keys = parsed(f"\n b:{OTHER}{between}a:{KEY}{between}")

    assert keys.sealing == "b"
    assert dict(keys.by_name) == {"b": bytes(32), "a": bytes(range(32))}


@pytest.mark.parametrize(
    "wrong", ["", KEY, f":{KEY}", "a:", "a:c2hvcnQ=", f"a:{KEY[:-2]}", f"a/b:{KEY}", f"a:{KEY}é"]
)
def test_what_is_no_key_is_refused_and_not_shown(wrong: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parsed(f"ok:{KEY},{wrong}" if wrong else "")

    position = 2 if wrong else 1
    assert str(raised.value) == (
        f"PASSERELLE_KEYS: key {position}: expected NAME:BASE64 with 32 bytes; "
        "`passerelle store new-key` makes one"
    )
    assert raised.value.__suppress_context__


def test_two_keys_of_one_name_are_refused() -> None:
    with pytest.raises(
        ConfigurationError, match=r"^PASSERELLE_KEYS: key 2: its name was given bef"
    ):
        parsed(f"a:{KEY} a:{OTHER}")


def test_keys_do_not_show_themselves() -> None:
    assert repr(parsed(f"a:{KEY}")) == "Keys()"


def test_no_key_is_configured_unless_one_is() -> None:
    assert keys_of(settings()) is None


def test_keys_come_from_the_environment() -> None:
    keys = keys_of(settings(keys=f"a:{KEY}"))

    assert keys == Keys({"a": bytes(range(32))})


def test_keys_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"b:{OTHER}\na:{KEY}\n", encoding="utf-8")

    keys = keys_of(settings(keys_file=tmp_path / "keys"))

    assert keys is not None
    assert list(keys.by_name) == ["b", "a"]


def test_a_file_of_keys_that_is_not_there_is_named_by_its_setting(tmp_path: Path) -> None:
    missing = tmp_path / "none"

    with pytest.raises(ConfigurationError) as raised:
        keys_of(settings(keys_file=missing))

    assert (
        str(raised.value)
        == f"PASSERELLE_KEYS_FILE: {missing} cannot be read: No such file or directory"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"a:c2hvcnQ=", ": key 1: expected NAME:BASE64"), (b"\xff\xfe", " is no text")],
)
def test_a_file_without_keys_is_named_by_its_setting(
    tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "keys"
    file.write_bytes(content)

    with pytest.raises(ConfigurationError) as raised:
        keys_of(settings(keys_file=file))

    assert str(raised.value).startswith(f"PASSERELLE_KEYS_FILE: {file}{said}")


def test_a_new_key_is_one_that_the_settings_take() -> None:
    first, second = new_key(), new_key()

    assert first != second
    assert parsed(f"{first},{second}").sealing == first.partition(":")[0]
