"""Which targets are taken, and why others are not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.front.target import refused

ID = b"5f3c0a77-1d2e-4b3c-9a4d-0e1f2a3b4c5d"
RECORD = b"/api/v1/records/" + ID + b".json"


@pytest.mark.parametrize(
    "target",
    [
        b"/",
        RECORD,
        b"/api/v1/records.json?page=2&per_page=50",
        b"/api/v1/records/",
        b"/api/v1/records/.hidden",
        b"/a/...",
        b"/a/..b",
        b"/a/b..",
        b"/caf%C3%A9",
        b"/a%20b",
        b"/a%252fb",
        b"/a%2ejson",
        b"/a|b",
        b"/a?next=//b/../c;d\\e%2f%00%zz",
        b"/a??b",
        b"/a.?",
    ],
)
def test_a_path_with_one_reading_is_taken(target: bytes) -> None:
    assert refused(target) is None


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (b"", "form"),
        (b"*", "form"),
        (b"?a", "form"),
        (b"old.example:443", "form"),
        (b"http://old.example/a", "form"),
        (b"/a\x00", "byte"),
        (b"/a b", "byte"),
        (b"/a\x7f", "byte"),
        (b"/\xc3\xa9", "byte"),
        (b"/a?b=\xc3\xa9", "byte"),
        (b"/a?b=\x01", "byte"),
        (b"/a#b", "fragment"),
        (b"/a?b#c", "fragment"),
        (b"//old.example/a", "empty_segment"),
        (b"/a//b", "empty_segment"),
        (b"/a//", "empty_segment"),
        (b"/a\\b", "separator"),
        (b"/a;b", "separator"),
        (b"/a%2fb", "separator"),
        (b"/a%2Fb", "separator"),
        (b"/a%5cb", "separator"),
        (b"/a%5Cb", "separator"),
        (b"/a%00", "control"),
        (b"/a%1f", "control"),
        (b"/a%0D%0Ab", "control"),
        (b"/a%7F", "control"),
        (b"/a%", "escape"),
        (b"/a%2", "escape"),
        (b"/a%zz", "escape"),
        (b"/a%u002e", "escape"),
        (b"/.", "dots"),
        (b"/..", "dots"),
        (b"/a/../b", "dots"),
        (b"/a/./b", "dots"),
        (b"/a/%2e%2E/b", "dots"),
        (b"/a/.%2e", "dots"),
        (b"/a/..?b", "dots"),
        (b"/%ff", "not_utf8"),
        (b"/%c0%ae", "not_utf8"),
        (b"/%e0%80%af", "not_utf8"),
        (b"/%ed%a0%80", "not_utf8"),
        (b"/%f4%90%80%80", "not_utf8"),
        (b"/%c3", "not_utf8"),
    ],
)
def test_a_target_with_another_reading_is_refused_with_its_reason(
    target: bytes, reason: str
) -> None:
    assert refused(target) == reason


PIECES = (b"/", b".", b"%2e", b"%2f", b"%", b"a", b";", b"\\", b"#", b"?", b"%c3%a9", b"%ff", b" ")


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join))
def test_what_is_taken_has_no_second_reading(tail: bytes) -> None:
    target = b"/" + tail

    taken = refused(target) is None

    path = target.partition(b"?")[0].lower()
    segments = path.replace(b"%2e", b".").split(b"/")[1:]
    doubtful = (b"%2f", b"%ff", b";", b"\\", b"//")
    assert taken == (
        not any(wrong in path for wrong in doubtful)
        and not any(segment in (b".", b"..") for segment in segments)
        and b"%" not in path.replace(b"%2e", b"").replace(b"%c3%a9", b"")
        and b"#" not in target
        and b" " not in target
    )


@pytest.mark.parametrize("piece", [b"/", b"/a", b"/.", b"a", b"%2e", b"?", b"/a%", b"/..a"])
def test_a_long_target_is_judged_in_time_that_grows_with_it(piece: bytes) -> None:
    began = time.process_time()

    refused(b"/" + piece * 20_000)

    assert time.process_time() - began < 1
