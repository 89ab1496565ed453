#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# rexgen and mcload against Debian's memcached over a veth pair between two namespaces.
# shellcheck source=tests/lib/tap.sh disable=SC2317,SC2086
. "$(dirname "$0")/../lib/tap.sh"

S=rexgen-s-$$ C=rexgen-c-$$ SERVER=10.77.0.1
PIDFILE=

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root for network namespaces"
	command -v memcached >/dev/null || skip "memcached is not installed"
	ip netns add "$S"
	ip netns add "$C"
	ip link add rgs netns "$S" type veth peer name rgc netns "$C"
	ip -n "$S" addr add $SERVER/24 dev rgs
	ip -n "$S" link set lo up
	ip -n "$S" link set rgs up
	ip -n "$C" link set rgc up
	PIDFILE=$TMP/memcached.pid
	# not as root (memcached refuses) and one thread, on the CPU that rexgen leaves free
	chmod 777 "$TMP"; chmod 711 "$(dirname "$TMP")"
	ip netns exec "$S" taskset -c 0 memcached -u nobody -l $SERVER -p 11211 -U 11211 -t 1 -m 64 \
		-d -P "$PIDFILE"
	wait_for 10 ip netns exec "$S" mcload --server $SERVER --stat pid
}

teardown() {
	local pid
	for ns in "$S" "$C"; do
		for pid in $(ip netns pids "$ns" 2>/dev/null); do
			kill "$pid" 2>/dev/null || :
		done
	done
	ip netns del "$S" 2>/dev/null || :
	ip netns del "$C" 2>/dev/null || :
}

server() { ip netns exec "$S" "$@"; }
client() { timeout 120 ip netns exec "$C" "$@"; }
# Lost is what never comes: a busy machine may keep memcached from the CPU for seconds.
PATIENT="--timeout 20000 -t 60"
rexgen_() { client rexgen --iface rgc --cpu 1 --server $SERVER --src-ip 10.77.0.2 $PATIENT "$@"; }
# number NAME FILE: the first figure of that name, which is the run's (the warm-up's follow).
number() { sed -n "s/^[^{]*{[^{]*\"$1\":\([0-9.]*\)[,}].*/\1/p" "$2"; }

# All replies of the report were right and none lost; at least LEAST came.
all_good() { # FILE LEAST
	cat "$1"
	eq "$(number verified "$1")" "$(number sent "$1")"
	for what in lost wrong missing duplicate stray; do
		eq "$what $(number $what "$1")" "$what 0"
	done
	[ "$(number verified "$1")" -ge "$2" ] || fail "only $(number verified "$1") replies"
}

with_driver() {
	server mcload --preload $SERVER
	rexgen_ --driver "$1" -c 5000 -w 8 --json "$TMP/j" || {
		# only what this machine cannot do is a reason to skip
		rexgen_ --driver "$1" -c 1 --no-warm-up 2>&1 | grep -qE "cannot open|Operation not supported" &&
			skip "net_$1 does not run on this kernel"
		fail "rexgen failed"
	}
	contains "$(cat "$TMP/j")" "\"client\":\"net_$1\""
	all_good "$TMP/j" 5000
}

test_af_xdp_every_reply_is_right() { with_driver af_xdp; }

test_af_packet_every_reply_is_right_and_its_xdp_program_goes() {
	with_driver af_packet
	lacks "$(ip -n "$C" link show rgc)" xdp
}

test_without_a_driver_option_one_of_them_runs() {
	server mcload --preload $SERVER
	rexgen_ -c 2000 -w 4 --json "$TMP/j"
	all_good "$TMP/j" 2000
}

test_eal_arguments_pass_verbatim() {
	server mcload --preload $SERVER
	# without --iface nobody adds XDP_PASS; memcached's own replies need none
	client rexgen --no-huge -m 128 --no-shconf --no-pci --no-telemetry --log-level=error \
		--vdev=net_af_packet7,iface=rgc -l 1 -- --server $SERVER --src-ip 10.77.0.2 \
		-c 1000 $PATIENT --json "$TMP/j"
	all_good "$TMP/j" 1000
	refuses client rexgen --no-such-eal-option -- --server $SERVER --src-ip 10.77.0.2
	contains "$REFUSAL" no-such-eal-option
}

MIXED=(--keys 5000 --key-size "8-45,250:1" --value-size "0-100:8,1000-1100:2" --any-byte --seed 9)

