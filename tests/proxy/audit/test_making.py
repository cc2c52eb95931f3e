"""Whether there is an audit log, by which key, and when its files begin and end."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from proxy.audit.keys import AuditKey, audit_keys
from proxy.errors import ConfigurationError
from proxy.settings import AuditSettings, audit_settings_of_environment
from tests.proxy.audit.written import KEYS, OTHER_KEYS, Writer, events_in
from tests.proxy.conftest import Gateways


def settings_of(writer: Writer, **others: Any) -> dict[str, Any]:
    return {"audit_dir": writer.path, "audit_key": SecretStr(KEYS), **others}


async def test_a_gateway_begins_its_file_when_it_starts_and_closes_it_when_it_ends(
    gateways: Gateways, writer: Writer
) -> None:
    app = gateways.app(**settings_of(writer))

    async with app.router.lifespan_context(app):
        await app.state.gateway.audit.look()
        while_it_serves = writer.verified().files[0].state

    assert while_it_serves == "written"
    assert events_in(writer.path) == ["opened", "closed"]


async def test_a_gateway_without_an_audit_log_has_none(gateways: Gateways) -> None:
    assert gateways.app().state.gateway.audit is None


async def test_a_folder_without_a_key_says_how_to_make_one(
    gateways: Gateways, writer: Writer
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        gateways.app(audit_dir=writer.path)

    assert str(caught.value) == (
        "PASSERELLE_AUDIT_KEY_FILE: an audit log needs a key; `passerelle audit new-key > FILE` "
        "makes one"
    )


async def test_a_folder_that_cannot_be_made_is_told(gateways: Gateways, writer: Writer) -> None:
    file = writer.path / "file"
    file.touch()

    with pytest.raises(ConfigurationError) as caught:
        gateways.app(**settings_of(writer, audit_dir=file))

    assert str(caught.value) == f"PASSERELLE_AUDIT_DIR: {file} cannot be written: File exists"


async def test_a_folder_that_is_there_keeps_its_mode(gateways: Gateways, writer: Writer) -> None:
    writer.path.chmod(0o770)

    gateways.app(**settings_of(writer))

    assert stat.S_IMODE(writer.path.stat().st_mode) == 0o770


def test_the_first_key_writes_and_all_of_them_are_known(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{OTHER_KEYS}\n{KEYS}\n", "utf-8")

    in_a_file = audit_keys(AuditSettings(audit_key_file=file))
    given = audit_keys(AuditSettings(audit_key=SecretStr(f"{OTHER_KEYS},{KEYS}")))

    assert [*in_a_file] == [*given] == ["k2", "k1"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("none", None, "PASSERELLE_AUDIT_KEY_FILE: {} cannot be read: No such file or directory"),
        (
            "short",
            "k1:AAAA",
            "PASSERELLE_AUDIT_KEY_FILE: {}: key 1: expected NAME:BASE64 with 32 bytes",
        ),
        (
            "bytes",
            "k1:é",
            "PASSERELLE_AUDIT_KEY_FILE: {}: key 1: expected NAME:BASE64 with 32 bytes",
        ),
    ],
)
def test_a_file_without_a_key_is_told(tmp_path: Path, name: str, text: str, said: str) -> None:
    file = tmp_path / name
    if text is not None:
        file.write_text(text, "utf-8")

    with pytest.raises(ConfigurationError) as caught:
        audit_keys(AuditSettings(audit_key_file=file))

    assert str(caught.value).startswith(said.format(file))


def test_the_environment_names_the_file_of_the_key_and_nothing_else_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{KEYS}\n", "utf-8")
    monkeypatch.setenv("PASSERELLE_AUDIT_KEY_FILE", str(file))

    settings = audit_settings_of_environment()

    assert [*audit_keys(settings)] == ["k1"]
    assert (settings.audit_dir, settings.audit_failure, settings.audit_days) == (
        None,
        "refuse",
        None,
    )


def test_a_pseudonym_is_of_one_key_and_one_kind_of_thing() -> None:
    one, other = AuditKey("k1", bytes(32)), AuditKey("k2", bytes([1] * 32))

    names = {
        one.pseudonym("record", "a"),
        one.pseudonym("credential", "a"),
        one.pseudonym("record", "b"),
        other.pseudonym("record", "a"),
    }

    assert len(names) == 4
    assert one.pseudonym("record", "a") in names
