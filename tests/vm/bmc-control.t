#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# rexctl bmc in the VM: start, stop, status, stats, flush, and what the daemon does when memcached, the
# program, the hook at its sockets, XDP or the daemon itself goes. Refusals of servers: tests/host/bmc-refusals.t.
. "$(dirname "$0")/../lib/tap.sh"

. "$TOP/bmc/tests/control.sh"

# ---- refused by the kernel, or by what it shows -----------------------------------------------------

test_a_program_that_sees_nothing_is_found_out_and_all_is_undone() {
	everything >"$LAB_DIR/before"
	mkdir "$TMP/blind"
	cp "$BUILD/tests/bmc_blind.ko" "$TMP/blind/rex_bmc.ko"
	export REX_BMC_KO=$TMP/blind/rex_bmc.ko
	refuses start
	contains "$REFUSAL" "self test: memcached answers at 10.77.0.1:11211 over TCP, but the program does not see it"
	nothing_left
}

test_too_little_memory_for_the_connections() {
	refuses start --port 11211 --dev srv0 --memory 1M
	contains "$REFUSAL" "maxconns 1024"
	contains "$REFUSAL" "are the least"
	nothing_left
}

test_no_accelerator() {
	local command
	for command in stop status stats flush; do
		refuses rexctl bmc $command
		contains "$REFUSAL" "the accelerator is not there"
	done
}

# ---- running ------------------------------------------------------------------------------------------

test_start() {
	start
	eq "$(status state)" running
	eq "$(status server)" "$(memcached_pid)"
	contains "$(rexctl bmc status)" "udp $SERVER:11211"
	contains "$(rexctl bmc status)" "device: srv0"
	lacks "$(rexctl bmc status)" "detached"
	[ "$(bpftool map show name BMC_SETS | grep -oE 'max_entries [0-9]+' | cut -d' ' -f2)" -gt 2000 ] ||
		fail "$(bpftool map show name BMC_SETS)"
}

# A veth has one, and may have as many as there are CPUs: where XDP is, at least the other end's.
client_channels() { nsenter --net=/run/netns/rex-client rexctl nic set cli0 channels "$1"; }
channels() { in_ns rexctl nic set srv0 channels "$1"; }

test_one_receive_queue_is_warned_of() {
	rexctl bmc stop
	start 2>"$TMP/said"
	contains "$(cat "$TMP/said")" "srv0 has one receive queue, so one CPU answers all of its GETs"
	rexctl bmc stop
	client_channels 2
	channels 2
	start 2>"$TMP/said"
	lacks "$(cat "$TMP/said")" "receive queue"
	rexctl bmc stop
	channels 1
	client_channels 1
	start
}

test_hits_are_given() {
	warm one
	hits 1 one
}

test_a_second_start_is_refused() {
	refuses start
	contains "$REFUSAL" "running already for port 11211 (daemon $(status daemon)): there is one per kernel"
	refuses rexctl --netns rex-client bmc start --port 11212 --dev cli0 --memory 16M
	contains "$REFUSAL" "for port 11211 of another network namespace (daemon $(status daemon))"
	eq "$(status state)" running
}

# docs/bmc.md: 20 lines of a client.
test_the_client_of_the_document() {
	local before
	warm one
	before=$(stat_of hits)
	eq "$(nsenter --net=/run/netns/rex-client python3 docs/examples/udp_get.py $SERVER 11211 one)" "$(printf 'v%.0s' {1..32})"
	eq "$(($(stat_of hits) - before)) hits" "1 hits"
	eq "$(nsenter --net=/run/netns/rex-client python3 docs/examples/udp_get.py $SERVER 11211 none)" "no such key"
}

test_flush() {
	warm one
	hits 1 one
	rexctl bmc flush
	hits 0 one
	hits 1 one
}

