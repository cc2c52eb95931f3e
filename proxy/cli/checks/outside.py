"""The servers behind the gateway: reached, believed, answering, and at the same time of day."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from proxy.cli.checks.certificates import lasting
from proxy.cli.checks.finding import Finding, failing, ok, unchecked, warning
from proxy.errors import ConfigurationError, UpstreamError, UpstreamTimeoutError
from proxy.settings import PREFIX, Settings
from proxy.upstream.counting import uncounted
from proxy.upstream.exchange import FAILURES, Exchange, failure_of
from proxy.upstream.tls import client_context

LATE = timedelta(seconds=5)
WRONG = timedelta(seconds=60)
"""How far the clocks may be apart; tokens and certificates begin and end by them."""


@dataclass(frozen=True, slots=True)
class Server:
    """One that the gateway calls, and the setting that names it."""

    check: str
    name: str
    setting: str
    url: str
    path: str

    @property
    def subject(self) -> str:
        """How a finding about it begins."""
        return f"{PREFIX}{self.setting}: {self.url}"


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer tells: nothing of its body."""

    status: int
    fields: Mapping[str, str]
    at: datetime
    """In the middle between the question and the answer, by the clock of this machine."""


def upstream(settings: Settings) -> Sequence[Finding]:
    """The new API, and its clock; it is shown no credential."""
    server = Server("upstream", "the new API", "UPSTREAM_URL", settings.upstream_url, "/")
    found, answered = asyncio.run(_met(settings, server))
    clock = _clock(answered) if answered else unchecked("clock", "clock: until the new API answers")
    return [*found, clock]


def token_endpoint(settings: Settings) -> Sequence[Finding]:
    """The token endpoint, where one is set; it is shown no credential and asked for no token."""
    if settings.token_url is None:
        return []
    server = Server("token endpoint", "the token endpoint", "TOKEN_URL", settings.token_url, "")
    there = settings.model_copy(update={"upstream_url": server.url})
    return asyncio.run(_met(there, server))[0]


async def _met(settings: Settings, server: Server) -> tuple[list[Finding], Answered | None]:
    """What is found of a server, and its answer if it gave one."""
    found = []
    try:
        if server.url.startswith("https:"):
            found.append(_certified(server, await _certificate_end(settings, server.url)))
        answered = await _answer(settings, server.path)
    except ConfigurationError:
        # Its own check has told of it.
        return [unchecked(server.check, f"{server.name}: until the configuration is right")], None
    except (OSError, ValueError, UpstreamError) as error:
        return [*found, failing(server.check, f"{server.subject}: {why(error)}")], None
    told = f"{server.name} answers (GET of {server.url} gave {answered.status}"
    if answered.status >= 500:
        found.append(warning(server.check, f"{told}): is it in trouble?"))
    else:
        found.append(ok(server.check, f"{told}; any status will do)"))
    return found, answered


def _certified(server: Server, ends: datetime) -> Finding:
    check = f"{server.check} tls"
    good = ok(check, f"{server.name} shows a certificate that is believed, until {ends:%Y-%m-%d}")
    subject = f"{server.subject}: its certificate"
    return lasting(check, subject, ends, "whoever runs it must renew it") or good


async def _certificate_end(settings: Settings, url: str) -> datetime:
    """When the certificate ends that it shows; raises `OSError` or `ValueError`."""
    parts = urlsplit(url)
    context = client_context(settings)
    async with asyncio.timeout(settings.connect_seconds):
        _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=context)
    certificate = writer.get_extra_info("ssl_object").getpeercert()
    # Nobody waits for the other side's good-bye.
    writer.transport.abort()
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)


async def _answer(settings: Settings, path: str) -> Answered:
    """Asked as while serving, but once: that is enough to tell. Raises `UpstreamError`."""
    exchange = Exchange(settings, None, uncounted)
    until = asyncio.get_running_loop().time() + settings.deadline_seconds
    began = datetime.now(UTC)
    try:
        call = exchange.call("GET", path, [], None, caller="", until=until)
        answer = await exchange.send(call)
    except FAILURES as error:
        raise failure_of(error) from error
    finally:
        await exchange.close()
    fields = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.fields()
    }
    return Answered(answer.status, fields, began + (datetime.now(UTC) - began) / 2)


def _clock(answered: Answered) -> Finding:
    """How far this machine's clock is from the new API's, which tells whole seconds."""
    # A cache on the way tells for how long it has had the answer (RFC 9111, 5.1).
    age = answered.fields.get("age", "")
    try:
        there = parsedate_to_datetime(answered.fields["date"])
        # "-0000" gives a time without a zone.
        there = there if there.tzinfo else there.replace(tzinfo=UTC)
        there += timedelta(seconds=0.5 + (int(age) if age.isdecimal() else 0))
    except (KeyError, ValueError, OverflowError):
        return unchecked("clock", "clock: the new API does not tell the time (Date)")
    apart = answered.at - there
    seconds = round(abs(apart).total_seconds())
    way = "ahead of" if apart > timedelta(0) else "behind"
    told = f"clock: {seconds} s {way} the new API's"
    if abs(apart) <= LATE:
        return ok("clock", "clock: as the new API's")
    if abs(apart) <= WRONG:
        return warning("clock", f"{told}; set it by NTP")
    return failing("clock", f"{told}: tokens and certificates seem to have ended; set it by NTP")


def why(error: BaseException) -> str:
    """What an operator can do about a server that cannot be called."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"its certificate is refused: {cause.verify_message}; for one of your own "
                f"authority: {PREFIX}UPSTREAM_CA"
            )
        if isinstance(cause, ssl.SSLError):
            return f"TLS fails: {cause.reason}; docs/operating/tls.md says what is asked for"
        if isinstance(cause, socket.gaierror | UnicodeError):
            return "its name has no address here; is it right, and does this machine ask a DNS?"
        if isinstance(cause, ConnectionRefusedError):
            return "nothing listens there; are name and port right, and does it run?"
    if any(isinstance(cause, TimeoutError | UpstreamTimeoutError) for cause in _causes(error)):
        return "no answer in time; is the way there open, and is it well?"
    return "no answer that can be used; is it the right server, and does it speak HTTP/1.1?"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
