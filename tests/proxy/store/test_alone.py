"""A SQLite store has one gateway, a PostgreSQL has any number."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from proxy.errors import ConfigurationError
from proxy.settings import StoreSettings
from proxy.store.alone import alone


def test_a_second_gateway_on_one_sqlite_store_is_refused(tmp_path: Path) -> None:
    settings = StoreSettings(data_dir=tmp_path)

    with alone(settings), pytest.raises(ConfigurationError) as refused, alone(settings):
        pass

    assert str(refused.value) == (
        f"PASSERELLE_DATA_DIR: another gateway serves from {tmp_path}; stop it first, or give "
        "several of them one PostgreSQL by PASSERELLE_STORE_URL"
    )


def test_the_next_gateway_may_have_the_store_once_the_first_has_ended(tmp_path: Path) -> None:
    settings = StoreSettings(data_dir=tmp_path)
    with alone(settings):
        pass

    with alone(settings):
        assert (tmp_path / "passerelle.lock").stat().st_mode & 0o777 == 0o600


def test_several_gateways_share_a_postgresql(tmp_path: Path) -> None:
    url = SecretStr("postgresql://gateway@127.0.0.1/passerelle")
    settings = StoreSettings(data_dir=tmp_path, store_url=url)

    with alone(settings), alone(settings):
        assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_in_a_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    with (
        pytest.raises(ConfigurationError) as refused,
        alone(StoreSettings(data_dir=file / "folder")),
    ):
        pass

    assert str(refused.value) == (
        f"PASSERELLE_DATA_DIR: {file}/folder cannot be written: Not a directory"
    )
