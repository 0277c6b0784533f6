"""A small web on loopback that lies where a test wants it to: one server for all hosts, every request in its log."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """One request as it came: `at` and `done` are seconds of the same clock; `done` is 0 until the answer is out."""

    host: str
    path: str
    headers: dict[str, str]
    at: float


@dataclass(frozen=True)
class Reply:
    """An answer with an honest length, unless `headers` give another."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def wire(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Reason", *(f"{name}: {value}" for name, value in self.headers)]
        if not any(name.lower() in ("content-length", "transfer-encoding") for name, _ in self.headers):
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


Raw = Callable[[socket.socket], None]
"""An answer that writes to the connection itself; the connection is closed behind it."""

Answer = Callable[[Request], Reply | Raw]


@dataclass
class Web:
    """A running server. `most` is the largest number of requests of one host that were being answered at once, `peers`
    are the other ends of all connections."""

    address: str = ""
    log: list[Request] = field(default_factory=list)
    busy: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)
    peers: set[tuple[str, int]] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def paths(self, host: str | None = None) -> list[str]:
        return [request.path for request in self.log if host is None or request.host == host]

    def enter(self, request: Request) -> None:
        with self.lock:
            self.log.append(request)
            self.busy[request.host] = self.busy.get(request.host, 0) + 1
            self.most[request.host] = max(self.most.get(request.host, 0), self.busy[request.host])

    def leave(self, request: Request) -> None:
        with self.lock:
            self.busy[request.host] -= 1


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512


@contextmanager
def serve(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Web]:
    """Answer requests on a free port of 127.0.0.1 until the block ends."""
    web = Web()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            web.peers.add(self.client_address)
            with suppress(OSError, ValueError):
                while (request := _read(self.rfile)) is not None:
                    web.enter(request)
                    try:
                        reply = answer(request)
                        if not isinstance(reply, Reply):
                            reply(self.connection)
                            return
                        self.connection.sendall(reply.wire())
                    finally:
                        web.leave(request)

    class Server(_Server):
        def get_request(self) -> tuple[socket.socket, object]:
            connection, peer = super().get_request()
            return (connection if tls is None else tls.wrap_socket(connection, server_side=True)), peer

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hangs up is no news here."""

    with Server(("127.0.0.1", 0), Handler) as server:
        web.address = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield web
        finally:
            server.shutdown()
            thread.join()


def _read(stream: object) -> Request | None:
    line = stream.readline(65_536).decode("latin-1")  # type: ignore[attr-defined]
    if not line.strip():
        return None
    headers: dict[str, str] = {}
    while field_line := stream.readline(65_536).decode("latin-1").strip():  # type: ignore[attr-defined]
        name, _, value = field_line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Request(headers.get("host", "").rsplit(":", 1)[0], line.split()[1], headers, time.monotonic())
