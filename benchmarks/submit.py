"""The demo as a job of a cluster of three nodes on this machine, with a token; its log is followed.

    PYTHONPATH=. python benchmarks/submit.py

Every process and path is real but for the distance: a head with its dashboard, two workers, `omnicorpus submit`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from omnicorpus import job
from tests.omnicorpus.test_submit import RIGHT, begun, cluster_of

DEMO = Path(__file__).parents[1] / "configs" / "demo.yaml"


def main() -> None:
    program = [sys.executable, "-m", "pipelines.cli"]
    with tempfile.TemporaryDirectory(prefix="oc-demo-") as name, cluster_of(2, **RIGHT) as (_, dashboard):
        crawl, output = Path(name) / "crawl.warc.gz", Path(name) / "demo"
        subprocess.run([*program, "sample-crawl", str(crawl)], check=True)
        subprocess.run([*program, "models", "build-stand-in"], check=True)
        here = ("--set", f"input={json.dumps([str(crawl)])}", "--set", f"output={output}")
        since = time.monotonic()
        submitted = begun("submit", str(DEMO), "--address", dashboard, *here, cwd=Path(name), **RIGHT)
        log, told = submitted.communicate()
        print(told + log)
        print(f"ended with {submitted.returncode} after {time.monotonic() - since:.0f} s")
        kept = json.loads((output / job.MANIFEST).read_bytes())["funnel"][-1]["rows_out"]
        print(f"{kept} documents, {len(job.result_files(str(output), 'documents'))} file of them")


if __name__ == "__main__":
    main()
