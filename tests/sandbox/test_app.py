"""A sandbox is an application of its own, with a clock and a life."""

from datetime import UTC, datetime, timedelta

from starlette.applications import Starlette
from starlette.types import Message

from sandbox import create_app
from tests.sandbox.clients import NEW_PERSON, client_of


async def test_a_sandbox_that_is_given_no_clock_looks_at_that_of_the_machine() -> None:
    client = client_of(create_app())
    before = datetime.now(UTC)

    record = (await client.post("/health_records", json=NEW_PERSON)).json()

    # Milliseconds are cut off, not rounded.
    moment = datetime.fromisoformat(record["created_at"])
    assert before - timedelta(milliseconds=1) < moment <= datetime.now(UTC)
    assert record["created_at"].endswith("Z")


async def test_a_sandbox_starts_and_stops_as_servers_ask(app: Starlette) -> None:
    asked = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    answered: list[str] = []

    async def receive() -> Message:
        return next(asked)

    async def send(message: Message) -> None:
        answered.append(message["type"])

    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)

    assert answered == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
