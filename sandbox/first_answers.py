"""Creations that come again with the key of an earlier one, which happen once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from sandbox.accounts import Accounts
from sandbox.calls import Call, Handler

KEY: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"


@dataclass(frozen=True)
class FirstAnswers:
    """What each creation with a key was answered, by account, path and key."""

    accounts: Accounts
    _kept: dict[tuple[str, str, str], tuple[bytes, Response]] = field(default_factory=dict)

    def once(self, create: Handler) -> Handler:
        """Let a handler answer a key once, and its first answer be given from then on."""

        def handle(call: Call) -> Response:
            key = call.headers.get(KEY)
            if key is None:
                return create(call)
            place = (self.accounts.of(call.headers), call.path, key)
            if place not in self._kept:
                # A refusal is raised and thus not kept: the same key may try again.
                self._kept[place] = (call.body, create(call))
                return self._kept[place][1]
            body, answer = self._kept[place]
            if body != call.body:
                raise HTTPException(422)
            headers = {**answer.headers, REPLAYED: "true"}
            return Response(answer.body, answer.status_code, headers)

        return handle
