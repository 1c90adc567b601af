# One command each; `make book` and `make test` are all that a newcomer needs.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
PODMAN := podman netavark aardvark-dns
NPM := node_modules/.package-lock.json

.PHONY: help setup book test tests nbval exhaustive lint types site bench clean

help:            ## show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP)  ## install what is missing: system packages and .venv
	@$(PYTHON) -m kernels_helpers.system

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -m kernels_helpers.system
	@echo "making .venv"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(STAMP)

%/$(NPM): %/package-lock.json | setup
	@echo "installing the packages of $*"
	@cd $* && PATH="$(CURDIR)/$(BIN):$$PATH" PUPPETEER_SKIP_DOWNLOAD=1 npm ci --silent --no-audit --no-fund

book: setup      ## run every chapter on a lab, then build the site
	@$(BIN)/dockbook run --all --out runs/book; status=$$?; \
	$(BIN)/dockbook site build --runs runs/book || exit $$?; exit $$status

test: setup lint types tests/site/$(NPM)  ## run all tests: lint, types, unit, contract, faults, site, chapters
	@$(PYTHON) -m kernels_helpers.system chromium nginx sshd zsh fish $(PODMAN)
	@$(MAKE) --no-print-directory -j2 tests nbval

tests:
	@$(BIN)/pytest --require-engine -n $$(($$(nproc) + 1)) --maxprocesses 4 --dist worksteal

nbval:
	@DOCKBOOK_LAB=nbval-$$$$ $(BIN)/pytest --nbval --nbval-sanitize-with tests/chapters/sanitize.cfg \
	  --nbval-cell-timeout 120 -p no:cacheprovider runbooks

exhaustive: setup ## run what make test leaves out for its time
	@$(PYTHON) -m kernels_helpers.system $(PODMAN)
	@$(BIN)/pytest --require-engine -n auto --dist worksteal -m exhaustive

lint: setup      ## check code, notebooks, translation, shell and layers
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/dockbook lint
	@$(BIN)/dockbook site messages --check
	@$(BIN)/lint-imports --no-logo
	@shellcheck kernels_helpers/lab/rootfs/*.sh kernels_helpers/programs/*.sh .ci/run

types: setup     ## check types
	@$(BIN)/mypy

site: setup      ## build the site and its PDF from the last `make book`, else from recorded outputs
	@$(PYTHON) -m kernels_helpers.system chromium
	@$(BIN)/dockbook site build --runs runs/book --pdf

bench: setup tests/benchmarks/$(NPM)  ## measure, and print the table of tests/benchmarks
	@$(PYTHON) -m kernels_helpers.system chromium nginx
	@$(BIN)/python -m tests.benchmarks.measure

clean:           ## remove what was built and the evidence of runs
	@rm -rf runs site/_build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
