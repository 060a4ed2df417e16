# Every target sets up what it needs; see docs/development.md.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
STRICT := tests/lsp/strict_client
FAST := expressions experience ide report scheduler schemas state

# Hundreds of tests start a command or a server, which takes half the time where bytecode is kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

.PHONY: setup
setup: $(INSTALLED) ## Build the environment in .venv

$(INSTALLED): pyproject.toml constraints.txt scripts/make-venv
	scripts/make-venv $(PYTHON) $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

$(STRICT)/node_modules/.package-lock.json: $(STRICT)/package-lock.json
	cd $(STRICT) && npm ci --ignore-scripts --no-progress
	touch $@

.PHONY: hooks
hooks: $(INSTALLED) ## Lint each commit (pre-commit)
	$(BIN)/pip install --quiet pre-commit==4.7.0
	$(BIN)/pre-commit install

.PHONY: demo
demo: $(INSTALLED) ## Validate, run, fail, plan, mend, resume through the language server
	$(BIN)/python scripts/demo.py

.PHONY: test
test: $(INSTALLED) $(STRICT)/node_modules/.package-lock.json ## Unit tests, language server over stdio, extension (under 5 minutes)
	scripts/vscode/unit-tests
	scripts/in-memory $(BIN)/python -m pytest -m "not long" -n 3 --dist worksteal

.PHONY: check
check: lint ## Linters and the fast tests (under 90 seconds); before each push, make test
	scripts/in-memory $(BIN)/python -m pytest -m "not long" -n 2 -q tests/docs $(addprefix tests/unit/,$(FAST))

.PHONY: test-wheel
test-wheel: $(INSTALLED) ## Build the wheel, install it into an empty environment, use its oe and oe-lsp
	$(BIN)/python scripts/test_wheel.py

.PHONY: test-vscode
test-vscode: $(INSTALLED) ## Click through a real VS Code, and look at pages of runs, in a real browser
	scripts/vscode/test
	scripts/pages/test

.PHONY: test-long
test-long: $(INSTALLED) ## Kills, fuzz and exhaustive laws (up to 30 minutes)
	scripts/in-memory $(BIN)/python -m pytest -m long -n 2 --dist worksteal --timeout 1800
	scripts/in-memory $(BIN)/python -m pytest -m "hypothesis and not long" --hypothesis-profile long -n 2 --timeout 1800

.PHONY: messages
messages: $(INSTALLED) ## List every text that users can see in docs/messages.md
	$(BIN)/python scripts/list_messages.py

.PHONY: lint
lint: $(INSTALLED) ## ruff, types, import rules, eslint and tsc
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	scripts/vscode/check

.bench/venv/.installed: benchmarks/requirements.txt scripts/make-venv
	scripts/make-venv $(PYTHON) .bench/venv
	.bench/venv/bin/pip install --quiet --requirement benchmarks/requirements.txt
	touch $@

.bench/node_modules/.package-lock.json: benchmarks/package.json
	mkdir -p .bench
	cp $< .bench/package.json
	npm install --prefix .bench --ignore-scripts --no-audit --no-fund --no-progress
	touch $@

.PHONY: bench
bench: $(INSTALLED) .bench/venv/.installed .bench/node_modules/.package-lock.json ## Overhead per durable step, and of a resume, side by side with others
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/resume.py
	$(BIN)/python benchmarks/lsp.py
	$(BIN)/python benchmarks/runs.py
	$(BIN)/python benchmarks/editor.py
	$(BIN)/python benchmarks/page.py
	scripts/vscode/setup
	node benchmarks/open_page.mjs
	node benchmarks/event_to_screen.mjs

.PHONY: vscode
vscode: $(INSTALLED) ## Serve a VS Code with the extension and an example in the browser
	scripts/vscode/serve

.PHONY: vsix
vsix: ## Package the extension
	scripts/vscode/package

.PHONY: clean
clean: ## Remove everything that make built
	rm -rf $(VENV) vscode-client/node_modules vscode-client/out $(STRICT)/node_modules .bench .code-server screenshots
