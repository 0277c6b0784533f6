from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from omnicorpus.download import download
from omnicorpus.errors import ModelMissing

WEIGHTS = bytes(range(256)) * 10_000


class Hub(BaseHTTPRequestHandler):
    """Has one file, breaks off in the middle of another, and knows no third."""

    def do_GET(self) -> None:
        if self.path not in ("/weights", "/broken"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(WEIGHTS)))
        self.end_headers()
        self.wfile.write(WEIGHTS if self.path == "/weights" else WEIGHTS[:1000])

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_file_comes_whole_and_checked(hub: str, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "head.pth"
    download(f"{hub}/weights", path, sha256=hashlib.sha256(WEIGHTS).hexdigest())
    assert path.read_bytes() == WEIGHTS


@pytest.mark.parametrize(
    ("name", "sha256", "message"),
    [
        ("weights", "0" * 64, "is not the file that was promised"),
        ("broken", None, "can't download"),
        ("gone", None, "404"),
    ],
)
def test_what_is_not_the_whole_promised_file_leaves_nothing(
    hub: str, tmp_path: Path, name: str, sha256: str | None, message: str
) -> None:
    with pytest.raises(ModelMissing, match=message):
        download(f"{hub}/{name}", tmp_path / "head.pth", sha256=sha256)
    assert list(tmp_path.iterdir()) == []


def test_a_host_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"can't download http://127\.0\.0\.1:1/x"):
        download("http://127.0.0.1:1/x", tmp_path / "x", sha256=None)
