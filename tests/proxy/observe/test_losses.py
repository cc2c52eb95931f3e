"""Counting what was not carried over."""

from mappings.core.context import Loss
from proxy.observe.losses import UNDECLARED, Losses
from tests.proxy.conftest import LogLines


def test_losses_are_counted_by_field_wherever_in_a_list_they_stood() -> None:
    losses = Losses()

    losses.count([Loss("/email", declared=True), Loss("/vaccinations/0/age", declared=True)])
    losses.count([Loss("/vaccinations/11/age", declared=True)])

    assert losses.by_field == {"email": 1, "vaccinations[].age": 2}


def test_losses_are_told_by_field_and_client_as_far_as_the_client_is_known() -> None:
    losses, email = Losses(), [Loss("/email", declared=True)]

    for client in ("", "hospital", "hospital", "pharmacy"):
        losses.count(email, client=client)
    losses.count([Loss("/age", declared=True)], client="pharmacy")

    assert losses.by_field == {"email": 4, "age": 1}
    assert losses.by_field_and_client() == {
        ("email", ""): 1,
        ("email", "hospital"): 2,
        ("email", "pharmacy"): 1,
        ("age", "pharmacy"): 1,
    }


def test_undeclared_names_are_counted_without_their_name() -> None:
    """Trap 3: a client chooses them, so they could hold anything, and there is no end of them."""
    losses = Losses()

    losses.count([Loss("/shoe_size", declared=False), Loss("/kerbrizac", declared=False)])

    assert losses.by_field == {UNDECLARED: 2}


def test_unknown_codes_and_dropped_parameters_are_counted_and_all_is_told(
    log_lines: LogLines,
) -> None:
    losses = Losses()

    losses.count([], ["/gender", "/vaccination_acts/3/injection_method"], 2)
    losses.count([Loss("/email", declared=True)], ["/vaccination_acts/0/injection_method"], 1)
    losses.tell()

    (line,) = log_lines()
    assert line["lost"] == {"email": 1}
    assert line["unknown"] == {"gender": 1, "vaccination_acts[].injection_method": 2}
    assert line["dropped_parameters"] == 3
