# SPDX-License-Identifier: Apache-2.0
# Every verb of the project; `make help` lists them. The work is done by CMake and the scripts in scripts/.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PRESET       ?= release#        build, test: release, or debug, which has no RTL and so no map
JOBS         ?= $(shell nproc)# parallel jobs
SCALE        ?= ci#             random volume of the tests: quick, ci or full
TENSOR       ?= $(wildcard tests/data/*.npy)# demo, bench: files to work on
FUZZ_SECONDS ?= 30#             fuzz: time for each target; 600 before a release
SOAK_BLOCKS  ?= 2000000#        soak: how many
TRACE        ?= tests/data/step# memory: a step of actplane-train capture --trace
ACCESSES     ?= 400000#         memory: random beats of the soak
SOAK_POINTS  ?= all#            soak: points of the parameters besides the named configurations, from where it stopped
POINT        ?=#                build, test: a seed; one point of scripts/points.sh is built and tested besides
ORDER        ?= both#           verify: field, significance or both
COVERAGE_MIN ?= 98#             coverage: percent of the lines of model/
CONFIG       ?= default#        synth, timing, area-update, fpga, power: a name of rtl/configs.txt, or all
LIBERTY      ?=#                synth, timing, power: liberty files besides osu018, .lib or .lib.gz
CLOCK_GATING ?= 0#              synth, area-update, timing: 1 puts registers behind clock gates
GATE_CONFIGS ?= tiny narrow burst# gate: which configurations
PREFIX       ?= /usr/local#     install: where to

export JOBS POINT FUZZ_SECONDS COVERAGE_MIN CONFIG LIBERTY CLOCK_GATING GATE_CONFIGS
export ACTP_TEST_SCALE = $(SCALE)

# The sections of .ci/packages.txt that the two verbs of a newcomer need; check-tools prints them.
needs_demo = build rtl
needs_test = build rtl test

# Runs CMake where it has not run with these presets and options; after that ninja does it when a CMakeLists.txt changes.
# RTL_FIRST, as in CI: fewer configurations, compiled for time to build, waveforms of one alone.
rtl_first = ON "-DACTPLANE_RTL_CONFIGS=default;lossy;fast;narrow;tiny;burst;fp32;bf16" -DACTPLANE_MODEL_OPT=-O1 -DACTPLANE_TEST_OPT=-O1 -DACTPLANE_RTL_WAVES=tiny
rtl_all = OFF -UACTPLANE_RTL_CONFIGS -UACTPLANE_MODEL_OPT -UACTPLANE_TEST_OPT -UACTPLANE_RTL_WAVES
# RTL_COVERAGE, as in CI: the tests of the modules count what they reach, so that `cover` need not build them once more.
# UNITY, as in CI: a dozen sources at a time, which takes half the time for all and longer for one that was edited.
options = -DCMAKE_UNITY_BUILD=$(if $(UNITY)$(filter demo,$(1)),ON,OFF) -DCMAKE_UNITY_BUILD_BATCH_SIZE=12 \
          $(if $(filter release,$(1)),-DACTPLANE_RTL_POINT=$(POINT) -DACTPLANE_RTL_COVERAGE=$(if $(RTL_COVERAGE),ON,OFF) \
          -DACTPLANE_RTL_FIRST=$(if $(RTL_FIRST),$(rtl_first),$(rtl_all)))
stamp = { cat CMakePresets.json && printf '%s\n' '$(call options,$(1))'; }
configure = { $(call stamp,$(1)) | cmp -s - build/$(1)/options; } || { cmake --preset $(1) $(call options,$(1)) && $(call stamp,$(1)) >build/$(1)/options; }
build = $(call configure,$(1)) && cmake --build --preset $(1) --parallel $(JOBS)

.NOTPARALLEL:
.PHONY: help check-tools setup build test test-full map map-update demo bench study install package-check \
        fmt fmt-check tidy lint asan coverage fuzz rtl-test ip ip-update figures rtl-lint sim sim-build memory memory-build verify soak mutate mutate-random cover \
        gate gate-slang gate-modules four-state equiv formal formal-quick synth area-check area-update timing timing-update fpga fpga-update power \
        synth-test explore report report-update report-test python-test train train-build train-test train-study bare ci clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile
	@printf '\nVariables, as in `make test SCALE=quick`:\n'
	@printf '  %-14s %s\n' PRESET '$(PRESET)' JOBS '$(JOBS)' SCALE '$(SCALE)' TENSOR '$(or $(TENSOR),none)' \
	  CONFIG '$(CONFIG)' LIBERTY '$(or $(LIBERTY),none)' FUZZ_SECONDS '$(FUZZ_SECONDS)' COVERAGE_MIN '$(COVERAGE_MIN)' PREFIX '$(PREFIX)'

check-tools:  ## which packages are here, what each is for, what demo and test would install
	@scripts/setup.sh --check demo='$(needs_demo)' test='$(needs_test)'

setup:  ## install the packages that every verb together needs (apt-get)
	@scripts/setup.sh all

build:  ## compile library, command, RTL models, bench and tests
	@scripts/setup.sh $(needs_test)
	@$(call build,$(PRESET))

test: build  ## all tests of model, command and RTL, then the map
	@rm -rf build/$(PRESET)/xml  # the map must see this run only
	@$(if $(RTL_COVERAGE),rm -rf build/cover/data && mkdir -p build/cover/data && ACTP_COVERAGE_DIR=$(CURDIR)/build/cover/data) \
	  scripts/test.sh $(PRESET) --label-exclude '^(package|synth)$$'
	@if [[ $(PRESET) != release ]]; then cat build/$(PRESET)/tests.txt; exit; fi; \
	  scripts/map.sh && printf '%s, map complete\n' "$$(cat build/release/tests.txt)"

test-full:  ## the same with the full random volume (10^8 patterns and more)
	@$(MAKE) --no-print-directory test SCALE=full

map:  ## every clause of docs/format.md has code and a passed test (after `make test`)
	@scripts/map.sh

map-update:  ## rewrite the table in docs/verification.md
	@scripts/map.sh --update

demo:  ## activations of a small GPT-2 through the command, then through the RTL
	@scripts/setup.sh $(needs_demo)
	@$(call configure,demo) && cmake --build --preset demo --parallel $(JOBS)
	@scripts/demo.sh $(TENSOR)

bench:  ## speed, ratio and SNR next to zfp, lz4, zstd and memcpy; SNR next to quantizers; the C library next to C++
	@scripts/setup.sh build test rtl bench
	@cmake --preset release -DACTPLANE_BUILD_BENCH=ON >/dev/null
	@cmake --build --preset release --parallel $(JOBS) --target actplane_bench c_speed
	@mkdir -p build/bench
	@build/release/bin/actplane_bench --csv build/bench/bench.csv $(TENSOR)
	@build/release/bin/c_speed

study:  ## the measurements behind docs/decisions/0005, in dB
	@scripts/setup.sh build test rtl bench
	@cmake --preset release -DACTPLANE_BUILD_BENCH=ON >/dev/null
	@cmake --build --preset release --parallel $(JOBS) --target format2_study
	@build/release/bin/format2_study $(TENSOR)

install:  ## install commands, libraries, headers, CMake package, RTL and documents to PREFIX
	@scripts/setup.sh build test rtl
	@$(call build,release)
	@[[ $$(id -u) -eq 0 || -w $(PREFIX) || ! -e $(PREFIX) ]] || { echo "make install: $(PREFIX) cannot be written; then: sudo sh -c 'cmake --install build/release --prefix $(PREFIX) && ldconfig'" >&2; exit 1; }
	@cmake --install build/release --prefix $(PREFIX)
	@if [[ $$(id -u) -eq 0 ]]; then ldconfig; fi  # so that libactplane.so is found where the system looks

package-check: build  ## install into an empty prefix and build projects against it, in C++ and in C
	@scripts/setup.sh package
	@scripts/test.sh $(PRESET) --label-regex package

fmt:  ## lay out the C++ code
	@scripts/setup.sh lint
	@scripts/fmt.sh

fmt-check:  ## fail where the layout differs
	@scripts/setup.sh lint
	@scripts/fmt.sh --check

tidy:  ## clang-tidy over model/
	@scripts/setup.sh build test rtl lint
	@scripts/tidy.sh

lint:  ## scripts, width of pages, independence of the second decoder, clang-tidy
	@scripts/setup.sh build test rtl lint
	@scripts/lint.sh

asan:  ## unit tests under AddressSanitizer and UndefinedBehaviorSanitizer; counts the lines of model/ for coverage
	@scripts/setup.sh build test fuzz
	@$(call build,checked)
	@rm -rf build/checked/profiles
	@LLVM_PROFILE_FILE=$(CURDIR)/build/checked/profiles/%2m.profraw scripts/test.sh checked || { rm -rf build/checked/profiles; exit 1; }

coverage:  ## line coverage of model/ by the tests of `make asan`, fails below COVERAGE_MIN
	@scripts/setup.sh build test fuzz
	@[[ -d build/checked/profiles && -z $$(find model tests -type f -newer build/checked/tests.txt -print -quit) ]] || $(MAKE) --no-print-directory asan
	@scripts/coverage.sh

fuzz:  ## every libFuzzer target for FUZZ_SECONDS
	@scripts/setup.sh build fuzz
	@$(call build,checked) --target model/fuzz/all
	@LLVM_PROFILE_FILE=/dev/null scripts/fuzz.sh

rtl-test: build  ## only compressor and decompressor RTL against the golden model, module by module and whole
	@scripts/test.sh $(PRESET) --label-regex 'rtl|system'

ip:  ## docs/ip.md, docs/memory.md, actplane.core and Bender.yml say what rtl/ says, and comments name what exists; pages of 120 columns
	@scripts/ip.sh
	@scripts/cites.sh
	@scripts/pages.sh

ip-update:  ## write the tables of docs/ip.md and docs/memory.md, actplane.core and Bender.yml from rtl/
	@scripts/ip.sh --update

figures:  ## write the timing figures of docs/ip.md and docs/memory.md from the RTL and draw them (WaveDrom, by npm into build/)
	@scripts/setup.sh build test rtl
	@$(call configure,release) && cmake --build --preset release --parallel $(JOBS) --target figures_test memory_rtl_test
	@scripts/figures.sh

rtl-lint:  ## Verilator and Yosys over all sixteen sizes; comments, packages and tables made from rtl/
	@scripts/setup.sh rtl yosys mutants
	@scripts/rtl_lint.sh

sim: sim-build  ## one run of the bench, as in `make sim ARGS="--config fast --stall bursty"`
	@build/release/bin/actplane-sim $(ARGS)

verify: sim-build  ## TENSOR through compressor and decompressor RTL and the golden model, in both orders or ORDER
	@for order in $(if $(filter both,$(ORDER)),field significance,$(ORDER)); do \
	  build/release/bin/actplane-verify $(TENSOR) --order $$order $(ARGS); done

soak: sim-build  ## SOAK_BLOCKS random blocks over all configurations, sequences and stalls, then SOAK_POINTS
	@build/release/bin/actplane-sim --soak $(SOAK_BLOCKS)
	@scripts/soak_points.sh $(SOAK_POINTS)

memory: memory-build  ## the memory path's RTL: ACCESSES at random, then the training step TRACE in DRAM: footprint, traffic, time
	@mkdir -p build/memory
	@build/release/bin/actplane-memory-sim --device rtl --soak $(ACCESSES)
	@build/release/bin/actplane-memory replay $(TRACE) --device rtl --order significance --group 8 --ratio 3.2,4,5.3333,8 \
	  --picture build/memory/step.svg -f $(ARGS)

memory-build:
	@scripts/setup.sh build test rtl
	@$(call configure,release) && cmake --build --preset release --parallel $(JOBS) --target actplane_memory actplane_memory_sim

sim-build:
	@scripts/setup.sh build test rtl
	@$(call configure,release) && cmake --build --preset release --parallel $(JOBS) --target actplane_sim actplane_verify

mutate:  ## break the RTL on purpose; every mutant must turn a test red
	@scripts/setup.sh build test rtl mutants
	@scripts/mutate.sh

mutate-random:  ## COUNT one-token mutants of any line, drawn by SEED; survivors are listed
	@scripts/setup.sh build test rtl mutants
	@scripts/mutate_random.sh $(COUNT) $(SEED)

cover:  ## line and toggle coverage of rtl/
	@scripts/setup.sh build test rtl coverage
	@scripts/rtl_coverage.sh

gate:  ## the bench on netlists of the AXI tops (GATE_CONFIGS), every output bit against the golden model
	@scripts/setup.sh build test rtl yosys
	@synth/flow/gate.sh

gate-slang:  ## the same on netlists that another front end has read: slang, from npm
	@scripts/setup.sh build test rtl yosys
	@FRONT_END=slang synth/flow/gate.sh

four-state:  ## netlists that start unknown, in Icarus Verilog: after reset nothing defined may be unknown
	@scripts/setup.sh yosys four-state
	@scripts/four_state.sh

equiv:  ## SAT proofs, module by module: the mapped netlist of CONFIG, else tiny, does what the RTL does
	@scripts/setup.sh yosys
	@CONFIG=$(if $(filter file,$(origin CONFIG)),,$(CONFIG)) synth/flow/equiv.sh

formal:  ## all proofs of synth/formal, each with a mutant that it must not survive
	@scripts/setup.sh yosys mutants formal
	@scripts/formal.sh $(ARGS)

formal-quick:  ## those that CI runs
	@scripts/setup.sh yosys mutants formal
	@scripts/formal.sh --quick

gate-modules:  ## the module tests on the netlists that Yosys makes
	@scripts/setup.sh build test rtl yosys
	@scripts/gate_modules.sh

synth:  ## area, flops, depth and the breakdown by module, as in `make synth CONFIG=fast LIBERTY=my.lib.gz`
	@scripts/setup.sh yosys synth
	@synth/flow/area.sh

area-check:  ## the default configuration again: no latch, the flops and the area of synth/reports/area.csv
	@scripts/setup.sh yosys
	@ACTPLANE_CONFIGS= CONFIG=default LIBERTY= CLOCK_GATING=0 synth/flow/area.sh --check

area-update:  ## rewrite the rows of CONFIG in synth/reports/area.csv
	@scripts/setup.sh yosys synth
	@synth/flow/area.sh --update

timing:  ## the clock that osu018 and LIBERTY allow, and the modules on the worst path
	@scripts/setup.sh yosys synth
	@synth/flow/timing.sh

timing-update:  ## rewrite the rows of CONFIG in synth/reports/timing.csv
	@scripts/setup.sh yosys synth
	@synth/flow/timing.sh --update

fpga:  ## LUTs, registers and block RAM in Xilinx 7, ECP5 and iCE40
	@scripts/setup.sh yosys fpga
	@synth/flow/fpga.sh

fpga-update:  ## rewrite the rows of CONFIG in synth/reports/fpga.csv
	@scripts/setup.sh yosys fpga
	@synth/flow/fpga.sh --update

power: sim-build  ## power of the netlist from the activity of TENSOR in the bench
	@scripts/setup.sh yosys synth
	@$(if $(filter file,$(origin TENSOR)),,TENSOR='$(TENSOR)') synth/flow/power.sh

synth-test:  ## what the flow of synth/ refuses, and designs that are none of ours
	@scripts/setup.sh $(needs_test) yosys synth fpga
	@$(call configure,$(PRESET))
	@scripts/test.sh $(PRESET) --label-regex '^synth$$'

explore:  ## area, clock, cycles, ratio and SNR of points of the parameters, as table and pictures; LIBERTY= a library with latches
	@scripts/setup.sh build rtl yosys synth explore
	@synth/flow/explore.sh $(if $(LIBERTY),--liberty $(firstword $(LIBERTY))) $(ARGS)

report:  ## one HTML page of all that is measured, build/report/index.html; with TENSOR=file.npy that one too
	@scripts/setup.sh report
	@scripts/report.sh $(if $(filter command% environment%,$(origin TENSOR)),$(TENSOR))

report-update:  ## write the table and the picture of README.md from the committed tables
	@scripts/setup.sh report
	@node report/readme.mjs --update

report-test:  ## the page in headless Chromium; its figures against commands, README and docs/results.md
	@scripts/setup.sh report report-test
	@scripts/report.sh --test

python-test:  ## tests and examples of python/, on Debian's torch, numcodecs and zarr; after train-build, against the trainer
	@scripts/setup.sh build python
	@$(call configure,python) && cmake --build --preset python --parallel $(JOBS)
	@scripts/python.sh build/python/model/c/libactplane.so

train: train-build  ## train GPT-2 with compressed activations, as in `make train ARGS="--preset tiny --stash zfp"`
	@build/train/bin/actplane-train train $(ARGS)

train-test: train-build  ## gradients against autograd, repeatability, resume, bad input, and a run of preset tiny
	@$(call configure,train) && cmake --build --preset train --parallel $(JOBS) --target train_test
	@scripts/test.sh train --label-regex train

train-study: train-build  ## the training figures of docs/results.md; hours, goes on where it stopped
	@cmake --build --preset train --parallel $(JOBS) --target actplane_cli
	@train/study.sh $(ARGS)

train-build:
	@scripts/setup.sh build test train
	@$(call configure,train) && cmake --build --preset train --parallel $(JOBS) --target actplane_train_app

bare:  ## make demo and make test in a Debian 12 with nothing on it: time, packages, download and disk (ARGS=demo: that one)
	@scripts/setup.sh bare
	@scripts/bare.sh $(ARGS)

ci:  ## what CI runs: everything above, in order of cost
	@.ci/run

clean:  ## remove build/
	rm -rf build
