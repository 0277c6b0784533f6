"""Pictures from a web that lies, drips, loops and points inwards. The server's own log says what was asked for."""

from __future__ import annotations

import gzip
import io
import resource
import socket
import ssl
import subprocess
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import brotli
import pytest
from PIL import Image

from omnicorpus.errors import ConfigError
from omnicorpus.fetch import Fetched, Fetcher, FetchSettings, agent, hosts_at_once
from tests.web import Answer, Raw, Reply, Request, Web, serve


def png(size: tuple[int, int] = (20, 20)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, "PNG")
    return file.getvalue()


PNG = png()
LIMIT = 50_000

SETTINGS = FetchSettings(
    contact="crawl@example.org",
    max_bytes=LIMIT,
    seconds=1.0,
    shard_seconds=60.0,
    retries=2,
    back_off=0.01,
    host_rate=0.0,
)


def fetched(web: Web, urls: Iterable[str], settings: FetchSettings = SETTINGS) -> dict[str, Fetched]:
    found: list[Fetched] = []
    Fetcher(replace(settings, test_server=web.address)).fetch(urls, found.append)
    outcome = {item.url: item for item in found}
    assert len(outcome) == len(found)
    return outcome


def one(answer: Answer, url: str = "http://a.test/p.png", settings: FetchSettings = SETTINGS) -> tuple[Fetched, Web]:
    with serve(answer) as web:
        (found,) = fetched(web, [url], settings).values()
    return found, web


def at(path: str, reply: Reply | Raw) -> Answer:
    """The reply at a path of any host; no robots.txt and nothing else anywhere."""
    return lambda request: reply if request.path == path else Reply(404)


def picture(*headers: tuple[str, str], body: bytes = PNG) -> Reply:
    return Reply(200, body, (("Content-Type", "image/png"), *headers))


def redirect(target: str) -> Reply:
    return Reply(302, b"", (("Location", target),))


def raw(*pieces: bytes, pause: float = 0.0) -> Raw:
    def write(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)

    return write


