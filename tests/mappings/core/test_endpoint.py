"""Paths with ids in them, and what goes out with a change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mappings.core.endpoint import Endpoint, filled
from mappings.mesvaccins import PACK


def endpoint(action: str) -> Endpoint:
    return next(row for row in PACK.endpoints if isinstance(row, Endpoint) and row.action == action)


def test_an_id_stands_in_the_place_of_its_parameter() -> None:
    path = "/records/{record}/vaccinations/{id}"

    assert filled(path, {"record": "a", "id": "7"}) == "/records/a/vaccinations/7"
    assert filled("/records", {"id": "7"}) == "/records"


@pytest.mark.parametrize(("method", "whole"), [("PUT", True), ("PATCH", False)])
def test_a_put_sends_the_whole_record_and_a_patch_its_changes(method: str, whole: bool) -> None:
    update = endpoint("update")

    changed = replace(update, call=replace(update.call, method=method))

    assert changed.whole is whole


def test_every_list_that_goes_out_by_calls_says_how_an_item_is_made_and_changed() -> None:
    for row in PACK.endpoints:
        if isinstance(row, Endpoint) and row.action in ("create", "update"):
            lists = {
                name
                for name in row.mapping.legacy.model_fields
                for rule in [row.mapping.rule_of("legacy", name)]
                if rule is not None and set(rule.modern) & row.mapping.by_calls
            }
            assert row.items.keys() == lists
            for make, change in row.items.values():
                assert (make.action, change.action) == ("create", "update")
