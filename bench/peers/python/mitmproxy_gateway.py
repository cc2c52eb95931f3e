"""mitmproxy as a library, with what a reverse proxy needs: mitmdump asks 30 more addons."""

import asyncio
import os

from mitmproxy import options
from mitmproxy.addons import core, next_layer, proxyserver, tlsconfig
from mitmproxy.master import Master
from mitmproxy_addon import Translation


async def main():
    master = Master(options.Options())
    addons = (core.Core, proxyserver.Proxyserver, next_layer.NextLayer, tlsconfig.TlsConfig)
    master.addons.add(*(addon() for addon in addons), Translation())
    master.options.update(
        mode=[f"reverse:{os.environ['UPSTREAM']}"],
        listen_host="127.0.0.1",
        listen_port=int(os.environ["PORT"]),
        confdir=os.path.dirname(os.environ["ACCESS_LOG"]),
        keep_host_header=False,
    )
    await master.run()


asyncio.run(main())