test_stats_as_text_and_json_agree() {
	rexctl bmc stats >"$TMP/text"
	rexctl bmc stats --json >"$TMP/json"
	[ "$(wc -l <"$TMP/text")" -eq "$(grep -c '^	X(' bmc/shared.h)" ] || fail "$(cat "$TMP/text")"
	! grep -vE '^[a-z_]+ [0-9]+$' "$TMP/text" || fail "no lines of that form"
	python3 - "$TMP/text" "$TMP/json" <<-END
		import json, sys
		flat = {}
		for group, value in json.load(open(sys.argv[2])).items():
		    if isinstance(value, dict):
		        flat.update({group + "_" + label: n for label, n in value.items()})
		    else:
		        flat[group] = value
		text = dict(line.split() for line in open(sys.argv[1]))
		assert set(text) == set(flat), set(text) ^ set(flat)
	END
}

# The text format of Prometheus, 0.0.4: HELP and TYPE once before the samples of a name, and those
# together; names, labels and values of the right form; the last line ends.
test_stats_for_prometheus() {
	rexctl bmc stats --prometheus >"$TMP/prom"
	[ -z "$(tail -c1 "$TMP/prom" | tr -d '\n')" ] || fail "the last line does not end"
	awk '
	function bad(why) { print NR ": " why ": " $0; failed = 1 }
	/^# HELP / { if ($3 in help) bad("HELP twice"); help[$3] = 1; if (NF < 4) bad("empty HELP"); next }
	/^# TYPE / {
		if ($3 in type) bad("TYPE twice")
		if (!($3 in help)) bad("no HELP before")
		if ($4 !~ /^(counter|gauge)$/ || NF != 4) bad("type")
		if ($4 == "counter" && $3 !~ /_total$/) bad("a counter ends in _total")
		type[$3] = $4; now = $3; next
	}
	/^#/ || /^$/ { bad("neither HELP nor TYPE"); next }
	!/^[a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\[\\n"])*"\})? [0-9]+$/ { bad("no sample"); next }
	{
		name = $1; sub(/\{.*/, "", name)
		if (name != now) bad("a sample away from its TYPE")
		if ($1 in sample) bad("sample twice")
		sample[$1] = 1; n++
	}
	END { if (n < 40) { print n " samples"; failed = 1 } exit failed }' "$TMP/prom" || fail "see above"
	grep -qx 'rex_bmc_running 1' "$TMP/prom"
	grep -qx 'rex_bmc_daemon 1' "$TMP/prom"
	grep -qE '^rex_bmc_invalidations_total\{kind="set"\} [1-9]' "$TMP/prom" || fail "$(grep inval "$TMP/prom")"
}

# gives_hits KEY: whether a GET that follows one is a hit.
gives_hits() {
	local before
	warm "$1"
	before=$(stat_of hits)
	client get "$1" 32 v
	[ "$(stat_of hits)" -gt "$before" ]
}

has_read() { [ "$(stat_of reads)" -ge "$1" ]; }

# TEXT is all that a client says; it stays connected. Nobody sees when memcached executes it: after a
# while the daemon asks, and hits come back. What is set here expires never.
idles_after() { # TEXT
	local pid reads
	warm one
	hits 1 one
	reads=$(stat_of reads)
	# dd: in one segment
	nsenter --net=/run/netns/rex-client bash -c 'exec 3<>"/dev/tcp/$0/11211"
		printf "$1" | dd bs=64k iflag=fullblock status=none >&3; exec sleep 100' $SERVER "$1" &
	pid=$!
	wait_for 5 has_read $((reads + 1))
	! gives_hits two || fail "hits, although nobody knows what memcached does"
	wait_for 30 gives_hits two
	# established, from 10.77.0.2 to port 11211
	in_ns grep -q ':2BCB 02004D0A:[0-9A-F]* 01 ' /proc/net/tcp || fail "the client has gone"
	eq "$(status state)" running
	kill $pid
}

test_a_client_that_idles_after_a_flush_all_without_reply() { idles_after 'flush_all noreply\r\n'; }

test_a_client_that_idles_after_a_command_that_nobody_knows() { idles_after 'nonsense\r\nset x 0 0 1\r\nx\r\n'; }

test_a_client_that_idles_after_more_keys_than_are_remembered() {
	idles_after "$(for i in {1..17}; do printf 'set k%s 0 0 1 noreply\\r\\nx\\r\\n' "$i"; done)"
}

# ---- what goes, and comes again ---------------------------------------------------------------------------

