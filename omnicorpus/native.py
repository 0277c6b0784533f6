"""The one door to the compiler: loops over characters, elements and blocks become machine code.

A compiled function is written in the plain part of Python and numpy that Numba knows. Its machine code is kept in the
`__pycache__` beside its file, or in the user's cache folder where that one is read-only, so that only the first process
after an installation compiles (about half a minute for all; every process, where neither can be written); processes
that start at once each write a whole file and rename it. It is kept for one state of all compiled sources (`kept_in`).
Array bounds are not checked in machine code: tests run the reader uncompiled, where they are.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from numba import config, njit, types

Function = TypeVar("Function", bound=Callable[..., object])

_ELEMENTS: dict[str, types.Type] = {
    "bytes": types.uint8, "shorts": types.uint16, "codes": types.uint32, "hashes": types.uint64, "ints": types.int32,
    "longs": types.int64, "floats": types.float32, "doubles": types.float64,
}  # fmt: skip
_ARGUMENTS: dict[str, types.Type] = {
    **{name: types.Array(kind, 1, "C", readonly=True) for name, kind in _ELEMENTS.items()},
    "table": types.Array(types.int32, 2, "A", readonly=True),
    "matrix": types.Array(types.float32, 2, "C", readonly=True),
    "flags": types.Array(types.boolean, 1, "C", readonly=True),
    "int": types.int64,
    "bool": types.boolean,
}


def kept_in(sources: Path, folder: Path) -> Path:
    """The folder below `folder` for machine code of the modules in `sources` as they are now.

    Numba looks whether a function's own file has changed, but freezes into it what the file imports: after a `git pull`
    that moves a column of one module, the others would read the old one.
    """
    whole = hashlib.sha256()
    for file in sorted(sources.glob("*.py")):
        source = file.read_bytes()
        if b"omnicorpus.native import" in source:
            whole.update(source)
    return folder / f"native-{whole.hexdigest()[:16]}"


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


_HERE = Path(__file__).parent
_PLACES = (
    Path(config.CACHE_DIR or _HERE / "__pycache__"),  # type: ignore[attr-defined]
    Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "omnicorpus",
)
_KEPT_IN = next(filter(_writable, (kept_in(_HERE, place) for place in _PLACES)), None)


def compiled(*arguments: str) -> Callable[[Function], Function]:
    """Compile a function at its definition, for arguments that it only reads: flat arrays ("bytes" of uint8, "shorts"
    of uint16, "codes" of uint32, "hashes" of uint64, "ints" of int32, "longs" of int64, "floats", "doubles", "flags" of
    bool), a "table" of int32, a "matrix" of float32, "int", "bool".

    The uncompiled function stays at `.py_func`.
    """
    signature = tuple(_ARGUMENTS[name] for name in arguments)
    compile_now = njit(signature, cache=_KEPT_IN is not None, error_model="numpy")

    def kept(function: Function) -> Function:
        others = config.CACHE_DIR  # type: ignore[attr-defined]
        config.CACHE_DIR = str(_KEPT_IN)  # type: ignore[attr-defined]
        try:
            return cast(Function, compile_now(function))
        finally:
            config.CACHE_DIR = others  # type: ignore[attr-defined]

    return kept


def inlined(function: Function) -> Function:
    """A function that only compiled functions call, compiled with each of them."""
    return cast(Function, njit(error_model="numpy")(function))


def summing(function: Function) -> Function:
    """As `inlined`, but sums of floats may run in any order: eight at a time, as the processor does."""
    return cast(Function, njit(error_model="numpy", fastmath={"reassoc", "contract", "nsz"})(function))
