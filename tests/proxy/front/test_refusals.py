"""What the protocol itself answers is in the legacy form, to the byte."""

import json

import pytest

from mappings.mesvaccins import PACK
from proxy.front.refusals import STATUSES, refusals


@pytest.mark.parametrize("status", STATUSES)
def test_a_refusal_is_a_whole_answer_in_the_legacy_form(status: int) -> None:
    head, _, body = refusals(PACK)(status).partition(b"\r\n\r\n")

    first, *lines = head.decode("ascii").split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines)
    assert first.startswith(f"HTTP/1.1 {status} ")
    assert len(fields) == len(lines)
    assert fields["content-length"] == str(len(body))
    assert fields["connection"] == "close"
    assert fields["cache-control"] == "no-store"
    assert list(json.loads(body)) == ["error"]
    assert json.loads(body)["error"] != "Une erreur est survenue."


def test_a_method_that_nobody_takes_is_told_those_that_are() -> None:
    answer = refusals(PACK)(405)

    assert b"\r\nallow: DELETE, GET, PATCH, POST, PUT\r\n" in answer


def test_every_sentence_is_its_own() -> None:
    bodies = {refusals(PACK)(status).partition(b"\r\n\r\n")[2] for status in STATUSES}

    assert len(bodies) == len(STATUSES)