test_memcached_is_killed_and_started_again() {
	warm one
	hits 1 one
	memcached_down
	wait_for 5 is_state waiting
	contains "$(status reason)" "has ended"
	memcached_up -U 11211
	wait_for 20 is_state running
	eq "$(status server)" "$(memcached_pid)"
	eq "$(client request "get one")" "END"$'\r'
	warm one
	hits 1 one
}

has_status() { [[ $(rexctl bmc status) == *"$1"* ]]; }

# A process that ends has closed its sockets first: nobody detached anything.
test_a_memcached_that_closes_its_sockets_has_ended() {
	"$BUILD/tests/drivers/close_listeners" "$(memcached_pid)"
	wait_for 20 has_status "has ended"
	memcached_down
	memcached_up -U 11211
	wait_for 20 is_state running
}

test_a_memcached_without_udp_waits() {
	memcached_down
	memcached_up
	wait_for 20 sh -c 'rexctl bmc status | grep -q "serves no UDP"'
	eq "$(status state)" waiting
	memcached_down
	memcached_up -U 11211
	wait_for 20 is_state running
}

test_hits_go_on_without_the_daemon_and_it_comes_back() {
	local daemon
	warm one
	daemon=$(status daemon)
	[ "$daemon" -gt 1 ]		# 0 would be ourselves
	kill -9 "$daemon"
	wait_for 5 sh -c "! kill -0 $daemon"
	eq "$(status state)" running
	contains "$(rexctl bmc status)" "daemon: not running"
	hits 1 one
	client set one 32 v
	hits 0 one
	refuses start --port 11211 --dev srv0 --memory 32M
	contains "$REFUSAL" "with other options"
	hits 1 one
	start
	[ "$(status daemon)" != "$daemon" ]
	# what it had is there still
	hits 1 one
}

test_memcached_ends_without_the_daemon() {
	local daemon
	daemon=$(status daemon)
	[ "$daemon" -gt 1 ]		# 0 would be ourselves
	kill -9 "$daemon"
	memcached_down
	memcached_up -U 11211
	wait_for 5 is_state waiting
	contains "$(status reason)" "the daemon is needed"
	start
	wait_for 20 is_state running
	eq "$(status server)" "$(memcached_pid)"
	warm one
	hits 1 one
}

test_the_program_is_disabled_and_enabled() {
	warm one
	rexctl disable rex_bmc
	wait_for 5 sh -c 'rexctl bmc status | grep -q "^off: .*is disabled"'
	client set one 32 v
	rexctl enable rex_bmc
	wait_for 20 is_state running
	client get one 32 v
	hits 1 one
}

# Nothing of the daemon's is needed to be right: it is stopped.
test_detached_from_the_sockets() {
	local daemon
	warm one
	hits 1 one
	daemon=$(status daemon)
	kill -STOP "$daemon"
	rexctl detach rex_bmc:sockets
	client set one 32 w
	client get one 32 w
	eq "$(status state)" off
	kill -CONT "$daemon"
	( wait_for 20 is_state running ) || fail "$(rexctl bmc status)"
	client get one 32 w
	warm one
	hits 1 one
}

test_a_memcached_that_comes_at_once_is_not_answered_for() {
	local daemon
	warm one
	hits 1 one
	daemon=$(status daemon)
	kill -STOP "$daemon"
	memcached_down
	memcached_up -U 11211
	client set one 32 w
	client get one 32 w
	kill -CONT "$daemon"
	wait_for 20 is_state running
	eq "$(status server)" "$(memcached_pid)"
	warm one
	hits 1 one
}

test_full_preemption_is_no_obstacle() {
	local model=/sys/kernel/debug/sched/preempt was
	was=$(sed 's/.*(\(.*\)).*/\1/' $model)
	rexctl bmc stop
	nothing_left
	echo full >$model
	start
	warm one
	hits 1 one
	client set one 32 w
	client get one 32 w
	rexctl bmc stop
	echo "$was" >$model
	nothing_left
}

tcp_get() { # KEY VALUE: twice over one connection; the second one can be a hit
	nsenter --net=/run/netns/rex-client bash -c 'exec 3<>"/dev/tcp/$0/11211"
		for _ in 1 2; do
			printf "get %s\r\n" "$1" >&3
			for want in "VALUE $1 0 ${#2}" "$2" END; do
				read -rt 20 -u 3 line
				[ "${line%?}" = "$want" ] || { echo "$line instead of $want"; exit 1; }
			done
		done' $SERVER "$@"
}

