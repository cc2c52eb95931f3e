"""The new API as nginx with prepared answers: too fast to be what is measured."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.speed.peers import nginx_user
from bench.speed.processes import Running, free_port, running

CONFIG = """
{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
    client_body_buffer_size 64k;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=1000 inactive=1h;
    open_file_cache_valid 1h;
    server {{
        listen 127.0.0.1:{port} backlog=8192;
        default_type application/json;
        root {folder};
        etag off;
        location / {{ try_files $uri.json =404; }}
        # A file is never the answer to POST: nginx is told to take that refusal for one.
        location = /health_records {{ error_page 405 =201 /made.json; try_files /list.json =404; }}
        location = /made.json {{ internal; }}
    }}
}}
"""


@contextmanager
def static_upstream(folder: Path, core: int, answers: Mapping[str, bytes]) -> Iterator[Running]:
    """The new API, until the end."""
    port = free_port()
    (folder / "health_records").mkdir(parents=True)
    for call, body in answers.items():
        method, _, path = call.partition(" ")
        name = path.lstrip("/") if path.count("/") > 1 else "list"
        (folder / f"{'made' if method == 'POST' else name}.json").write_bytes(body)
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, port=port, user=nginx_user()))
    command: list[str | Path] = ["nginx", "-e", folder / "error.log", "-c", config]
    with running(command, port, core, folder / "out", os.environ) as server:
        yield server
