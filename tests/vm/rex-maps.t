#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every kind of map at every hook, and what maps do beyond one invocation. The program
# maps_hooks runs once at each hook and notes for each kind whether all went as it must.
. "$(dirname "$0")/../lib/tap.sh"

PROGRAM=tests/programs/maps_hooks.rs
HOOKS='xdp tc kprobe tracepoint perf_event fentry fexit raw_tracepoint cgroup_skb stream'
KINDS='hash lru_hash percpu_hash lru_percpu_hash array percpu_array lpm_trie queue stack ringbuf'
REDIRECTS='devmap devmap_hash cpumap xskmap'
# sched_get_priority_max(2), which nobody calls.
CALL=__x64_sys_sched_get_priority_max NR=146
CGROUP=/sys/fs/cgroup/rex-maps
ALL=$(mktemp -d)

rex() { rexctl --netns rex-server "$@"; }
ping_works() { ip netns exec rex-client ping -q -c "${1:-3}" -i 0.05 -W 2 10.77.0.1; }
is_crashed() { rexctl status --json | grep -q '"state":"crashed"'; }

# bytes NUMBER: as the four bytes that bpftool takes.
bytes() { echo $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)); }
# put MAP KEY NUMBER: in the network namespace of $NETNS, where that matters.
# shellcheck disable=SC2046,SC2086 # words
put() { ${NETNS:+ip netns exec $NETNS} bpftool map update name "$1" key $(bytes "$2") value $(bytes "$3"); }
# dump MAP TEMPLATE: key and value of each element; of per-CPU maps the sum of all CPUs.
dump() {
	bpftool -j map dump name "$1" | perl -0777 -e '
		my $template = shift;
		for (split /(?=\{"key":)/, <STDIN>) {
			my ($key, @values) = map { pack "C*", map { hex } /0x\w\w/g } /"(?:key|value)":\[("0x[^]]*)/g
				or next;
			my $sum = 0;
			$sum += unpack $template, $_ for @values;
			print unpack("L", $key), " $sum\n";
		}' "$2"
}
count() { dump COUNTS Q | sed -n "s/^$1 //p"; }

# What makes the program run at each hook, and where it is attached.
place() {
	case $1 in
	kprobe | fentry | fexit) echo "$1 $CALL" ;;
	tracepoint) echo tracepoint syscalls:sys_enter_sched_get_priority_max ;;
	raw_tracepoint) echo raw_tracepoint sys_enter ;;
	perf_event) echo perf_event cpu-clock freq=500 ;;
	cgroup_skb) echo "cgroup_skb $CGROUP egress" ;;
	stream) echo "stream $SERVER:7" ;;
	esac
}
mapper() { perl -e '$0 = "mapper"; eval shift; $0 = "perl"' -- "$1"; }
trigger() {
	case $1 in
	perf_event) mapper '1 while times < 0.3' ;;
	cgroup_skb) sh -c "echo \$\$ >$CGROUP/cgroup.procs; exec ping -q -c 1 127.0.0.1" ;;
	stream) echo | timeout 20 nc -N 127.0.0.1 7 ;;
	*) mapper "syscall $NR, 2" ;;
	esac
}

disarmed() { eq "$(dump ARMED L)" "0 0"; }
drained() { [ "$(grep -c "^0$(printf %x "$1")000000" "$ALL/ring")" -ge 3 ]; }

# Runs the program at a hook. $2: its row.
visit() {
	put ARMED 0 $(($2 + 1))
	case $1 in
	xdp | tc)
		rexctl run "maps_hooks:at_$1" --data-in "$ALL/frame"
		;;
	*)
		# shellcheck disable=SC2046 # words
		rexctl attach "maps_hooks:at_$1" $(place "$1")
		trigger "$1"
		rexctl detach "maps_hooks:at_$1"
		;;
	esac
	wait_for 10 disarmed
	wait_for 10 drained "$2"
}

