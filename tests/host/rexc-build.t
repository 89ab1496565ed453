#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# rexc's output, and its manners when something is missing or goes wrong.
. "$(dirname "$0")/../lib/tap.sh"

setup() {
	mkdir "$TMP/tmp"
	export TMPDIR=$TMP/tmp
	cp dataplane/samples/hello/main.rs "$TMP/hello.rs"
}

teardown() {
	[ -z "$(ls -A "$TMP/tmp")" ] || { ls -lR "$TMP/tmp"; return 1; }
}

# CPU time, not wall time: other tests may share the machine.
test_hello_builds_within_10_seconds_of_CPU_time() {
	local TIMEFORMAT='%U %S' used
	used=$( { time rexc -o "$TMP/hello.ko" "$TMP/hello.rs" >/dev/null; } 2>&1)
	awk -v used="$used" 'BEGIN { split(used, t, " "); exit t[1] + t[2] <= 0 || t[1] + t[2] > 10 }' ||
		fail "user and system seconds: $used"
}

test_module_information() {
	rexc -o "$TMP/hello.ko" "$TMP/hello.rs"
	eq "$(modinfo -F name "$TMP/hello.ko")" hello
	eq "$(modinfo -F license "$TMP/hello.ko")" GPL
	eq "$(modinfo -F rex_abi "$TMP/hello.ko")" "$(awk '$2 == "REX_ABI_VERSION" { print $3 }' kmod/include/uapi/rex.h)"
	eq "$(modinfo -F import_ns "$TMP/hello.ko")" REX
	eq "$(modinfo -F depends "$TMP/hello.ko")" rex
	[ "$(modinfo -F rex_stack "$TMP/hello.ko")" -gt 0 ] || fail "hello should be bounded"
	[ -n "$(modinfo -F rexc "$TMP/hello.ko")" ] || fail "no version of rexc"
	contains "$(modinfo -F description "$TMP/hello.ko")" "Rex program hello"
}

# mem* are the program's own.
test_imports_are_those_of_the_contract() {
	rexc -o "$TMP/hello.ko" "$TMP/hello.rs"
	nm -u "$TMP/hello.ko" | awk '{ print $2 }' >"$TMP/imports"
	[ -s "$TMP/imports" ] || fail "no imports at all"
	kmod/program-imports | sed -nE 's/^(IMPORT|GLUE)\((.*)\)/\2/p' >"$TMP/contract"
	[ "$(wc -l <"$TMP/contract")" -gt 100 ] || fail "too few may be imported"
	eq "$(grep -vxFf "$TMP/contract" "$TMP/imports")" ""
}

test_a_programs_own_mem_functions_are_right() {
	sed -E 's/\b(mem(cpy|move|set|cmp))\b/rex_\1/g; s/jmp __x86_return_thunk/ret/' \
		dataplane/rexc/mem.S >"$TMP/mem.S"
	cc -O1 -Wall -Wextra -Werror -o "$TMP/mem" tests/rexc/mem.c "$TMP/mem.S"
	"$TMP/mem"
}

test_objtool_made_unwind_tables_for_the_program() {
	rexc -o "$TMP/hello.ko" "$TMP/hello.rs"
	readelf -SW "$TMP/hello.ko" >"$TMP/sections"
	grep -q '\.orc_unwind ' "$TMP/sections" || fail "no .orc_unwind"
	grep -q '\.return_sites ' "$TMP/sections" || fail "no .return_sites"
	! grep -qE '\.stack_sizes|\.llvmbc|\.debug_' "$TMP/sections" || fail "$(cat "$TMP/sections")"
}

test_entries_cannot_be_written() {
	rexc -o "$TMP/hello.ko" "$TMP/hello.rs"
	readelf -SW "$TMP/hello.ko" | sed -n 's/.* \.rex\.entries *PROGBITS//p' >"$TMP/flags"
	eq "$(awk '{ print $5 }' "$TMP/flags")" A
}

test_the_same_source_gives_the_same_module() {
	rexc -o "$TMP/a.ko" "$TMP/hello.rs"
	rexc -o "$TMP/b.ko" "$TMP/hello.rs"
	cmp "$TMP/a.ko" "$TMP/b.ko"
}

