"""Who saw or changed what: whether that is written down, where, and for how long."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from proxy.settings.remembered import PackSettings


class AuditSettings(PackSettings):
    """The audit log; all that its commands read."""

    audit_dir: Path | None = Field(
        None, description="Folder of the audit log, on a disk of this machine; by default none."
    )
    audit_key: SecretStr | None = Field(
        None,
        description="Keys of its hashes and pseudonyms, NAME:BASE64 with commas or line breaks "
        "between; the first one writes (passerelle audit new-key makes one).",
    )
    audit_key_file: Path | None = Field(None, description="The same keys, from a file.")
    audit_failure: Literal["refuse", "serve"] = Field(
        "refuse",
        description="What becomes of requests while no line can be written: a 503, or they are "
        "served and counted.",
    )
    audit_days: int | None = Field(
        None, gt=0, description="After so many days its files are removed; by default never."
    )
    audit_file_bytes: int = Field(
        64 * 1024**2,
        gt=0,
        description="From this size on, and every day (UTC), a new file is begun.",
    )