# All hooks one after the other, with readers of both kinds of buffer.
visit_all() {
	local hook row=0 ring perf SERVER
	head -c 64 /dev/zero >"$ALL/frame"
	mkdir -p $CGROUP
	ip link set lo up
	rexctl load build/tests/maps_hooks.ko
	# All maps in one run, on an emulated CPU that others may slow down.
	rexctl set maps_hooks budget 2s
	put M_DEVMAP 0 1
	put M_DEV_HASH 0 1
	put M_CPUMAP 0 64
	build/tests/drivers/ring M_RING >"$ALL/ring" 2>&1 &
	ring=$!
	bpftool map event_pipe name M_PERF >"$ALL/perf" 2>&1 &
	perf=$!
	build/tests/drivers/echo tcp 127.0.0.1 7 >"$ALL/server" &
	SERVER=$!
	wait_for 5 grep -q ready "$ALL/ring"
	wait_for 5 grep -q ready "$ALL/server"
	# bpftool says nothing before the first record; its perf events are there then.
	wait_for 10 sh -c "ls -l /proc/$perf/fd | grep -q perf_event"
	for hook in $HOOKS; do
		( set -e; visit "$hook" "$row" ) >"$ALL/$hook" 2>&1 || echo "visit failed" >>"$ALL/$hook"
		row=$((row + 1))
	done
	dump RESULTS Q >"$ALL/results"
	dump M_HASH L >"$ALL/hash"
	dump M_PC_HASH Q >"$ALL/percpu_hash"
	dump M_ARRAY L >"$ALL/array"
	bpftool -j map dump name M_HASH >"$ALL/hash.json"
	kill -TERM $ring $SERVER; kill -INT $perf
	wait $ring $perf $SERVER || :
	rexctl unload maps_hooks --force
	rmdir $CGROUP
}

declare -A CELL
while IFS=' :=;' read -r word name _ number _; do
	[ "$word" != const ] || CELL[$name]=${CELL[$name]:-$number}
done <"$PROGRAM"

row() { local hook row=0; for hook in $HOOKS; do [ "$hook" != "$1" ] || echo $row; row=$((row + 1)); done; }
result() {
	sed -n "s/^$(($(row "$2") * 32 + CELL[${1^^}])) //p" "$ALL/results"
}

# A cell of the table: the program found nothing wrong, and user space sees what it left.
check() {
	local row; row=$(row "$2")
	eq "$(result "$1" "$2")" 1 || { cat "$ALL/$2"; exit 1; }
	case $1 in
	hash | array) contains "$(cat "$ALL/$1")"$'\n' "$row $row"$'\n' ;;
	percpu_hash) contains "$(cat "$ALL/$1")"$'\n' "$row $((7 + row))"$'\n' ;;
	# Of four records the second was discarded.
	ringbuf) eq "$(sed -n "s/^0${row}000000//p" "$ALL/ring" | tr '\n' ' ')" '01000000 03000000 04000000 ' ;;
	perf_event_array) contains "$(cat "$ALL/perf")" "0$row 00 00 00 70 78 65 72" ;;
	esac
}

setup() { [ -d /sys/module/rex ] || insmod build/kmod/rex.ko; }

# Of the tests with a lab: those of the table leave nothing, and are many.
teardown() {
	local pid
	[ -e "$TMP/lab" ] || return 0
	while read -r pid; do kill -TERM "$pid" 2>/dev/null; done <"$TMP/lab"
	rex unload maps_move --force
	topology/veth/lab down
	lacks "$(bpftool prog)" rex_shim
}

# What the cells of the table compare.
test_every_kind_of_map_at_every_hook() { visit_all; [ -s "$ALL/results" ]; }
# shellcheck disable=SC2034  # for tap.sh
TAP_COMPARES=1
tap_table check "$KINDS" "$HOOKS"
tap_table check perf_event_array "${HOOKS% stream}"
tap_table check "$REDIRECTS" xdp

# ---- beyond one invocation -------------------------------------------------------------------

lab() {
	: >"$TMP/lab"		# the processes to end
	topology/veth/lab up >/dev/null
	rexctl load build/tests/maps_move.ko
	rexctl set maps_move budget 2s
}

