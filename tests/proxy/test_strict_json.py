"""JSON without surprises, in the parser and through the gateway."""

from decimal import Decimal
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from proxy import strict_json
from tests.proxy.conftest import Gateways
from tests.proxy.documents import MODERN_RECORD, RECORD, RECORDS, modern_document

REFUSED = {
    "not a number": b"NaN",
    "infinity": b"-Infinity",
    "a number beyond every double": b"1e400",
    "a negative one": b"-1e400",
    "a number beyond every decimal": b"1e9999999",
    "a negative one of these": b"-1e9999999",
    "an exponent beyond all": b"1e99999999999999999999",
    "an integer that cannot be written out": b"9" * 5000,
    "a leading zero": b"01",
    "a lone high surrogate": b'"\\ud800"',
    "a lone low surrogate": b'"\\udc00x"',
    "a zero character": b'"a\\u0000b"',
    "a zero character in a key": b'{"a\\u0000": 1}',
    "a key twice": b'{"a": 1, "a": 1}',
    "a key twice, once escaped": b'{"a": 1, "\\u0061": 2}',
    "a key twice, deep": b'[{"a": {"b": 1, "b": 2}}]',
    "nested too deep": b"[" * 65 + b"]" * 65,
    "nested too deep with objects": b'{"a":' * 65 + b"1" + b"}" * 65,
    "a bomb of brackets": b"[" * 100_000,
    "a bomb of objects": b'{"a":' * 100_000,
    "no end": b'{"a": 1',
    "more than one": b"{} {}",
    "a comment": b"{} // x",
    "a comma too many": b"[1,]",
    "single quotes": b"{'a': 1}",
    "a raw line end in a text": b'"a\nb"',
    "no UTF-8": b'"\xff"',
    "nothing": b"",
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
def test_what_two_readers_could_read_differently_is_refused(raw: bytes) -> None:
    """Traps 21 to 25."""
    with pytest.raises(strict_json.NotStrictJsonError) as caught:
        strict_json.parse(raw, 64)

    assert str(caught.value) in {
        "not strict JSON",
        "nested too deep",
        "U+0000 in a text",
        "a number beyond every double",
    }


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
async def test_a_body_that_is_no_strict_json_is_a_400_in_the_legacy_form(
    legacy_client: httpx.AsyncClient, raw: bytes
) -> None:
    """Traps 21 to 25: never a 500."""
    body = b'{"record": {"first_name": ' + raw + b"}}"

    response = await legacy_client.post(
        RECORDS, content=body, headers={"Content-Type": "application/json"}
    )

    assert response.status_code == 400
    assert response.json() == {"error": "La requête est mal formée."}


@pytest.mark.parametrize(
    ("raw", "document"),
    [
        (b"18446744073709551616", 2**64),
        (b"-9223372036854775809", -(2**63) - 1),
        (b"0.1000000000000000055", Decimal("0.1000000000000000055")),
        (b"1.10", Decimal("1.10")),
        (b"1.7976931348623157e308", Decimal("1.7976931348623157e308")),
        (b'"\\ud83c\\udf0a"', "🌊"),
        (b"[" * 64 + b"]" * 64, None),
        (b'{"a":[{},[],null,true]}', {"a": [{}, [], None, True]}),
    ],
    ids=[
        "a large integer",
        "a small integer",
        "many digits",
        "a zero at the end",
        "the largest double",
        "a surrogate pair",
        "nested as deep as may be",
        "empty things",
    ],
)
def test_what_is_strict_is_read_to_the_digit(raw: bytes, document: Any) -> None:
    """Traps 22 and 26."""
    parsed = strict_json.parse(raw, 64)

    assert document is None or (parsed == document and type(parsed) is type(document))


@pytest.mark.parametrize(
    "raw",
    [
        b"18446744073709551616",
        b"0.1000000000000000055",
        b"1.10",
        b"-0.0",
        b'{"b":1,"a":[{},[],null,false,"\\"\\\\\\n"]}',
        '"Maëlle 🌊"'.encode(),
    ],
    ids=["a large integer", "many digits", "a zero at the end", "minus zero", "nested", "text"],
)
def test_what_was_read_is_written_as_it_was(raw: bytes) -> None:
    """Traps 22, 26 and 27."""
    assert strict_json.dump(strict_json.parse(raw, 64)) == raw


NUMBERS = st.sampled_from([1, Decimal("0.5"), strict_json.LARGEST, Decimal("1e309")])
TREES = st.recursive(
    st.sampled_from(["", "a", None, True]) | NUMBERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=8,
)


def depth_of(document: Any) -> int:
    """How many lists and objects lie in each other where it is deepest."""
    inner = document.values() if isinstance(document, dict) else document
    return 1 + max(map(depth_of, inner), default=0) if isinstance(document, dict | list) else 0


@given(document=TREES, max_depth=st.integers(1, 4))
def test_a_document_is_taken_unless_it_is_too_deep_or_has_too_large_a_number(
    document: Any, max_depth: int
) -> None:
    raw = strict_json.dump(document)
    refused = depth_of(document) > max_depth or b"E+309" in raw

    if refused:
        with pytest.raises(strict_json.NotStrictJsonError):
            strict_json.parse(raw, max_depth)
    else:
        assert strict_json.parse(raw, max_depth) == document


def test_characters_beyond_ascii_can_be_escaped() -> None:
    """Trap 21: pairs of surrogates beyond the basic plane."""
    written = strict_json.dump({"ë": "🌊"}, ascii_escapes=True)

    assert written == b'{"\\u00eb":"\\ud83c\\udf0a"}'
    assert strict_json.dump({"e": "~"}, ascii_escapes=True) == b'{"e":"~"}'


async def test_how_deep_a_body_may_be_is_a_setting(
    upstream: respx.Router, gateways: Gateways
) -> None:
    """Trap 25."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.patch(MODERN_RECORD).respond(json=modern_document())
    client = gateways.client(max_depth=8)

    shallow = await client.put(RECORD, content=b'{"x": ' + b"[" * 7 + b"]" * 7 + b"}")
    deep = await client.put(RECORD, content=b'{"x": ' + b"[" * 8 + b"]" * 8 + b"}")

    assert (shallow.status_code, deep.status_code) == (200, 400)