def endless(head: bytes, piece: bytes) -> Raw:
    def write(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return write


OK = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
KILOBYTE = PNG + bytes(1024 - len(PNG))
CHUNK = b"400\r\n" + KILOBYTE + b"\r\n"


def deflated(body: bytes) -> bytes:
    return zlib.compress(body)


BODIES: dict[str, tuple[Reply | Raw, str | None]] = {
    "honest": (picture(), None),
    "a picture under a page's type": (Reply(200, PNG, (("Content-Type", "text/html"),)), None),
    "html under a picture's type": (picture(body=b"<html><body>buy</body></html>"), "not_an_image"),
    "svg": (picture(body=b'<svg xmlns="http://www.w3.org/2000/svg"/>'), "not_an_image"),
    "script": (picture(body=b"#!/bin/sh\nrm -rf / # and more"), "not_an_image"),
    "pdf": (picture(body=b"%PDF-1.7 and so on and on"), "not_an_image"),
    "nothing": (picture(body=b""), "empty"),
    "no content": (Reply(204), "http_error"),
    "part of the content": (Reply(206, PNG), "http_error"),
    "length over the limit": (raw(OK + b"Content-Length: 99999999999\r\n\r\n" + KILOBYTE), "too_many_bytes"),
    "length that is no number": (raw(OK + b"Content-Length: many\r\n\r\n" + PNG), "bad_response"),
    "negative length": (raw(OK + b"Content-Length: -5\r\n\r\n" + PNG), "bad_response"),
    "two lengths": (raw(OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + PNG), "bad_response"),
    "longer than it says": (raw(OK + b"Content-Length: 60\r\n\r\n" + KILOBYTE), "bad_response"),
    "shorter than it says": (raw(OK + b"Content-Length: 2000\r\n\r\n" + KILOBYTE), "truncated"),
    "endless without a length": (endless(OK + b"\r\n" + KILOBYTE, bytes(4096)), "too_many_bytes"),
    "endless chunks": (endless(CHUNKED + CHUNK, CHUNK), "too_many_bytes"),
    "chunks that break off": (raw(CHUNKED + b"400\r\n" + KILOBYTE), "truncated"),
    "a chunk of a terabyte": (raw(CHUNKED + b"ffffffffff\r\n" + KILOBYTE), "truncated"),
    "chunks without an end": (raw(CHUNKED + CHUNK), "truncated"),
    "chunks of no size": (raw(CHUNKED + b"zz\r\n" + KILOBYTE), "bad_response"),
    "gzip that nobody asked for": (picture(("Content-Encoding", "gzip"), body=gzip.compress(PNG)), None),
    "deflate that nobody asked for": (picture(("Content-Encoding", "deflate"), body=deflated(PNG)), None),
    "gzip bomb": (picture(("Content-Encoding", "gzip"), body=gzip.compress(PNG + bytes(20 << 20))), "too_many_bytes"),
    "gzip that is none": (picture(("Content-Encoding", "gzip")), "bad_encoding"),
    "gzip that breaks off": (picture(("Content-Encoding", "gzip"), body=gzip.compress(KILOBYTE)[:40]), "truncated"),
    "deflate bomb": (picture(("Content-Encoding", "deflate"), body=deflated(PNG + bytes(20 << 20))), "too_many_bytes"),
    "brotli bomb": (picture(("Content-Encoding", "br"), body=brotli.compress(PNG + bytes(20 << 20))), "bad_encoding"),
    "unknown encoding": (picture(("Content-Encoding", "aes128gcm")), "bad_encoding"),
    "encoding upon encoding": (picture(("Content-Encoding", "gzip, gzip, gzip")), "bad_encoding"),
    "silence": (raw(b"", pause=3.0), "timeout"),
    "a dripping head": (raw(*[bytes([byte]) for byte in OK * 3], pause=0.1), "timeout"),
    "a dripping chunk": (raw(CHUNKED, *[bytes([byte]) for byte in CHUNK[:60]], pause=0.1), "timeout"),
    "a dripping body": (raw(OK + b"Content-Length: 40000\r\n\r\n" + PNG, *[b"x"] * 40, pause=0.1), "timeout"),
    "a door slammed": (raw(), "disconnected"),
    "another protocol": (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), "bad_response"),
    "an endless header": (endless(OK + b"X-A: ", b"a" * 4096), "bad_response"),
    "endless headers": (endless(OK, b"X-A: b\r\n" * 500), "bad_response"),
    "endless interim answers": (endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 50), "timeout"),
    "a rest of ages": (Reply(503, headers=(("Retry-After", "9" * 40),)), "come_back_later"),
    "a rest until the year 9999": (
        Reply(429, headers=(("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"),)), "come_back_later"
    ),
    "a rest in no year": (
        Reply(429, headers=(("Retry-After", f"1 Jan {'9' * 20} 25:61:61 -2360"),)), "busy"
    ),
    "not found": (Reply(404), "not_found"),
    "gone": (Reply(410), "not_found"),
    "forbidden": (Reply(403), "forbidden"),
    "for payment": (Reply(402), "forbidden"),
    "for legal reasons": (Reply(451), "forbidden"),
    "a teapot": (Reply(418), "http_error"),
    "a fault": (Reply(500, b"sorry"), "server_error"),
    "not modified": (Reply(304), "http_error"),
    "no ai": (picture(("X-Robots-Tag", "noai")), "opt_out"),
    "no image ai, among others": (picture(("X-Robots-Tag", "max-image-preview:large, NoImageAI")), "opt_out"),
    "no index, second header": (picture(("X-Robots-Tag", "all"), ("X-Robots-Tag", "noindex")), "opt_out"),
    "none for us": (picture(("X-Robots-Tag", "omnicorpus: none")), "opt_out"),
    "no index for another": (picture(("X-Robots-Tag", "googlebot: noindex")), None),
    "no image index for robots": (picture(("X-Robots-Tag", "robots: noimageindex")), "opt_out"),
    "a date, then no ai": (picture(("X-Robots-Tag", "unavailable_after: 25 Jun 2030, noai")), "opt_out"),
    "another, then us": (picture(("X-Robots-Tag", "googlebot: all, omnicorpus: noai")), "opt_out"),
    "a tag in capitals": (picture(("x-robots-tag", "NOAI")), "opt_out"),
    "rights reserved": (picture(("TDM-Reservation", "1")), "opt_out"),
    "rights not reserved": (picture(("TDM-Reservation", "0")), None),
    "a redirect to nowhere": (Reply(302), "bad_redirect"),
    "a redirect to itself": (redirect("/p.png"), "too_many_redirects"),
    "a redirect to a file": (redirect("file:///etc/passwd"), "bad_scheme"),
    "a redirect to data": (redirect("data:image/png;base64,AAAA"), "bad_scheme"),
    "a redirect to ftp": (redirect("ftp://b.test/p.png"), "bad_scheme"),
    "a redirect to gopher": (redirect("gopher://127.0.0.1:6379/_FLUSHALL"), "bad_scheme"),
    "a redirect to a name before an at sign": (redirect("http://b.test@127.0.0.1/"), "bad_url"),
    "a redirect past a backslash": (redirect("http://127.0.0.1\\@b.test/"), "bad_url"),
    "a redirect to a private network": (redirect("http://192.168.1.1/"), "private_address"),
    "a redirect to shared addresses": (redirect("http://100.64.0.1/"), "private_address"),
    "a redirect to multicast": (redirect("http://224.0.0.1/"), "private_address"),
    "a redirect to hexadecimal loopback": (redirect("http://0x7f000001/"), "private_address"),
    "a redirect to full-width loopback": (redirect("http://１２７.0.0.1/"), "private_address"),
    "a redirect to mapped metadata": (redirect("http://[::ffff:a9fe:a9fe]/"), "private_address"),
    "a redirect to metadata through a gateway": (redirect("http://[64:ff9b::a9fe:a9fe]/"), "private_address"),
    "a redirect to metadata in IPv6": (redirect("http://[fd00:ec2::254]/latest/"), "private_address"),
    "a redirect to a link's own": (redirect("http://[fe80::1%25eth0]/"), "private_address"),
    "a redirect to loopback": (redirect("http://127.0.0.1/"), "private_address"),
    "a redirect to decimal loopback": (redirect("http://2130706433/"), "private_address"),
    "a redirect to octal loopback": (redirect("http://0177.0.0.1/"), "private_address"),
    "a redirect to short loopback": (redirect("http://127.1/"), "private_address"),
    "a redirect to mapped loopback": (redirect("http://[::ffff:7f00:1]/"), "private_address"),
    "a redirect to the unspecified": (redirect("http://0.0.0.0/"), "private_address"),
    "a redirect to metadata": (redirect("http://169.254.169.254/latest/meta-data/"), "private_address"),
    "a redirect to metadata by name": (redirect("http://metadata.google.internal/"), "private_address"),
    "a redirect to localhost": (redirect("//localhost/p.png"), "private_address"),
    "a redirect to a mail server": (redirect("http://b.test.example:25/"), "bad_port"),
    "a redirect with a password": (redirect("http://u:p@b.test/"), "bad_url"),
    "a redirect to garbage": (redirect("http://[::1"), "bad_redirect"),
}  # fmt: skip


