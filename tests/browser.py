"""A real browser for tests: Debian's headless Chromium, spoken to in the WebDriver protocol."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Ask = Callable[[str, str, dict[str, Any]], Any]


class browser:  # noqa: N801
    """A headless Chromium behind chromedriver, for as long as the block lasts."""

    def __init__(self, folder: Path) -> None:
        driver = shutil.which("chromedriver")
        if driver is None or shutil.which("chromium") is None:
            pytest.skip("no chromium and chromedriver (Debian: chromium-driver)")
        self._driver, self._folder = driver, folder

    def __enter__(self) -> Ask:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self._process = subprocess.Popen([self._driver, f"--port={port}"], stdout=subprocess.DEVNULL)
        self._base = f"http://127.0.0.1:{port}"
        for _ in self._attempts():
            try:
                self._call("GET", "/status", None)
                break
            except OSError:
                continue
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        flags += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        options = {"args": [*flags, f"--user-data-dir={self._folder / 'profile'}"]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{session['sessionId']}"
        return lambda method, path, body: self._call(method, self._session + path, body)

    def __exit__(self, *_: object) -> None:
        self._call("DELETE", self._session, None)
        self._process.terminate()
        self._process.wait(30)

    @staticmethod
    def _attempts() -> Iterator[None]:
        for _ in range(100):
            time.sleep(0.1)
            yield

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]


def press(ask: Ask, *keys: str) -> None:
    """Press keys one after the other, as a person would."""
    for key in keys:
        pressed = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": pressed}]})


def evaluate(ask: Ask, script: str) -> Any:
    """The value of a script's `return`."""
    return ask("POST", "/execute/sync", {"script": script, "args": []})


def await_that(ask: Ask, script: str, seconds: float = 20.0) -> Any:
    """Wait until a script returns something true; fails with the page's text when it doesn't."""
    end = time.monotonic() + seconds
    while not (value := evaluate(ask, script)):
        assert time.monotonic() < end, (script, evaluate(ask, "return document.body.innerText"))
        time.sleep(0.05)
    return value
