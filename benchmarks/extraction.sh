#!/bin/sh
# Our extraction engine and its peers over the gold pages, in an environment of their own: what starting costs, a Markdown
# table of all six in turn, one of ours and Trafilatura alone, and our memory over 50,000 pages. With arguments, only the
# table that they ask for (see extraction_peers.py).
set -eu
cd "$(dirname "$0")/.."
make --silent .venv-bench
export OMP_NUM_THREADS=1 PYTHONPATH=.:benchmarks
if [ $# -gt 0 ]; then
    exec .venv-bench/bin/python benchmarks/extraction_peers.py "$@"
fi
.venv-bench/bin/python benchmarks/extraction_peers.py --start
.venv-bench/bin/python benchmarks/extraction_peers.py --engines omnicorpus trafilatura
.venv-bench/bin/python benchmarks/extraction_memory.py
