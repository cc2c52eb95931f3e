"""Whether a gateway can be made of what is configured: pack, tables, keys, sign-in, folders."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from proxy import app as gateway
from proxy import packs
from proxy.audit.folder import LOCK, AuditFolder
from proxy.audit.keys import audit_keys
from proxy.cli import serving
from proxy.cli.checks.finding import Finding, misconfigured, ok
from proxy.errors import ConfigurationError
from proxy.journey.memory import Policy
from proxy.settings import PREFIX, PackSettings, Settings


def pack(settings: PackSettings) -> list[Finding]:
    """The pack with its options, and its tables; raises `ConfigurationError`."""
    loaded = packs.load(settings.pack, settings.pack_options, settings.tables)
    rules = sum(len(mapping.rules) for mapping in loaded.pack.mappings.values())
    told = f"pack {loaded.pack.name}: {rules} rules, {len(loaded.pack.endpoints)} endpoints"
    found = [ok("pack", told)]
    for table in loaded.pack.tables:
        given = "read" if table.name in loaded.tables else "not supplied (docs/mapping.md, Tables)"
        found.append(ok("tables", f"table {table.name}: {given}"))
    return found


def pack_of_gateway(settings: Settings) -> Sequence[Finding]:
    """The pack that will be served."""
    try:
        return pack(settings)
    except ConfigurationError as error:
        return [misconfigured("pack", error)]


def whole(settings: Settings) -> Sequence[Finding]:
    """Whether a gateway can be made of it all, as it is when it starts."""
    try:
        fates = serving.fates(asyncio.run(_policy(settings)))
    except ConfigurationError as error:
        return [misconfigured("gateway", error)]
    return [ok("gateway", f"gateway: values that the new API has no place for: {fates}")]


def audit(settings: Settings) -> Sequence[Finding]:
    """Whether the audit log, where one is set, has a key and a folder that can be written."""
    if settings.audit_dir is None:
        return []
    try:
        keys = audit_keys(settings)
    except ConfigurationError as error:
        return [misconfigured("audit", error)]
    folder = settings.audit_dir.absolute()
    if reason := unwritable(folder):
        told = f"{PREFIX}AUDIT_DIR: {reason}; name a folder that the gateway's user may write"
        return [misconfigured("audit", told)]
    try:
        if folder.is_dir():
            # Whoever begins a file reads those that are there, and holds the lock.
            files = AuditFolder(folder)
            files.untold(files.firsts(keys))
            with suppress(FileNotFoundError):
                (folder / LOCK).open("r+b").close()
    except OSError as error:
        told = f"{PREFIX}AUDIT_DIR: {error.filename}: {error.strerror}; is it another user's?"
        return [misconfigured("audit", told)]
    return [ok("audit", f"audit log: it has a key, and {folder} can be written")]


async def _policy(settings: Settings) -> Policy:
    # With an audit log its folder would be made; the log has a check of its own.
    made = gateway.create_app(settings.model_copy(update={"audit_dir": None})).state.gateway
    policy: Policy = made.memory.policy
    await made.close()
    return policy


def unwritable(folder: Path) -> str:
    """Why no file can be made in a folder, or in the one in which it will be made; else empty."""
    # Where a folder may not be entered, what lies below it is not seen.
    nearest = next(path for path in (folder, *folder.parents) if os.path.exists(path))
    if not nearest.is_dir():
        return f"{nearest} is no folder"
    try:
        with tempfile.TemporaryFile(dir=nearest):
            return ""
    except OSError as error:
        return f"{nearest} cannot be written: {error.strerror}"
