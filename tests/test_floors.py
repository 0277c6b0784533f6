"""The shape of the house: who may import whom. Reads imports, runs nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("omnicorpus", "filters", "pipelines")

EVERYWHERE = {"numpy", "pyarrow"}
"""The columns that all stages work on."""

MORE_THAN_ONE = {
    # The client that fetches and the server of the review page share nothing but the library.
    "aiohttp": {"omnicorpus.fetch", "omnicorpus.review"},
    # The sample crawl's generator draws and writes what the readers must read, so it shares no code with them.
    "PIL": {"omnicorpus.drawing", "omnicorpus.picture"},
    # Joining a cluster and telling its Prometheus are two things of one program.
    "ray": {"omnicorpus.cluster", "omnicorpus.metrics"},
    "brotli": {"omnicorpus.miniature", "omnicorpus.warc"},
    # Declares what a foreign torchvision lacks, for whoever imports it.
    "torch": {"omnicorpus.clip", "omnicorpus.operators"},
    "warcio": {"omnicorpus.miniature", "omnicorpus.warc"},
}


def modules() -> dict[str, set[str]]:
    """Every module of ours and the modules that it imports, ours by their full names."""
    files = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    return {name: _imports(path, set(files)) for name, path in files.items()}


def _imports(path: Path, ours: set[str]) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            assert node.level == 0, f"{path}: relative import"
            inside = {f"{node.module}.{alias.name}" for alias in node.names} & ours
            found.update(inside or {node.module})
    return found


def test_omnicorpus_knows_neither_filters_nor_pipelines() -> None:
    wrong = {
        (name, imported)
        for name, imports in modules().items()
        for imported in imports
        if name.startswith("omnicorpus") and imported.split(".")[0] in ("filters", "pipelines")
    }
    assert wrong == set()


def test_filters_know_only_the_document_model() -> None:
    wrong = {
        (name, imported)
        for name, imports in modules().items()
        for imported in imports
        if name.startswith("filters") and imported.startswith(("omnicorpus", "pipelines"))
        if imported != "omnicorpus.document"
    }
    assert wrong == set()


def test_modules_stand_on_floors() -> None:
    all_imports = modules()
    graph = {name: imports & set(all_imports) for name, imports in all_imports.items()}
    # Raises CycleError, naming the circle, where two modules stand on each other.
    assert set(TopologicalSorter(graph).static_order()) == set(graph)


def test_each_third_party_library_enters_through_one_file() -> None:
    users: dict[str, set[str]] = {}
    for name, imports in modules().items():
        for imported in imports:
            library = imported.split(".")[0]
            if library not in sys.stdlib_module_names and library not in PACKAGES:
                users.setdefault(library, set()).add(name)
    shared = {library: names for library, names in users.items() if len(names) > 1 and library not in EVERYWHERE}
    assert shared == MORE_THAN_ONE


def test_no_module_is_named_for_nothing() -> None:
    nothing = {"utils", "util", "common", "helpers", "helper", "base", "misc", "manager"}
    assert {name for name in modules() if name.split(".")[-1] in nothing} == set()


def test_the_settings_of_pages_load_no_compiler() -> None:
    program = "import sys, pipelines.page; print({'numba', 'llvmlite'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT).stdout == "set()\n"
