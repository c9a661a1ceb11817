# SPDX-License-Identifier: ISC
# `make help` explains the targets. Everything built goes below $(B).
B ?= build
O ?= -O2
CC = gcc
CLANG = clang
CFLAGS = -std=gnu17 -g $(O) -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror -fno-strict-aliasing -fvisibility=hidden -fPIC
CPPFLAGS = -I. -D_GNU_SOURCE -MMD -MP
LDLIBS = -lyaml -ljansson -lpcap -lsodium -ldl -lm
CHECK_LIBS = -lcheck -lsubunit -lrt -lpthread -lm
PYTHON = /usr/bin/python3
JOBS ?= $(shell nproc)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
MAKEFLAGS += --no-print-directory
ifndef V
.SILENT:
endif

# --- what is built from what ------------------------------------------------------------------
sources = $(filter-out %_test.c %_fuzz.c %_bench.c,$(foreach d,$(1),$(wildcard $(d)/*.c)))
objects = $(patsubst %.c,$(B)/obj/%.o,$(1))

STACK_DIRS = stack/base stack/wire stack/link stack/ip stack/udp stack/tcp
SIM_DIRS = sim/world sim/link sim/pcap sim/host sim/dut sim/scenario sim/replay sim/results sim/cli
CONFORM_DIRS = conformance/runner conformance/tester conformance/ethernet conformance/arp conformance/ipv4 conformance/icmpv4 conformance/udp conformance/tcp

STACK_OBJ = $(call objects,$(call sources,$(STACK_DIRS)))
SIM_OBJ = $(call objects,$(call sources,$(SIM_DIRS)))
CONFORM_OBJ = $(call objects,$(call sources,$(CONFORM_DIRS)))

SIM_PROGRAMS = $(patsubst sim/cmd/%.c,%,$(wildcard sim/cmd/*.c))
CONFORM_PROGRAMS = $(patsubst conformance/cmd/%.c,%,$(wildcard conformance/cmd/*.c))
PROGRAMS = $(addprefix $(B)/bin/,$(SIM_PROGRAMS) $(CONFORM_PROGRAMS)) $(if $(wildcard reports/plumbline-report),$(B)/bin/plumbline-report)
PROGRAMS += $(B)/bin/plumbline-bench
MODULES = $(patsubst sim/dut/%/module.c,$(B)/lib/plumbline-%.so,$(wildcard sim/dut/*/module.c))

UNIT_SOURCES = $(wildcard $(addsuffix /*_test.c,$(STACK_DIRS) $(SIM_DIRS) conformance/runner conformance/tester))
UNITS = $(patsubst %.c,$(B)/unit/%,$(UNIT_SOURCES))
FUZZERS = $(patsubst %.c,$(B)/fuzz/%,$(wildcard $(addsuffix /*_fuzz.c,$(STACK_DIRS) $(SIM_DIRS))))

.PHONY: all
all: setup programs ## build the programs into build/bin
.PHONY: programs
programs: $(PROGRAMS) $(MODULES)

$(B)/libstack.a: $(STACK_OBJ)
$(B)/libsim.a: $(SIM_OBJ)
$(B)/%.a:
	echo "  AR    $@"
	rm -f $@ && ar rcs $@ $(filter %.o,$^)

$(B)/obj/%.o: %.c | setup
	mkdir -p $(@D)
	echo "  CC    $<"
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(addprefix $(B)/bin/,$(SIM_PROGRAMS)): $(B)/bin/%: $(B)/obj/sim/cmd/%.o $(B)/libsim.a $(B)/libstack.a
	mkdir -p $(@D)
	echo "  LD    $@"
	$(CC) $(CFLAGS) $(LDFLAGS) -rdynamic -o $@ $< $(B)/libsim.a $(B)/libstack.a $(LDLIBS)

BENCH_OBJ = $(call objects,$(wildcard sim/bench/*.c))
$(B)/bin/plumbline-bench: $(BENCH_OBJ) $(B)/libsim.a $(B)/libstack.a
	mkdir -p $(@D)
	echo "  LD    $@"
	$(CC) $(CFLAGS) $(LDFLAGS) -rdynamic -o $@ $(BENCH_OBJ) $(B)/libsim.a $(B)/libstack.a $(LDLIBS)

$(addprefix $(B)/bin/,$(CONFORM_PROGRAMS)): $(B)/bin/%: $(B)/obj/conformance/cmd/%.o $(CONFORM_OBJ) $(B)/libsim.a $(B)/libstack.a
	mkdir -p $(@D)
	echo "  LD    $@"
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(CONFORM_OBJ) $(B)/libsim.a $(B)/libstack.a $(LDLIBS) $(CHECK_LIBS)

$(B)/bin/plumbline-report: reports/plumbline-report
	mkdir -p $(@D)
	ln -sf $(CURDIR)/$< $@

# A foreign stack in a shared object of its own: all of sim/dut/NAME/. Never with sanitizers: it is loaded into a linker
# namespace where their run-time library is not.
$(B)/lib/plumbline-%.so: $(B)/obj/sim/dut/%/module.o
	mkdir -p $(@D)
	echo "  LD    $@"
	$(CC) $(CFLAGS) -shared -Wl,-z,defs -o $@ $(filter %.o,$^) $(MODULE_LIBS_$*)
$(MODULES): private CFLAGS := $(filter-out -fsanitize=%,$(CFLAGS))
MODULE_LIBS_lwip = -llwip
LWIP_OBJ = $(call objects,$(wildcard sim/dut/lwip/*.c))
$(LWIP_OBJ): CFLAGS := $(filter-out -fsanitize=%,$(CFLAGS)) -fno-builtin
$(LWIP_OBJ): CPPFLAGS += -I/usr/include/lwip
$(B)/lib/plumbline-lwip.so: $(LWIP_OBJ)

$(B)/unit/%: $(B)/obj/%.o $(B)/libsim.a $(B)/libstack.a | $(MODULES)
	mkdir -p $(@D)
	echo "  LD    $@"
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(if $(filter conformance/%,$*),$(CONFORM_OBJ)) $(B)/libsim.a $(B)/libstack.a $(LDLIBS) $(CHECK_LIBS)
$(filter $(B)/unit/conformance/%,$(UNITS)): $(CONFORM_OBJ)

# --- tests ------------------------------------------------------------------------------------
SANITIZE = -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
export B PYTHON
SCRIPTS = $(wildcard stack/*/*_test.sh sim/*/*_test.sh conformance/*/*_test.sh traces/*_test.sh reports/*_test.sh)
SUITES = ethernet arp ipv4 icmpv4 udp tcp
STACKS = direct lwip

# Lines "NAME<TAB>COMMAND" for .ci/test.
define TEST_LIST
$(foreach s,$(SCRIPTS),$(LABEL)$(s:_test.sh=.sh)	bash $(s)\n)\
$(foreach v,$(STACKS),$(LABEL)conform/$(v)	$(B)/bin/plumbline conform --stack $(v) --results $(B)/results/conform-$(v).jsonl\n)\
$(foreach s,$(SUITES),$(LABEL)conform/direct/$(s)-alone	$(B)/bin/plumbline conform --stack direct $(s)\n)\
$(foreach v,$(STACKS),$(LABEL)scenarios/$(v)	$(B)/bin/plumbline run --stack $(v) --results $(B)/results/run-$(v).jsonl scenarios/*.yaml\n)\
$(foreach u,$(UNITS),$(LABEL)$(u:$(B)/unit/%_test=%)	$(u)\n)
endef
# What needs one run only, whatever the build. What takes longest comes first, so that jobs end together.
define ONCE_LIST
determinism	.ci/determinism $(B) build/asan $(STACKS)\n\
mutants	.ci/mutants $(B)\n\
crosscheck	$(MAKE) -s crosscheck\n\
reports	$(PYTHON) -m pytest -q -p no:cacheprovider reports\n\
tidy	.ci/tidy $(B)/libstack.a $(B)/libsim.a\n
endef

.PHONY: test
test: test-programs ## build and pass every test, in the optimised and the sanitizer build
	$(MAKE) B=build/asan O="$(SANITIZE)" test-programs
	$(MAKE) -s B=build/asan LABEL=asan/ test-list >$(B)/test-list
	printf '$(ONCE_LIST)$(TEST_LIST)' | cat - $(B)/test-list | sed 's/^ *//' | .ci/test $(B)/test $(JOBS)

.PHONY: asan
asan: setup ## the same tests in the sanitizer build only
	$(MAKE) B=build/asan O="$(SANITIZE)" test-programs
	$(MAKE) -s B=build/asan LABEL=asan/ test-list | sed 's/^ *//' | .ci/test build/asan/test $(JOBS)

.PHONY: test-programs
test-programs: setup programs $(UNITS)
	mkdir -p $(B)/results
.PHONY: test-list
test-list:
	printf '$(TEST_LIST)'

DEMO_CAPTURES = traces/ping4-fragments.pcap traces/http4-loss.pcap
.PHONY: demo
demo: all ## a lossy transfer, a replayed capture, the suites, a report: start here
	mkdir -p $(B)/demo
	echo; echo "== A TCP transfer over a lossy link: scenarios/demo.yaml"
	$(B)/bin/plumbline run --pcap $(B)/demo/pcap --results $(B)/demo/run.jsonl scenarios/demo.yaml
	echo; echo "== Two recorded exchanges, this stack in the place of the server: $(DEMO_CAPTURES)"
	$(B)/bin/plumbline replay --pcap $(B)/demo/pcap --results $(B)/demo/replay.jsonl $(DEMO_CAPTURES)
	echo; echo "== Every conformance suite on two stacks"
	$(B)/bin/plumbline conform --stack direct,lwip --jobs $(JOBS) --results $(B)/demo/conform.jsonl
	echo; echo "== The report"
	$(B)/bin/plumbline report $(B)/demo/run.jsonl $(B)/demo/replay.jsonl $(B)/demo/conform.jsonl -o $(B)/report

.PHONY: conform
conform: all ## run every conformance suite on every stack
	$(B)/bin/plumbline conform --stack direct,lwip --jobs $(JOBS)

.PHONY: scenarios
scenarios: all ## run every scenario on every stack
	for v in $(STACKS); do $(B)/bin/plumbline run --stack $$v --jobs $(JOBS) scenarios/*.yaml || exit $$?; done

.PHONY: bench
bench: all $(B)/bin/plumbline-bench ## measure what things cost, write build/bench.json
	$(B)/bin/plumbline-bench --json $(B)/bench.json

.PHONY: tidy
tidy: $(B)/libstack.a $(B)/libsim.a ## check who includes whom, the bans, and file-scope state
	.ci/tidy $^

.PHONY: format
format: ## lay out the C sources with clang-format
	.ci/setup packages.apt optional
	find stack sim conformance -name '*.[ch]' | xargs clang-format -i

# Where the wire formats are judged by others: PLUMBLINE_CORPUS names a folder of more captures.
CROSSCHECK_OBJ = $(call objects,$(call sources,stack/wire/crosscheck))
$(B)/crosscheck/dissect: $(CROSSCHECK_OBJ) $(B)/libsim.a $(B)/libstack.a
	mkdir -p $(@D)
	echo "  LD    $@"
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(CROSSCHECK_OBJ) $(B)/libsim.a $(B)/libstack.a $(LDLIBS)

.PHONY: crosscheck
crosscheck: setup $(B)/crosscheck/dissect ## let tshark and scapy judge every wire format on every capture
	$(PYTHON) stack/wire/crosscheck/crosscheck.py --jobs $(JOBS) $(B)/crosscheck $(wildcard traces/*.pcap traces/*.pcapng)

# libFuzzer targets: foo_fuzz.c, with seeds beside it in foo_fuzz_corpus/. Clang builds the libraries once more, in a place of their own.
FUZZ_SECONDS ?= 60
FUZZ_B = $(B)/clang
FUZZ_CFLAGS = -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
.PHONY: fuzz-smoke
fuzz-smoke: setup ## fuzz every parser for a short time: FUZZ_SECONDS in all (60)
	.ci/setup packages.apt optional
	$(MAKE) $(FUZZERS)
	.ci/fuzz $(B)/fuzz $(FUZZ_SECONDS) $(FUZZERS)

.PHONY: fuzz-libraries
fuzz-libraries:
	$(MAKE) B=$(FUZZ_B) CC=$(CLANG) O="$(FUZZ_CFLAGS)" $(FUZZ_B)/libsim.a $(FUZZ_B)/libstack.a

$(B)/fuzz/%: %.c fuzz-libraries
	mkdir -p $(@D)
	echo "  FUZZ  $<"
	$(CLANG) $(CPPFLAGS) $(CFLAGS) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $< $(FUZZ_B)/libsim.a $(FUZZ_B)/libstack.a $(LDLIBS)

# --- set-up -----------------------------------------------------------------------------------
.PHONY: setup
setup: build/.setup
build/.setup: packages.apt .ci/setup
	.ci/setup packages.apt
	mkdir -p $(@D) && touch $@

.PHONY: clean
clean: ## remove everything built
	rm -rf $(B)

.PHONY: help
help: ## show this list
	grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 14

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
