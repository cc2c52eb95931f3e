"""Requests that are read whole before anything is decided."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass(frozen=True)
class Call:
    """What a request asks: the id in its path ("" where there is none), its headers, its body."""

    id: str
    headers: Headers
    body: bytes


Handler = Callable[[Call], Response]


def route(path: str, **handlers: Handler) -> Route:
    """Join a path to the handler of each method that it has."""

    async def endpoint(request: Request) -> Response:
        handler = handlers["GET" if request.method == "HEAD" else request.method]
        call = Call(request.path_params.get("id", ""), request.headers, await request.body())
        # From here on nothing is awaited: no other call comes between a check and its write.
        return handler(call)

    return Route(path, endpoint, methods=list(handlers))