@pytest.mark.hostile
@pytest.mark.parametrize(
    "name", BODIES, ids=[f"{name} - {reason or 'fetched'}" for name, (_, reason) in BODIES.items()]
)
def test_whatever_a_server_answers_is_bytes_or_a_reason(name: str) -> None:
    reply, reason = BODIES[name]
    found, web = one(at("/p.png", reply))
    assert found.error == reason
    assert (found.content is None) is (reason is not None)
    # Nothing but the picture and robots.txt of its own host was asked for, whatever the answer said.
    assert {(request.host, request.path) for request in web.log} == {("a.test", "/robots.txt"), ("a.test", "/p.png")}


def test_the_bytes_are_as_served() -> None:
    found, _ = one(at("/p.png", picture(("Content-Encoding", "gzip"), body=gzip.compress(KILOBYTE))))
    assert found == Fetched("http://a.test/p.png", KILOBYTE, status=200)


@pytest.mark.hostile
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:{other}/p.png", "private_address"),
        ("http://localhost:{port}/p.png", "private_address"),
        ("http://2130706433:{port}/p.png", "private_address"),
        ("http://0x7f.1:{port}/p.png", "private_address"),
        ("http://[::1]:{port}/p.png", "private_address"),
        ("http://[::ffff:127.0.0.1]:{port}/p.png", "private_address"),
        ("http://0177.0.0.1:{port}/p.png", "private_address"),
        ("http://[64:ff9b::7f00:1]:{port}/p.png", "private_address"),
        ("http://[2002:7f00:1::]:{port}/p.png", "private_address"),
        ("http://127.0.0.1.:{other}/p.png", "private_address"),
        ("http://a.test@127.0.0.1:{port}/p.png", "bad_url"),
        ("http://100.127.255.254/p.png", "private_address"),
        ("http://169.254.169.254/latest/meta-data/", "private_address"),
        ("http://10.0.0.1/p.png", "private_address"),
        ("http://[fd00::1]/p.png", "private_address"),
        ("http://printer.local/p.png", "private_address"),
        ("ftp://a.test/p.png", "bad_scheme"),
        ("javascript:alert(1)", "bad_scheme"),
        ("http://", "bad_url"),
        ("http://a.test:port/p.png", "bad_url"),
        ("http://u:p@a.test/p.png", "bad_url"),
        ("http://a.example:22/p.png", "bad_port"),
        ("http://nowhere.invalid/p.png", "no_such_host"),
        ("http://" + "a" * 70 + ".example/p.png", "no_such_host"),
    ],
)
def test_what_may_not_be_asked_is_not(url: str, reason: str) -> None:
    with serve(at("/p.png", picture())) as web:
        port = web.address.rpartition(":")[2]
        whole = url.replace("{port}", port).replace("{other}", "1" + port[1:] if port[0] != "1" else "2" + port[1:])
        (found,) = fetched(web, [whole]).values()
    assert (found.error, web.log) == (reason, [])