test_mixed_sizes_all_byte_values_and_zipf() {
	server mcload --preload $SERVER "${MIXED[@]}"
	rexgen_ "${MIXED[@]}" --zipf 0.99 -c 10000 --json "$TMP/j"
	all_good "$TMP/j" 10000
	server mcload --get --server $SERVER "${MIXED[@]}" -c 5000 $PATIENT --json "$TMP/s"
	all_good "$TMP/s" 5000
}

# SETs store what is there already, so that every reply to a GET can still be verified.
test_sets_and_keys_that_were_never_stored() {
	server mcload --preload $SERVER "${MIXED[@]}" --key-size 8-45
	rexgen_ "${MIXED[@]}" --key-size 8-45 --mix get:6,set:4 --missing 25 --hot 1:50 --discard 0.1 -c 5000 \
		--json "$TMP/j"
	all_good "$TMP/j" 5000
	between "$(number sets "$TMP/j")" 1800 2200
	contains "$(cat "$TMP/j")" '"pattern":"hot"'
	# at the server, too, all of the run and something of what was discarded
	[ "$(server mcload --server $SERVER --stat cmd_set)" -ge 6800 ] || fail "no SETs at the server"
	between "$(server mcload --server $SERVER --stat get_misses)" 600 100000
}
between() { [ "$1" -ge "$2" ] && [ "$1" -le "$3" ] || fail "$1 is not from $2 to $3"; }

test_gets_of_several_keys() {
	local good status=0
	server mcload --preload $SERVER -n 500 --value-size 10-60
	rexgen_ -n 500 --value-size 10-60 --multi 10 --missing 10 -c 2000 --json "$TMP/j"
	all_good "$TMP/j" 2000
	[ "$(gets)" -ge 20000 ] || fail "the server saw fewer keys"
	good=$(poke "delete abcdefghijklm007\r\nquit\r\n")
	eq "$good" DELETED
	rexgen_ -n 500 --value-size 10-60 --multi 10 -c 1000 --no-warm-up --json "$TMP/j" || status=$?
	eq "exit status $status" "exit status 2"
	[ "$(number missing "$TMP/j")" -ge 2 ] || fail "not seen: $(cat "$TMP/j")"
	eq "wrong $(number wrong "$TMP/j")" "wrong 0"
	refuses server mcload --get --server $SERVER --multi 64 --key-size 32
	contains "$REFUSAL" "take fewer or shorter keys"
}

test_deletes_make_keys_missing() {
	server mcload --preload $SERVER -n 100
	server mcload --get --server $SERVER -n 100 --mix get:2,set:1,delete:1 -c 4000 $PATIENT --json "$TMP/j"
	between "$(number deletes "$TMP/j")" 800 1200
	between "$(number missing "$TMP/j")" 100 1900
	eq "$(($(number missing "$TMP/j") + $(number verified "$TMP/j")))" 4000
	between "$(server mcload --server $SERVER --stat delete_hits)" 100 1200
}

test_the_sizes_of_a_published_pool() {
	server mcload --preload $SERVER --preset etc -n 3000
	rexgen_ --preset etc -n 3000 -c 3000 --json "$TMP/j" --hgrm "$TMP/h" --series "$TMP/s"
	all_good "$TMP/j" 3000
	between "$(number sets "$TMP/j")" 50 150
	contains "$(cat "$TMP/h")" "1/(1-Percentile)"
	contains "$(cat "$TMP/h")" "Total count    =         3000]"
	eq "$(head -1 "$TMP/s")" "second,sent,received,lost,wrong,missing,p50_us,p99_us,max_us"
}

# How high it comes is this machine's, or its neighbours', affair.
test_a_search_says_what_it_found_and_how() {
	local n status=0
	server mcload --preload $SERVER
	rexgen_ --search --poisson --rate 200 --max-rate 400 -t 0.5 --json "$TMP/j" >"$TMP/out" || status=$?
	cat "$TMP/out" "$TMP/j"
	contains "$(cat "$TMP/out")" "search   200/s: due "
	contains "$(cat "$TMP/out")" "search   capacity "
	n=$(grep -c '^search.*: \(passed\|failed\)$' "$TMP/out")
	eq "$(grep -o '"passed":' "$TMP/j" | wc -l)" "$n"
	if grep -q '"limited_by":"highest"' "$TMP/j"; then
		contains "$(cat "$TMP/j")" '"capacity":400.0'
		eq "exit status $status" "exit status 0"
		# 200 in half a second are due on the average
		between "$(number due "$TMP/j")" 120 290
	fi
}

