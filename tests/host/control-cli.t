#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What of rexctl works without rex.ko: command line, file check, shims, manual; the checker fuzzed.
. "$(dirname "$0")/../lib/tap.sh"

test_usage() {
	contains "$(rexctl help)" "usage: rexctl"
	contains "$(rexctl --help)" "attach"
	refuses rexctl
	refuses rexctl frobnicate
	contains "$REFUSAL" '"frobnicate"'
	refuses rexctl --frobnicate
	refuses rexctl load
	contains "$REFUSAL" "usage: rexctl load NAME.ko"
	refuses rexctl attach hello
	refuses rexctl attach hello xdp
	refuses rexctl attach hello tc lo
	contains "$REFUSAL" "ingress or egress"
	refuses rexctl attach hello nosuchhook lo
	contains "$REFUSAL" '"nosuchhook"'
	refuses rexctl attach hello xdp lo native more
	refuses rexctl status --xml
	contains "$REFUSAL" '"--xml"'
	refuses rexctl set hello budget
	refuses rexctl set hello budget 99999999999999999999ms
	refuses rexctl run hello
	refuses rexctl nic
	refuses rexctl nic delete lo
}

test_exit_status() {
	local status=0
	rexctl load 2>/dev/null || status=$?
	eq $status 2
	status=0
	rexctl load /nonexistent.ko 2>/dev/null || status=$?
	eq $status 1
}

test_inspect() {
	local out
	out=$(rexctl inspect "$BUILD/programs/xdp_count.ko")
	contains "$out" "program xdp_count"
	contains "$out" "entry     count (xdp)"
	contains "$out" "map       PACKETS: percpu_array"
	rexctl inspect "$BUILD/programs/xdp_count.ko" --json | perl -MJSON::PP -ne \
		'my $f = decode_json($_); die unless $f->{name} eq "xdp_count" && @{$f->{maps}} == 2'
	refuses rexctl inspect "$BUILD/bin/rexctl"
	contains "$REFUSAL" "not a kernel module"
	refuses rexctl inspect /dev/zero
	refuses rexctl inspect "$TMP"
	refuses rexctl inspect "$TMP/none.ko"
	contains "$REFUSAL" "$TMP/none.ko"
}

# libxdp takes them as they are: an XDP program with BTF, named in the section it expects.
test_shims_have_btf_and_placeholders() {
	local hook code
	for hook in xdp tc; do
		code=$(llvm-objdump -d "$BUILD/shims/$hook.bpf.o")
		contains "$code" "<rex_shim>:"
		contains "$code" "Disassembly of section $hook:"
		# llvm-objdump prints numbers in decimal or, later, in hexadecimal
		eq "$(grep -cE 'r2 = (1578615006|0x5e17c0de)$' <<<"$code")" 1
		eq "$(grep -cE 'r3 = (6780099825323458782|0x5e17c0de5e17c0de) ll' <<<"$code")" 1
		eq "$(grep -cE '^ +[0-9]+:' <<<"$code")" 4
		contains "$(bpftool btf dump file "$BUILD/shims/$hook.bpf.o")" "FUNC 'rex_$hook'"
	done
}

# One file, no path to search for: it works from anywhere.
test_rexctl_is_one_file() {
	cp "$BUILD/bin/rexctl" "$TMP/moved"
	contains "$("$TMP/moved" inspect "$BUILD/programs/hello.ko")" "program hello"
	contains "$(strings "$BUILD/bin/rexctl")" rex_shim
	lacks "$(strings "$BUILD/bin/rexctl")" "$BUILD/shims"
}

test_manual() {
	mandoc -Tlint -Wwarning control/rexctl/rexctl.8
	for word in load unload attach detach status run monitor enable disable set inspect nic; do
		grep -q "^\.It Ic $word" control/rexctl/rexctl.8 || fail "the manual lacks \"$word\""
	done
}

test_nic_of_this_machine() {
	contains "$(rexctl nic show lo)" "lo: "
	refuses rexctl nic show nosuchif
	contains "$REFUSAL" '"nosuchif"'
}

test_fuzz_the_checker() {
	mkdir "$TMP/corpus"
	"$BUILD/tests/control-elf-fuzz" --seed "$TMP/corpus/good"
	cp "$BUILD"/programs/*.ko "$TMP/corpus/"
	"$BUILD/tests/control-elf-fuzz" -max_total_time=15 -max_len=16384 -rss_limit_mb=1024 \
		-artifact_prefix="$TMP/" "$TMP/corpus" >"$TMP/log" 2>&1 || fail "$(tail -40 "$TMP/log")"
	contains "$(cat "$TMP/log")" DONE
}

tap_run