def resolve(monkeypatch: pytest.MonkeyPatch, name: str, answer: Callable[[], str]) -> None:
    """Give one name an address of the test's; where tests run nobody may set up a name server for it."""
    real = socket.getaddrinfo

    def lookup(host: str, *rest: object, **more: object) -> object:
        return real(answer() if host == name else host, *rest, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)


def test_a_name_that_leads_inwards_is_refused_when_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, "inner.example", lambda: "127.0.0.1")
    with serve(at("/p.png", picture())) as web:
        port = web.address.rpartition(":")[2]
        found = fetched(web, [f"http://inner.example:{port}/p.png"])
    assert [item.error for item in found.values()] == ["private_address"]
    assert web.log == []


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=a.test",
         "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("no openssl to make a certificate with")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with serve(at("/p.png", picture()), tls=context) as web:
        (found,) = fetched(web, [f"https://{web.address}/p.png"]).values()
    assert (found.error, web.log) == ("bad_certificate", [])


def test_the_test_server_speaks_for_https_too() -> None:
    found, web = one(at("/p.png", picture()), "https://a.test/p.png")
    assert (found.content, {request.host for request in web.log}) == (PNG, {"a.test"})


@pytest.mark.parametrize("target", ["/q.png", "http://b.test/q.png", "//b.test/q.png", "q.png"])
def test_redirects_are_followed(target: str) -> None:
    def answer(request: Request) -> Reply:
        return {"/p.png": redirect(target), "/q.png": picture()}.get(request.path, Reply(404))

    found, _ = one(answer)
    assert found == Fetched("http://a.test/p.png", PNG, status=200)


def test_as_many_redirects_as_the_limit_says() -> None:
    def answer(request: Request) -> Reply:
        number = int(request.path[1:]) if request.path[1:].isdigit() else -1
        return Reply(404) if number < 0 else picture() if number == 0 else redirect(f"/{number - 1}")

    settings = replace(SETTINGS, redirects=3)
    with serve(answer) as web:
        found = fetched(web, ["http://a.test/3", "http://a.test/4"], settings)
    reasons = {url: item.error for url, item in found.items()}
    assert reasons == {"http://a.test/3": None, "http://a.test/4": "too_many_redirects"}


def test_a_redirect_goes_by_the_robots_of_its_target() -> None:
    def answer(request: Request) -> Reply:
        if request.path == "/robots.txt":
            return Reply(200, b"User-agent: *\nDisallow: /") if request.host == "b.test" else Reply(404)
        return redirect("http://b.test/q.png") if request.host == "a.test" else picture()

    found, web = one(answer)
    assert found.error == "robots"
    assert web.paths("b.test") == ["/robots.txt"]


