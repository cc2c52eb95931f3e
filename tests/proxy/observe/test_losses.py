"""Counting what was not carried over."""

from mappings.core.context import Loss
from proxy.observe.losses import PARAMETERS, UNDECLARED, Losses


def test_losses_are_counted_by_field_wherever_in_a_list_they_stood() -> None:
    losses = Losses()

    losses.count([Loss("/email", declared=True), Loss("/vaccinations/0/age", declared=True)], 0)
    losses.count([Loss("/vaccinations/11/age", declared=True)], 0)

    assert losses.by_field == {"email": 1, "vaccinations[].age": 2}


def test_undeclared_names_are_counted_without_their_name() -> None:
    """Trap 3: a client chooses them, so they could hold anything, and there is no end of them."""
    losses = Losses()

    losses.count([Loss("/shoe_size", declared=False), Loss("/kerbrizac", declared=False)], 0)

    assert losses.by_field == {UNDECLARED: 2}


def test_query_parameters_are_counted_without_their_names() -> None:
    losses = Losses()

    losses.count([], 2)
    losses.count([], 1)

    assert losses.by_field == {PARAMETERS: 3}