# answers WHAT OPTION...: over tcp, udp or both; both are followed
answers() {
	local what=$1 value before tcp udp
	shift
	start --port 11211 --memory 16M --max-age 60s "$@"
	warm one
	value=$(printf 'v%.0s' {1..32})
	before=$(stat_of tcp_hits)
	tcp_get one "$value"
	tcp=$(($(stat_of tcp_hits) - before))
	before=$(stat_of hits)
	client get one 32 v
	udp=$(($(stat_of hits) - before))
	case $what in
	tcp) eq "$tcp $udp" "1 0"; contains "$(rexctl bmc status)" "tcp: "; lacks "$(rexctl bmc status)" "udp: " ;;
	udp) eq "$tcp $udp" "0 1"; contains "$(rexctl bmc status)" "udp: "; lacks "$(rexctl bmc status)" "tcp: " ;;
	both) eq "$tcp $udp" "1 1"; contains "$(rexctl bmc status)" "tcp: "; contains "$(rexctl bmc status)" "udp: " ;;
	esac
	# a change over the transport that is not answered is one all the same
	eq "$(client request $'set one 0 0 1\r\nx')" STORED$'\r'
	tcp_get one x
	rexctl bmc stop
	nothing_left
}

test_both_transports_by_default() { answers both --dev srv0; }
test_tcp_without_interfaces() { answers tcp; }
test_tcp_alone() { answers tcp --tcp; }
test_udp_alone() { answers udp --udp --dev srv0; }
test_both_by_name() { answers both --tcp --udp --dev srv0; }

# ---- other ways to run ------------------------------------------------------------------------------------

test_two_devices_and_one_is_detached() {
	ip -n $NS link add srv1 type veth peer name srv2
	start --port 11211 --dev srv0,srv1 --memory 16M --max-age 0
	contains "$(rexctl bmc status)" "device: srv1 (generic)"
	rexctl --netns $NS detach rex_bmc:ingress xdp srv1
	contains "$(rexctl bmc status)" "device: srv1, where XDP was detached"
	lacks "$(rexctl bmc status)" "device: srv0, where"
	warm one
	hits 1 one
	rexctl bmc stop
	ip -n $NS link del srv1
	nothing_left
}

test_foreground_undoes_everything_at_sigterm() {
	local pid
	rexctl --netns $NS bmc start "${OPTIONS[@]}" --foreground >"$TMP/log" 2>&1 &
	pid=$!
	wait_for 20 is_state running
	eq "$(status daemon)" $pid
	kill -TERM $pid
	wait $pid
	nothing_left
}

# memcached is asked what is due before it is looked at, say, and here it comes in between: between both
# the program is loaded.
test_a_flush_with_delay_that_is_given_during_the_start() {
	local pid delay since
	# on a busy machine the start may take longer than that
	for delay in 25 150; do
		rexctl --netns $NS bmc start "${OPTIONS[@]}" --foreground >"$TMP/log" 2>&1 &
		pid=$!
		until [ -d /sys/module/rex_bmc ]; do kill -0 $pid; done
		kill -STOP $pid
		# nothing is followed yet, or there is not even a map that could say so
		case $(status server 2>/dev/null || :) in 0 | '') ;; *) fail "too late: $(rexctl bmc status)" ;; esac
		since=$(uptime_s)
		eq "$(client request "flush_all $delay")" OK$'\r'
		kill -CONT $pid
		wait_for 20 is_state running
		warm one
		[ $(($(uptime_s) - since)) -ge $((delay - 5)) ] || break
		kill -TERM $pid
		wait $pid
	done
	hits 1 one
	wait_for $((delay + 40)) sh -c "nsenter --net=/run/netns/$NS bash -c 'exec 3<>/dev/tcp/$SERVER/11211; echo get one >&3; read -ru 3; echo \$REPLY' | grep END"
	eq "$(client request "get one")" END$'\r'
	kill -TERM $pid
	wait $pid
	nothing_left
}

# ---- the lab ------------------------------------------------------------------------------------------------

run_in_control_lab