ROBOTS: dict[str, tuple[Reply | Raw, str | None]] = {
    "no file": (Reply(404), None),
    "forbidden": (Reply(403), None),
    "empty": (Reply(200, b""), None),
    "a page": (Reply(200, b"<html>not here</html>"), None),
    "allowed": (Reply(200, b"User-agent: *\nDisallow: /q"), None),
    "disallowed": (Reply(200, b"User-agent: *\nDisallow: /"), "robots"),
    "disallowed to us": (Reply(200, b"User-agent: OmniCorpus\nDisallow: /p"), "robots"),
    "a fault": (Reply(500), "robots_unreachable"),
    "out of service": (Reply(503), "robots_unreachable"),
    "busy": (Reply(429), "robots_unreachable"),
    "busy for ages": (Reply(429, headers=(("Retry-After", "86400"),)), "robots_unreachable"),
    "a picture": (Reply(200, PNG), None),
    "a bomb": (Reply(200, gzip.compress(bytes(20 << 20)), (("Content-Encoding", "gzip"),)), None),
    "a delay of ages": (Reply(200, b"User-agent: *\nCrawl-delay: 99999999999999999999"), None),
    "silence": (raw(b"", pause=3.0), "timeout"),
    "slammed": (raw(), "disconnected"),
    "cut at the limit": (endless(b"HTTP/1.1 200 OK\r\n\r\nUser-agent: *\nDisallow: /p\n", b"#" * 4096), "robots"),
    "a loop": (redirect("/robots.txt"), None),
    "inwards": (redirect("http://127.0.0.1/robots.txt"), "private_address"),
}


@pytest.mark.hostile
@pytest.mark.parametrize(
    "name", ROBOTS, ids=[f"{name} - {reason or 'fetched'}" for name, (_, reason) in ROBOTS.items()]
)
def test_robots_txt_is_obeyed_and_closes_when_it_fails(name: str) -> None:
    reply, reason = ROBOTS[name]
    found, web = one(lambda request: reply if request.path == "/robots.txt" else picture())
    assert found.error == reason
    assert ("/p.png" in web.paths()) is (reason is None)


@pytest.mark.parametrize("target", ["http://b.test/rules.txt", "/elsewhere/robots.txt"])
def test_a_robots_txt_may_lie_elsewhere(target: str) -> None:
    def answer(request: Request) -> Reply:
        if request.path == "/robots.txt":
            return redirect(target)
        return Reply(200, b"User-agent: *\nDisallow: /p") if request.path.endswith(".txt") else picture()

    found, web = one(answer)
    assert (found.error, "/p.png" in web.paths()) == ("robots", False)


def test_robots_txt_is_asked_for_once_a_host() -> None:
    urls = [f"http://{host}.test/{number}" for host in "ab" for number in range(20)]
    with serve(lambda request: Reply(404) if request.path == "/robots.txt" else picture()) as web:
        found = fetched(web, urls)
    assert {item.error for item in found.values()} == {None}
    assert Counter(web.paths())["/robots.txt"] == 2


def test_robots_txt_and_opt_outs_can_be_left_out() -> None:
    settings = replace(SETTINGS, robots=False, opt_outs=())
    found, web = one(lambda _: picture(("X-Robots-Tag", "noai")), settings=settings)
    assert (found.error, web.paths()) == (None, ["/p.png"])


def failing(times: int, reply: Reply | Raw) -> Answer:
    """The reply as often as said, then the picture."""
    seen: Counter[str] = Counter()

    def answer(request: Request) -> Reply | Raw:
        if request.path == "/robots.txt":
            return Reply(404)
        seen[request.path] += 1
        return reply if seen[request.path] <= times else picture()

    return answer


@pytest.mark.parametrize("reply", [Reply(500), Reply(503), Reply(429, headers=(("Retry-After", "0"),))])
def test_passing_faults_are_asked_again(reply: Reply) -> None:
    found, web = one(failing(2, reply))
    assert (found.error, len(web.paths())) == (None, 4)
    found, web = one(failing(3, reply))
    assert (found.content, len(web.paths())) == (None, 4)


def test_a_lost_connection_is_tried_again() -> None:
    found, _ = one(failing(2, raw()))
    assert found.error is None


