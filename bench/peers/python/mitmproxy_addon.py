"""mitmproxy as a reverse proxy, with an addon that translates."""

import importlib
import json
import logging
import os
import re
import time

from mitmproxy import http

TRANSLATION = importlib.import_module(os.environ["TRANSLATION"])
RECORDS = TRANSLATION.Records(os.environ["TABLES"])
PATH = re.compile(r"/api/v1/records(?:/([0-9a-f-]{36}))?\.json")


class Translation:
    """The legacy surface in front of the new API."""

    def __init__(self):
        self.log = open(os.environ["ACCESS_LOG"], "a", buffering=1)  # noqa: SIM115 - for good

    def request(self, flow: http.HTTPFlow) -> None:
        """Carry the path and the document over."""
        found = PATH.fullmatch(flow.request.path)
        if found is None:
            flow.response = http.Response.make(404)
            return
        flow.metadata["record"] = found[1]
        flow.request.path = f"/health_records/{found[1]}" if found[1] else "/health_records"
        if flow.request.method == "POST":
            try:
                modern = RECORDS.upgrade(json.loads(flow.request.content))
            except ValueError:
                flow.response = http.Response.make(422)
                return
            flow.request.content = json.dumps(modern).encode()

    def response(self, flow: http.HTTPFlow) -> None:
        """Carry the answer back."""
        answer = flow.response
        if answer.status_code in (200, 201) and "record" in flow.metadata:
            modern = json.loads(answer.content)
            listed = isinstance(modern, list)
            legacy = list(map(RECORDS.downgrade, modern)) if listed else RECORDS.downgrade(modern)
            answer.content = json.dumps(legacy, ensure_ascii=False).encode()
            answer.headers["content-type"] = "application/json; charset=utf-8"
        took = time.time() - flow.request.timestamp_start
        self.log.write(f"{flow.request.method} {answer.status_code} {took:.6f}\n")


# One line an answer is written above; mitmproxy's own would be a second one.
logging.getLogger("mitmproxy.proxy.server").setLevel(logging.WARNING)