# Every request that was due is in one column, and no reply was bad.
sums_hold() { # FILE
	cat "$1"
	eq "due $(number due "$1")" "due $(($(number sent "$1") + $(number unsent "$1")))"
	eq "sent $(number sent "$1")" "sent $(($(number received "$1") + $(number lost "$1")))"
	eq "received $(number received "$1")" "received $(number verified "$1")"
	for what in wrong missing late_wrong duplicate stray; do
		eq "$what $(number $what "$1")" "$what 0"
	done
	# the rate is over the time of sending
	awk -v rps="$(number rps "$1")" -v n="$(number received "$1")" \
		-v t="$(number send_seconds "$1")" 'BEGIN { exit !(rps * t > n * 0.99 - 1 && rps * t < n * 1.01 + 1) }' ||
		fail "the rate is not that over the time of sending"
}

# An open loop goes on when a busy machine stops memcached, or rexgen itself, for a while: it
# may lose requests, or leave some unsent and say so.
test_an_open_loop_keeps_its_rate_or_says_that_it_did_not() {
	local status=0
	server mcload --preload $SERVER "${MIXED[@]}"
	rexgen_ "${MIXED[@]}" --rate 3000 -t 2 --json "$TMP/j" >"$TMP/out" || status=$?
	sums_hold "$TMP/j"
	eq "due $(number due "$TMP/j")" "due 6000"
	[ "$(number verified "$TMP/j")" -ge 1000 ] || fail "hardly any reply"
	if [ "$(number unsent "$TMP/j")" = 0 ]; then
		eq "exit status $status" "exit status 0"
	else
		eq "exit status $status" "exit status 3"
		contains "$(cat "$TMP/out")" "COULD NOT KEEP THE RATE"
	fi
}

test_a_rate_that_cannot_be_kept_is_said_aloud() {
	local status=0
	server mcload --preload $SERVER
	rexgen_ --rate 20000000 -t 0.5 --timeout 1000 --no-warm-up --json "$TMP/j" >"$TMP/out" || status=$?
	sums_hold "$TMP/j"
	eq "due $(number due "$TMP/j")" "due 10000000"
	[ "$(number unsent "$TMP/j")" -gt 0 ] || fail "no machine sends that fast"
	eq "exit status $status" "exit status 3"
	contains "$(cat "$TMP/out")" \
		"THE GENERATOR COULD NOT KEEP THE RATE: $(number unsent "$TMP/j") of 10000000"
	awk -v lag="$(number lag_max_us "$TMP/j")" 'BEGIN { exit !(lag > 100000) }' ||
		fail "it was late, but its lag does not show it"
}

gets() { server mcload --server $SERVER --stat cmd_get; }
gets_above() { [ "$(gets)" -gt "$1" ]; }

# The time of a server that hangs counts.
test_a_server_that_hangs_half_way_does_not_keep_its_rate() {
	local pid status=0
	server mcload --preload $SERVER
	client rexgen --iface rgc --cpu 1 --server $SERVER --src-ip 10.77.0.2 --no-warm-up -t 8 \
		--json "$TMP/j" >"$TMP/out" &
	pid=$!
	wait_for 60 gets_above 100
	kill -STOP "$(cat "$PIDFILE")"
	wait $pid || status=$?
	kill -CONT "$(cat "$PIDFILE")"
	sums_hold "$TMP/j"
	eq "exit status $status" "exit status 2"
	[ "$(number received "$TMP/j")" -gt 0 ] || fail "it never ran"
	awk -v t="$(number send_seconds "$TMP/j")" -v last="$(number last_reply_seconds "$TMP/j")" \
		'BEGIN { exit !(t >= 8 && last < t - 0.5) }' || fail "rates are over another time"
	contains "$(cat "$TMP/out")" "last reply after"
	contains "$(cat "$TMP/out")" "lost in a closed loop"
}

# A reply that came in time is not lost because the generator was kept from the CPU.
test_the_generators_own_pause_is_no_loss_of_the_servers() {
	local pid before
	server mcload --preload $SERVER
	server mcload --get --server $SERVER --no-warm-up --timeout 5000 -t 600 --json "$TMP/j" >/dev/null &
	pid=$!
	wait_for 60 gets_above 1000
	pkill -STOP -P $pid mcload || kill -STOP $pid
	sleep 6
	before=$(gets)
	pkill -CONT -P $pid mcload || kill -CONT $pid
	wait_for 60 gets_above $((before + 1000))
	pkill -INT -P $pid mcload || kill -INT $pid
	wait $pid || :
	contains "$(cat "$TMP/j")" '"interrupted":true'
	sums_hold "$TMP/j"
	eq "lost $(number lost "$TMP/j")" "lost 0"
	awk -v max="$(number max_us "$TMP/j")" 'BEGIN { exit !(max > 5000000) }' || fail "it was not paused"
}

