#!/bin/sh
# Our extraction engine and its peers over the gold pages, in an environment of their own; prints a Markdown table.
set -eu
cd "$(dirname "$0")/.."
if [ ! -x .venv-bench/bin/python ]; then
    python3 -m venv .venv-bench
    .venv-bench/bin/pip install -q -U pip
    .venv-bench/bin/pip install -q trafilatura==2.3.1 readability-lxml==0.9 resiliparse==2.0.1 selectolax numpy numba
    # says Python >= 3.12, runs on 3.11
    .venv-bench/bin/pip install -q --ignore-requires-python magic-html==0.1.8
fi
OMP_NUM_THREADS=1 PYTHONPATH=.:benchmarks exec .venv-bench/bin/python benchmarks/extraction_peers.py "$@"
