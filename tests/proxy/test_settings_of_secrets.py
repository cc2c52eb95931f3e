"""Secrets in files: where they are looked for, and what is said when they cannot be had."""

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from proxy.audit.keys import audit_keys
from proxy.errors import ConfigurationError
from proxy.settings import (
    PREFIX,
    Settings,
    pack_settings_of_environment,
    settings_of_environment,
    store_settings_of_environment,
)
from proxy.settings.secrets import is_secret, secrets_in_files
from proxy.store.seal import keys_of
from tests.proxy.test_settings import URL, refusal

KEY = f"k1:{'A' * 43}="
STORE = "postgresql://gateway:hushed@db.example/passerelle"
SECRETS = [name for name, info in Settings.model_fields.items() if is_secret(info)]


@pytest.fixture(autouse=True)
def _of_a_new_api(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL, "https://new.example")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of secrets."""
    found = tmp_path / "secrets"
    found.mkdir()
    monkeypatch.setenv("PASSERELLE_SECRETS_DIR", str(found))
    return found


def secret(name: str) -> str | None:
    """What the settings hold of a secret."""
    found = getattr(settings_of_environment(), name)
    return None if found is None else str(found.get_secret_value())


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_may_come_from_a_file_that_another_setting_names(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("hushed\n", encoding="utf-8")
    monkeypatch.setenv(f"{PREFIX}{name.upper()}_FILE", str(tmp_path / "file"))

    assert Path in get_args(Settings.model_fields[f"{name}_file"].annotation)
    assert secret(name) == "hushed"


@pytest.mark.parametrize("case", [str.lower, str.upper])
@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_may_lie_in_the_folder_of_secrets(
    name: str, case: type[str], folder: Path
) -> None:
    (folder / case(f"{PREFIX}{name}")).write_text("hushed\r\n", encoding="utf-8")

    assert secret(name) == "hushed"


def test_the_folder_of_containers_is_looked_at_where_no_other_is_set(tmp_path: Path) -> None:
    (tmp_path / "passerelle_keys").write_text("hushed", encoding="utf-8")

    found, wrong = secrets_in_files(Settings, Settings, (), tmp_path)
    nowhere = secrets_in_files(Settings, Settings, (), tmp_path / "nowhere")

    assert (found, wrong) == ({"keys": "hushed", "keys_file": tmp_path / "passerelle_keys"}, [])
    assert nowhere == ({}, [])


def test_lines_within_a_file_stay(folder: Path) -> None:
    (folder / "passerelle_keys").write_text("one\ntwo\n\n", encoding="utf-8")

    assert secret("keys") == "one\ntwo"


def test_what_else_lies_in_the_folder_is_not_read(folder: Path) -> None:
    (folder / "kubernetes.io").mkdir()
    (folder / "another").write_text("hushed", encoding="utf-8")

    assert [secret(name) for name in SECRETS] == [None] * len(SECRETS)


def test_what_is_given_stands_whatever_files_say(folder: Path) -> None:
    (folder / "passerelle_store_url").write_text(STORE, encoding="utf-8")

    assert settings_of_environment(store_url=None).store_url is None


def test_commands_that_read_a_part_of_the_settings_read_its_secrets_and_no_others(
    folder: Path,
) -> None:
    for name in SECRETS:
        (folder / f"passerelle_{name}").write_text("hushed", encoding="utf-8")

    store = store_settings_of_environment()

    assert store.keys is not None
    assert store.keys.get_secret_value() == "hushed"
    assert pack_settings_of_environment().pack == "mappings.mesvaccins"


def test_a_secret_in_two_places_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "passerelle_keys").write_text("hushed", encoding="utf-8")
    monkeypatch.setenv("PASSERELLE_KEYS", "hushed")
    monkeypatch.setenv("PASSERELLE_KEYS_FILE", "keys")

    assert refusal() == (
        f"PASSERELLE_KEYS, PASSERELLE_KEYS_FILE, {folder}/passerelle_keys: the same secret; "
        "set one of them"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"\n", "is empty; put the secret into it"),
        (b"hushed\xff", "is no text"),
    ],
)
def test_a_file_without_a_secret_is_told_by_the_setting_that_names_it(
    content: bytes | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is not None:
        (tmp_path / "url").write_bytes(content)
    monkeypatch.setenv("PASSERELLE_STORE_URL_FILE", str(tmp_path / "url"))

    assert refusal() == f"PASSERELLE_STORE_URL_FILE: {tmp_path}/url {said}"


def test_all_that_is_wrong_with_files_is_said_at_once(folder: Path) -> None:
    (folder / "passerelle_keys").write_bytes(b"")
    (folder / "passerelle_kyes").write_bytes(b"hushed")
    (folder / "passerelle_store_url").mkdir()

    assert refusal().splitlines() == [
        f"{folder}/passerelle_keys is empty; put the secret into it",
        f"{folder}/passerelle_kyes: no such secret; there are "
        + ", ".join(f"{PREFIX}{name.upper()}" for name in SECRETS),
        f"{folder}/passerelle_store_url cannot be read: Is a directory",
    ]


def test_two_files_of_one_secret_are_one_too_many(folder: Path) -> None:
    for name in ("passerelle_keys", "PASSERELLE_KEYS"):
        (folder / name).write_text("hushed", encoding="utf-8")

    assert refusal() == (
        f"{folder}/PASSERELLE_KEYS, {folder}/passerelle_keys: the same secret; keep one of them"
    )


def test_a_folder_of_containers_that_may_not_be_read_is_not_as_if_there_were_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> Iterator[Path]:
        raise PermissionError(errno.EACCES, "Permission denied")

    # Root, as whom tests may run, is refused nothing.
    monkeypatch.setattr(Path, "iterdir", refused)

    found, wrong = secrets_in_files(Settings, Settings, (), tmp_path)

    assert found == {}
    assert wrong == [f"PASSERELLE_SECRETS_DIR: {tmp_path} cannot be read: Permission denied"]


@pytest.mark.parametrize(("name", "secret"), [("KEYS", KEY), ("STORE_URL", STORE)])
def test_a_secret_in_the_place_of_its_file_is_not_told(
    name: str, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"PASSERELLE_{name}_FILE", secret)

    assert refusal() == (
        f"PASSERELLE_{name}_FILE: (no path: a secret) cannot be read: No such file or directory"
    )


def test_a_folder_that_is_set_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_SECRETS_DIR", str(tmp_path / "nowhere"))

    assert refusal() == (
        f"PASSERELLE_SECRETS_DIR: {tmp_path}/nowhere cannot be read: No such file or directory"
    )


def test_other_secrets_of_the_same_container_may_lie_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A TLS key, or the password that an application's file names, has a setting of its own."""
    for name in ("passerelle_tls_key", "passerelle_tls_certificate", "passerelle_hospital_secret"):
        (folder / name).write_text("hushed", encoding="utf-8")
    monkeypatch.setenv("PASSERELLE_TLS_KEY", str(folder / "passerelle_tls_key"))

    settings = settings_of_environment()

    assert settings.tls_key == folder / "passerelle_tls_key"


@pytest.mark.parametrize("name", ["KEYS", "AUDIT_KEY"])
def test_a_key_that_is_none_is_told_by_the_file_that_it_came_from(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("no key", encoding="utf-8")
    monkeypatch.setenv(f"PASSERELLE_{name}_FILE", str(file))
    settings = settings_of_environment()

    with pytest.raises(ConfigurationError) as raised:
        keys_of(settings) if name == "KEYS" else audit_keys(settings)

    assert str(raised.value).startswith(f"PASSERELLE_{name}_FILE: {file}: key 1: expected")