@pytest.mark.parametrize("reply", [Reply(404), Reply(403), picture(body=b"<html>no picture at all</html>")])
def test_lasting_faults_are_not(reply: Reply) -> None:
    found, web = one(failing(1, reply))
    assert (found.content, len(web.paths())) == (None, 2)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_host_that_asks_for_rest_is_given_it(form: str) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=2)
    value = "1" if form == "seconds" else format_datetime(soon, usegmt=True)
    found, web = one(failing(1, Reply(429, headers=(("Retry-After", value),))))
    first, second = (request.at for request in web.log if request.path == "/p.png")
    assert found.error is None
    assert second - first >= 0.9


def test_after_a_rest_the_pace_holds_as_before() -> None:
    """The requests that waited for the end of a rest come one after the other, and none comes before."""
    asked: Counter[str] = Counter()

    def answer(request: Request) -> Reply:
        asked[request.host] += 1
        if request.path == "/robots.txt":
            return Reply(404)
        return Reply(429, headers=(("Retry-After", "1"),)) if asked[request.host] == 2 else picture()

    with serve(answer) as web:
        found = fetched(web, [f"http://a.test/{number}" for number in range(6)], replace(SETTINGS, host_rate=4.0))
    times = [request.at for request in web.log]
    gaps = [late - early for early, late in pairwise(times)]
    assert {item.error for item in found.values()} == {None}
    assert gaps[1] >= 0.9
    assert min(gaps) >= 0.2


def test_a_host_that_waited_for_a_connection_keeps_its_pace() -> None:
    """With one connection for all, what a host's pace allows may have passed when the connection is free at last."""

    def answer(request: Request) -> Reply:
        if request.path == "/robots.txt":
            return Reply(404)
        time.sleep(1.2 if request.host == "slow.test" else 0.0)
        return picture()

    settings = replace(SETTINGS, connections=1, host_rate=5.0, seconds=10.0)
    urls = ["http://slow.test/", *(f"http://quick.test/{number}" for number in range(4))]
    with serve(answer) as web:
        found = fetched(web, urls, settings)
    assert {item.error for item in found.values()} == {None}
    times = [request.at for request in web.log if request.host == "quick.test" and request.path != "/robots.txt"]
    assert min(late - early for early, late in pairwise(times)) >= 0.08  # half of the pace, less the server's own delay


def test_a_host_that_asks_for_too_long_a_rest_is_left_alone() -> None:
    def answer(request: Request) -> Reply:
        return Reply(404) if request.path == "/robots.txt" else Reply(503, headers=(("Retry-After", "3600"),))

    urls = [f"http://a.test/{number}" for number in range(30)]
    with serve(answer) as web:
        found = fetched(web, urls)
    assert {item.error for item in found.values()} == {"come_back_later"}
    assert len(web.paths()) <= 1 + SETTINGS.host_connections


def test_a_dead_host_is_not_asked_to_the_end() -> None:
    def answer(request: Request) -> Reply | Raw:
        return Reply(404) if request.path == "/robots.txt" else raw()

    urls = [f"http://a.test/{number}" for number in range(200)]
    with serve(answer) as web:
        found = fetched(web, urls)
    reasons = Counter(item.error for item in found.values())
    assert set(reasons) == {"disconnected", "dead_host"}
    # Twice, because a request on a connection that was kept and then lost is sent once more by the HTTP client itself.
    assert len(web.paths()) <= 1 + 2 * (SETTINGS.dead_after + SETTINGS.host_connections)


def test_the_pace_and_the_connections_of_a_host_are_kept() -> None:
    def answer(request: Request) -> Reply:
        time.sleep(0.05)
        return Reply(404) if request.path == "/robots.txt" else picture()

    settings = replace(SETTINGS, host_rate=20.0, host_connections=2)
    urls = [f"http://{host}.test/{number}" for host in "abc" for number in range(10)]
    with serve(answer) as web:
        found = fetched(web, urls, settings)
    assert {item.error for item in found.values()} == {None}
    assert max(web.most.values()) <= 2
    for host in "abc":
        times = sorted(request.at for request in web.log if request.host == f"{host}.test")
        # The server sees a request a little later or earlier than it was sent; over ten of them that is little.
        assert times[-1] - times[0] >= (len(times) - 1) / settings.host_rate * 0.8


