# SPDX-License-Identifier: Apache-2.0
# Thin wrapper over CMake's presets. `make demo` and `make test` do all their own set-up on Debian 12.
.DEFAULT_GOAL := help
.PHONY: help setup configure build nonunity odr demo test bench results asan format tidy lines clean

RELEASE := build/release
JOBS ?= $(shell nproc)
# What only the tests need: they write checkpoints with PyTorch and read them back, compare metrics, and read scans.
SETUP_ALSO :=
# THOR_WERROR=ON make ...: warnings are errors, as CI does it.
CMAKE_ARGS := $(if $(THOR_WERROR),-DTHOR_WERROR=$(THOR_WERROR))
SOURCES = $(shell git ls-files 'thor/*.cpp' 'thor/*.h' 'tests/*.cpp' 'tests/*.h' 'bench/*.cpp' 'bench/*.h')
# The rooms that take files from strangers or do the arithmetic.
SANITIZED := unit_base unit_image unit_nn unit_diffusion unit_detect unit_data
space := $(subst ,, )
# Those that differ from BASE, for the slow checks.
BASE ?= HEAD~1
CHANGED = $(shell git diff --name-only --diff-filter=d $(BASE) -- 'thor/*.cpp')

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install the Debian packages that are missing (root or sudo)
	@sh scripts/setup.sh $(SETUP_ALSO)

configure: setup
	@mkdir -p $(RELEASE)
	@cmake --preset release $(CMAKE_ARGS) > $(RELEASE)/configure.log 2>&1 || { cat $(RELEASE)/configure.log; exit 1; }

build: configure ## build the program: build/release/thor
	@cmake --build $(RELEASE) -j $(JOBS) --target thor

nonunity: setup ## the program with every source compiled on its own, which finds missing includes: build/nonunity
	@cmake -S . -B build/nonunity -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_UNITY_BUILD=OFF -DTHOR_TESTS=OFF $(CMAKE_ARGS) > /dev/null
	@cmake --build build/nonunity -j $(JOBS) --target thor

odr: setup ## the program linked with -flto -Wodr, which finds two definitions of one name: build/odr
	@cmake -S . -B build/odr -G Ninja -DCMAKE_BUILD_TYPE=Release -DTHOR_TESTS=OFF -DCMAKE_CXX_FLAGS="-flto=auto -Wodr" $(CMAKE_ARGS) > /dev/null
	@cmake --build build/odr -j $(JOBS) --target thor

demo: build ## phantoms, a small model, THOR against DDPM, a page: demo/index.html
	@$(RELEASE)/thor demo demo
	@echo "open demo/index.html"

test: SETUP_ALSO := python3-torch python3-sklearn python3-skimage python3-scipy python3-nibabel python3-pydicom python3-pil dcmtk
test: configure ## build everything and run every test
	@cmake --build $(RELEASE) -j $(JOBS)
	@ctest --test-dir $(RELEASE) --output-on-failure

bench: SETUP_ALSO := libbenchmark-dev python3-torch
bench: CMAKE_ARGS += -DTHOR_BENCH=ON
bench: configure ## against PyTorch, in turns: build/bench/index.html (QUICK=1: in two minutes)
	@cmake --build $(RELEASE) -j $(JOBS) --target thor thor_bench bench_page
	@$(or $(THOR_PYTHON),/usr/bin/python3) bench/run.py $(RELEASE) build/bench $(if $(QUICK),--quick)
	@$(RELEASE)/bench/bench_page build/bench > build/bench/tables.md
	@echo "open build/bench/index.html"

results: build ## every table of docs/results.md: make results DATA=folder (hours; goes on where it was stopped)
	@sh scripts/results.sh "$(DATA)"

asan: setup ## the unit tests of the lower rooms under AddressSanitizer and UBSan
	@cmake --preset asan > /dev/null
	@cmake --build build/asan -j $(JOBS) --target $(SANITIZED)
	@ctest --test-dir build/asan --output-on-failure -R '^($(subst $(space),|,$(SANITIZED)))$$'

format: ## clang-format every source file
	@clang-format -i $(SOURCES)

tidy: configure ## clang-tidy the sources that differ from BASE (default HEAD~1)
	@test -z "$(CHANGED)" || clang-tidy --quiet -p $(RELEASE) $(CHANGED)

lines: ## lines of code per room, median and longest file
	@sh scripts/lines.sh

clean: ## remove what was built
	@rm -rf build demo
