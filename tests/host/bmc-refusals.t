#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# rexctl bmc start: options that make no sense, and servers that it must not touch, each with the
# reason and the way out. No kernel module is needed to refuse; who is not refused gets to loading it.
. "$(dirname "$0")/../lib/tap.sh"

LAB=ctl$$ SERVER=10.77.0.1
at_server() { nsenter --net=/run/netns/$LAB-server "$@"; }
start() { rexctl --netns $LAB-server bmc start --port 11211 --dev "${1:-srv0}" --memory "${2:-64M}"; }

# server COMMAND...: runs until the end of the test; someone listens on the port.
server() {
	nsenter --net=/run/netns/$LAB-server "$@" >"$TMP/server.log" 2>&1 &
	echo $! >>"$LAB_DIR/pids"
	wait_for 5 listening
}
listening() { [ -n "$(at_server ss -Hltn 'sport = 11211')" ]; }
not_listening() { ! listening; }
memcached() { server memcached -u nobody -l $SERVER -p 11211 -m 64 -t 1 "$@"; }

# In the network namespace, something that is no memcached: python3 with $1.
other() { server python3 -c "$1"; }

teardown() {
	local pid
	[ -e "$LAB_DIR/pids" ] || return 0
	while read -r pid; do
		kill -9 "$pid" 2>/dev/null || :
	done <"$LAB_DIR/pids"
	rm "$LAB_DIR/pids"
	wait_for 5 not_listening
}

refuses_start() {
	refuses start "$@"
	contains "$REFUSAL" "rexctl: "
	[ ! -e /run/rex/bmc ] || fail "/run/rex/bmc is left"
	[ ! -e /run/rex/bmc.lock ] || fail "/run/rex/bmc.lock is left"
}

test_options() {
	local status=0
	bad() { refuses rexctl bmc start "$@"; contains "$REFUSAL" "usage: rexctl bmc start --port N"; }
	bad;                                                contains "$REFUSAL" "--port is needed"
	bad --port 11211;                                   contains "$REFUSAL" "--memory is needed"
	bad --port 11211 --dev eth0;                        contains "$REFUSAL" "--memory is needed"
	bad --port 0 --dev eth0 --memory 1M;                contains "$REFUSAL" '--port: "0" is not a number from 1 to 65535'
	bad --port 65536 --dev eth0 --memory 1M;            contains "$REFUSAL" '--port: "65536" is not a number from 1 to 65535'
	bad --port memcached --dev eth0 --memory 1M;        contains "$REFUSAL" '--port: "memcached" is not a number from 1 to 65535'
	bad --port 1 --dev '' --memory 1M;                  contains "$REFUSAL" "has no name"
	bad --port 1 --dev a,,b --memory 1M;                contains "$REFUSAL" "has no name"
	bad --port 1 --dev a, --memory 1M;                  contains "$REFUSAL" "has no name"
	bad --port 1 --dev a,b,a --memory 1M;               contains "$REFUSAL" 'duplicate interface "a"'
	local long
	long=$(printf '%0128d' 0)
	bad --port 1 --dev "$long" --memory 1M;             contains "$REFUSAL" "is longer than 127 characters"
	bad --port 1 --udp --memory 1M;                     contains "$REFUSAL" "--udp needs --dev"
	bad --port 1 --dev a --tcp --memory 1M;             contains "$REFUSAL" "--dev is for GETs over UDP"
	bad --port 1 --dev a --memory 512;                  contains "$REFUSAL" '"512" is not an amount of memory'
	bad --port 1 --dev a --memory 512k;                 contains "$REFUSAL" "like 512M"
	bad --port 1 --dev a --memory 0M;                   contains "$REFUSAL" "1M is the least"
	bad --port 1 --dev a --memory 99999999999M;         contains "$REFUSAL" "not an amount of memory"
	bad --port 1 --dev a --memory -1M;                  contains "$REFUSAL" '"-1M"'
	bad --port 1 --dev a --memory 1M --mode any;        contains "$REFUSAL" '--mode is native|generic, not "any"'
	bad --port 1 --dev a --memory 1M --max-age 1;       contains "$REFUSAL" '"1" is not a time'
	bad --port 1 --dev a --memory 1M --max-age 0s;      contains "$REFUSAL" '"0s" is not a time'
	bad --port 1 --dev a --memory 1M --max-age 1h;      contains "$REFUSAL" '"1h" is not a time'
	bad --port 1 --dev a --memory 1M --max-age 100ms;   contains "$REFUSAL" "135ms is the least"
	bad --port 1 --dev a --memory 1M --max-age 3601s;   contains "$REFUSAL" "an hour"
	bad --port 1 --dev a --memory 1M --max-age 18000s;  contains "$REFUSAL" '"18000s" is too long: an hour (3600s)'
	bad --port 1 --dev a --memory 1M --max-age 99999999999999999999ms; contains "$REFUSAL" "an hour (3600s)"
	bad --port 1 --dev a --memory 1M more;              contains "$REFUSAL" 'unexpected argument "more"'
	bad --port 1 --dev a --memory 1M --fast;            contains "$REFUSAL" '"--fast"'
	refuses rexctl bmc;                                 contains "$REFUSAL" "usage: rexctl bmc"
	refuses rexctl bmc restart;                         contains "$REFUSAL" 'no command "restart"; "rexctl bmc help"'
	refuses rexctl bmc stats --json --prometheus;       contains "$REFUSAL" "either"
	refuses rexctl bmc status --xml;                    contains "$REFUSAL" '"--xml"'
	refuses rexctl bmc flush all;                       contains "$REFUSAL" 'unexpected argument "all"'
	rexctl bmc start 2>/dev/null || status=$?
	eq $status 2
}