def test_crawl_delay_slows_a_host_down() -> None:
    def answer(request: Request) -> Reply:
        return Reply(200, b"User-agent: *\nCrawl-delay: 0.3") if request.path == "/robots.txt" else picture()

    with serve(answer) as web:
        fetched(web, [f"http://a.test/{number}" for number in range(4)])
    times = [request.at for request in web.log if request.path != "/robots.txt"]
    assert times[-1] - times[0] >= 0.7


def test_a_shard_ends_at_its_deadline_and_says_what_is_left() -> None:
    def answer(request: Request) -> Reply | Raw:
        if request.path == "/robots.txt":
            return Reply(404)
        return raw(b"", pause=30.0) if request.host == "slow.test" else picture()

    settings = replace(SETTINGS, seconds=20.0, shard_seconds=1.5)
    urls = [f"http://slow.test/{number}" for number in range(10)] + ["http://quick.test/1"]
    with serve(answer) as web:
        found = fetched(web, urls, settings)
    assert found["http://quick.test/1"].error is None
    assert Counter(item.error for item in found.values()) == {"out_of_time": 10, None: 1}


def test_a_slow_host_does_not_hold_up_the_others() -> None:
    def answer(request: Request) -> Reply:
        if request.host == "slow.test":
            time.sleep(0.3)
        return Reply(404) if request.path == "/robots.txt" else picture()

    settings = replace(SETTINGS, connections=4)
    urls = [f"http://slow.test/{number}" for number in range(20)] + [f"http://q{number}.test/" for number in range(30)]
    with serve(answer) as web:
        found = fetched(web, urls, settings)
    assert {item.error for item in found.values()} == {None}
    quick = max(request.at for request in web.log if request.host != "slow.test")
    slow = max(request.at for request in web.log if request.host == "slow.test")
    assert quick < slow


def test_we_say_who_we_are_and_carry_nothing_back() -> None:
    with serve(lambda request: picture(("Set-Cookie", "id=1"))) as web:
        fetched(web, ["http://a.test/1", "http://a.test/2"])
    headers = [request.headers for request in web.log]
    assert all(each["user-agent"] == agent("crawl@example.org") for each in headers)
    assert all("cookie" not in each and "referer" not in each and "authorization" not in each for each in headers)


@pytest.mark.parametrize("contact", [None, "", "nobody", "a@b\r\nX-Evil: 1"])
def test_nobody_to_complain_to_is_no_crawl(contact: str | None) -> None:
    with pytest.raises(ConfigError, match="contact"):
        Fetcher(replace(SETTINGS, contact=contact))


def test_no_addresses_are_no_requests() -> None:
    with serve(lambda _: picture()) as web:
        assert fetched(web, []) == {}
    assert web.log == []


def test_more_hosts_than_may_be_asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omnicorpus.fetch.MOST_HOSTS", 16)
    urls = [f"http://h{number}.test/{other}" for number in range(60) for other in range(2)]
    with serve(lambda request: Reply(404) if request.path == "/robots.txt" else picture()) as web:
        found = fetched(web, urls)
    assert [item.error for item in found.values()] == [None] * len(urls)


def test_hosts_at_once_fit_the_files_that_may_be_open() -> None:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    for lanes in (1, 4, 50):
        hosts = hosts_at_once(lanes)
        assert hosts == 16 or 2 * hosts * lanes <= files


def test_what_is_known_of_a_host_outlives_a_call() -> None:
    """Its robots.txt, its death and its rest: the next shard of the same actor asks for none of it again."""

    def answer(request: Request) -> Reply | Raw:
        if request.path == "/robots.txt":
            return Reply(200, b"User-agent: *\nDisallow: /closed") if request.host == "a.test" else Reply(404)
        if request.host == "rest.test":
            return Reply(503, headers=(("Retry-After", "3600"),))
        return raw() if request.host == "dead.test" else picture()

    found: dict[str, str | None] = {}
    with serve(answer) as web:
        fetcher = Fetcher(replace(SETTINGS, test_server=web.address, host_connections=1))
        urls = ["http://a.test/open", "http://rest.test/1", *(f"http://dead.test/{number}" for number in range(8))]
        fetcher.fetch(urls, lambda item: None)
        asked = len(web.log)
        second = ["http://a.test/closed", "http://a.test/other", "http://rest.test/2", "http://dead.test/9"]
        fetcher.fetch(second, lambda item: found.update({item.url: item.error}))
        later = [(request.host, request.path) for request in web.log[asked:]]
    assert found == dict(zip(second, ["robots", None, "come_back_later", "dead_host"], strict=True))
    assert later == [("a.test", "/other")]


