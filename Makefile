# SPDX-License-Identifier: GPL-2.0-only
#
# make          build everything but the tests
# make demo     install what is missing, build, and run the A/B in a VM
# make test     install what is missing, build, and run every test
# make help     the other targets

export TOP   := $(CURDIR)
export BUILD ?= $(TOP)/build
export RUSTC ?= /usr/bin/rustc
export CLANG ?= clang
# Headers of the kernel to build for; the VM's kernel unless told otherwise.
export KDIR  ?= $(BUILD)/kernel/default/headers

# One line a step (V=1: all), on all CPUs unless told otherwise.
export MAKEFILES := $(TOP)/topology/deps/quiet.mk
ifeq ($(MAKELEVEL)$(filter -j% --jobs%,$(MAKEFLAGS) $(shell tr '\0' ' ' </proc/$$PPID/cmdline)),0)
MAKEFLAGS += -j$(shell nproc)
endif
# rustc is no make: it would only complain that it cannot talk to this one.
export CARGO_MAKEFLAGS :=
# What is not made is not told how many jobs to run, nor to be quiet.
ALONE := env -u MAKEFLAGS -u MAKEFILES -u MAKELEVEL

ROOMS := kmod dataplane control bmc bench
# What of each room: all but the tests; also "tests", or "demo", what the demo needs.
GOALS := all

all: $(ROOMS)

$(ROOMS): | $(KDIR)
	@$(MAKE) --no-print-directory -C $@ $(GOALS)

dataplane: kmod
control: dataplane
bmc: control
bench: bmc

$(BUILD)/kernel/default/headers:
	topology/vm/kernel

deps:
	topology/deps/install

test: deps
	@$(MAKE) --no-print-directory all GOALS="all tests"
	@$(MAKE) --no-print-directory -C tests/programs
	@$(MAKE) --no-print-directory -C bmc/tests/judge
	@$(ALONE) tests/run

demo: deps
	@$(MAKE) --no-print-directory all GOALS=demo
	@$(ALONE) bench/demo/run

doc: | $(KDIR)
	@$(MAKE) --no-print-directory -C dataplane/rex doc
	@echo "$(BUILD)/doc/rex/index.html"

test-proto: bmc
	@$(MAKE) --no-print-directory -C bmc test-proto

test-tokens: dataplane
	@$(ALONE) tests/rexc/run-tokens

bench-micro: all
	@$(ALONE) bench/micro/run

bench-insn: all
	@$(ALONE) bench/insn/run
	@$(ALONE) bench/insn/get

bench-hitratio:
	@$(MAKE) --no-print-directory bmc GOALS="all tests"
	@$(ALONE) bench/hitratio/run

test-consistency:
	@$(MAKE) --no-print-directory all GOALS="all tests"
	@$(MAKE) --no-print-directory -C bmc/tests/judge
	@$(ALONE) bmc/tests/judge/run

test-bmc-many:
	@$(MAKE) --no-print-directory all GOALS="all tests"
	@REX_CONNECTIONS=10000 $(ALONE) tests/run tests/vm/bmc-many.t

# One tree that rexc and rexctl find their parts in, links to its programs, and
# rex.ko where modprobe looks. Build with the same KDIR first.
PREFIX ?= /usr/local
TREE   := $(DESTDIR)$(PREFIX)/lib/rex
KREL    = $(shell $(MAKE) -s --no-print-directory -C $(KDIR) kernelrelease)
install: all
	install -d $(TREE)/kernel/default $(TREE)/kmod $(DESTDIR)$(PREFIX)/bin \
		$(DESTDIR)$(PREFIX)/share/man/man8 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)/lib/modules/$(KREL)/updates
	cp -a $(BUILD)/bin $(BUILD)/lib $(BUILD)/sysroot $(BUILD)/programs $(TREE)
	install -m 644 $(BUILD)/kmod/Module.symvers $(TREE)/kmod
	ln -sfn $(KDIR) $(TREE)/kernel/default/headers
	cd $(TREE)/bin && for f in *; do ln -sf $(PREFIX)/lib/rex/bin/$$f $(DESTDIR)$(PREFIX)/bin/$$f; done
	install -m 644 $(BUILD)/share/man/man8/*.8 $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 644 control/rexctl/rexctl.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/rexctl
	install -m 644 $(BUILD)/kmod/rex.ko $(DESTDIR)/lib/modules/$(KREL)/updates
	$(if $(DESTDIR),,depmod $(KREL))

clean:
	rm -rf $(filter-out $(BUILD)/kernel,$(wildcard $(BUILD)/*))

help:
	@sed -n '/^# make/s/^# //p' Makefile
	@echo "make deps     install the Debian packages of topology/deps/packages"
	@echo "make ROOM     build one room: $(ROOMS)"
	@echo "make install  for the kernel that KDIR names; PREFIX and DESTDIR as usual"
	@echo "make doc      what a program may use of the crate, in build/doc/rex"
	@echo "make test-proto  whether the accelerator's parser and memcached agree on STREAMS streams"
	@echo "make bench-insn  instructions per packet and per whole GET, eBPF and Rex"
	@echo "make bench-hitratio  hits per GET of the store, beside other ways to use the memory"
	@echo "make bench-micro what calls, maps, locks, records cost, eBPF and Rex"
	@echo "make test-tokens  ten minutes of made-up programs, whose tokens are the same for rexc and rustc"
	@echo "make test-consistency  a million operations against each accelerator, every answer judged"
	@echo "make test-bmc-many  start, stop and status with 10,000 idle and 10,000 used connections"
	@echo "make clean    remove what was built (the unpacked kernel stays)"

.PHONY: all $(ROOMS) deps test test-bmc-many test-consistency test-proto test-tokens demo doc bench-insn bench-hitratio install clean help