test_not_root() {
	local command
	cp "$BUILD/bin/rexctl" "$BUILD/bin/rex-bmc" "$TMP"
	chmod -R a+rX "$TAP_DIR"
	for command in "start --port 1 --dev a --memory 1M" stop status stats flush; do
		# shellcheck disable=SC2086
		refuses setpriv --reuid 65534 --regid 65534 --clear-groups "$TMP/rexctl" bmc $command
		contains "$REFUSAL" "needs root"
	done
}

# Beside rexctl, then in PATH, but never where we happen to be.
test_rexctl_runs_rex_bmc() {
	cp "$BUILD/bin/rexctl" "$TMP/rexctl"
	mkdir "$TMP/path" "$TMP/here"
	printf '#!/bin/sh\necho "$0" "$@"\n' >"$TMP/path/rex-bmc"
	chmod 755 "$TMP/path/rex-bmc"
	cp "$TMP/path/rex-bmc" "$TMP/here"
	eq "$(PATH=$TMP/path:$PATH "$TMP/rexctl" --netns a/b bmc stop x)" "$TMP/path/rex-bmc --netns a/b stop x"
	cd "$TMP/here" || fail "no $TMP/here"
	refuses env PATH=:.:../here "$TMP/rexctl" bmc stop
	contains "$REFUSAL" "runs the program rex-bmc"
	contains "$REFUSAL" '"make install" installs both'
	cp "$TMP/path/rex-bmc" "$TMP"
	eq "$(PATH=$TMP/path:$PATH "$TMP/rexctl" bmc stop)" "$TMP/rex-bmc stop"
	eq "$("$TMP/rexctl" --complete bmc st)" "$TMP/rex-bmc --complete st"
}

# It needs no more than anybody has who installs librex, but for what all tools share.
test_rex_bmc_is_built_of_public_headers() {
	local header
	for header in $(sed -nE 's/^#include "(.*)"/\1/p' bmc/daemon/*.[ch] | sort -u); do
		[ "$header" = ../shared.h ] || [ "$header" = "$(basename "$header")" ] || fail "$header"
		[ -e "bmc/daemon/$header" ] || fail "$header is not in bmc/daemon"
	done
	eq "$(sed -nE 's/^#include <((rex|cli|librex|rexctl)\b.*)>/\1/p' bmc/daemon/*.[ch] | sort -u | xargs)" \
		"cli/cli.h rex/librex.h"
	lacks "$(cat control/*/*.[ch])" "../bmc"
}