# A second pair in the server's namespace: what goes out of out0 arrives at in0.
port() {
	ip -n rex-server link add "out$1" type veth peer name "in$1"
	ip -n rex-server link set "out$1" up
	ip -n rex-server link set "in$1" up
	rex attach maps_move:arrives xdp "in$1"
	NETNS=rex-server put PORTS "$1" "$(ip netns exec rex-server cat "/sys/class/net/out$1/ifindex")"
}

test_devmap_delivers_to_the_other_interface() {
	lab
	port 2
	rex attach maps_move:to_port xdp srv0
	! ping_works 10
	eq "$(count 0) $(count 1)" "10 10"
	rex detach maps_move:to_port
	ping_works
}

test_devmap_broadcasts_to_all_but_the_ingress() {
	lab
	port 1
	port 2
	NETNS=rex-server put PORTS 0 "$(ip netns exec rex-server cat /sys/class/net/srv0/ifindex)"
	rex attach maps_move:to_ports xdp srv0
	! ping_works 10
	eq "$(count 0) $(count 1)" "10 20"
}

test_cpumap_delivers_to_the_stack() {
	lab
	put CPUS 1 64
	rex attach maps_move:to_cpu xdp srv0
	ping_works 10
	eq "$(count 0)" 10
}

test_xskmap_without_a_socket_gives_the_other_verdict() {
	lab
	rex attach maps_move:to_socket xdp srv0
	ping_works 10
	eq "$(count 0)" 10
}

# The two records that the program held when it fell are discarded: those behind them come.
test_ringbuf_goes_on_after_a_panic_with_held_records() {
	lab
	build/tests/drivers/ring RING >"$TMP/ring" & echo $! >>"$TMP/lab"
	wait_for 5 grep -q ready "$TMP/ring"
	perl -e 'print chr(0x41), "\0" x 63' >"$TMP/a"
	perl -e 'print chr(0x42), "\0" x 63' >"$TMP/b"
	contains "$(rexctl run maps_move:record --data-in "$TMP/a")" XDP_PASS
	# more often than the buffer has room for what is held
	for _ in $(seq 6); do
		refuses rexctl run maps_move:fall --data-in "$TMP/a"
		rexctl enable maps_move
	done
	contains "$(rexctl run maps_move:record --data-in "$TMP/b")" XDP_PASS
	wait_for 5 grep -q ^42 "$TMP/ring"
	eq "$(sed 1d "$TMP/ring" | tr '\n' ' ')" '4100000000000000 4200000000000000 '
}

# Where a lock of the LRU lists is held. The first that this kernel has as a function of its own.
inside_lru() {
	local symbol
	for symbol in __bpf_lru_list_shrink_inactive __bpf_lru_list_shrink __bpf_lru_node_move \
		__bpf_lru_list_rotate_inactive __bpf_lru_list_rotate bpf_lru_list_push_free; do
		! grep -q " $symbol\$" /proc/kallsyms || { echo $symbol; return; }
	done
	skip "this kernel has no probe point inside the LRU lists"
}

# The probe changes the maps that the program which it interrupts is changing. What cannot be
# done is refused; nobody waits for himself.
test_two_cpus_and_a_probe_at_one_map() {
	local where cpu pids=()
	lab
	where=$(inside_lru)
	head -c 64 /dev/zero >"$TMP/frame"
	rexctl attach maps_move:probe kprobe "$where"
	for cpu in 0 1; do
		taskset -c $cpu rexctl run maps_move:stress --data-in "$TMP/frame" --repeat 100 &
		pids+=($!)
	done
	wait "${pids[0]}"
	wait "${pids[1]}"
	! is_crashed
	[ "$(count 2)" -gt 4000 ] || fail "$(dump COUNTS Q)"
	# in the probe: LRU and queue refused each time
	[ "$(count 5)" -gt 100 ] || fail "$(dump COUNTS Q)"
	eq "$(count 6)" 0
	rexctl detach maps_move:probe
}

tap_run
