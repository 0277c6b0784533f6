"""One file from the web onto this disk, whole or not at all: weights that no package and no hub carries. requests
enters here."""

from __future__ import annotations

import hashlib
from pathlib import Path

import requests

from omnicorpus.errors import ModelMissing

STEP = 1 << 20
SECONDS = 30.0
"""For a connection, and between two pieces of the body."""


def download(url: str, path: Path, *, sha256: str | None) -> None:
    """Fetch `url` to `path`. Raises ModelMissing where it can't be had, or isn't the file that `sha256` names."""
    part = path.with_name(path.name + ".part")
    digest = hashlib.sha256()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with requests.get(url, stream=True, timeout=SECONDS) as response:
            response.raise_for_status()
            with part.open("wb") as file:
                for piece in response.iter_content(STEP):
                    digest.update(piece)
                    file.write(piece)
        if sha256 is not None and digest.hexdigest() != sha256:
            raise ModelMissing(f"{url} is not the file that was promised: its sha256 is {digest.hexdigest()}")
        part.replace(path)
    except (requests.RequestException, OSError) as error:
        raise ModelMissing(f"can't download {url} to {path}: {error}") from error
    finally:
        part.unlink(missing_ok=True)