test_help_and_completion() {
	contains "$(rexctl bmc --help)" "start --port N [--dev IF[,IF...]] [--tcp] [--udp] --memory SIZE"
	contains "$(rexctl bmc start --help)" "--max-age TIME"
	eq "$(rexctl --complete bmc st | xargs)" "start stop status stats"
	eq "$(rexctl --complete bmc start --mode g)" generic
}

test_manual() {
	mandoc -Tlint -Wwarning "$BUILD/share/man/man8/rex-bmc.8"
	contains "$(mandoc "$BUILD/share/man/man8/rex-bmc.8" | col -b)" "start --port N [--dev"
}

test_nobody_listens() {
	refuses_start
	contains "$REFUSAL" "no process listens on TCP port 11211 in this network namespace"
}

test_no_such_interface() {
	memcached -U 11211
	refuses_start srv0,nosuch0
	contains "$REFUSAL" 'no interface "nosuch0"'
}

test_more_memory_than_there_is() {
	memcached -U 11211
	refuses_start srv0 4000000G
	contains "$REFUSAL" "is more than this machine has to give"
}

test_memcached_without_udp() {
	memcached
	refuses_start
	contains "$REFUSAL" "serves no UDP, as is memcached's default"
	contains "$REFUSAL" "-U 11211"
}

test_udp_at_loopback_only() {
	server memcached -u nobody -l 127.0.0.1 -p 11211 -U 11211
	refuses_start
	contains "$REFUSAL" "loopback addresses only"
}

test_two_udp_ports() {
	server memcached -u nobody -l $SERVER:11211 -l $SERVER:11311 -U 11211
	refuses_start
	contains "$REFUSAL" "UDP on ports"
	contains "$REFUSAL" "give -l addresses without ports"
}

test_tls() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$TMP/key" -out "$TMP/cert" -days 2 -subj /CN=x 2>/dev/null
	chmod -R a+rX "$TAP_DIR"
	memcached -U 11211 -Z -o "ssl_chain_cert=$TMP/cert,ssl_key=$TMP/key"
	refuses_start
	contains "$REFUSAL" "TLS (-Z)"
}

# The port that is asked about is without TLS, another one is not.
test_tls_at_another_port() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$TMP/key" -out "$TMP/cert" -days 2 -subj /CN=x 2>/dev/null
	chmod -R a+rX "$TAP_DIR"
	server memcached -u nobody -l notls:$SERVER:11211 -l 10.77.0.1:11311 -Z \
		-o "ssl_chain_cert=$TMP/cert,ssl_key=$TMP/key"
	refuses_start
	contains "$REFUSAL" "TLS"
}

test_authentication() {
	echo user:word >"$TMP/auth"
	chmod -R a+rX "$TAP_DIR"
	memcached -Y "$TMP/auth"
	refuses_start
	contains "$REFUSAL" "authentication (-Y)"
}

test_binary_protocol_only() {
	memcached -U 11211 -B binary
	refuses_start
	contains "$REFUSAL" "-B binary"
}

# Text that begins like a binary command is text there: what we would take for its body is executed.
test_text_protocol_only() {
	memcached -U 11211 -B ascii
	refuses_start
	contains "$REFUSAL" "one protocol only (-B)"
	contains "$REFUSAL" "Start it without -B"
}

# What is no choice is none.
test_a_protocol_that_is_chosen_by_itself_is_taken() {
	memcached -B auto
	refuses_start
	contains "$REFUSAL" "serves no UDP"
}

# memcached itself takes neither with -U.
test_authentication_is_refused_with_udp_by_memcached() {
	local option
	echo user:word >"$TMP/auth"
	chmod -R a+rX "$TAP_DIR"
	for option in -S "-Y $TMP/auth"; do
		# shellcheck disable=SC2086 # words
		refuses nsenter --net=/run/netns/$LAB-server memcached -u nobody -l $SERVER -U 11211 $option
		contains "$REFUSAL" "UDP"
	done
}

