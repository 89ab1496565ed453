# SPDX-License-Identifier: GPL-2.0-only
#
# How each kind of file is built. The Makefile of a room lists what it builds:
#
#   $(call c-program,FILE,SOURCES,LIBRARIES[,asan|fuzz])
#   $(call c-library,FILE.a,SOURCES)
#   $(call c-shared,FILE.so.VERSION,SOURCES,LIBRARIES,MAP)
#   $(call bpf-object,FILE.bpf.o,SOURCE.bpf.c,FLAGS)
#   $(call rexc-program,FILE.ko,SOURCE,OPTIONS)	SOURCE is a folder or a .rs file
#   $(call rust,FILE,SOURCE.rs,FLAGS,LIBRARIES)	a test (--test), library or program for the host
#   $(call copy,FILE,SOURCE)
#
# FILE is below $(BUILD), sources are below the top folder, and a library is -lNAME or an archive
# below $(BUILD). Objects are in build/obj, under the names of their sources; a skeleton
# (X.skel.h) is beside its X.bpf.o. What a C file needs besides is in FLAGS-FOLDER and in
# FLAGS-FILE (without .c). Every compiler writes down which files it read.

CC    ?= cc
CLANG ?= clang
CFLAGS ?= -O2 -g
C_FLAGS = -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror $(CFLAGS)
# Debian keeps <asm/types.h> in the multiarch folder, which -target bpf does not search. -g is for
# BTF: libxdp's dispatcher and skeletons need it.
BPF_FLAGS = -target bpf -O2 -g -Wall -Wextra -Werror -I/usr/include/$(shell $(CC) -print-multiarch)
RUST_FLAGS := --edition=2024 -O -Dwarnings
comma := ,
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

.SECONDEXPANSION:
.DELETE_ON_ERROR:
MAKEFLAGS += -r

# One line for each file that is built; V=1: the commands; -s: nothing.
Q := $(if $(V),,@)
quiet := $(V)$(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS))))
say = @$(if $(quiet),,echo '  $1	$(patsubst $(BUILD)/%,%,$@)';) mkdir -p $(@D)

# kbuild runs by itself: a line with $(MAKE) would run under make -n, too.
KBUILD = $(ALONE) make --no-print-directory -j$(shell nproc) -C $(KDIR) V=$(V)

# A change of the flags is a change of the Makefile that lists the file.
lists = $(wildcard $(firstword $(subst /, ,$1))/Makefile)
flags = $(FLAGS-$(patsubst %/,%,$(dir $1))) $(FLAGS-$1)
depfile = -MMD -MP -MF $(@:.o=.d) -MT $@

# $1: where the objects are, $2: the compiler and its flags
define c-objects
$(BUILD)/$1/%.o: %.c $$$$(call lists,$$$$*)
	$$(call say,CC)
	$$Q$2 $$(C_FLAGS) $$(call flags,$$*) $$(depfile) -c -o $$@ $$<
endef
LINK  = $(CC)
LINK-asan = $(CC) $(SANITIZE)
LINK-fuzz = $(CLANG) $(SANITIZE) -fsanitize=fuzzer
$(eval $(call c-objects,obj,$$(CC)))
$(eval $(call c-objects,obj-asan,$$(LINK-asan)))
$(eval $(call c-objects,obj-fuzz,$$(LINK-fuzz)))

$(BUILD)/obj/%.o: %.S $$(call lists,$$*)
	$(call say,AS)
	$Q$(CC) $(call flags,$*) $(depfile) -c -o $@ $<

objects = $(patsubst %,$(BUILD)/obj$(addprefix -,$2)/%.o,$(basename $1))

define c-program-rule
$(BUILD)/$1: $(call objects,$2,$4) $(addprefix $(BUILD)/,$(filter-out -%,$3))
	$$(call say,LD)
	$$Q$$(LINK$(addprefix -,$4)) $$(LDFLAGS) -o $$@ $$^ $(filter -%,$3)
endef
c-program = $(eval $(c-program-rule))

define c-library-rule
$(BUILD)/$1: $(call objects,$2)
	$$(call say,AR)
	$$Qrm -f $$@
	$$Q$$(AR) rcs $$@ $$^
endef
c-library = $(eval $(c-library-rule))

define c-shared-rule
$(BUILD)/$1: $(call objects,$2) $4
	$$(call say,LD)
	$$Q$$(CC) $$(LDFLAGS) -shared -Wl,-soname,$$(@F) -Wl,--version-script=$4 -Wl,-z,defs -o $$@ \
		$$(filter %.o,$$^) $3
	$$Qln -sf $$(@F) $$(basename $$@)
endef
c-shared = $(eval $(c-shared-rule))

define bpf-object-rule
$(BUILD)/$1: $2 $(call lists,$2)
	$$(call say,BPF)
	$$Qmkdir -p $(dir $(BUILD)/obj/$1)
	$$Q$$(CLANG) $$(BPF_FLAGS) $3 $$(call flags,$(2:.c=)) -MMD -MP -MF $(BUILD)/obj/$(1:.o=.d) -MT $$@ -c -o $$@ $$<
	$$Qllvm-strip -g $$@
endef
bpf-object = $(eval $(bpf-object-rule))

$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	$(call say,SKEL)
	$Qbpftool gen skeleton $< name $(or $(NAME),$(*F)) >$@

# With a fourth argument, what rexc knew of the program is kept in $(BUILD)/obj/....keep.
# A program fits one sysroot and the rex.ko whose symbols have these versions.
REXC     := $(BUILD)/bin/rexc
REXC_ALL := $(REXC) $(BUILD)/sysroot/lib/rustlib/x86_64-unknown-none/lib/librex.rlib \
	    $(BUILD)/kmod/Module.symvers

define rexc-program-rule
$(BUILD)/$1: $(or $(wildcard $2/main.rs),$2) $(REXC_ALL) $(REXC_DATA)
	$$(call say,REXC)
	$$Qmkdir -p $(dir $(BUILD)/obj/$1)
	$(if $4,$$Qrm -rf $(BUILD)/obj/$1.keep)
	$$Q$(REXC) $3 $(if $4,--keep $(BUILD)/obj/$1.keep) --depfile $(BUILD)/obj/$1.d -o $$@ $2
endef
rexc-program = $(eval $(rexc-program-rule))

define rust-rule
$(BUILD)/$1: $2 $(call lists,$2) $(addprefix $(BUILD)/,$4)
	$$(call say,RUSTC)
	$$Qmkdir -p $(dir $(BUILD)/obj/$1)
	$$Q$$(RUSTC) $$(RUST_FLAGS) $3 --emit=link=$$@,dep-info=$(BUILD)/obj/$1.d $2
	$$Qsed -i '1s|^[^:]*:|$$@:|' $(BUILD)/obj/$1.d
endef
rust = $(eval $(rust-rule))

define copy-rule
$(BUILD)/$1: $2
	$$(call say,COPY)
	$$Qinstall -m 644 $$< $$@
endef
copy = $(eval $(copy-rule))
