"""The client that speaks HTTP/2: beside a server that does, and on the answers of hostile ones."""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import ssl
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import pytest

from omnicorpus import http2
from omnicorpus.fetch import FetchSettings
from tests.omnicorpus.test_fetch import BODIES, SETTINGS, at, fetched, one, picture
from tests.web import Reply, serve

BODY = bytes(range(256)) * 100


class Speaker(asyncio.Protocol):
    """A server of HTTP/2: /plain has a body, /reset ends in the middle, /drop closes the door."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self.state.initiate_connection()
        self.transport.write(self.state.data_to_send())

    def data_received(self, data: bytes) -> None:
        for event in self.state.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                self.answer(event.stream_id, dict(event.headers)[b":path"])
        self.transport.write(self.state.data_to_send())

    def answer(self, stream: int, path: bytes) -> None:
        if path == b"/drop":
            self.transport.close()
            return
        self.state.send_headers(stream, [(":status", "200"), ("x-robots-tag", "a"), ("X-Robots-Tag".lower(), "b")])
        self.state.send_data(stream, BODY[:16_000])
        if path == b"/reset":
            self.state.reset_stream(stream, 2)
        else:
            self.state.send_data(stream, BODY[16_000:], end_stream=True)


def speak(port: multiprocessing.Queue[int], folder: str) -> None:
    async def run() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
        context.set_alpn_protocols(["h2"])
        server = await asyncio.get_running_loop().create_server(Speaker, "127.0.0.1", 0, ssl=context)
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def speaking(folder: Path) -> Iterator[tuple[int, ssl.SSLContext]]:
    """A port of loopback where HTTP/2 is spoken for a.test, and what trusts its certificate."""
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=a.test",
         "-addext", "subjectAltName=DNS:a.test", "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=folder, capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("no openssl to make a certificate with")
    spawning = multiprocessing.get_context("spawn")
    port: multiprocessing.Queue[int] = spawning.Queue()
    process = spawning.Process(target=speak, args=(port, str(folder)), daemon=True)
    process.start()
    try:
        trusting = ssl.create_default_context(cafile=str(folder / "cert.pem"))
        yield port.get(timeout=60), trusting
    finally:
        process.terminate()
        process.join()


async def body(client: http2.Client, url: str) -> tuple[http2.Answer, bytes]:
    async with client.get(url) as answer:
        return answer, b"".join([chunk async for chunk in answer.content.iter_any()])


def test_many_requests_share_a_connection_of_http_2(tmp_path: Path) -> None:
    asked: list[tuple[str, int]] = []

    with speaking(tmp_path) as (port, trusting):

        async def resolve(host: str, wanted: int) -> list[tuple[str, int]]:
            asked.append((host, wanted))
            return [("127.0.0.1", port)]

        async def run() -> list[tuple[http2.Answer, bytes]]:
            client = http2.Client({"User-Agent": "x"}, 8, resolve, trusting)
            try:
                first = await body(client, "https://a.test/plain")
                rest = await asyncio.gather(*(body(client, f"https://a.test/plain?{n}") for n in range(20)))
                for path, reason in (("reset", "truncated"), ("drop", "disconnected")):
                    with pytest.raises(http2.Failed) as failed:
                        await body(client, f"https://a.test/{path}")
                    assert failed.value.reason in (reason, "bad_response")
                return [first, *rest]
            finally:
                await client.close()

        found = asyncio.run(run())
    assert {(answer.version, answer.status, content) for answer, content in found} == {("HTTP/2", 200, BODY)}
    assert found[0][0].headers.getall("X-Robots-Tag", []) == ["a", "b"]
    assert set(asked) == {("a.test", 443)}
    assert len(asked) <= 3


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with speaking(tmp_path) as (port, _):

        async def resolve(_host: str, _port: int) -> list[tuple[str, int]]:
            return [("127.0.0.1", port)]

        async def run() -> str:
            client = http2.Client({}, 1, resolve)
            with pytest.raises(http2.Failed) as failed:
                await body(client, "https://a.test/plain")
            await client.close()
            return failed.value.reason

        assert asyncio.run(run()) == "bad_certificate"


OTHERWISE = {"longer than it says": {None}, "another protocol": {"disconnected", "bad_response"},
             "an endless header": {"bad_response", "timeout"}}  # fmt: skip
"""Where this client reads an answer otherwise than aiohttp: what follows a body's length is not looked at."""


@pytest.mark.parametrize("name", BODIES)
def test_whatever_a_server_answers_is_bytes_or_a_reason(name: str) -> None:
    reply, reason = BODIES[name]
    found, web = one(at("/p.png", reply), settings=replace(SETTINGS, http2=True))
    assert found.error in OTHERWISE.get(name, {reason})
    assert {(request.host, request.path) for request in web.log} == {("a.test", "/robots.txt"), ("a.test", "/p.png")}


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/p", "http://inner.example:{port}/p", "http://[::1]:{port}/p"])
def test_inner_addresses_are_refused_when_connecting(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    real = socket.getaddrinfo

    def inward(host: str, *rest: object, **more: object) -> object:
        return real("127.0.0.1" if host == "inner.example" else host, *rest, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(socket, "getaddrinfo", inward)
    with serve(lambda _: picture()) as web:
        other = url.replace("{port}", "1" + web.address.rpartition(":")[2][1:])
        found = fetched(web, [other], replace(SETTINGS, http2=True))
        assert ([item.error for item in found.values()], web.log) == (["private_address"], [])


def test_a_host_s_connections_are_shared_one_after_the_other() -> None:
    settings = replace(SETTINGS, http2=True, host_connections=2)
    with serve(lambda request: Reply(404) if request.path == "/robots.txt" else picture()) as web:
        found = fetched(web, [f"http://{host}.test/{number}" for host in "abc" for number in range(9)], settings)
    assert Counter(item.error for item in found.values()) == {None: 27}
    assert max(web.most.values()) <= 2


def test_one_of_http_2_and_a_proxy() -> None:
    with pytest.raises(ValueError, match="http2 is not spoken through a proxy"):
        FetchSettings(http2=True, proxy="http://a:1")
