"""`passerelle check`: whether the pack, the settings and the new API are as they must be."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from proxy import packs
from proxy.cli import serving
from proxy.cli.console import ExitCode, complain, out
from proxy.errors import ProxyError
from proxy.settings import Settings, pack_settings_of_environment, settings_of_environment
from proxy.upstream.client import Upstream


def check(
    offline: Annotated[
        bool, typer.Option("--offline", help="Check the pack alone: no setting is needed.")
    ] = False,
) -> None:
    """
    Check the pack, the settings, the store and the new API.

    Exit code 3 where the configuration is wrong, 1 where the new API cannot be reached.
    """
    settings = pack_settings_of_environment() if offline else settings_of_environment()
    loaded = packs.load(settings.pack, settings.pack_options, settings.tables)
    rules = sum(len(mapping.rules) for mapping in loaded.pack.mappings.values())
    _well(f"pack {loaded.pack.name}: {rules} rules, {len(loaded.pack.endpoints)} endpoints")
    for table in loaded.pack.tables:
        given = "read" if table.name in loaded.tables else "not supplied (docs/mapping.md, Tables)"
        _well(f"table {table.name}: {given}")
    if isinstance(settings, Settings):
        policy = asyncio.run(serving.prepared(settings))
        _well("settings")
        _well(f"store; values that the new API has no place for: {serving.fates(policy)}")
        _reach(settings)


def _reach(settings: Settings) -> None:
    try:
        status = asyncio.run(_knock(settings))
    except ProxyError as error:
        complain(
            f"{settings.upstream_url} cannot be reached: is the URL right, and does this machine "
            "reach it?"
        )
        raise typer.Exit(ExitCode.FAILED) from error
    _well(f"the new API answers (GET of its base URL gave {status}; any status will do)")


async def _knock(settings: Settings) -> int:
    # Once is enough to tell.
    upstream = Upstream(settings.model_copy(update={"retry_ratio": 0}))
    try:
        return (await upstream.ask("GET", "/", [], operation="GET /")).status
    finally:
        await upstream.close()


def _well(text: str) -> None:
    out().print(f"[green]ok[/]  {text}", soft_wrap=True)
