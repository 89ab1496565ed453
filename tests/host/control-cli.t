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

# status N COMMAND...: fails with that exit status.
status() {
	local wanted=$1 status=0; shift
	REFUSAL=$("$@" 2>&1) || status=$?
	[ $status -eq "$wanted" ] || fail "exit status $status, not $wanted: $*"$'\n'"$REFUSAL"
}

test_exit_status() {
	for words in '' load frobnicate 'help frobnicate' 'nic delete lo' --frobnicate '--netns' 'status --xml' \
		'status --json=1' 'attach hello' 'attach hello xdp' 'attach : xdp lo' 'detach --stale hello' \
		'events hello M --json --raw' 'monitor --count 0' 'set hello' 'set hello volume 3'; do
		# shellcheck disable=SC2086	# words
		status 2 rexctl $words
		contains "$REFUSAL" "usage: rexctl"
	done
	status 1 rexctl load /nonexistent.ko
	status 1 rexctl --netns nosuchns nic show lo
	status 0 rexctl nic show lo
}

test_surplus_and_missing_words_are_named() {
	status 2 rexctl status now;              contains "$REFUSAL" 'unexpected argument "now"'
	status 2 rexctl load a.ko b.ko;          contains "$REFUSAL" 'unexpected argument "b.ko"'
	status 2 rexctl nic show lo eth0;        contains "$REFUSAL" 'unexpected argument "eth0"'
	status 2 rexctl events hello;            contains "$REFUSAL" 'MAP is needed'
	status 2 rexctl run hello;               contains "$REFUSAL" '--data-in is needed'
	status 2 rexctl run hello --data-in;     contains "$REFUSAL" '--data-in needs a value: FILE'
	status 2 rexctl nic set lo;              contains "$REFUSAL" 'channels is needed'
	status 2 rexctl nic set lo channels 0;   contains "$REFUSAL" '"0" is not a number from 1 to'
	status 2 rexctl nic set lo volume 3;     contains "$REFUSAL" 'there is no setting "volume"'
	status 2 rexctl set hello budget;        contains "$REFUSAL" 'budget needs a value: TIME'
	status 2 rexctl set hello budget 999999s; contains "$REFUSAL" '"999999s" is too long a time'
	status 2 rexctl set hello budget 5;      contains "$REFUSAL" '"5" is not a time'
	status 2 rexctl set hello timing maybe;  contains "$REFUSAL" 'on|off, not "maybe"'
	status 2 rexctl nic delete lo;           contains "$REFUSAL" 'there are: show, plan, set'
}

test_abbreviated_commands() {
	eq "$(rexctl ni sh lo)" "$(rexctl nic show lo)"
	eq "$(rexctl ins "$BUILD/programs/hello.ko")" "$(rexctl inspect "$BUILD/programs/hello.ko")"
	eq "$(rexctl he ins)" "$(rexctl help inspect)"
	eq "$(rexctl help ni sh)" "$(rexctl help nic show)"
	contains "$(rexctl st --help)" "usage: rexctl status"
	contains "$(rexctl map g --help)" "usage: rexctl map get"
	contains "$(rexctl bm --help)" "rexctl bmc"
	while IFS='|' read -r words text; do
		# shellcheck disable=SC2086	# words
		status 2 rexctl $words
		contains "$REFUSAL" "$text"
		contains "$REFUSAL" "usage: rexctl"
	done <<-'EOF'
		s|"s" is ambiguous: status, set
		l hello.ko|"l" is ambiguous: load, link
		help r|"r" is ambiguous: replace, run
		nic s lo|"nic s" is ambiguous: show, set, save
		ni s lo|"nic s" is ambiguous: show, set, save
		nic showing lo|there is no "nic showing"; there are: show
		status1|there is no command "status1"
		ni|"nic" needs one of: show
	EOF
	refuses rexctl ''
	contains "$REFUSAL" 'there is no command ""'
}

commands() { rexctl help | sed -n '/^Options/q; /^  [a-z]/p' | sed -E 's/^  (((nic|link|map) )?[a-z]+).*/\1/'; }

