"""The server process: one event loop, one listening socket, and a SIGTERM that loses nobody's request."""

import asyncio
import gc
import os
import signal
import socket
from functools import partial
from types import FrameType

import uvicorn
from fastapi import FastAPI

from chassis.app import create_app
from chassis.collector import resting
from chassis.http_protocol import BoundedHttpProtocol
from chassis.logs import logger
from chassis.project import project
from chassis.settings import Settings
from chassis.shedding import Overloaded, Recognition

_ACCEPTED_AT_ONCE = 16
"""How many connections are accepted in one turn of the event loop."""


class DrainingServer(uvicorn.Server):
    """Uvicorn, which keeps serving for a while after SIGTERM, and takes in many connections at once.

    Load balancers learn from ``/readyz`` that the process is going, and they learn it late. Until they have, new
    connections must still be answered; uvicorn alone would refuse them at once.

    uvloop takes one connection a turn from each descriptor that listens (libuv's pull request 3696).
    Turns are long in a process that is busy, and whoever connects when hundreds do waits for seconds, unheard: neither
    served nor refused. So the socket is listened on through several descriptors.
    """

    def __init__(
        self, config: uvicorn.Config, protocol: type[BoundedHttpProtocol], app: FastAPI, drain_seconds: float
    ) -> None:
        super().__init__(config)
        self.app = app
        self._protocol = protocol
        self._drain_seconds = drain_seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen."""
        await super().startup(sockets)
        loop, backlog = asyncio.get_running_loop(), self.config.backlog
        protocol = partial(self._protocol, self.config, self.server_state, self.lifespan.state)
        for listening in [each for server in self.servers for each in server.sockets]:
            for _ in range(_ACCEPTED_AT_ONCE - 1):
                same = socket.fromfd(listening.fileno(), listening.family, listening.type)
                self.servers.append(await loop.create_server(protocol, sock=same, backlog=backlog))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain on the first SIGTERM; stop at once on anything else."""
        health = self.app.state.health
        if sig != signal.SIGTERM or health.draining or not self.started:
            super().handle_exit(sig, frame)
            return
        health.draining = True
        asyncio.get_running_loop().call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        logger().info("draining", seconds=self._drain_seconds)
        self._protocol.overloaded.close()
        asyncio.get_running_loop().call_later(self._drain_seconds, setattr, self, "should_exit", True)


def serve(settings: Settings) -> int:
    """Serve until told to stop.

    :returns: the exit code: 0 when every request was finished.
    """
    os.environ.setdefault("OTEL_SERVICE_NAME", project().name)
    with resting():
        server = build(settings)
    # Requests leave few cycles behind: looking for them after every 700 objects would cost a tenth of the processor.
    gc.set_threshold(20_000, 20, 20)
    server.run()
    return 0 if server.started else 3


def build(settings: Settings) -> DrainingServer:
    """Return the server, not yet running."""
    app = create_app(settings)
    protocol = _protocol(settings, app)
    config = uvicorn.Config(
        app,
        http=protocol,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        loop="auto",
        timeout_keep_alive=settings.keep_alive_seconds,
        backlog=2048,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    return DrainingServer(config, protocol, app, settings.drain_seconds)


def _protocol(settings: Settings, app: FastAPI) -> type[BoundedHttpProtocol]:
    class Protocol(BoundedHttpProtocol):
        head_seconds = settings.max_head_seconds
        head_bytes = settings.max_head_bytes
        head_fields = settings.max_head_fields
        places = app.state.places
        metrics = app.state.metrics
        overloaded = Overloaded()
        recognition = Recognition()

    return Protocol
