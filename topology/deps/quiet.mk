# SPDX-License-Identifier: GPL-2.0-only
#
# Read before each room's Makefile when "make" is called at the top (MAKEFILES): one line for
# each file that is made, and what a tool complains of. V=1: the commands.
#
# make expands SHELL for each command, with the target in $@: that is where the line is printed.
# A Makefile that prints such lines itself says SAYS := itself; kbuild (M=) is left alone.
ifeq ($(V)$(M)$(filter $(BUILD)/%,$(CURDIR)),)
ifneq ($(filter $(TOP) $(TOP)/%,$(CURDIR)),)
MAKEFLAGS += -s
quiet-kind = $(or $(if $(filter %.bpf.o,$@),BPF),$(if $(filter %.skel.h,$@),SKEL),$(if $(filter %.rlib,$@),RUSTC),\
	$(if $(filter %.o,$@),CC),$(if $(filter %.a,$@),AR),$(if $(filter %rex.ko,$@),KMOD),\
	$(if $(filter %.ko,$@),REXC),$(if $(suffix $(notdir $@)),GEN),LD)
# Only of what is built, once, and not of folders, which depend on nothing.
quiet-say = $(if $(SAYS),,$(if $(and $(filter $(BUILD)/%,$@),$(filter-out $(quiet-said),$@),$^),\
	$(eval quiet-said += $@)$(info $()  $(quiet-kind)	$(patsubst $(BUILD)/%,%,$@))))
SHELL = $(quiet-say)/bin/sh
endif
endif
