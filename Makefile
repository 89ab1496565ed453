# SPDX-License-Identifier: GPL-2.0-only
#
# make          build everything
# make demo     install what is missing, build, and run the A/B in a VM
# make test     install what is missing, build, and run every test
# make help     the other targets

export TOP   := $(CURDIR)
export BUILD ?= $(TOP)/build
export RUSTC ?= /usr/bin/rustc
export CLANG ?= clang
# Headers of the kernel to build for; the VM's kernel unless told otherwise.
export KDIR  ?= $(BUILD)/kernel/default/headers

ROOMS := kmod dataplane control bmc bench

all: $(ROOMS)

$(ROOMS): | $(KDIR)
	@$(MAKE) --no-print-directory -C $@

dataplane: kmod
control bmc: dataplane
bench: control bmc

$(BUILD)/kernel/default/headers:
	topology/vm/kernel

deps:
	topology/deps/install

test: deps
	@$(MAKE) --no-print-directory all
	tests/run

demo: deps
	@$(MAKE) --no-print-directory all
	bench/demo/run

clean:
	rm -rf $(filter-out $(BUILD)/kernel,$(wildcard $(BUILD)/*))

help:
	@sed -n '/^# make/s/^# //p' Makefile
	@echo "make deps     install the Debian packages of topology/deps/packages"
	@echo "make ROOM     build one room: $(ROOMS)"
	@echo "make clean    remove what was built (the unpacked kernel stays)"

.PHONY: all $(ROOMS) deps test demo clean help
