#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# vm: --timeout 900
# Every sample, attached where its README says, doing what it says; no sample has a loader.
. "$(dirname "$0")/../lib/tap.sh"

at_server() { ip netns exec rex-server "$@"; }
at_client() { ip netns exec rex-client "$@"; }
rex() { rexctl --netns rex-server "$@"; }
start() { rex load "$BUILD/programs/$1.ko"; }

# number BYTE...: of little-endian bytes as bpftool prints them in JSON.
number() {
	local hex='' byte
	for byte; do hex=${byte#0x}$hex; done
	echo $((16#$hex))
}

# le SIZE NUMBER: as bytes for bpftool.
le() {
	local i
	for ((i = 0; i < $1; i++)); do printf '%d ' $(($2 >> (8 * i) & 255)); done
}

# value MAP FIRST SIZE KEY-BYTE...: the number in bytes [FIRST, FIRST + SIZE) of an element's
# value, summed over CPUs if it has one for each.
value() {
	local map=$1 first=$2 size=$3 sum=0 line bytes; shift 3
	while read -r line; do
		read -ra bytes <<<"$(tr -d '"[]' <<<"$line" | tr ',' ' ')"
		sum=$((sum + $(number "${bytes[@]:first:size}")))
	done < <(bpftool -j map lookup name "$map" key "$@" | grep -o '"value":\[[^]]*\]' | sed 's/"value"://')
	echo $sum
}

at_least() { [ "$1" -ge "$2" ] || fail "expected at least $2, but got $1"; }
ping_works() { at_client ping -q -c 3 -i 0.1 -W 2 10.77.0.1; }

# frame BYTES: an IPv4 UDP frame to 10.77.0.1:9000 that carries them, for rexctl run.
frame() {
	local len=${#1}
	printf '\x02\0\x0a\x4d\0\1\x02\0\x0a\x4d\0\2\x08\0\x45\0'
	printf "\\x$(printf %02x $(((28 + len) >> 8)))\\x$(printf %02x $(((28 + len) & 255)))"
	printf '\0\0\0\0\x40\x11\0\0\x0a\x4d\0\2\x0a\x4d\0\1\x30\x39\x23\x28'
	printf "\\x$(printf %02x $(((8 + len) >> 8)))\\x$(printf %02x $(((8 + len) & 255)))\0\0"
	printf %s "$1"
}

setup() { topology/veth/lab up >/dev/null; }

teardown() {
	local dir
	for dir in dataplane/samples/*/; do
		[ ! -d "/sys/module/$(basename "$dir")" ] || rex unload "$(basename "$dir")" --force
	done
	topology/veth/lab down
	[ ! -d /sys/module/rex ] || rmmod rex
	lacks "$(bpftool prog)" rex_shim
	[ ! -d /sys/fs/bpf/rex ] || [ -z "$(find /sys/fs/bpf/rex -mindepth 1)" ]
}

test_every_sample_has_a_README_and_a_test() {
	local dir name
	for dir in dataplane/samples/*/; do
		name=$(basename "$dir")
		[ -s "$dir/README.md" ] && [ -s "$BUILD/programs/$name.ko" ] || fail "$name is not whole"
		grep -q "start $name\$" tests/vm/samples.t || fail "no test starts $name"
	done
}

test_hello_greets_once_per_second() {
	start hello
	rex attach hello xdp srv0
	ping_works
	# three packets, which on a busy machine take more than a second
	dmesg | sed -n 's/^\[ *\([0-9.]*\)\] .*rex: hello: hello from safe Rust.*/\1/p' >"$TMP/times"
	awk '{ if (NR > 1 && $1 - last < 0.99) exit 1; last = $1 } END { if (!NR) exit 1 }' "$TMP/times" ||
		fail "greetings at $(tr '\n' ' ' <"$TMP/times")"
}

test_xdp_count_counts_by_protocol() {
	start xdp_count
	rex attach xdp_count xdp srv0
	ping_works
	at_least "$(value PACKETS 0 8 1 0 0 0)" 3
	at_least "$(value BYTES 0 8 1 0 0 0)" $((3 * 98))
}

test_error_injector_fails_dup_of_one_process() {
	start error_injector
	rex attach error_injector kprobe __x64_sys_dup
	mkfifo "$TMP/go"
	"$BUILD/tests/drivers/dup" wait >"$TMP/out" <"$TMP/go" &
	local pid=$!
	exec 9>"$TMP/go"
	# shellcheck disable=SC2046 # bytes
	bpftool map update name pid_to_errno key $(le 4 $pid) value $(le 8 -24)	# EMFILE
	eq "$("$BUILD/tests/drivers/dup")" "dup: 0"
	echo go >&9
	wait $pid
	eq "$(cat "$TMP/out")" "dup: 24"
}

test_syscall_tp_counts_calls_and_results() {
	start syscall_tp
	rex attach syscall_tp:enter tracepoint syscalls:sys_enter_openat
	rex attach syscall_tp:exit tracepoint syscalls:sys_exit_openat
	for _ in 1 2 3 4 5; do cat /etc/hostname /no/such/file >/dev/null 2>&1 || :; done
	at_least "$(value CALLS 0 8 0 0 0 0)" 10
	at_least "$(value RESULTS 0 8 0 0 0 0)" 5
	at_least "$(value RESULTS 0 8 2 0 0 0)" 5
	# the record of another tracepoint is smaller: the kernel refuses
	refuses rex attach syscall_tp:exit tracepoint sched:sched_kthread_stop_ret
}

test_syscount_counts_the_calls_of_a_process() {
	start syscount
	rex attach syscount raw_tracepoint sys_enter
	# umask, 95, nobody else makes so many
	# shellcheck disable=SC2016
	bash -c 'echo $$; for ((i = 0; i < 200; i++)); do umask 022; done' >"$TMP/pid"
	# shellcheck disable=SC2046
	at_least "$(value CALLS 0 8 $(le 4 "$(cat "$TMP/pid")") $(le 4 95))" 200
}

test_tracex_reads_paths_and_sees_seccomp() {
	start tracex
	rex attach tracex:open kprobe __x64_sys_openat
	rex attach tracex:seccomp kprobe __seccomp_filter
	cat "/etc/hostname" >/dev/null
	rexctl events tracex OPENS --count 1000 --timeout 2 --raw >"$TMP/events" || :
	grep -qa /etc/hostname "$TMP/events"
	"$BUILD/tests/drivers/seccomp"
	# getppid, 110
	at_least "$(value FILTERED 0 8 110 0 0 0)" 10
}

test_trace_event_counts_stacks() {
	start trace_event
	rex attach trace_event perf_event cpu-clock freq=200
	"$BUILD/tests/drivers/spin" 2
	contains "$(bpftool -j map dump name COUNTS | tr -d '", ')" 0x730x700x690x6e0x00
	at_least "$(bpftool map dump name STACKS | grep -c '^key')" 1
}

test_map_test_uses_every_kind_of_map() {
	start map_test
	frame x >"$TMP/frame"
	contains "$(rexctl run map_test --data-in "$TMP/frame")" XDP_PASS
	# one element per kind; 1: it did what it should
	eq "$(bpftool -j map dump name PASSED | grep -o '"value":\[[^]]*\]' | sort -u)" '"value":["0x01","0x00","0x00","0x00"]'
}

test_atomic_counts_in_map_and_static() {
	start atomic
	frame 12345 >"$TMP/frame"
	rexctl run atomic --data-in "$TMP/frame" --repeat 100
	eq "$(value STATS 0 8 0 0 0 0)" 100
	eq "$(value STATS 8 8 0 0 0 0)" 4700
	eq "$(value STATS 16 8 0 0 0 0)" 47
	eq "$(value STATS 24 4 0 0 0 0)" 47
	# 1, 2, 4 ... 64
	eq "$(value STATS 32 8 0 0 0 0)" 7
}

test_recursive_goes_as_deep_as_it_is_told() {
	start recursive
	frame x >"$TMP/frame"
	bpftool map update name DEPTH key 0 0 0 0 value 200 0 0 0
	contains "$(rexctl run recursive --data-in "$TMP/frame")" XDP_PASS
	eq "$(value REACHED 0 4 0 0 0 0)" 200
}

test_recursive_too_deep_is_an_event_with_a_line() {
	start recursive
	frame x >"$TMP/frame"
	bpftool map update name DEPTH key 0 0 0 0 value 0 0 1 0
	refuses rexctl run recursive --data-in "$TMP/frame"
	contains "$REFUSAL" "recursive/main.rs:"
	contains "$(rexctl status --json)" '"state":"crashed"'
}

test_spinlock_keeps_the_sum_on_two_cpus() {
	start spinlock
	rex attach spinlock:pay xdp srv0
	rexctl --netns rex-client attach spinlock:pay xdp cli0
	at_server ping -q -i 0.002 -w 2 10.77.0.2 >/dev/null &
	at_client ping -q -i 0.002 -w 2 10.77.0.1 >/dev/null &
	wait
	frame x >"$TMP/frame"
	rexctl run spinlock:audit --data-in "$TMP/frame"
	eq "$(value AUDIT 0 8 0 0 0 0)" 8000
	at_least "$(value AUDIT 8 8 0 0 0 0)" 500
	rexctl --netns rex-client detach spinlock:pay xdp cli0
}

test_stream_lines_counts_and_answers() {
	start stream_lines
	ip netns exec rex-server "$BUILD/tests/drivers/echo" tcp 10.77.0.1 7 >"$TMP/server" &
	local server=$!
	wait_for 5 grep -q ready "$TMP/server"
	rex attach stream_lines stream $server:7
	# shellcheck disable=SC2016
	eq "$(at_client bash -c 'exec 5<>/dev/tcp/10.77.0.1/7
		for word in hello ping; do
			echo $word >&5
			read -r -t 10 line <&5
			echo $line
		done')" $'hello\npong'
	contains "$(rex status)" "1 answered"
	kill $server
}

# 10.77.0.9:80 does not exist; it is forwarded to 10.77.0.1:8080. To the server's own MAC address:
# a veth looks at that before XDP does, and takes others to be for another host.
test_xdp_filter_forwards_and_answers() {
	local vip_mac='2 0 10 77 0 9' server_mac='2 0 10 77 0 1' service target
	service="$(le 4 $((0x0a4d0009))) $(le 2 80)" target="$(le 4 $((0x0a4d0001))) $(le 2 8080)"
	start xdp_filter
	rex attach xdp_filter:ingress xdp srv0
	rex attach xdp_filter:egress tc srv0 egress
	ip -n rex-client neigh replace 10.77.0.9 lladdr 02:00:0a:4d:00:01 dev cli0
	at_client ethtool -K cli0 tx off
	for protocol in 6 17; do
		# shellcheck disable=SC2086
		bpftool map update name FORWARD key $service $protocol 0 value $target $server_mac
		# shellcheck disable=SC2086
		bpftool map update name BACK key $target $protocol 0 value $service $vip_mac
	done
	echo tcp | at_server timeout 20 nc -l -N 8080 >"$TMP/tcp" &
	wait_for 5 at_server sh -c 'ss -ltn | grep -q 8080'
	eq "$(echo hello | at_client timeout 10 nc -N 10.77.0.9 80)" tcp
	wait
	eq "$(cat "$TMP/tcp")" hello
	echo udp | at_server timeout 20 nc -u -l -W 1 8080 >"$TMP/udp" &
	wait_for 5 at_server sh -c 'ss -lun | grep -q 8080'
	eq "$(echo hello | at_client timeout 10 nc -u -W 1 10.77.0.9 80)" udp
	eq "$(cat "$TMP/udp")" hello
	# port 0: dropped
	# shellcheck disable=SC2046,SC2086
	bpftool map update name FORWARD key $service 17 0 value $(le 4 0) 0 0 $server_mac
	eq "$(echo hello | at_client timeout 2 nc -u -W 1 10.77.0.9 80)" ""
}

# srv0 <-> srv1 in the server's namespace, a third namespace behind srv1
test_xdp_redirect_patches_two_interfaces() {
	start xdp_redirect
	ip netns add rex-third
	ip -n rex-server link add srv1 type veth peer name thi0 netns rex-third
	ip -n rex-server link set srv1 up
	ip -n rex-third link set thi0 up
	ip -n rex-third addr add 10.77.0.3/24 dev thi0
	ip -n rex-third link set thi0 address 02:00:0a:4d:00:03
	ip -n rex-third neigh replace 10.77.0.2 lladdr 02:00:0a:4d:00:02 dev thi0
	ip -n rex-client neigh replace 10.77.0.3 lladdr 02:00:0a:4d:00:03 dev cli0
	local a b
	a=$(at_server cat /sys/class/net/srv0/ifindex) b=$(at_server cat /sys/class/net/srv1/ifindex)
	# shellcheck disable=SC2046
	at_server bpftool map update name PATCH key $(le 4 "$a") value $(le 4 "$b")
	# shellcheck disable=SC2046
	at_server bpftool map update name PATCH key $(le 4 "$b") value $(le 4 "$a")
	rex attach xdp_redirect xdp srv0
	rex attach xdp_redirect xdp srv1
	# a veth hands redirected frames out only when its peer has NAPI
	at_client ethtool -K cli0 gro on
	ip netns exec rex-third ethtool -K thi0 gro on
	at_client ping -q -c 3 -i 0.1 -W 2 10.77.0.3
	at_least "$(value FRAMES 0 8 1 0 0 0)" 6
	rex unload xdp_redirect --force
	ip netns del rex-third
}

test_xdp_json_lets_only_good_documents_in() {
	start xdp_json
	bpftool map update name PORT key 0 0 0 0 value 40 35 0 0
	# shellcheck disable=SC2046
	bpftool map update name FORBIDDEN key $(printf admin | od -An -v -tu1) $(le 27 0) value 1
	local text
	for text in '{}' '[1,-2.5e+3,0]' ' "a\u0041\n" ' '{"a":{"b":[true,false,null,{"c":""}]}}' \
		"$(printf '[%.0s' {1..60})$(printf ']%.0s' {1..60})"; do
		frame "$text" >"$TMP/frame"
		contains "$text: $(rexctl run xdp_json --data-in "$TMP/frame")" XDP_PASS
	done
	for text in '' '{' '[1,]' '{"a" 1}' '01' '1.' '"a' 'nul' '{} x' "$(printf '[%.0s' {1..1000})" \
		'{"admin":1}' '[[{"a":{"\u0061dmin":0}}]]'; do
		frame "$text" >"$TMP/frame"
		contains "$text: $(rexctl run xdp_json --data-in "$TMP/frame")" XDP_DROP
	done
	eq "$(value VERDICTS 0 8 0 0 0 0)" 5
	eq "$(value VERDICTS 0 8 1 0 0 0)" 10
	eq "$(value VERDICTS 0 8 2 0 0 0)" 2
	lacks "$(rexctl status)" crashed
}

tap_run
