"""For operators: settings, what the gateway tells, and how it is deployed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from bench.tour.bullet import Bullet
from bench.tour.stage import ROOT, SERVE, Stage, demand
from proxy.observe.logs import FIELDS
from proxy.settings import Settings
from tests.sockets.people import RECORDS, legacy_document
from tests.sockets.processes import passerelle, until
from tests.sockets.wire import ask

MARK = "Visiteur-7f3a91"
FAMILIES = {
    "rate, errors, duration": ("passerelle_requests", "passerelle_request_duration_seconds"),
    "losses": ("passerelle_lost_values",),
    "crosswalk": ("passerelle_crosswalk_cached_pairs",),
    "pool": ("passerelle_upstream_connections_used",),
    "queue": ("passerelle_turns_waiting",),
    "breaker": ("passerelle_breaker_open",),
    "token cache": ("passerelle_tokens_held",),
}
"""What is to be told, and the families that tell it."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A record that was made and read: none of this may be told anywhere."""

    identity: str

    def is_in(self, *texts: str) -> bool:
        """Whether any of it stands in a text."""
        return any(it in text for text in texts for it in (self.identity, MARK, "inbox.example"))


def visit(stage: Stage) -> Visit:
    """Make a record, read it, ask for one that is not there, and send one that is wrong."""
    document = legacy_document(first_name=MARK, email="visiteur@inbox.example", unheard_of=MARK)
    made = stage.ask("POST", RECORDS, document)
    identity = made.document["uuid"] if made.status == 201 else ""
    path = RECORDS.replace(".json", f"/{identity}.json")
    statuses = [
        made.status,
        stage.ask("GET", path).status,
        stage.ask("GET", f"{path}?q={MARK}").status,
        stage.ask("GET", RECORDS.replace(".json", f"/{MARK}.json")).status,
        stage.ask("PUT", path, {"birth_date": MARK}).status,
    ]
    demand(f"a visit got {statuses}", holds=statuses == [201, 200, 200, 404, 422])
    return Visit(identity)


def settings(stage: Stage) -> str:
    """Every setting has a sentence, no secret is shown, a misspelt name is told with the right."""
    told = json.loads(stage.passerelle("settings", "--json", keys="shown-never").out)
    named = {it["name"] for it in told if it["sentence"].endswith(".")}
    missing = {f"PASSERELLE_{name.upper()}" for name in Settings.model_fields} - named
    demand(f"without a sentence: {', '.join(sorted(missing))}", holds=not missing)
    demand("a secret is shown", holds="shown-never" not in json.dumps(told))
    stage.passerelle("docs", "--check")
    wrong = stage.passerelle("check", "--offline", code=3, upstream_ulr="http://127.0.0.1:9")
    hint = "PASSERELLE_UPSTREAM_ULR: no such setting; is PASSERELLE_UPSTREAM_URL meant?"
    demand(f"a misspelt name: {wrong.said}", holds=hint in wrong.err)
    return f"{len(told)} settings, the page is as generated; misspelt: both spellings, exit code 3"


def check(stage: Stage) -> str:
    """`check` says what is wrong with the settings and with what they name, and how to mend it."""
    whole = {**stage.settings, "data_dir": str(stage.folder / "checked")}
    del whole["audit_dir"], whole["audit_key"]
    well = stage.passerelle("check", code=0, **whole)
    nobody = stage.passerelle("check", code=1, **{**whole, "upstream_url": "http://127.0.0.1:9"})
    broken = stage.passerelle("check", code=3, **{**whole, "keys": "no key"})
    lines = [line for line in well.out.splitlines() if line.startswith("ok")]
    demand(f"only {len(lines)} lines say ok", holds=len(lines) >= 4)
    return f"{len(lines)} ok; no new API: exit code 1, {nobody.said}; a wrong key: {broken.said}"


def logs(stage: Stage) -> str:
    """JSON lines of allowed fields, with the route's template, or short lines of text."""
    visited = visit(stage)
    lines = [json.loads(line) for line in stage.gateway.log]
    strange = {name for line in lines for name in line} - FIELDS
    demand(f"fields that are not on the list: {', '.join(strange)}", holds=not strange)
    routes = {line["route"] for line in lines if line["event"] == "request"}
    demand(f"routes: {routes}", holds=any("{" in route for route in routes))
    demand(
        "a line tells of a record", holds=not visited.is_in(stage.gateway.err, stage.gateway.out)
    )
    text = {"upstream_url": stage.sandbox.url, "logs": "text"}
    with passerelle(stage.folder / "text", *SERVE, **text) as process:
        ask(process.port, "GET", RECORDS)
        until(lambda: re.search("GET +/records +200", process.err) is not None)
        demand("PASSERELLE_LOGS=text gives JSON", holds=not process.log)
    return f"{len(lines)} lines, routes {', '.join(sorted(routes))}; as text too"


def metrics(stage: Stage) -> str:
    """The admin port tells rate, errors, duration, losses, crosswalk, pool, queue and breaker."""
    before = _requests(stage)
    visited = visit(stage)
    until(lambda: _requests(stage) == before + 5)
    text = stage.admin("/metrics").body.decode()
    found = {family.name: family for family in text_string_to_metric_families(text)}
    missing = [what for what, names in FAMILIES.items() if not {*names} <= found.keys()]
    demand(f"nothing of {', '.join(missing)}", holds=not missing)
    demand("a series tells of a record", holds=not visited.is_in(text))
    series = sum(len(family.samples) for family in found.values())
    return f"5 requests counted as 5; {len(found)} families, {series} series: {', '.join(FAMILIES)}"


