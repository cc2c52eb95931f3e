"""What a status of the new API means to a legacy client."""

import pytest

from proxy.upstream import policy


@pytest.mark.parametrize("status", [*range(100, 200), *range(300, 400), *range(600, 1000)])
def test_a_status_that_no_error_has_is_a_bad_answer(status: int) -> None:
    assert policy.legacy_status(status) == 502


def test_errors_of_the_new_api_have_their_counterparts() -> None:
    told = {status: policy.legacy_status(status) for status in range(400, 600)}

    assert {status: legacy for status, legacy in told.items() if legacy != 502} == {
        400: 422,
        401: 401,
        403: 403,
        404: 404,
        409: 409,
        410: 404,
        412: 409,
        422: 422,
        429: 503,
        503: 503,
    }


@pytest.mark.parametrize(
    "value",
    [
        "0",
        "120",
        "999999",
        "Wed, 06 Mar 2024 07:28:00 GMT",
        "Wednesday, 06-Mar-24 07:28:00 GMT",
        "Wed Mar  6 07:28:00 2024",
    ],
    ids=["at once", "seconds", "many seconds", "a date", "an old date", "an older date"],
)
def test_a_retry_after_goes_on_as_it_is(value: str) -> None:
    assert policy.retry_after(value) == value


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "soon",
        "-1",
        "1.5",
        "٣",
        "1000000",
        "Wed, 32 Mar 2024 07:28:00 GMT",
        "Wed, 06 Mar 99999999999999999999 07:28:00 GMT",
        "Wed, 06 Mar 2024 07:28:00 GMT\r\nX: y",
        "Wed, 06 Mar 2024 07:28:00 GMT (a comment)",
        "Wed, 06 Mar 2024 07:28:00 +99999999999999",
    ],
    ids=[
        "none",
        "empty",
        "a word",
        "below zero",
        "a fraction",
        "a digit of another script",
        "too many seconds",
        "no such day",
        "no such year",
        "a line end",
        "a comment",
        "no such zone",
    ],
)
def test_what_is_no_retry_after_does_not_go_on(value: str | None) -> None:
    assert policy.retry_after(value) is None