# rexgen writes the requests, testpmd sends them and captures the replies, rexgen compares these.
CAPTURE=(--server "$SERVER" --src-ip 10.77.0.2 --src-mac 02:00:00:00:00:02 --missing 20 -c 100)

captured() { [ "$(stat -c %s "$1" 2>/dev/null || echo 0)" -ge "$2" ]; }

replayed() { # PCAP REPLIES
	local pid fifo=$TMP/testpmd.in
	rm -f "$fifo"
	mkfifo "$fifo"
	ip netns exec "$C" dpdk-testpmd --no-huge -m 128 --no-shconf --no-pci --no-telemetry --log-level=error \
		--vdev="net_pcap0,rx_pcap=$1,tx_pcap=$2" --vdev=net_af_packet0,iface=rgc -l 0,1 -- \
		--forward-mode=io --total-num-mbufs=8192 --disable-link-check --no-flush-rx --auto-start <"$fifo" >"$TMP/testpmd" 2>&1 &
	pid=$!
	exec 7>"$fifo"
	# what it captured is written when it ends, but memcached counts
	( wait_for 60 gets_above "$3" ) || { cat "$TMP/testpmd"; fail "testpmd did not send them"; }
	echo >&7
	exec 7>&-
	wait $pid || { cat "$TMP/testpmd"; fail "testpmd failed"; }
}

test_requests_go_through_testpmd_and_come_back_as_files() {
	local mac before status=0
	mac=$(ip -n "$S" -o link show rgs | sed -E 's/.*ether ([0-9a-f:]+).*/\1/')
	CAPTURE+=(--dst-mac "$mac")
	ip -n "$S" neigh replace 10.77.0.2 lladdr 02:00:00:00:00:02 dev rgs
	server mcload --preload $SERVER
	rexgen "${CAPTURE[@]}" --pcap "$TMP/requests.pcap"
	before=$(gets)
	replayed "$TMP/requests.pcap" "$TMP/replies.pcap" $((before + 99))
	rexgen "${CAPTURE[@]}" --replies "$TMP/replies.pcap" --json "$TMP/j" || cat "$TMP/j" "$TMP/testpmd"
	all_good "$TMP/j" 100
	# other requests than these are not what was answered
	rexgen "${CAPTURE[@]}" --seed 2 --replies "$TMP/replies.pcap" --json "$TMP/j" || status=$?
	eq "exit status $status" "exit status 2"
	[ "$(number wrong "$TMP/j")" -gt 50 ] || fail "not seen: $(cat "$TMP/j")"
	head -c -20 "$TMP/replies.pcap" >"$TMP/cut.pcap"
	refuses rexgen "${CAPTURE[@]}" --replies "$TMP/cut.pcap"
	contains "$REFUSAL" "$TMP/cut.pcap"
	refuses rexgen "${CAPTURE[@]}" --pcap "$TMP/x" -c 1000000000
	contains "$REFUSAL" "at most 262144"
	ip -n "$S" neigh del 10.77.0.2 dev rgs
}

test_preload_of_its_own() {
	server mcload --preload $SERVER -n 50
	rexgen_ -n 50 -c 500 --json "$TMP/j"
	all_good "$TMP/j" 500
	eq "$(server mcload --server $SERVER --stat curr_items)" 50
}

# Proof that the checks can fail: one key of 100 is changed behind the generator's back.
poke() { # TEXT OF A SET
	printf '%b' "$1" | server timeout 5 nc -q 1 $SERVER 11211 | tr -d '\r'
}

test_a_wrong_value_is_reported() {
	local good key=abcdefghijklmn42
	server mcload --preload $SERVER -n 100
	good=$(poke "get $key\r\nquit\r\n" | sed -n 2p)
	eq "${#good}" 32
	local flags
	flags=$(poke "get $key\r\nquit\r\n" | sed -n '1s/.* \([0-9]*\) 32$/\1/p')
	# last byte differs, all else is right
	eq "$(poke "set $key $flags 0 32\r\n${good%?}!\r\nquit\r\n")" STORED
	local status=0
	rexgen_ -n 100 -c 1000 --json "$TMP/j" || status=$?
	eq "exit status $status" "exit status 2"
	[ "$(number wrong "$TMP/j")" -ge 1 ] || fail "not seen: $(cat "$TMP/j")"
	eq "$(($(number wrong "$TMP/j") + $(number verified "$TMP/j")))" 1000
	contains "$(cat "$TMP/j")" "wrong bytes: key '$key'"
	status=0
	server mcload --get --server $SERVER -n 100 -c 1000 $PATIENT --json "$TMP/s" || status=$?
	eq "mcload $status" "mcload 2"
	contains "$(cat "$TMP/s")" "wrong bytes: key '$key'"
	# right again: no complaint left
	eq "$(poke "set $key $flags 0 32\r\n$good\r\nquit\r\n")" STORED
	rexgen_ -n 100 -c 1000
}

