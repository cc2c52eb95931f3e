"""The exchanges that a sandbox had: each request whole, and its answer."""

from collections import deque
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.token_endpoint import PATH_END, parse_form
from sandbox.validation import parse

KEPT: Final = 1000
HIDDEN: Final = "[hidden]"


class RequestsLog:
    """The newest exchanges, oldest first."""

    def __init__(self) -> None:
        self._exchanges: deque[dict[str, Any]] = deque(maxlen=KEPT)

    @property
    def exchanges(self) -> list[dict[str, Any]]:
        """The exchanges, each ready to be written as JSON."""
        return list(self._exchanges)

    def keep(self, request: Request, body: bytes, status: int, answer: bytes) -> None:
        """Add an exchange; bodies that are not JSON count as none, and secrets stay out."""
        path = request.scope["path"]
        about_tokens = path.endswith(PATH_END)
        self._exchanges.append(
            {
                "method": request.method,
                "path": path,
                "query": request.scope["query_string"].decode("latin-1"),
                "headers": _shown(request.headers),
                "body": _grant_type(body) if about_tokens else _parsed(body),
                "status": status,
                "answer": _without_tokens(_parsed(answer)) if about_tokens else _parsed(answer),
            }
        )

    def clear(self) -> None:
        """Forget every exchange."""
        self._exchanges.clear()


class Recorder:
    """Middleware that writes down every exchange, except those about the sandbox itself."""

    def __init__(self, app: ASGIApp, log: RequestsLog) -> None:
        self.app = app
        self.log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the request whole, pass it on, and keep it before its answer leaves."""
        if scope["type"] != "http" or scope["path"].startswith("/_sandbox/"):
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        body = await request.body()
        status = 0

        async def replay() -> Message:
            return {"type": "http.request", "body": body}

        async def keep(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:  # every answer here has its body in one piece
                self.log.keep(request, body, status, message["body"])
            await send(message)

        await self.app(scope, replay, keep)


def _shown(headers: Headers) -> dict[str, str]:
    joined = {name: ", ".join(headers.getlist(name)) for name in headers}
    return joined | ({"authorization": HIDDEN} if "authorization" in joined else {})


def _parsed(body: bytes) -> Any:
    try:
        return parse(body)
    except ValueError:
        return None


def _grant_type(form: bytes) -> dict[str, str]:
    return {name: value for name, value in parse_form(form).items() if name == "grant_type"}


def _without_tokens(answer: dict[str, Any]) -> dict[str, Any]:
    hidden = {"access_token", "refresh_token"}
    return {name: HIDDEN if name in hidden else value for name, value in answer.items()}
