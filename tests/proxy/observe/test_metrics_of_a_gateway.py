"""What is scraped of a gateway that served: what the dashboards ask for, and no value."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
import yaml
from prometheus_client.parser import text_string_to_metric_families

from proxy.front.door import METHODS
from proxy.observe.exposition import exposition
from proxy.observe.families import FAMILIES
from proxy.observe.metrics import Metrics
from proxy.observe.snapshot import operations
from proxy.observe.totals import Totals
from tests.proxy.conftest import KEYS, Gateways, legacy_client_of
from tests.proxy.documents import modern_document
from tests.proxy.observe.told import teller
from tests.proxy.test_canary import EXCHANGES, SECRETS, Exchange, asked, found

ROOT = Path(__file__).parents[3]
DASHBOARD = ROOT / "deploy/grafana/passerelle.json"
RULES = ROOT / "deploy/prometheus/rules.yaml"
PAGE = ROOT / "docs/operating/metrics.md"

TOKEN = re.compile(
    r'\s+|"[^"\n]*"|\$?[a-zA-Z_:][\w:]*|\d+(?:\.\d+)?(?:ms|[smhdwy])?|[=!]~|[=!<>]=|[-+*/<>=(){}\[\],]'
)
OURS = re.compile(r"(?:passerelle|process)_\w+")


async def scrape_of(app: Any, metrics: Metrics) -> str:
    """What Prometheus reads of one gateway."""
    told, totals = await teller(app, metrics)(), Totals()
    totals.count(told)
    totals.look(told)
    return exposition(totals, "")[0].decode()


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana reads it."""
    read: dict[str, Any] = json.loads(DASHBOARD.read_text("utf-8"))
    return read


def rules() -> list[dict[str, Any]]:
    """The alert rules as Prometheus reads them."""
    (group,) = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return list(group["rules"])


def expressions() -> Iterator[tuple[str, str]]:
    """What dashboard and rules ask Prometheus, by where they do."""
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", target["expr"]
    for rule in rules():
        yield rule["alert"], rule["expr"]


def tokens(expression: str) -> list[str]:
    """The words of an expression; fails on what is none."""
    words, at = [], 0
    while at < len(expression):
        word = TOKEN.match(expression, at)
        assert word is not None, f"no word of PromQL: {expression[at:]}"
        words.append(word[0])
        at = word.end()
    return [word for word in words if word.strip()]


def test_every_expression_is_made_of_words_and_closes_what_it_opens() -> None:
    pairs = {")": "(", "}": "{", "]": "["}
    for where, expression in expressions():
        opened: list[str] = []
        for token in tokens(expression):
            if token in pairs.values():
                opened.append(token)
            elif token in pairs:
                assert opened, where
                assert opened.pop() == pairs[token], where
        assert opened == [], where


async def test_every_metric_of_a_dashboard_or_a_rule_is_in_a_scrape(
    gateways: Gateways, upstream: respx.Router
) -> None:
    app, metrics = gateways.app(), Metrics()
    upstream.get("/health_records").respond(json=[modern_document()])
    await legacy_client_of(app).get("/api/v1/records.json")
    metrics.request("/records", "GET", 200, 0.25)
    metrics.call("GET /health_records", 200, 0.125)

    text = await scrape_of(app, metrics)

    families = list(text_string_to_metric_families(text))
    there = {sample.name for family in families for sample in family.samples}
    # Of these there is nothing before the first one, but their name.
    there |= {f"{family.name}_total" for family in families if family.type == "counter"}
    asked_for = {name for _, expression in expressions() for name in OURS.findall(expression)}
    assert asked_for <= there
    assert {"passerelle_requests_total", "passerelle_build_info"} <= asked_for


def test_every_label_of_a_dashboard_or_a_rule_is_one_of_its_metric() -> None:
    labels = {label for family in FAMILIES for label in family.labels} | {"job", "le"}
    by = re.compile(r"by \(([^)]*)\)")
    matched = re.compile(r"[{,]\s*(\w+)[=!]")
    for where, expression in expressions():
        named = {name.strip() for group in by.findall(expression) for name in group.split(",")}
        assert named | set(matched.findall(expression)) <= labels, where


def test_every_panel_has_an_id_a_unit_a_sentence_and_a_place_of_its_own() -> None:
    panels = dashboard()["panels"]

    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(at["x"], at["y"]) for at in (panel["gridPos"] for panel in panels)}) == len(panels)
    for panel in panels:
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]


def test_every_alert_says_what_is_wrong_and_has_a_line_on_what_to_do() -> None:
    page = PAGE.read_text("utf-8")
    for rule in rules():
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert f"| `{rule['alert']}` |" in page


def test_the_page_tells_of_every_metric() -> None:
    page = PAGE.read_text("utf-8")
    for family in FAMILIES:
        name = f"{family.name}_total" if family.kind == "counter" else family.name
        labels = "".join(f" {label}" for label in [", ".join(f"`{it}`" for it in family.labels)])
        labels = labels if family.labels else ""
        assert f"| `{name}` | {family.kind} |{labels} | {family.sentence} |" in page


def test_prometheus_itself_takes_every_expression(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("NOT CHECKED by Prometheus: no promtool here (Debian: apt install prometheus)")
    asked_for = [
        {"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "5m")}
        for number, (_, expression) in enumerate(expressions())
    ]
    panels = tmp_path / "panels.yaml"
    panels.write_text(json.dumps({"groups": [{"name": "panels", "rules": asked_for}]}), "utf-8")

    done = subprocess.run(
        [promtool, "check", "rules", RULES, panels], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("exchange", EXCHANGES.values(), ids=EXCHANGES.keys())
async def test_no_value_is_in_a_scrape(
    gateways: Gateways, tables: Path, exchange: Exchange
) -> None:
    """Traps 15, 16 and 35."""
    upstream = httpx.MockTransport(exchange.upstream)
    app = gateways.app(upstream=upstream, tables=tables, keys=KEYS)
    await asked(legacy_client_of(app), exchange)

    text = await scrape_of(app, app.state.gateway.metrics)

    pack = app.state.gateway.loaded.pack
    closed = {
        "method": METHODS | {"other"},
        "route": {row.path for row in pack.endpoints} | {"(none)"},
        "operation": set(operations(pack)),
    }
    told = 0.0
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            told += sample.value if sample.name == "passerelle_requests_total" else 0
            for label, values in closed.items():
                assert sample.labels.get(label, next(iter(values))) in values
    assert told == 1
    assert found(SECRETS, text) == []
