"""Requests that are read whole before anything is decided."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass(frozen=True)
class Call:
    """A request and its body, which has come in whole."""

    request: Request
    body: bytes

    @property
    def id(self) -> str:
        """The id in its path, "" where there is none."""
        return str(self.request.path_params.get("id", ""))

    @property
    def path(self) -> str:
        """Its path, decoded."""
        return str(self.request.scope["path"])

    @property
    def headers(self) -> Headers:
        """Its headers."""
        return self.request.headers


Handler = Callable[[Call], Response]


def route(path: str, **handlers: Handler) -> Route:
    """Join a path to the handler of each method that it has."""

    async def endpoint(request: Request) -> Response:
        handler = handlers["GET" if request.method == "HEAD" else request.method]
        call = Call(request, await request.body())
        # From here on nothing is awaited: no other call comes between a check and its write.
        return handler(call)

    return Route(path, endpoint, methods=list(handlers))


def expect_media_type(call: Call, expected: str) -> None:
    """Refuse a body that is said to be something else."""
    media_type = call.headers.get("content-type", "").partition(";")[0]
    if media_type.strip().lower() != expected:
        raise HTTPException(415)


def expect_json(call: Call) -> None:
    """Refuse a body that is not said to be JSON."""
    expect_media_type(call, "application/json")