def _requests(stage: Stage) -> float:
    text = stage.admin("/metrics").body.decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "passerelle_requests_total"
    )


def dashboards(stage: Stage) -> str:
    """The dashboard and the alerts ask for nothing that the gateway does not tell."""
    visit(stage)
    told = set(re.findall(r"passerelle_\w+", stage.admin("/metrics").body.decode()))
    rules = yaml.safe_load((ROOT / "deploy/prometheus/rules.yaml").read_text("utf-8"))
    asked = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    alerts = len(asked)
    board = json.loads((ROOT / "deploy/grafana/passerelle.json").read_text("utf-8"))
    asked += [it["expr"] for panel in board["panels"] for it in panel.get("targets", [])]
    names = {name for expression in asked for name in re.findall(r"passerelle_\w+", expression)}
    demand(f"never told: {', '.join(sorted(names - told))}", holds=names <= told)
    return f"{alerts} rules, {len(asked) - alerts} queries, {len(names)} metrics, all of them told"


def traces(stage: Stage) -> str:
    """A span for each request and for each call behind it, without a URL, an id or a value."""
    visited = visit(stage)
    collected = stage.collector
    until(lambda: sum(span.kind == span.SPAN_KIND_SERVER for span in collected.spans) >= 5)
    spans = collected.spans
    parents = {span.span_id for span in spans if span.kind == span.SPAN_KIND_SERVER}
    calls = [span for span in spans if span.kind == span.SPAN_KIND_CLIENT]
    demand("no call is told", holds=bool(calls))
    demand("a call without its request", holds=all(it.parent_span_id in parents for it in calls))
    demand("a span tells of a record", holds=not visited.is_in(collected.raw.decode("latin-1")))
    names = sorted({span.name for span in spans})
    return f"{len(parents)} requests, {len(calls)} calls: {', '.join(names[:4])}, ..."


def audit(stage: Stage) -> str:
    """Who did what to which record, chained: it is verified, and with one bit changed it is not."""
    visited, folder = visit(stage), Path(stage.settings["audit_dir"])
    key = {"audit_key": stage.audit_key}
    written = "".join(file.read_text("utf-8") for file in folder.glob("*.jsonl"))
    demand("nothing is written", holds=written.count("\n") >= 5)
    demand("a line tells of a record", holds=not visited.is_in(written))
    stage.passerelle("audit", "verify", folder, code=0, **key)
    # The log of a gateway that has ended: what is found then is the change alone.
    ended = {**key, "upstream_url": stage.sandbox.url, "audit_dir": str(stage.folder / "ended")}
    with passerelle(stage.folder / "audited", *SERVE, **ended) as process:
        ask(process.port, "GET", RECORDS)
    stage.passerelle("audit", "verify", ended["audit_dir"], code=0, **key)
    (changed,) = Path(ended["audit_dir"]).glob("*.jsonl")
    data = bytearray(changed.read_bytes())
    data[len(data) // 2] ^= 1
    changed.write_bytes(data)
    found = stage.passerelle("audit", "verify", ended["audit_dir"], code=1, **key)
    return f"{written.count(chr(10))} lines verified; one bit changed: {found.said}"


def admin(stage: Stage) -> str:
    """A port of its own tells health, readiness, versions, metrics, and both sides as documents."""
    told = {path: stage.admin(path) for path in ("/healthz", "/readyz", "/version", "/reference")}
    for side in ("legacy", "modern"):
        told[f"/openapi/{side}.json"] = stage.admin(f"/openapi/{side}.json")
    statuses = {path: answer.status for path, answer in told.items()}
    demand(f"answered {statuses}", holds={*statuses.values()} == {200})
    ready: dict[str, Any] = told["/readyz"].document
    demand(f"/readyz says {ready}", holds=ready["workers"] == 1 and ready["not_ready"] == {})
    page = told["/reference"].body.decode()
    demand("the page loads from elsewhere", holds="src=" not in page and "@import" not in page)
    hidden = ask(stage.gateway.port, "GET", "/metrics").status
    demand("legacy applications see /metrics", holds=hidden == 404)
    version = json.dumps(told["/version"].document)
    return f"{', '.join(statuses)}; /version {version[:120]}"


def one_store(stage: Stage) -> str:
    """A second gateway on the same SQLite file is refused at start."""
    stage.ask("GET", RECORDS)
    shared = {name: stage.settings[name] for name in ("upstream_url", "data_dir", "keys")}
    second = stage.passerelle(*SERVE, code=3, **shared)
    return f"exit code 3: {second.said}"


BULLETS = (
    Bullet("settings", "passerelle settings --json; passerelle docs --check", settings),
    Bullet("check", "passerelle check", check),
    Bullet("logs", "passerelle serve 2> log", logs),
    Bullet("metrics", "curl localhost:$PASSERELLE_ADMIN_PORT/metrics", metrics),
    Bullet("dashboards", "deploy/grafana, deploy/prometheus against /metrics", dashboards),
    Bullet("traces", "PASSERELLE_TRACES_URL=... passerelle serve", traces),
    Bullet("audit", "passerelle audit verify FOLDER", audit),
    Bullet("admin", "curl localhost:$PASSERELLE_ADMIN_PORT/readyz", admin),
    Bullet("one-store", "passerelle serve, twice on one SQLite file", one_store),
)
