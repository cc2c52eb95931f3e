"""The calls of the new API as options: each path, method and status of success."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from mappings.core.endpoint import ID, OWNER, PATH_PATTERN, Pages, UpstreamCall
from mappings.core.evidence import guess, inferred
from mappings.core.options import Section, option


def _path_with(parameter: str = "") -> AfterValidator:
    """A path in which this id stands once, and no other; without a parameter, no id at all."""
    expected = f"{{{parameter}}} once" if parameter else "no id"

    def checked(text: str) -> str:
        ids = text.count("{"), text.count(f"{{{parameter}}}")
        if not PATH_PATTERN.fullmatch(text) or ids != ((1, 1) if parameter else (0, 0)):
            raise ValueError(f"expected a path with {expected} in it")
        return text

    return AfterValidator(checked)


PlainPath = Annotated[str, _path_with()]
PathOfOne = Annotated[str, _path_with(ID)]
PathWithin = Annotated[str, _path_with(OWNER)]


def _with_body(statuses: tuple[int, ...]) -> tuple[int, ...]:
    if {204, 205} & set(statuses):
        raise ValueError("expected statuses that come with the record: 204 and 205 do not")
    return statuses


Status = Annotated[int, Field(ge=200, le=299)]
Successes = Annotated[tuple[Status, ...], Field(min_length=1)]
WithBody = Annotated[Successes, AfterValidator(_with_body)]


class _Call(Section):
    """One call of the new API; its methods and paths are checked at start."""

    method: str
    path: str
    success: Successes

    def call(self) -> UpstreamCall:
        """The call as endpoints hold it."""
        return UpstreamCall(self.method, self.path, frozenset(self.success))


def _success(default: tuple[int, ...], name: str) -> tuple[int, ...]:
    success: tuple[int, ...] = option(
        default,
        "The statuses that mean success.",
        guess(
            "2.3",
            question="With which statuses does the new API say that a call succeeded?",
            option=f"upstream.{name}.success",
        ),
    )
    return success


def _where(default: str, name: str, does: str) -> str:
    path: str = option(
        default,
        "The path below the base URL.",
        guess(
            "2.3",
            question=f"Under which path does the new API {does}?",
            option=f"upstream.{name}.path",
        ),
    )
    return path


class ListCall(_Call):
    """Listing the records."""

    method: Literal["GET"] = option("GET", "The method.", inferred("2.3"))
    path: PlainPath = _where("/health_records", "list", "list health records")
    success: WithBody = _success((200,), "list")
    key: str | None = option(
        None,
        "The name under which the list stands in the answer; none: the answer is the list.",
        guess(
            "2.3",
            question="Is a list of records a bare array, or does it stand under a name?",
            option="upstream.list.key",
        ),
    )
    pages: Literal["none", "link", "page", "cursor"] = option(
        "link",
        "How the list comes in pages: by `Link: rel=next`, by page numbers, by a cursor, or in "
        "one piece.",
        guess(
            "2.3",
            question="Does a list of records come in pages, and how?",
            option="upstream.list.pages",
        ),
    )
    parameter: str = option(
        "page",
        "The query parameter that asks for a page, by page numbers or by a cursor.",
        guess(
            "2.3",
            question="With which query parameter is a page of a list asked for?",
            option="upstream.list.parameter",
        ),
    )
    told_in: str = option(
        "total_pages",
        "The member of the answer that tells the number of pages, or the next cursor.",
        guess(
            "2.3",
            question="Where does a page of a list tell of the next one?",
            option="upstream.list.told_in",
        ),
    )

    def in_pages(self) -> Pages | None:
        """How the list comes in pages."""
        return None if self.pages == "none" else Pages(self.pages, self.parameter, self.told_in)


class ReadCall(_Call):
    """Reading one record."""

    method: Literal["GET"] = option("GET", "The method.", inferred("2.3"))
    path: PathOfOne = _where("/health_records/{id}", "read", "read health records")
    success: WithBody = _success((200,), "read")


class CreateCall(_Call):
    """Making a record."""

    method: Literal["POST"] = option("POST", "The method.", inferred("2.3"))
    path: PlainPath = _where("/health_records", "create", "create health records")
    success: WithBody = _success((201, 200), "create")


class UpdateCall(_Call):
    """Changing a record."""

    method: Literal["PATCH", "PUT"] = option(
        "PATCH",
        "PATCH sends the changed fields alone; PUT sends the stored record with the changes.",
        guess(
            "2.3",
            question="Is a record changed by PATCH or by PUT?",
            option="upstream.update.method",
        ),
    )
    path: PathOfOne = _where("/health_records/{id}", "update", "update health records")
    success: Successes = _success((200, 204), "update")


class DeleteCall(_Call):
    """Deleting a record."""

    method: Literal["DELETE"] = option("DELETE", "The method.", inferred("2.3"))
    path: PathOfOne = _where("/health_records/{id}", "delete", "delete health records")
    success: Successes = _success((200, 204), "delete")


class CreateActCall(_Call):
    """Adding a vaccination to a record."""

    method: Literal["POST"] = option("POST", "The method.", inferred("2.3"))
    path: PathWithin = _where(
        "/health_records/{record}/vaccination_acts", "create_act", "make a vaccination act"
    )
    success: WithBody = _success((201, 200), "create_act")


class ReadActCall(_Call):
    """Reading one vaccination, before it is written over."""

    method: Literal["GET"] = option("GET", "The method.", inferred("2.3"))
    path: PathOfOne = _where("/vaccination_acts/{id}", "read_act", "read a vaccination act")
    success: WithBody = _success((200,), "read_act")


class UpdateActCall(_Call):
    """Changing a vaccination."""

    method: Literal["PATCH", "PUT"] = option("PATCH", "The method.", inferred("2.3"))
    path: PathOfOne = _where("/vaccination_acts/{id}", "update_act", "change a vaccination act")
    success: Successes = _success((200, 204), "update_act")


class DeleteActCall(_Call):
    """Deleting a vaccination."""

    method: Literal["DELETE"] = option("DELETE", "The method.", inferred("2.3"))
    path: PathOfOne = _where("/vaccination_acts/{id}", "delete_act", "delete a vaccination act")
    success: Successes = _success((200, 204), "delete_act")


class ShareCall(_Call):
    """Asking to share a record with a professional."""

    method: Literal["POST"] = option("POST", "The method.", inferred("2.3"))
    path: PathWithin = _where(
        "/health_records/{record}/sharing_requests", "share", "share a health record"
    )
    success: WithBody = _success((201, 200), "share")


class ReadRequestCall(_Call):
    """Reading a request to share, by the professional who is asked."""

    method: Literal["GET"] = option("GET", "The method.", inferred("2.3"))
    path: PathOfOne = _where("/sharing_requests/{id}", "read_request", "read a sharing request")
    success: WithBody = _success((200,), "read_request")


class AcceptCall(_Call):
    """Accepting a request to share."""

    method: Literal["POST"] = option("POST", "The method.", inferred("2.3"))
    path: PathOfOne = _where("/sharing_requests/{id}/accept", "accept", "accept a sharing request")
    success: Successes = _success((200, 204), "accept")


class RefuseCall(_Call):
    """Refusing a request to share."""

    method: Literal["POST"] = option("POST", "The method.", inferred("2.3"))
    path: PathOfOne = _where("/sharing_requests/{id}/refuse", "refuse", "refuse a sharing request")
    success: Successes = _success((200, 204), "refuse")


class Upstream(Section):
    """The new API's calls."""

    list: ListCall = ListCall()
    read: ReadCall = ReadCall()
    create: CreateCall = CreateCall()
    update: UpdateCall = UpdateCall()
    delete: DeleteCall = DeleteCall()
    create_act: CreateActCall = CreateActCall()
    read_act: ReadActCall = ReadActCall()
    update_act: UpdateActCall = UpdateActCall()
    delete_act: DeleteActCall = DeleteActCall()
    share: ShareCall = ShareCall()
    read_request: ReadRequestCall = ReadRequestCall()
    accept: AcceptCall = AcceptCall()
    refuse: RefuseCall = RefuseCall()
    idempotent: bool = option(
        False,
        "Whether the new API makes one record of two creations with one `Idempotency-Key`. "
        "Without, a retry of a creation whose outcome nobody knows is a 409.",
        guess(
            "2.3",
            question="Does the new API honour an `Idempotency-Key`?",
            option="upstream.idempotent",
        ),
    )