def test_the_pace_of_a_host_holds_over_calls() -> None:
    with serve(lambda request: Reply(404) if request.path == "/robots.txt" else picture()) as web:
        fetcher = Fetcher(replace(SETTINGS, test_server=web.address, host_rate=4.0))
        for number in range(3):
            fetcher.fetch([f"http://a.test/{number}"], lambda item: None)
        times = [request.at for request in web.log]
    assert min(late - early for early, late in pairwise(times)) >= 0.2


def test_through_a_proxy() -> None:
    answers = {"http://pictures.example/p.png": picture(), "http://pictures.example/in": redirect("http://10.0.0.1/p")}
    with serve(lambda request: answers.get(request.path, Reply(404))) as web:
        found: list[Fetched] = []
        settings = replace(SETTINGS, proxy=f"http://{web.address}")
        urls = [*answers, "http://127.0.0.1/p.png", "http://localhost/p.png"]
        Fetcher(settings).fetch(urls, found.append)
        asked = sorted(web.paths())
    assert {item.url: item.error for item in found} == {
        urls[0]: None, urls[1]: "private_address", urls[2]: "private_address", urls[3]: "private_address"
    }  # fmt: skip
    assert asked == sorted([*answers, "http://pictures.example/robots.txt"])


@pytest.mark.parametrize("answer", ["93.184.216.34", None])
def test_a_name_is_asked_for_once_also_where_nobody_knows_it(
    answer: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen from behind a proxy, which is asked for names that nobody here knows."""
    asked: list[str] = []

    def counted() -> str:
        asked.append("pictures.example")
        if answer is None:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return answer

    resolve(monkeypatch, "pictures.example", counted)
    with serve(lambda request: picture()) as web:
        fetcher = Fetcher(replace(SETTINGS, proxy=f"http://{web.address}", robots=False))
        found: list[Fetched] = []
        for shard in range(2):
            fetcher.fetch([f"http://pictures.example/{shard}/{number}" for number in range(10)], found.append)
    assert [item.error for item in found] == [None] * 20
    assert asked == ["pictures.example"]


def test_connections_are_used_again() -> None:
    with serve(lambda request: Reply(404) if request.path == "/robots.txt" else picture()) as web:
        fetched(web, [f"http://a.test/{number}" for number in range(30)], replace(SETTINGS, host_connections=2))
    assert len(web.paths()) == 31
    assert len(web.peers) <= 3


def test_a_name_that_turns_inwards_is_refused_when_it_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: public at first, then a machine of our own. Seen from behind a proxy, so that nothing leaves."""
    answers = iter(["93.184.216.34", "127.0.0.1"])
    resolve(monkeypatch, "turning.example", lambda: next(answers))
    monkeypatch.setattr("omnicorpus.fetch.NAME_SECONDS", 0.0)
    with serve(lambda request: picture()) as web:
        found: list[Fetched] = []
        settings = replace(SETTINGS, proxy=f"http://{web.address}", robots=False, host_connections=1)
        urls = [f"http://turning.example/{number}" for number in range(2)]
        Fetcher(settings).fetch(urls, found.append)
    assert [item.error for item in found] == [None, "private_address"]
    assert web.paths() == urls[:1]


def test_a_name_that_leads_inwards_is_not_given_to_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, "inner.example", lambda: "10.0.0.1")
    with serve(lambda _: picture()) as web:
        found: list[Fetched] = []
        Fetcher(replace(SETTINGS, proxy=f"http://{web.address}")).fetch(["http://inner.example/p"], found.append)
    assert ([item.error for item in found], web.log) == (["private_address"], [])


@pytest.mark.parametrize("proxy", ["socks5://a:1", "http://a", "http://u:p@a:1", "https://a:1", "", "http://a:b"])
def test_what_is_no_proxy_is_said(proxy: str) -> None:
    with pytest.raises(ValueError, match="proxy is http"):
        FetchSettings(proxy=proxy)
