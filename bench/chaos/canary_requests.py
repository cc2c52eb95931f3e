"""Requests of legacy applications with a canary in every field, path, query and header."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from bench.chaos.canaries import Canaries
from bench.chaos.canary_malformed import MALFORMED
from bench.chaos.talkative import ACT_FIELDS, FAULTS, RECORD_FIELDS, STATUSES
from tests.proxy.documents import LEGACY_FIELDS, VACCINATION_FIELDS
from tests.sockets.people import RECORDS
from tests.wire.surface import OPERATIONS, RECORD, SHARING_REQUESTS, VACCINATIONS

READING = ("GET", f"{RECORD}.json")
WRITING = ("PUT", f"{RECORD}.json")
RIGHT = "right"
"""The kind of those that are to succeed."""

TOO_LARGE = 3 * 1024**2


@dataclass(frozen=True, slots=True)
class Told:
    """One request as bytes."""

    kind: str
    number: int
    raw: bytes


class Requests:
    """Makes them, one after the other, each with canaries of its own."""

    def __init__(self, canaries: Canaries, ids: Mapping[str, int]) -> None:
        self._canaries = canaries
        self._ids = ids
        self._number = 0

    def all(self) -> Iterator[Told]:
        """Each kind of them."""
        yield from self._right()
        yield from self._wrong_documents()
        yield from self._met_by_failures()
        yield from self._wrong_bodies()
        yield from self._nowhere()
        yield from self._malformed()
        yield from self.sign_ins(self.text(), self.text())

    def text(self) -> str:
        """A word that belongs to the present request."""
        return self._canaries.text(self._number)

    def document(self) -> dict[str, Any]:
        """A record that can be written, a canary in every field that can hold one."""
        text, digits = self.text, self._canaries.digits
        return {
            "first_name": f"{text()} Aliénor",
            "last_name": text(),
            "birth_name": text(),
            "birth_date": "1971-10-28",
            "gender": "female",
            "email": f"{text()}@inbox.example",
            "home_phone": digits(10, "02"),
            "mobile_phone": digits(10, "06"),
            "place_of_birth": text(),
            "department_of_birth": 29,
            "caption": text(),
            "ins_c": f"{digits(20)} {12}",
            "created_at": text(),
            "updated_at": text(),
            text(): text(),
        }

    def vaccination(self) -> dict[str, Any]:
        """The same for a vaccination."""
        text = self.text
        return {
            "vaccine": {"id": 901, "name": text()},
            "date": "2013-02-20",
            "age": text(),
            "batch": text(),
            "injection_route": "IM",
            "validation": {"date": "2013-02-20", "validator": {"name": text()}},
            "comments": [{"text": text(), text(): text()}],
            text(): text(),
        }

    def fields(self, scenario: str = "good") -> list[tuple[str, str]]:
        """The header of a request that has to end in such a way."""
        text = self.text
        trace = self._canaries.trace(self._number) if self._number % 2 else text()
        named = text()
        return [
            ("Host", f"{text().lower()}.example"),
            ("Authorization", f"Bearer {scenario}~{self._number}~{text()}"),
            ("Connection", f"close, X-{named}"),
            (f"X-{named}", text()),
            ("Accept-Language", text()),
            ("Cookie", f"{text()}={text()}"),
            ("Forwarded", f"for={text()};host={text()}"),
            ("From", f"{text()}@inbox.example"),
            ("Idempotency-Key", text()),
            ("If-None-Match", f'"{text()}"'),
            ("Origin", f"https://{text()}.example"),
            ("Proxy-Authorization", f"Basic {base64.b64encode(text().encode()).decode()}"),
            ("Referer", f"https://legacy.example/{text()}?{text()}"),
            ("Traceparent", trace),
            ("Tracestate", f"x={text()}"),
            ("User-Agent", f"Mozilla/5.0 ({text()})"),
            ("Via", f"1.1 {text()}"),
            ("X-Forwarded-For", text()),
            ("X-Forwarded-Host", text()),
            ("X-HTTP-Method-Override", text()),
            ("X-Original-URL", f"/{text()}"),
            ("X-Request-Id", text()),
        ]

    def _told(
        self,
        kind: str,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        scenario: str = "good",
        media: str | None = None,
        **others: str,
    ) -> Told:
        query = urlencode({"q": self.text(), self.text(): self.text()})
        fields = self.fields(scenario)
        fields += [(name.replace("_", "-"), value) for name, value in others.items()]
        if body is not None:
            fields.append(("Content-Type", media or f"application/json; x={self.text()}"))
            fields.append(("Content-Length", str(len(body))))
        lines = [f"{method} {path}?{query} HTTP/1.1", *(f"{k}: {v}" for k, v in fields), "", ""]
        return Told(kind, self._number, "\r\n".join(lines).encode() + (body or b""))

    def _next(self) -> None:
        self._number += 1

    def _operation(self, name: str) -> Any:
        """What an operation writes."""
        if name.startswith(("create vaccination", "put vaccination", "patch vaccination")):
            return self.vaccination()
        if name.startswith("create sharing"):
            return {"rpps": "10003810669", self.text(): self.text()}
        if name == "create record with vaccination":
            return {**self.document(), "vaccinations": [self.vaccination()]}
        return self.document() if name.startswith(("create", "put", "patch")) else None

    def _operations(self, kind: str, scenario: str, names: tuple[str, ...] = ()) -> Iterator[Told]:
        for operation in OPERATIONS:
            if names and operation.name not in names:
                continue
            self._next()
            written = self._operation(operation.name)
            body = None if written is None else json.dumps(written, ensure_ascii=False).encode()
            path = operation.path.format(**self._ids)
            yield self._told(kind, operation.method, path, body, scenario=scenario)

    def _right(self) -> Iterator[Told]:
        yield from self._operations(RIGHT, "good")
        for path in (RECORDS, READING[1]):
            self._next()
            yield self._told(RIGHT, "HEAD", path)
        self._next()
        yield self._told(RIGHT, "GET", "/api/v1/vaccines/search.json")

    def _wrong_documents(self) -> Iterator[Told]:
        places = [(WRITING, name) for name in LEGACY_FIELDS]
        places += [(("POST", f"{VACCINATIONS}.json"), name) for name in VACCINATION_FIELDS]
        for (method, path), name in places:
            for shape in range(3):
                self._next()
                text = self.text
                value = (text(), [text()], [{text(): text(), "id": text(), "date": text()}])[shape]
                body = json.dumps({**self._around(path), name: value}).encode()
                yield self._told("wrong document", method, path, body)
        for path in (f"{SHARING_REQUESTS}.json", f"{VACCINATIONS}.json"):
            self._next()
            body = json.dumps({"rpps": self.text(), "vaccine": {"ucd_code": self.text()}}).encode()
            yield self._told("wrong document", "POST", path, body)

    def _around(self, path: str) -> dict[str, Any]:
        return self.document() if path == WRITING[1] else self.vaccination()

    def _met_by_failures(self) -> Iterator[Told]:
        reading = ("list records", "read record", "read vaccination")
        writing = ("create record", "put record", "delete record", "create vaccination")
        for status in STATUSES:
            yield from self._operations("refused by the new API", str(status), reading[:2])
            yield from self._operations("refused by the new API", f"!{status}", writing)
        for fault in FAULTS:
            yield from self._operations("met by a failure", fault, reading)
            yield from self._operations("met by a failure", f"!{fault}", writing[:2])
        for field in (
            *(f"record.{it}" for it in RECORD_FIELDS),
            *(f"act.{it}" for it in ACT_FIELDS),
        ):
            yield from self._operations("answered by a misfit", field, ("read record",))

    def _wrong_bodies(self) -> Iterator[Told]:
        for body, media, others in (
            (b'{"first_name": "%s', None, {}),
            (b'{"%s": 1, "%s": 2}', None, {}),
            (b'{"first_name": "%s\xff"}', None, {}),
            (b'{"first_name": "%s\\u0000"}', None, {}),
            (b'{"first_name": "%s\\ud800"}', None, {}),
            (b'{"%s": NaN, "first_name": "%s"}', None, {}),
            (b'"%s"', None, {}),
            (b'["%s", "%s"]', None, {}),
            (b"[" * 100 + b'"%s"' + b"]" * 100, None, {}),
            (b"first_name=%s&last_name=%s", "application/x-www-form-urlencoded", {}),
            (b"%s", "text/plain", {}),
            (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n%s', "multipart/x", {}),
            (b'{"first_name": "%s"}', "application/json; charset=%s", {}),
            (b'{"first_name": "%s"}', "%s/%s", {}),
            (b'{"first_name": "%s"}', None, {"Content_Encoding": "gzip"}),
            (b'{"first_name": "%s"}', None, {"Content_Encoding": "%s"}),
            (b'{"first_name": "%s", "x": "' + b"x" * TOO_LARGE + b'"}', None, {}),
        ):
            self._next()
            filled = self._filled(body)
            named = None if media is None else self._filled(media.encode()).decode()
            rest = {name: self._filled(value.encode()).decode() for name, value in others.items()}
            yield self._told("wrong body", *WRITING, filled, media=named, **rest)

    def _filled(self, form: bytes) -> bytes:
        while b"%s" in form:
            form = form.replace(b"%s", self.text().encode(), 1)
        return form

    def _nowhere(self) -> Iterator[Told]:
        identity = self._canaries.identity
        for method, path in (
            ("GET", "/api/v1/%s/%s"),
            ("GET", "/api/v1/records/%s.json"),
            ("GET", f"/api/v1/records/{identity(self._number + 3)}/%s.json"),
            ("PUT", "/%s"),
            ("%s", "/api/v1/records.json"),
            ("GET", f"{RECORD}/vaccinations/%s.json"),
            ("POST", f"{RECORD}/sharing_requests/%s/accept.json"),
        ):
            self._next()
            yield self._told(
                "nowhere",
                self._filled(method.encode()).decode(),
                self._filled(path.encode()).decode(),
            )
        for fault in ("good", "404", "401", "late", "half", "other"):
            self._next()
            path = f"/api/v1/records/{identity(self._number)}.json"
            yield self._told("somebody", "GET", path, scenario=fault)

    def _malformed(self) -> Iterator[Told]:
        for form in MALFORMED:
            self._next()
            yield Told("malformed", self._number, self._filled(form))

    def sign_ins(self, uid: str, secret: str) -> Iterator[Told]:
        """Patients who sign in at an application, which has this key."""
        for scenario in ("good", "400", "401", "403", "500", "302", "late", "half", "encoded"):
            for form in (True, False):
                self._next()
                yield self._sign_in(uid, secret, scenario, form=form)
        for grant in ("refresh_token", self.text()):
            self._next()
            yield self._sign_in(uid, secret, "good", grant=grant)
        self._next()
        yield self._sign_in(uid, self.text(), "good")

    def _sign_in(
        self, uid: str, secret: str, scenario: str, *, grant: str = "password", form: bool = True
    ) -> Told:
        said = {
            "grant_type": grant,
            "username": f"{scenario}~{self._number}~{self.text()}",
            "password": self.text(),
            "refresh_token": f"{scenario}~{self._number}~{self.text()}",
            "scope": self.text(),
            self.text(): self.text(),
        }
        body = urlencode(said) if form else json.dumps(said)
        media = "application/x-www-form-urlencoded" if form else "application/json"
        fields = dict(self.fields())
        fields["Authorization"] = f"Basic {base64.b64encode(f'{uid}:{secret}'.encode()).decode()}"
        fields |= {"Content-Type": media, "Content-Length": str(len(body))}
        lines = ["POST /oauth/token HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items()), "", ""]
        return Told("sign-in", self._number, "\r\n".join(lines).encode() + body.encode())
