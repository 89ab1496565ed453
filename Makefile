# SPDX-License-Identifier: GPL-2.0-only
#
# "make help" lists the targets. Each room's Makefile lists what the room builds, and
# topology/build.mk says how; make runs once, in this folder.

TOP   := $(CURDIR)
BUILD ?= $(TOP)/build
RUSTC ?= /usr/bin/rustc
# Headers of the kernel to build for; the VM's kernel unless told otherwise.
KDIR  ?= $(BUILD)/kernel/default/headers
export TOP BUILD RUSTC KDIR

# On all CPUs unless told otherwise.
ifeq ($(MAKELEVEL)$(filter -j% --jobs%,$(MAKEFLAGS) $(shell tr '\0' ' ' </proc/$$PPID/cmdline)),0)
MAKEFLAGS += -j$(shell nproc)
endif
# rustc is no make: it would only complain that it cannot talk to this one.
export CARGO_MAKEFLAGS :=
# What is not made is not told how many jobs to run, nor to be quiet.
ALONE := env -u MAKEFLAGS -u MAKELEVEL

ROOMS := kmod dataplane control bmc
all: $(ROOMS)		## the product (make bench: the load generators and measurements)

include topology/build.mk $(addsuffix /Makefile,$(ROOMS) bench tests)

# make ROOM: what it is for; make check-ROOM: what its tests run besides
$(foreach room,$(ROOMS) bench,$(eval $(room): $(PRODUCT-$(room))))
$(foreach room,$(ROOMS) bench tests,$(eval check-$(room): $(TESTS-$(room))))
check: $(foreach room,$(ROOMS) bench tests,check-$(room))	## the programs that tests run

$(BUILD)/kernel/default/headers:
	topology/vm/kernel

deps:			## install the Debian packages of topology/deps/packages
	topology/deps/install

test: deps		## install what is missing, build, and run every test
	@$(MAKE) --no-print-directory all bench check
	@$(ALONE) tests/run

demo: deps		## install what is missing, build, and run the A/B in a VM
	@$(MAKE) --no-print-directory $(BUILD)/bin/rexctl $(PRODUCT-bmc) $(DEMO)
	@$(ALONE) bench/demo/run

test-tokens: $(TESTS-dataplane)	## ten minutes of made-up programs, whose tokens are the same for rexc and rustc
	@$(ALONE) tests/rexc/run-tokens

# One tree that rexc and rexctl find their parts in, links to its programs, and
# rex.ko where modprobe looks. Build with the same KDIR first.
PREFIX ?= /usr/local
TREE   := $(DESTDIR)$(PREFIX)/lib/rex
KREL    = $(shell $(MAKE) -s --no-print-directory -C $(KDIR) kernelrelease)
install: all install-librex		## for the kernel that KDIR names; PREFIX and DESTDIR as usual
	install -d $(TREE)/kernel/default $(TREE)/kmod $(DESTDIR)$(PREFIX)/bin \
		$(DESTDIR)$(PREFIX)/share/man/man8 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)/lib/modules/$(KREL)/updates
	cp -a $(BUILD)/bin $(BUILD)/lib $(BUILD)/sysroot $(BUILD)/programs $(TREE)
	install -m 644 $(BUILD)/kmod/Module.symvers $(TREE)/kmod
	ln -sfn $(KDIR) $(TREE)/kernel/default/headers
	cd $(TREE)/bin && for f in *; do ln -sf $(PREFIX)/lib/rex/bin/$$f $(DESTDIR)$(PREFIX)/bin/$$f; done
	install -m 644 $(BUILD)/share/man/man8/*.8 $(DESTDIR)$(PREFIX)/share/man/man8
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's,/usr/local/,$(PREFIX)/,' bmc/daemon/rex-bmc.service \
		>$(DESTDIR)$(PREFIX)/lib/systemd/system/rex-bmc.service
	install -m 644 control/rexctl/rexctl.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/rexctl
	install -m 644 $(BUILD)/kmod/rex.ko $(DESTDIR)/lib/modules/$(KREL)/updates
	$(if $(DESTDIR),,depmod $(KREL))

# What a program in C needs; of what is built.
DEV := $(DESTDIR)$(PREFIX)
install-librex:
	install -d $(DEV)/include/rex $(DEV)/lib/pkgconfig $(DEV)/share/man/man3
	install -m 644 control/librex/include/rex/librex.h kmod/include/uapi/rex.h $(DEV)/include/rex
	cp -a $(BUILD)/lib/librex.* $(DEV)/lib
	install -m 644 $(BUILD)/lib/pkgconfig/librex.pc $(DEV)/lib/pkgconfig
	install -m 644 $(BUILD)/share/man/man3/* $(DEV)/share/man/man3

clean:			## remove what was built (the unpacked kernel stays)
	rm -rf $(filter-out $(BUILD)/kernel,$(wildcard $(BUILD)/*))

help:
	@echo "make ROOM: one of $(ROOMS) bench; make check-ROOM: what its tests run besides; and"
	@sed -nE 's/^([a-z-]+):.*## /\1\t/p' $(MAKEFILE_LIST) | sort | expand -t 18

.PHONY: all $(ROOMS) bench check $(foreach room,$(ROOMS) bench tests,check-$(room)) \
	deps test demo test-tokens install install-librex clean help
-include $(shell find $(wildcard $(BUILD)/obj*) -name '*.d' 2>/dev/null)