# One table: what is said at one place is said at the others.
test_every_command_has_its_help_and_the_manual_its_syntax() {
	local command text manual
	manual=$(mandoc -Tascii -Owidth=200 "$BUILD/share/man/man8/rexctl.8" | col -b | sed 's/ | /|/g; s/^ *//')
	[ "$(commands | wc -l)" -ge 16 ] || fail "too few commands: $(commands)"
	while read -r command; do
		# shellcheck disable=SC2086	# two words
		[ "$command" = bmc ] || eq "$(rexctl $command --help)" "$(rexctl help $command)"
		# shellcheck disable=SC2086
		text=$(rexctl help $command)
		contains "$text" "usage: rexctl $command"
		contains "$(rexctl help)" "  $(sed -n '1s/usage: rexctl //p' <<<"$text")"$'\n'
		grep -qxF "$(sed -n '1{s/usage: rexctl //; s/ | /|/gp; t; p}' <<<"$text")" <<<"$manual" ||
			fail "the manual has not: $text"
	done < <(commands)
}

# places PATCH: what it adds, a row (1) or a file, in which folder; a third number: lines that it removes.
places() { git apply --numstat "$1" | awk '{ sub("/[^/]*$", "", $3); print ($1 > 1 ? "file" : "row"), $3 ($2 > 0 ? " -" $2 : "") }' | sort; }

# A hook, a place and a command more: a row and a file in each room, and all that is made of the tables
# has them. "make test-toy" runs a program at the hook.
test_a_place_and_a_command_more_are_a_row_and_a_file_each() {
	local toy=$TMP/build/bin/rexctl
	eq "$(places "$TOP/tests/toy/place-and-command.patch")" "\
file control/librex
file control/rexctl
row control/librex/include/rex
row control/rexctl"
	eq "$(places "$TOP/tests/toy/hook.patch")" "\
file control/librex
file dataplane/shims
row control/librex/include/rex
row dataplane/rex
row kmod/include"
	mkdir "$TMP/tree" "$TMP/build"
	tar --exclude=./build --exclude=./.git -c . | tar -x -C "$TMP/tree"
	(cd "$TMP/tree" && export GIT_CEILING_DIRECTORIES=$TMP && git apply tests/toy/place-and-command.patch &&
		sed "s/NEXT/$(tests/lib/hooks | wc -w)/" tests/toy/hook.patch | git apply)
	make -s -j2 -C "$TMP/tree" TOP="$TMP/tree" BUILD="$TMP/build" CFLAGS=-O0 "$toy" >"$TMP/log" 2>&1 ||
		fail "$(tail "$TMP/log")"
	eq "$("$toy" toy hello --times 2 --mood loud)" $'hello!\nhello!'
	status 2 "$toy" toy hello;                   contains "$REFUSAL" "--times is needed"
	status 2 "$toy" toy hello --times 10;        contains "$REFUSAL" '"10" is not a number from 1 to 9'
	contains "$("$toy" help)" "toy WORD --times N [--mood loud|quiet]"
	contains "$("$toy" --mdoc)" ".It Ic toy"
	eq "$("$toy" --complete toy hello --mood q)" quiet
	eq "$("$toy" --complete attach hello sys)" syscall
	status 2 "$toy" attach hello syscall o-o;    contains "$REFUSAL" '"o-o" is not a system call'
	status 2 "$toy" attach hello syscall;        contains "$REFUSAL" "syscall requires a target: syscall SYSCALL"
	status 1 "$toy" attach hello syscall openat; contains "$REFUSAL" "rex.ko is not loaded"
	eq "$("$toy" --complete attach hello fmod)" fmod_ret
	status 2 "$toy" attach hello fmod_ret o-o;   contains "$REFUSAL" '"o-o" is not the name of a kernel function'
	contains "$(nm "$toy")" "rex_shim_fmod_ret_end"
}

test_version() {
	[[ $(rexctl --version) =~ ^rexctl\ [0-9.]+$ ]] || fail "$(rexctl --version)"
}

# A name of an interface may have any character but blanks and slashes.
test_control_characters_from_outside_are_escaped() {
	status 1 rexctl inspect $'/none\e[31m\xc2\x9b\x9b\tö\x7f'
	contains "$REFUSAL" '"/none\x1b[31m\xc2\x9b\x9b\tö\x7f"'
	status 1 rexctl inspect $'/a\nrexctl: b'
	contains "$REFUSAL" $'/a\n    rexctl: b'
	contains "$(unshare -n sh -c "ip link set lo name '"$'l\eo'"' && rexctl nic show '"$'l\eo'"'")" 'l\x1bo: down'
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
		# But for the room for a filter, which the kernel takes out again, it is these four.
		eq "$(grep -cE '^ +[0-9]+:' <<<"$(grep -v 'goto +0' <<<"$code")")" 4
		eq "$(grep -c 'goto +0' <<<"$code")" "$(sed -n 's/^#define REX_SHIM_ROOM\t*//p' dataplane/shims/shim.h)"
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
	mandoc -Tlint -Wwarning "$BUILD/share/man/man8/rexctl.8"
	mandoc -Tlint -Wwarning "$BUILD/share/man/man5/rex.conf.5"
	for word in load unload attach detach status events run monitor enable disable set inspect nic; do
		grep -q "^\.It Ic $word" control/rexctl/rexctl.8 || fail "the manual lacks \"$word\""
	done
}

