#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# rexctl apply: what it refuses in files of rex.conf(5), before it changes anything; the reader fuzzed.
. "$(dirname "$0")/../lib/tap.sh"

COUNT=$BUILD/programs/xdp_count.ko

setup() { [ "$(id -u)" = 0 ] || skip "files have to be root's"; }

# apply TEXT: a dry run of a file with that text.
apply() {
	printf '%s' "$1" >"$TMP/a.conf"
	rexctl apply --dry-run "$TMP/a.conf"
}

# bad LINE MESSAGE TEXT: refused at that line; nothing but the message is printed.
bad() {
	refuses apply "$3"
	eq "$(head -n 1 <<<"$REFUSAL" | cut -c -$((${#TMP} + ${#1} + 17)))" "rexctl: $TMP/a.conf:$1:"
	contains "$REFUSAL" "$2"
	eq "$(wc -l <<<"$REFUSAL")" 1
}

program() { echo "programs = ( { path = \"$COUNT\"; $* } );"; }
attachment() { program; echo "attachments = ( { $* } );"; }

test_a_good_file() {
	local out status=0
	out=$(apply "# text
programs = ( { path = \"$COUNT\"; budget = \"10ms\"; timing = true; enabled = false; } );
attachments = (
  { program = \"xdp_count\"; target = \"xdp lo generic priority=10\"; }
);") || status=$?
	eq $status 3
	eq "$out" "+ program xdp_count: $COUNT
~ program xdp_count: budget 10000us
~ program xdp_count: timing on
~ program xdp_count: disabled
+ attachment xdp_count:count xdp lo generic priority=10"
	rexctl apply --dry-run --json "$TMP/a.conf" | perl -MJSON::PP -ne '
		my $j = decode_json($_); die unless !$j->{applied} && @{$j->{changes}} == 5 &&
			$j->{changes}[0]{change} eq "+" && $j->{changes}[0]{what} eq "program"'
}

test_several_files_are_one_description() {
	program >"$TMP/a.conf"
	echo 'attachments = ( { program = "xdp_count"; target = "xdp lo"; } );' >"$TMP/b.conf"
	contains "$(rexctl apply --dry-run "$TMP/a.conf" "$TMP/b.conf" || :)" "+ attachment xdp_count:count xdp lo"
	refuses rexctl apply --dry-run "$TMP/b.conf"
	contains "$REFUSAL" "b.conf:1: program \"xdp_count\" is not described: programs need its path"
	refuses rexctl apply --dry-run "$TMP/a.conf" "$TMP/a.conf"
	contains "$REFUSAL" "is described at $TMP/a.conf:1 already"
}

test_what_is_not_the_format() {
	bad 1 "syntax error" "programs = ( { path "
	bad 2 "syntax error" $'programs = (\n{ path = "/a" ];'
	bad 1 "there is no section \"program\"; see rex.conf(5)" 'program = ( );'
	bad 1 "programs is a list of groups" 'programs = { };'
	bad 1 "programs is a list of groups" 'programs = ( "/a.ko" );'
	bad 2 "duplicate setting name" $'programs = ( );\nprograms = ( );'
	bad 2 "@include is not supported" $'programs = ( );\n@include "/etc/passwd"'
	bad 3 "@include is not supported" $'\n\n \t@include "b.conf"\n'
}

test_what_is_not_text() {
	printf 'programs = ( );\n\0' >"$TMP/a.conf"
	refuses rexctl apply --dry-run "$TMP/a.conf"
	contains "$REFUSAL" "a.conf:2: byte 0x00: not a text file"
	bad 1 "byte 0x1b: not a text file" $'# \e[31m'
	cp "$COUNT" "$TMP/a.conf"
	refuses rexctl apply --dry-run "$TMP/a.conf"
	contains "$REFUSAL" "not a text file"
	refuses apply ""
	contains "$REFUSAL" "describes nothing"
	truncate -s 1048577 "$TMP/a.conf"
	refuses rexctl apply --dry-run "$TMP/a.conf"
	contains "$REFUSAL" "is larger than 1048576 bytes"
}

test_programs() {
	bad 1 'programs need "path"' 'programs = ( { } );'
	bad 1 'programs have no "file"; they have path, budget' 'programs = ( { file = "/a.ko"; } );'
	bad 1 'path is text' 'programs = ( { path = 5; } );'
	bad 1 'path is empty' 'programs = ( { path = ""; } );'
	bad 1 '"a.ko" does not begin with /' 'programs = ( { path = "a.ko"; } );'
	bad 1 '"/none.ko"' 'programs = ( { path = "/none.ko"; } );'
	bad 1 'not a kernel module' "programs = ( { path = \"$BUILD/bin/rexctl\"; } );"
	bad 1 'budget: "5" is not a time' "$(program 'budget = "5";')"
	bad 1 'budget: "11s" is more than 10s' "$(program 'budget = "11s";')"
	bad 1 'budget is a time' "$(program 'budget = 20;')"
	bad 1 'timing is true or false' "$(program 'timing = "on";')"
	bad 1 'duplicate setting name' "$(program 'timing = true; timing = true;')"
	bad 2 "is described at $TMP/a.conf:1 already" "$(echo "programs = ( { path = \"$COUNT\"; },
		{ path = \"$COUNT\"; } );")"
	cp "$COUNT" "$TMP"
	bad 2 "program \"xdp_count\" is described at $TMP/a.conf:1 already" \
		"$(echo "programs = ( { path = \"$COUNT\"; },"; echo "{ path = \"$TMP/xdp_count.ko\"; } );")"
}

test_attachments() {
	bad 2 'attachments need "target"' "$(attachment 'program = "xdp_count";')"
	bad 2 'attachments need "program"' "$(attachment 'target = "xdp lo";')"
	bad 2 '":x" is not a program' "$(attachment 'program = ":x"; target = "xdp lo";')"
	bad 2 '"nohook" is not a hook' "$(attachment 'program = "xdp_count"; target = "nohook lo";')"
	bad 2 'xdp requires a target' "$(attachment 'program = "xdp_count"; target = "xdp";')"
	bad 2 'tc needs a side' "$(attachment 'program = "xdp_count"; target = "tc lo";')"
	bad 2 '"nosuchif"' "$(attachment 'program = "xdp_count"; target = "xdp nosuchif";')"
	bad 2 'has no entry for hook tc' "$(attachment 'program = "xdp_count"; target = "tc lo ingress";')"
	bad 2 'has no entry "x"' "$(attachment 'program = "xdp_count:x"; target = "xdp lo";')"
	bad 2 'program "other" is not described' "$(attachment 'program = "other"; target = "xdp lo";')"
	bad 2 'a stream is attached to a process' "$(attachment 'program = "xdp_count"; target = "stream 1:7";')"
	bad 2 'change with each boot' "$(attachment 'program = "xdp_count"; target = "tcx lo ingress before=3";')"
	bad 3 "is described at $TMP/a.conf:2 already" "$(attachment 'program = "xdp_count"; target = "xdp lo"; },
		{ program = "xdp_count:count"; target = "xdp lo generic";')"
}

nic() { echo "nics = ( { interface = \"lo\"; $* } );"; }

test_network_interfaces() {
	bad 1 'nics need "interface"' 'nics = ( { channels = 2; } );'
	bad 1 'nics have no "ring"; they have interface, channels' "$(nic 'ring = "rx=5";')"
	bad 1 'nothing is said of interface "lo" but its name' "$(nic)"
	bad 1 'channels: 0 is not a number from 1 to 65536' "$(nic 'channels = 0;')"
	bad 1 'channels is a number, or text' "$(nic 'channels = true;')"
	bad 1 'channels: "4" is not KEY=VALUE' "$(nic 'channels = "4";')"
	bad 1 'rings is text' "$(nic 'rings = 5;')"
	bad 1 'rings: "rx" is not KEY=VALUE' "$(nic 'rings = "rx";')"
	bad 1 'too many settings' "$(nic "offload = \"$(printf 'x%d=on,' {1..64})x=on\";")"
	bad 1 'napi-threaded is true or false' "$(nic 'napi-threaded = "on";')"
	bad 1 '"nosuchif"' 'nics = ( { interface = "nosuchif"; channels = 2; } );'
	bad 1 '"lo" has no setting "channels combined"' "$(nic 'channels = 2;')"
	bad 1 '"lo" has no setting "offload nosuch"' "$(nic 'offload = "nosuch=on";')"
	bad 1 "interface \"lo\" is described at $TMP/a.conf:1 already" \
		'nics = ( { interface = "lo"; channels = 2; }, { interface = "lo"; channels = 3; } );'
}

test_the_accelerator() {
	contains "$(apply 'accelerator = { port = 11211; memory = "64M"; };' || :)" \
		"+ accelerator port 11211, memory 64M, max-age 1000000us, tcp"
	contains "$(apply 'accelerator = { port = 5; memory = "1G"; dev = "lo"; mode = "generic"; max-age = "0"; };' || :)" \
		"+ accelerator port 5, memory 1024M, max-age 0, dev lo, tcp, udp, generic"
	eq "$(apply 'accelerator = { enabled = false; };')" "nothing to change"
	bad 1 'accelerator is a group' 'accelerator = ( );'
	bad 1 'accelerator needs "port"' 'accelerator = { };'
	bad 1 'accelerator needs "memory"' 'accelerator = { port = 1; };'
	bad 1 'accelerator has no "size"; it has enabled, port' 'accelerator = { size = 1; };'
	bad 1 'port: 65536 is not a number from 1 to 65535' 'accelerator = { port = 65536; };'
	bad 1 'port is a number' 'accelerator = { port = "1"; };'
	# 11211 and 2^32
	bad 3 '4294978507 is too large a number' $'/* " */\n# "\naccelerator = { port = 4294978507; };'
	bad 1 '0x100002bcb is too large a number' 'accelerator = { port = 0x100002bcb; };'
	bad 1 '"64" is not an amount' 'accelerator = { port = 1; memory = "64"; };'
	bad 1 '"1h" is not a time' 'accelerator = { port = 1; memory = "64M"; max-age = "1h"; };'
	bad 1 'native or generic, not "fast"' 'accelerator = { port = 1; memory = "64M"; mode = "fast"; };'
	bad 1 'needs no options then' 'accelerator = { enabled = false; port = 1; };'
	echo 'accelerator = { enabled = false; };' >"$TMP/b.conf"
	refuses rexctl apply --dry-run "$TMP/b.conf" "$TMP/b.conf"
	contains "$REFUSAL" "the accelerator is described at $TMP/b.conf:1 already"
}

test_files_that_others_can_write() {
	mkdir -m 755 "$TMP/dir"
	program >"$TMP/dir/a.conf"
	chmod 664 "$TMP/dir/a.conf"
	refuses rexctl apply --dry-run "$TMP/dir/a.conf"
	contains "$REFUSAL" "a.conf: can be written by others (mode 664): \"chmod go-w "
	chmod 644 "$TMP/dir/a.conf"
	chown 1 "$TMP/dir/a.conf"
	refuses rexctl apply --dry-run "$TMP/dir/a.conf"
	contains "$REFUSAL" "a.conf: belongs to user 1, not to root"
	chown 0 "$TMP/dir/a.conf"
	chmod 777 "$TMP/dir"
	ln -s "$TMP/dir/a.conf" "$TMP/link.conf"
	refuses rexctl apply --dry-run "$TMP/link.conf"
	contains "$REFUSAL" "$TMP/dir: can be written by others"
	chmod 755 "$TMP/dir"
	contains "$(rexctl apply --dry-run "$TMP/link.conf" || :)" "+ program xdp_count"
	mkdir -m 755 "$TMP/dir/below"
	mv "$TMP/dir/a.conf" "$TMP/dir/below"
	chmod 775 "$TMP/dir"
	refuses rexctl apply --dry-run "$TMP/dir/below/a.conf"
	contains "$REFUSAL" "$TMP/dir: can be written by others"
	chmod 1777 "$TMP/dir"	# as /tmp
	contains "$(rexctl apply --dry-run "$TMP/dir/below/a.conf" || :)" "+ program xdp_count"
}

test_what_is_not_a_file() {
	refuses rexctl apply --dry-run "$TMP/none.conf"
	contains "$REFUSAL" "none.conf: No such file"
	refuses rexctl apply --dry-run "$TMP"
	contains "$REFUSAL" "not a regular file"
	mkfifo "$TMP/pipe"
	refuses rexctl apply --dry-run "$TMP/pipe"
	contains "$REFUSAL" "not a regular file"
	refuses rexctl apply --dry-run /dev/zero
	contains "$REFUSAL" "not a regular file"
	[ -e /etc/rex ] || { refuses rexctl apply --dry-run; contains "$REFUSAL" "there is no /etc/rex/*.conf"; }
}

test_fuzz_the_reader() {
	mkdir "$TMP/corpus"
	program 'budget = "1ms"; timing = true;' >"$TMP/corpus/a"
	attachment 'program = "xdp_count"; target = "xdp lo generic priority=3";' >"$TMP/corpus/b"
	nic 'channels = 2; rings = "rx=2,tx=3"; napi-threaded = true;' >"$TMP/corpus/c"
	# libconfig's parser leaks what it has read of a text with a syntax error.
	ASAN_OPTIONS=detect_leaks=0 "$BUILD/tests/control-conf-fuzz" -max_total_time=5 -max_len=512 -close_fd_mask=3 -artifact_prefix="$TMP/" \
		"$TMP/corpus" >"$TMP/log" 2>&1 || fail "$(tail -40 "$TMP/log")"
	contains "$(cat "$TMP/log")" DONE
}

tap_run