test_a_deleted_key_is_reported_as_missing() {
	server mcload --preload $SERVER -n 100
	eq "$(poke 'delete abcdefghijklmn07\r\nquit\r\n')" DELETED
	local status=0
	rexgen_ -n 100 -c 1000 --json "$TMP/j" || status=$?
	eq "exit status $status" "exit status 2"
	eq "wrong $(number wrong "$TMP/j")" "wrong 0"
	[ "$(number missing "$TMP/j")" -ge 1 ] || fail "not seen"
}

test_a_silent_server_is_counted_as_lost() {
	server mcload --preload $SERVER -n 100
	kill -STOP "$(cat "$PIDFILE")"
	local status=0 load=(--server "$SERVER" --timeout 100 -n 100 -c 40 -w 8 --no-warm-up)
	client rexgen --iface rgc --cpu 1 --src-ip 10.77.0.2 "${load[@]}" --json "$TMP/j" \
		>"$TMP/out" || status=$?
	server mcload --get "${load[@]}" --may-lose --json "$TMP/m" ||
		fail "--may-lose, but status $?"
	kill -CONT "$(cat "$PIDFILE")"
	eq "exit status $status" "exit status 2"
	contains "$(cat "$TMP/out")" "FAILED: 40 lost in a closed loop"
	eq "$(number lost "$TMP/j") $(number lost "$TMP/m")" "40 40"
	eq "$(number received "$TMP/j") $(number received "$TMP/m")" "0 0"
}

test_interrupt_prints_the_report() {
	server mcload --preload $SERVER -n 100
	local status=0
	timeout --signal=INT 8 ip netns exec "$C" rexgen --iface rgc --cpu 1 --server $SERVER \
		--src-ip 10.77.0.2 -n 100 -t 50 --json "$TMP/j" >"$TMP/out" || status=$?
	eq "timeout's status $status" "timeout's status 124"
	contains "$(cat "$TMP/out")" "verified"
	contains "$(cat "$TMP/j")" '"interrupted":true'
	[ "$(number verified "$TMP/j")" -gt 100 ] || fail "hardly ran"
}

test_the_manual_has_every_option() {
	local option n=0
	mandoc -Tlint -Wwarning "$BUILD/share/man/man1/rexgen.1"
	mandoc "$BUILD/share/man/man1/rexgen.1" | col -b >"$TMP/manual"
	rexgen --help | grep -oE '^ +(-[a-z], )?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+$' >"$TMP/options"
	while read -r option; do
		[ "$option" = --usage ] || contains "$(cat "$TMP/manual")" "$option"
		n=$((n + 1))
	done < <(grep -v -- --help "$TMP/options")
	[ "$n" -gt 40 ] || fail "only $n options"
}

test_refusals_name_the_way_out() {
	refuses client rexgen --iface rgc --server 8.8.8.8 --src-ip 10.77.0.2
	contains "$REFUSAL" "'8.8.8.8' is a public address"
	refuses client rexgen --iface nosuch --server $SERVER --src-ip 10.77.0.2
	contains "$REFUSAL" "no interface 'nosuch'"
	refuses client rexgen --server $SERVER --src-ip 10.77.0.2
	contains "$REFUSAL" "--iface"
	refuses client rexgen --iface rgc --server 10.77.0.9 --src-ip 10.77.0.2
	contains "$REFUSAL" "does not answer ARP"
	refuses server mcload --preload $SERVER:1
	contains "$REFUSAL" "$SERVER:1"
	refuses server mcload --get --server $SERVER --poisson
	contains "$REFUSAL" "--poisson needs --rate"
	refuses server mcload --get --server $SERVER --mix get:1,put:1
	contains "$REFUSAL" "stuck at 'put:1'"
	refuses server mcload --get --server $SERVER --search -c 5
	contains "$REFUSAL" "--search and --count"
	refuses server mcload --get --server $SERVER --hgrm /nowhere/h -c 1 --no-warm-up
	contains "$REFUSAL" "/nowhere/h"
	# nobody listens there: that is said at once, not counted as loss
	refuses server mcload --get --server $SERVER:1 --no-warm-up -c 10 $PATIENT
	contains "$REFUSAL" "is it started with -U?"
}

tap_run
