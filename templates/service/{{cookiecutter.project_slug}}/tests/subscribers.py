"""Those who get events, for real: an HTTP server with moods, and a NATS server."""

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.postgres import free_port


class Subscriber:
    """An HTTP server that takes CloudEvents; ``moods`` are what it does to the next requests before it behaves.

    ``"drop"`` takes the event and closes the connection without an answer, a float waits so many seconds, a number
    is an HTTP status.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[Mapping[str, str], bytes]] = []
        self.moods: list[str | float | int] = []
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}/events"

    @property
    def events(self) -> list[dict[str, Any]]:
        """Everything that was taken, repetitions too, in the order of arrival."""
        with self.lock:
            return [json.loads(body) for _, body in self.requests]

    @property
    def by_subject(self) -> dict[str, list[dict[str, Any]]]:
        """What a consumer sees that deals with each id once, by subject."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        seen: dict[str, bytes] = {}
        with self.lock:
            requests = list(self.requests)
        for _, body in requests:
            event = json.loads(body)
            if event["id"] not in seen:
                found[event["subject"]].append(event)
            assert seen.setdefault(event["id"], body) == body  # a repetition is the same to the byte
        return found

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Take a request in the present mood."""
        length = int(handler.headers["content-length"])
        body = handler.rfile.read(length)
        if len(body) < length:
            return  # the sender was killed in the middle
        with self.lock:
            mood = self.moods.pop(0) if self.moods else 204
        status = mood if isinstance(mood, int) else 204
        if isinstance(mood, float):
            time.sleep(mood)
        if status < 300:
            with self.lock:
                self.requests.append(({name.lower(): value for name, value in handler.headers.items()}, body))
        if mood == "drop":
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        if status == 429:
            handler.send_header("Retry-After", "7")
        handler.end_headers()


def _handler(subscriber: Subscriber) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            try:
                subscriber.answer(self)
            except OSError:
                self.close_connection = True  # the sender is gone

        def log_message(self, *_arguments: object) -> None:
            """Keep quiet."""

    return Handler


@contextmanager
def listening() -> Iterator[Subscriber]:
    """Run a subscriber until the block ends."""
    subscriber = Subscriber()
    subscriber.server.daemon_threads = True
    thread = threading.Thread(target=subscriber.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield subscriber
    finally:
        subscriber.server.shutdown()
        thread.join()
        subscriber.server.server_close()


def nats_program() -> str | None:
    """Return the NATS server of this environment or of this machine, if there is one."""
    return shutil.which("nats-server", path=Path(sys.executable).parent) or shutil.which("nats-server")


@contextmanager
def nats_server(program: str, directory: Path, port: int | None = None) -> Iterator[str]:
    """Run a NATS server with JetStream in ``directory`` and yield its URL."""
    port = port or free_port()
    command = [program, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(directory), "-l", str(directory / "log")]
    with subprocess.Popen(command) as server:  # noqa: S603 - our own words
        try:
            _wait_for(port)
            yield f"nats://127.0.0.1:{port}"
        finally:
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                server.wait(30)
            server.kill()


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("nats-server did not start")
