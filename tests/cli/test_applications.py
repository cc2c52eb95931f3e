"""`passerelle applications hash`: a secret goes in, and only its hash comes out."""

import pytest

from proxy.credentials.hashes import SecretHash
from tests.cli.conftest import Run


def test_the_hash_of_a_secret_from_standard_input_fits_it(run: Run) -> None:
    result = run("applications", "hash", text="sesame-ouvre-toi\n")

    assert result.exit_code == 0
    hashed = SecretHash.parse(result.stdout.strip())
    assert hashed.fits("sesame-ouvre-toi")
    assert not hashed.fits("sesame-ouvre-toi\n")
    assert "sesame" not in result.output


def test_two_hashes_of_one_secret_differ(run: Run) -> None:
    one, other = (run("applications", "hash", text="sesame").stdout for _ in range(2))

    assert one != other


def test_no_secret_is_wrong_usage(run: Run) -> None:
    result = run("applications", "hash", text="\n")

    assert result.exit_code == 2
    assert "expected a secret on standard input" in result.stderr


def test_on_a_terminal_it_is_asked_for_and_not_shown(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typer.testing._NamedTextIOWrapper.isatty", lambda self: True)

    result = run("applications", "hash", text="sesame\nsesame\n")

    assert result.exit_code == 0
    assert SecretHash.parse(result.stdout.strip()).fits("sesame")
    assert "sesame" not in result.output
