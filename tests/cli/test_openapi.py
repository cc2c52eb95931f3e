"""`passerelle openapi`: either side as a document for other tools."""

import json
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.cli.conftest import Passerelle, Run


@pytest.mark.parametrize("side", ["legacy", "modern"])
def test_a_side_is_written_to_standard_output_as_valid_openapi(side: str, run: Run) -> None:
    result = run("openapi", side)

    assert result.exit_code == 0
    assert result.stderr == ""
    assert list(OpenAPIV31SpecValidator(json.loads(result.stdout)).iter_errors()) == []


def test_a_side_is_written_to_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "legacy.json"

    result = run("openapi", "legacy", "--out", str(path))

    assert result.stdout == ""
    assert path.read_text(encoding="utf-8") == run("openapi", "legacy").stdout


def test_the_document_tells_what_is_served_with_the_options_of_the_pack(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = tmp_path / "options.toml"
    options.write_text('[legacy]\nprefixes = ["/v2"]\nsuffix = ""\n', encoding="utf-8")
    monkeypatch.setenv("PASSERELLE_PACK_OPTIONS", str(options))

    document = json.loads(run("openapi", "legacy").stdout)

    assert document["servers"] == [{"url": "/v2"}]
    assert "/records" in document["paths"]


def test_a_third_side_is_wrong_usage(run: Run) -> None:
    assert run("openapi", "future").exit_code == 2


def test_a_file_that_cannot_be_written_is_told(passerelle: Passerelle, tmp_path: Path) -> None:
    ended = passerelle("openapi", "modern", "--out", str(tmp_path / "not" / "there.json"))

    assert ended.code == 3
    assert ended.err.startswith(f"passerelle: --out {tmp_path}/not/there.json: ")
    assert "Traceback" not in ended.err
