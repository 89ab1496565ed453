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

PRODUCT := $(foreach room,$(ROOMS),$(PRODUCT-$(room)))
# make ROOM: what it is for; make check-ROOM: what its tests run besides
$(foreach room,$(ROOMS) bench,$(eval $(room): $(PRODUCT-$(room))))
$(foreach room,$(ROOMS) bench tests,$(eval check-$(room): $(TESTS-$(room))))
check: $(foreach room,$(ROOMS) bench tests,check-$(room))	## the programs that tests run

$(BUILD)/kernel/default/headers:
	topology/vm/kernel

deps:			## install the packages of topology/deps/packages, or those of PROFILE (product, vm, bench, test)
	topology/deps/install $(PROFILE)

test: deps		## install what is missing, build, and run every test
	@$(MAKE) --no-print-directory all bench check
	@$(ALONE) tests/run

demo: deps		## install what is missing, build, and run the A/B in a VM
	@$(MAKE) --no-print-directory $(BUILD)/bin/rexctl $(PRODUCT-bmc) $(DEMO)
	@$(ALONE) bench/demo/run

test-toy: $(CRATE) $(KDIR)	## a hook more, tests/toy/hook.patch: builds a tree with it, runs a program there in a VM
	@$(ALONE) tests/toy/run

test-tokens: $(TESTS-dataplane)	## ten minutes of made-up programs, whose tokens are the same for rexc and rustc
	@$(ALONE) tests/rexc/run-tokens

test-kernels: all $(BUILD)/tests/guards.ko	## the core tests on other kernels of Debian's (KERNELS="13 12-rt"): a table
	@$(ALONE) tests/run-kernels $(KERNELS)

# One tree that rexc and the tools find their parts in, links to its programs, what a C program
# needs, and rex.ko where modprobe looks. Build with the same KDIR first. All is put together in
# $(STAGE), so that the list of files is complete: uninstall removes what it names.
PREFIX ?= /usr/local
TREE   := $(PREFIX)/lib/rex
STAGE  := $(BUILD)/stage
KREL    = $(shell $(MAKE) -s --no-print-directory -C $(KDIR) kernelrelease)
ABI    := kmod/include/uapi/rex.h kmod/include/rex_hooks.h
put     = install -D -m 644 -t $(STAGE)$(PREFIX)/$1 $2
install: all		## for the kernel that KDIR names; PREFIX and DESTDIR as usual
	@rm -rf $(STAGE)
	@install -d $(STAGE)$(TREE)/kernel/default $(STAGE)$(PREFIX)/bin
	@cp -a $(BUILD)/sysroot $(STAGE)$(TREE)
	@install -D -t $(STAGE)$(TREE)/bin $(filter $(BUILD)/bin/%,$(PRODUCT))
	@install -D -t $(STAGE)$(TREE)/programs $(filter $(BUILD)/programs/%,$(PRODUCT))
	@install -d $(STAGE)$(TREE)/lib && cp -a $(BUILD)/lib/rexc $(STAGE)$(TREE)/lib
	@$(call put,lib/rex/kmod,$(BUILD)/kmod/Module.symvers)
	@ln -s $(KDIR) $(STAGE)$(TREE)/kernel/default/headers
	@cd $(STAGE)$(TREE)/bin && for f in *; do ln -s ../lib/rex/bin/$$f $(STAGE)$(PREFIX)/bin/$$f; done
	@$(call put,include/rex,control/librex/include/rex/librex.h $(ABI))
	@cp -a $(BUILD)/lib/librex.a $(BUILD)/lib/librex.so* $(STAGE)$(PREFIX)/lib
	@$(call put,lib/pkgconfig,$(BUILD)/lib/pkgconfig/librex.pc)
	@for d in $(BUILD)/share/man/man*; do $(call put,share/man/$${d##*/},$$d/*); done
	@install -D -m 644 control/rexctl/rexctl.bash $(STAGE)$(PREFIX)/share/bash-completion/completions/rexctl
	@install -d $(STAGE)$(PREFIX)/lib/systemd/system
	@for f in bmc/daemon/rex-bmc.service control/rexctl/rex.service; do \
		sed 's,/usr/local/,$(PREFIX)/,' $$f >$(STAGE)$(PREFIX)/lib/systemd/system/$${f##*/} || exit; done
	@install -D -m 644 -t $(STAGE)/lib/modules/$(KREL)/updates $(BUILD)/kmod/rex.ko
	@cd $(STAGE) && find . -type f -o -type l >$(BUILD)/files && mv $(BUILD)/files .$(TREE)/files
	@mkdir -p $(DESTDIR)/ && cd $(STAGE) && tar -cT .$(TREE)/files .$(TREE)/files | tar -x --no-same-owner -C $(DESTDIR)/
	@rm -rf $(STAGE)
	@$(if $(DESTDIR),,depmod $(KREL); ldconfig)

uninstall:		## remove what make install, with this PREFIX and DESTDIR, put there
	@[ -e $(DESTDIR)$(TREE)/files ] || { echo "no $(DESTDIR)$(TREE)/files: nothing is installed with this PREFIX and DESTDIR" >&2; exit 1; }
	@cd $(DESTDIR)/ && xargs -d '\n' rm -f <.$(TREE)/files && rm -f .$(TREE)/files
	@find $(DESTDIR)$(TREE) $(DESTDIR)$(PREFIX)/include/rex -depth -type d -empty -delete
	@$(if $(DESTDIR),find $(DESTDIR) -mindepth 1 -depth -type d -empty -delete)

# What a program in C needs alone; of what is built.
DEV := $(DESTDIR)$(PREFIX)
install-librex:
	install -d $(DEV)/include/rex $(DEV)/lib/pkgconfig $(DEV)/share/man/man3
	install -m 644 control/librex/include/rex/librex.h $(ABI) $(DEV)/include/rex
	cp -a $(BUILD)/lib/librex.* $(DEV)/lib
	install -m 644 $(BUILD)/lib/pkgconfig/librex.pc $(DEV)/lib/pkgconfig
	install -m 644 $(BUILD)/share/man/man3/* $(DEV)/share/man/man3

clean:			## remove what was built (the unpacked kernel stays)
	rm -rf $(filter-out $(BUILD)/kernel,$(wildcard $(BUILD)/*))

help:
	@echo "make ROOM: one of $(ROOMS) bench; make check-ROOM: what its tests run besides; and"
	@sed -nE 's/^([a-z-]+):.*## /\1\t/p' $(MAKEFILE_LIST) | sort | expand -t 18

.PHONY: all $(ROOMS) bench check $(foreach room,$(ROOMS) bench tests,check-$(room)) \
	deps test demo test-toy test-tokens test-kernels install uninstall install-librex clean help
OBJ := $(wildcard $(BUILD)/obj*)
-include $(if $(OBJ),$(shell find $(OBJ) -name '*.d'))
