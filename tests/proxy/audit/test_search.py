"""What is found, in which order, and how much is read for it."""

from proxy.audit.search import Found, Question, search
from proxy.audit.trail import Trail
from tests.proxy.audit.written import KEY, NOW, Writer


def tell(writer: Writer, trail: Trail, request_id: str) -> None:
    """A line of a request, a second after the one before."""
    writer.clock.let_pass(seconds=1)
    told = {"request_id": request_id, "operation": "GET /records", "records": []}
    trail.append("answered", writer.clock(), told)


def ids(found: list[Found]) -> list[str]:
    """Which requests they tell of."""
    return [told.request_id for told, _ in found]


def test_lines_of_several_processes_come_in_the_order_of_their_time(writer: Writer) -> None:
    one, other = writer.trail(), writer.trail()
    for number, trail in enumerate((one, other, other, one, other)):
        tell(writer, trail, str(number))
    third = writer.trail()
    tell(writer, third, "5")
    tell(writer, one, "6")

    found = search(writer.folder, {"k1": KEY}, Question())

    assert ids(list(found)) == ["0", "1", "2", "3", "4", "5", "6"]


def test_lines_of_one_moment_all_come(writer: Writer) -> None:
    for number in range(3):
        told = {"request_id": str(number), "operation": "GET /records", "records": []}
        writer.trail().append("answered", NOW, told)

    found = search(writer.folder, {"k1": KEY}, Question())

    assert sorted(ids(list(found))) == ["0", "1", "2"]


def test_a_file_is_not_read_before_its_time_has_come(writer: Writer) -> None:
    for number in range(3):
        trail = writer.trail()
        tell(writer, trail, str(number))
        trail.close(writer.clock())
        writer.clock.let_pass(seconds=1)
    read = list[int]()

    found = search(writer.folder, {"k1": KEY}, Question(), read.append)
    before = len(read)
    next(found)

    assert before == 0
    assert len(read) == 2


def test_what_is_no_line_of_a_request_is_passed_over(writer: Writer) -> None:
    path = writer.file(0)
    path.write_bytes(path.read_bytes() + b'{"x":' + b"[" * 200_000 + b"\n\xff\n")

    assert list(search(writer.folder, {"k1": KEY}, Question())) == []