test_a_folder_is_a_program() {
	mkdir "$TMP/first_light"
	cp "$TMP/hello.rs" "$TMP/first_light/main.rs"
	(cd "$TMP" && rexc first_light)
	eq "$(modinfo -F name "$TMP/first_light.ko")" first_light
}

# The example of the research prototype, without the line that this project puts in front of all
# its files: the same code. tests/vm/rex-hooks.t runs it.
test_the_seeds_example_byte_for_byte() {
	local ko
	mkdir "$TMP/error_injector"
	sed 1d dataplane/samples/error_injector/main.rs >"$TMP/error_injector/main.rs"
	eq "$(head -n 1 "$TMP/error_injector/main.rs")" '#![no_std]'
	rexc -o "$TMP/error_injector.ko" "$TMP/error_injector"
	for ko in "$TMP/error_injector.ko" "$BUILD/programs/error_injector.ko"; do
		objdump -d --no-show-raw-insn "$ko" | sed 1,3d >"$TMP/$(basename "$(dirname "$ko")").s"
	done
	cmp "$TMP/$(basename "$TMP").s" "$TMP/programs.s"
}

test_a_name_can_be_given() {
	(cd "$TMP" && rexc --name other hello.rs)
	eq "$(modinfo -F name "$TMP/other.ko")" other
}

test_names_that_a_module_cannot_have() {
	for name in 9lives a-b 'a b' a.b rex core a123456789012345678901234567890123; do
		refuses rexc --name "$name" -o "$TMP/x.ko" "$TMP/hello.rs"
		contains "$REFUSAL" "\`$name\` cannot be the name"
	done
}

test_missing_source() {
	refuses rexc "$TMP/nothing.rs"
	contains "$REFUSAL" "nothing.rs: error: No such file or directory"
}

test_folder_without_root_source() {
	mkdir "$TMP/empty"
	refuses rexc "$TMP/empty"
	contains "$REFUSAL" "has none of main.rs, lib.rs and empty.rs"
}

test_output_that_cannot_be_written() {
	refuses rexc -o "$TMP/no/such/hello.ko" "$TMP/hello.rs"
	contains "$REFUSAL" "$TMP/no/such/hello.ko: error: cannot write the module here"
	refuses rexc -o /proc/hello.ko "$TMP/hello.rs"
	contains "$REFUSAL" "/proc/hello.ko: error: cannot write the module here"
}

test_kernel_headers_that_are_not_there() {
	refuses rexc --kdir "$TMP/tmp" "$TMP/hello.rs"
	contains "$REFUSAL" "no kernel headers here"
	KDIR=$TMP/nowhere refuses rexc "$TMP/hello.rs"
	contains "$REFUSAL" "KDIR=$TMP/nowhere"
}

test_a_compiler_that_is_not_there() {
	RUSTC=$TMP/rustc refuses rexc "$TMP/hello.rs"
	contains "$REFUSAL" "cannot run the Rust compiler $TMP/rustc"
}

test_a_rustc_in_PATH_is_not_taken() {
	mkdir "$TMP/bin"
	printf '#!/bin/sh\nexit 99\n' >"$TMP/bin/rustc"
	chmod +x "$TMP/bin/rustc"
	env -u RUSTC PATH="$TMP/bin:$PATH" "$BUILD/bin/rexc" -o "$TMP/hello.ko" "$TMP/hello.rs"
}

test_a_refused_program_leaves_the_old_module_alone() {
	echo old >"$TMP/out.ko"
	refuses rexc -o "$TMP/out.ko" tests/rexc/refuse/unsafe_block.rs
	eq "$(cat "$TMP/out.ko")" old
	eq "$(echo "$TMP"/out.ko*)" "$TMP/out.ko"
}

test_a_signal_ends_all_and_leaves_nothing() {
	local status=0 pid
	for delay in 0.05 0.3 0.9; do
		rexc -o "$TMP/hello.ko" "$TMP/hello.rs" &
		pid=$!
		sleep $delay
		kill -TERM $pid
		status=0
		wait $pid || status=$?
		eq "$status" 143
		eq "$(ls -A "$TMP/tmp")" ""
		eq "$(find "$TMP" -name 'hello.ko*')" ""
	done
}

test_intermediate_files_are_kept_on_request() {
	rexc --keep "$TMP/kept" -o "$TMP/hello.ko" "$TMP/hello.rs"
	[ -s "$TMP/kept/program.o" ]
	[ -s "$TMP/kept/program.s" ]
	refuses rexc --keep "$TMP/kept" -o "$TMP/hello.ko" "$TMP/hello.rs"
	contains "$REFUSAL" "does not exist yet"
}