test_manual_has_every_place() {
	for word in $(rexctl help | sed -n '/^HOOK TARGET/,/^PROGRAM/s/^  \([a-z_]*\) .*/\1/p'); do
		grep -qE "^\.It Cm ([a-z]* \| )?$word\b" control/rexctl/rexctl.8 || fail "the manual lacks \"$word\""
	done
}

test_bad_places_are_quoted() {
	refuses rexctl attach hello kprobe
	contains "$REFUSAL" "kprobe requires a target: kprobe SYMBOL[+OFFSET]"
	refuses rexctl attach hello krobe sys_dup
	contains "$REFUSAL" '"krobe" is not a hook; the hooks are xdp, tc, tcx, kprobe'
	refuses rexctl attach hello kprobe $'a\e[31m'
	contains "$REFUSAL" '"a\x1b[31m"'
	refuses rexctl detach hello tracepoint nocolon
	contains "$REFUSAL" '"nocolon" is not a tracepoint'
	status 2 rexctl attach hello xdp lo fast
	contains "$REFUSAL" '"native", "generic" and "offload", not "fast"'
	refuses rexctl attach hello perf_event cpu-clock freq=
	contains "$REFUSAL" '"freq="'
	refuses rexctl events hello
	contains "$REFUSAL" "one of its maps"
	refuses rexctl events hello M --json --raw
}

# complete WORD...: what the completion offers for the last word.
completions() {
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	_rexctl
	echo "${COMPREPLY[@]}"
}

test_completion() {
	. control/rexctl/rexctl.bash
	contains "$(completions rexctl att)" attach
	eq "$(completions rexctl attach hello kr)" kretprobe
	eq "$(completions rexctl attach hello tcx lo ingress f)" first
	eq "$(completions rexctl detach --l)" --link
	contains "$(completions rexctl attach hello xdp l)" lo
	eq "$(completions rexctl attach hello tcx lo in)" ingress
	eq "$(completions rexctl detach hello perf_event cpu-clock f)" freq=
	eq "$(completions rexctl events hello MAP --t)" --timeout
	eq "$(completions rexctl help un)" unload
	eq "$(completions rexctl ni sh l)" lo
	eq "$(completions rexctl map '')" "list show dump get set pin unpin"
	eq "$(completions rexctl nic '')" "show plan set save restore"
	eq "$(completions rexctl nic set lo napi-threaded '')" "on off"
	eq "$(completions rexctl set hello timing '')" "on off"
	touch "$TMP/a.ko" "$TMP/a.c"
	eq "$(completions rexctl load "$TMP/a")" "$TMP/a.ko"
	eq "$(completions rexctl apply --d)" --dry-run
	contains "$(completions rexctl apply --dry-run "$TMP/a")" "$TMP/a.c"
	eq "$(completions rexctl sa)" save
}

test_fuzz_the_places() {
	local words
	mkdir "$TMP/corpus"
	for words in 'xdp eth0 native' 'tcx eth0 egress' 'kprobe f+0x10' 'uprobe /bin/sh:main 12' \
		'tracepoint a:b' 'perf_event cpu-clock freq=9 cpu=0' 'cgroup_skb /c ingress' 'fexit f' \
		'stream 12:7'; do
		tr ' ' '\n' <<<"$words" >"$TMP/corpus/${words%% *}"
	done
	"$BUILD/tests/control-target-fuzz" -max_total_time=5 -max_len=256 -artifact_prefix="$TMP/" \
		"$TMP/corpus" >"$TMP/log" 2>&1 || fail "$(tail -40 "$TMP/log")"
	contains "$(cat "$TMP/log")" DONE
}

test_nic_of_this_machine() {
	rexctl check dev lo --json | perl -MJSON::PP -ne \
		'my $c = decode_json($_); die unless grep { $_->{name} eq "btf" } @{$c->{machine}}'
	contains "$(rexctl check dev lo || true)" "has no native XDP"
	contains "$(rexctl check --program "$BUILD/programs/hello.ko" --json || true)" '"program":{"name":'
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
