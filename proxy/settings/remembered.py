"""Which pair of APIs is served, and what is remembered of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from proxy.settings.kinds import Fates

PREFIX = "PASSERELLE_"


def _state_folder() -> Path:
    """`passerelle` in the XDG state folder"""
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    # A user without a home keeps the tilde: then the folder is relative, and named where it fails.
    return Path(os.path.expanduser(state)) / "passerelle"


class PackSettings(BaseSettings):
    """Which pair of APIs is served, with which choices; all that the pure commands read."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        frozen=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    pack: str = Field("mappings.mesvaccins", description="The package of the API pair.")
    pack_options: Path | None = Field(None, description="TOML file with the pack's options.")
    tables: Path | None = Field(
        None, description="Folder with the pack's tables, NAME.csv or NAME.json each."
    )


class StoreSettings(PackSettings):
    """What is remembered, where, and for how long; all that the store's commands read."""

    data_dir: Path = Field(
        default_factory=_state_folder,
        description="Folder of the SQLite store; by default passerelle in the XDG state folder.",
    )
    store_url: SecretStr | None = Field(
        None, description="PostgreSQL URL of a store that several replicas share."
    )
    store_url_file: Path | None = Field(None, description="The same URL, from a file.")
    keys: SecretStr | None = Field(
        None,
        description="Keys for values set aside, NAME:BASE64 with commas or line breaks between; "
        "the first one seals (passerelle store new-key makes one).",
    )
    keys_file: Path | None = Field(None, description="The same keys, from a file.")
    secrets_dir: Path | None = Field(
        None,
        description="Folder of files named as the secrets that they hold, such as passerelle_keys; "
        "by default /run/secrets, where it is there.",
    )
    set_aside: Literal["keep", "drop", "reject"] | None = Field(
        None,
        description="What becomes of values that the new API has no place for: keep seals them "
        "here (the default with a key), drop loses and tells them (the default without), reject "
        "is a 422.",
    )
    set_aside_fields: Fates = Field(
        {}, description="The same by legacy field, FIELD=POLICY with commas between."
    )
    set_aside_days: int | None = Field(
        None, gt=0, description="After so many days without a write, values set aside are erased."
    )
    intent_minutes: float = Field(
        10,
        ge=0,
        description="For so long, the same creation by the same caller is the same record; 0 for "
        "not at all, and nothing is written here for a creation.",
    )