# Not even while it runs, so that two of one name can be built at once.
test_nothing_is_written_to_the_current_folder() {
	(cd /proc && "$BUILD/bin/rexc" -o "$TMP/hello.ko" "$TMP/hello.rs")
	[ -s "$TMP/hello.ko" ] || fail "no module"
}

test_check_builds_nothing() {
	(cd "$TMP" && rexc --check hello.rs)
	[ ! -e "$TMP/hello.ko" ] || fail "a module appeared"
}

test_a_signed_module() {
	command -v openssl >/dev/null || skip "no openssl to make a key"
	openssl req -new -x509 -newkey rsa:2048 -nodes -days 1 -subj "/CN=rexc test" \
		-keyout "$TMP/key.pem" -out "$TMP/cert.pem" 2>/dev/null
	rexc --sign "$TMP/key.pem:$TMP/cert.pem" -o "$TMP/hello.ko" "$TMP/hello.rs"
	eq "$(modinfo -F signer "$TMP/hello.ko")" "rexc test"
	refuses rexc --sign "$TMP/no.pem:$TMP/cert.pem" -o "$TMP/bad.ko" "$TMP/hello.rs"
	[ ! -e "$TMP/bad.ko" ] || fail "an unsigned module was left"
}

# entry STATEMENTS: a program of them and an entry.
entry() {
	cat - >"$TMP/p.rs" <<-END
		$1
		use rex::prelude::*;
		#[rex_xdp]
		pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
		    if f(ctx.data().len()) { XdpVerdict::Pass } else { XdpVerdict::Drop }
		}
	END
}

test_more_statics_on_request() {
	entry 'static L: SpinLock<[u8; 65 << 20]> = SpinLock::new([0; 65 << 20]);
fn f(n: usize) -> bool { L.lock()[n] == 1 }'
	refuses rexc --check "$TMP/p.rs"
	contains "$REFUSAL" "$TMP/p.rs:1:8: error: \`p::L\` is the largest of the program's statics"
	rexc --check --max-data 66M "$TMP/p.rs"
	for size in 0 2G 1T 64X '' -1 18446744073709551616M; do
		refuses rexc --check --max-data "$size" "$TMP/p.rs"
		contains "$REFUSAL" "--max-data requires a size"
	done
	refuses rexc --check --max-cpu 0 "$TMP/p.rs"
	contains "$REFUSAL" "--max-cpu requires a number of seconds"
}

test_a_constant_that_is_never_computed() {
	entry '#![allow(long_running_const_eval)]
const fn never() -> usize { let mut i = 0; loop { i ^= 1; if i == 2 { return i } } }
static N: usize = never();
fn f(n: usize) -> bool { N == n }'
	refuses rexc --check --max-cpu 1 "$TMP/p.rs"
	contains "$REFUSAL" "was ended after 1 s of CPU time"
	contains "$REFUSAL" "--max-cpu SECONDS"
	contains "$REFUSAL" "$TMP/p.rs: error: the compiler did not finish"
}

test_a_macro_that_doubles_itself_for_ever() {
	entry '#![recursion_limit = "4000000000"]
macro_rules! b { ($($t:tt)*) => { b!($($t)* $($t)*) } }
b!(a);
fn f(_: usize) -> bool { true }'
	refuses rexc --check --max-cpu 5 --max-data 1M "$TMP/p.rs"
	contains "$REFUSAL" "$TMP/p.rs: error: the compiler did not finish"
}

test_a_file_that_no_memory_holds() {
	truncate -s 20G "$TMP/huge"
	entry "static T: &[u8] = include_bytes!(\"$TMP/huge\");
fn f(n: usize) -> bool { T[n] == 1 }"
	refuses rexc --check "$TMP/p.rs"
	contains "$REFUSAL" "does it include a large file?"
	contains "$REFUSAL" "$TMP/p.rs: error: the compiler did not finish"
}

test_usage() {
	refuses rexc
	contains "$REFUSAL" "which program?"
	refuses rexc a.rs b.rs
	contains "$REFUSAL" "one program at a time"
	contains "$(rexc --help)" "28 KiB of stack"
}

tap_run