test_sasl() {
	other '
import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("10.77.0.1", 11211)); s.listen()
said = {b"version": b"VERSION 1.6.18\r\n", b"stats settings": b"STAT domain_socket NULL\r\n"
        b"STAT binding_protocol auto-negotiate\r\nSTAT auth_enabled_sasl yes\r\nEND\r\n"}
while True:
    c, _ = s.accept()
    while line := c.recv(100):
        c.send(said[line.strip()])'
	refuses_start
	contains "$REFUSAL" "SASL authentication (-S)"
	contains "$REFUSAL" "Start it without -S"
}

test_no_memcached_at_all() {
	other '
import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("10.77.0.1", 11211)); s.listen()
while True:
    c, _ = s.accept(); c.recv(100); c.send(b"HTTP/1.1 400 Bad Request\r\n"); c.close()'
	refuses_start
	contains "$REFUSAL" 'is not memcached: it answers "version" with "HTTP/1.1 400 Bad Request"'
}

test_another_version() {
	other '
import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("10.77.0.1", 11211)); s.listen()
while True:
    c, _ = s.accept(); c.recv(100); c.send(b"VERSION 2.0.1\r\n"); c.close()'
	refuses_start
	contains "$REFUSAL" "of version 2.0.1"
}

test_a_server_that_does_not_answer() {
	other '
import socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("10.77.0.1", 11211)); s.listen(); time.sleep(60)'
	refuses_start
	contains "$REFUSAL" 'no answer to "version" within 2 s'
}

test_a_unix_socket() {
	other '
import socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("10.77.0.1", 11211)); s.listen()
u = socket.socket(socket.AF_UNIX); u.bind("'"$TMP"'/sock"); u.listen(); time.sleep(60)'
	wait_for 5 test -S "$TMP/sock"
	refuses_start
	contains "$REFUSAL" "listens on the unix socket \"$TMP/sock\""
}

test_two_processes() {
	other '
import ctypes, os, signal, socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("10.77.0.1", 11211))
s.listen()
parent = os.getpid()
if not os.fork():
    ctypes.CDLL(None).prctl(1, 9)	# ends with its parent
    os.getppid() == parent or os._exit(1)
signal.pause()'
	refuses_start
	contains "$REFUSAL" "both listen on TCP port 11211"
}

test_mptcp() {
	other '
import socket, time
try:
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
except OSError:
    s = socket.socket()		# a kernel without
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("10.77.0.1", 11211)); s.listen(); time.sleep(60)'
	[ -e /proc/sys/net/mptcp/enabled ] || skip "this kernel has no MPTCP"
	refuses_start
	contains "$REFUSAL" "MPTCP"
}

test_a_program_that_is_not_there() {
	memcached -U 11211
	refuses env REX_BMC_KO=/nonexistent/rex_bmc.ko rexctl --netns $LAB-server bmc start --port 11211 \
		--dev srv0 --memory 64M
	contains "$REFUSAL" '"/nonexistent/rex_bmc.ko"'
}

test_vlans_whose_tags_the_nic_takes_off() {
	memcached -U 11211
	ip -n $LAB-server link add link srv0 name srv0.7 type vlan id 7 2>/dev/null || skip "this kernel has no VLANs"
	refuses_start
	ip -n $LAB-server link del srv0.7
	contains "$REFUSAL" 'VLAN interface "srv0.7"'
	contains "$REFUSAL" "ethtool -K srv0 rxvlan off"
}

# Whatever was refused above was refused for that reason: this one gets further.
test_a_good_one_gets_to_the_kernel() {
	in_vm && skip "here it would start"
	memcached -U 11211
	refuses env REX_KO=/nonexistent/rex.ko rexctl --netns $LAB-server bmc start --port 11211 --dev srv0 --memory 64M
	contains "$REFUSAL" "/nonexistent/rex.ko"
}

LAB_DIR=$(mktemp -d)
export LAB_DIR
topology/veth/lab up $LAB >/dev/null
(tap_run)
status=$?
topology/veth/lab down $LAB
rm -rf "$LAB_DIR"
exit $status
