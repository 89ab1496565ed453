#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The scripts for Pktgen-DPDK, which Debian does not have: their syntax, and what the Lua one does with counters.
# shellcheck source=tests/lib/tap.sh disable=SC2317
. "$(dirname "$0")/../lib/tap.sh"

# A stand-in for Pktgen: while port 0 is started, 1000 frames leave per percent and second, and half return.
stand_in() {
	cat <<-'END'
		package.preload.Pktgen = function() return true end
		local sent, started, mode, rate = 7, false, nil, 0
		local known = { count = true, rate = true }
		pktgen = setmetatable({
			stop = function() started = false end,
			start = function(port) assert(port == "0" and mode == "enable"); started = true end,
			clear = function(ports) assert(ports == "all") end,
			pcap = function(port, what) mode = what end,
			set = function(port, what, v) assert(known[what], what); if what == "rate" then rate = v end end,
			delay = function(ms) if started then sent = sent + rate * ms end end,
			portStats = function(port, what)
				assert(what == "port")
				return { [0] = { opackets = sent, ipackets = sent / 2 } }
			end,
		}, { __index = function(_, name) error("pktgen." .. name .. ": not known") end })
		dofile(arg[1])
	END
}

test_the_lua_script_prints_rates() {
	command -v lua5.4 >/dev/null || skip "lua5.4 is not installed"
	stand_in >"$TMP/stand-in.lua"
	lua5.4 "$TMP/stand-in.lua" bench/pktgen/gets.lua >"$TMP/out"
	eq "$(sed -n 1p "$TMP/out")" "$(printf 'rate_percent\tsent_per_second\treceived_per_second')"
	eq "$(sed -n 2p "$TMP/out")" "$(printf '1\t1000\t500')"
	eq "$(tail -n 1 "$TMP/out")" "$(printf '100\t100000\t50000')"
	# a damaged script is noticed
	sed '$d' bench/pktgen/gets.lua >"$TMP/cut.lua"
	refuses lua5.4 "$TMP/stand-in.lua" "$TMP/cut.lua"
}

test_the_commands_are_those_of_pktgen() {
	grep -vE '^(#.*|(start|stop) ([0-9]+|all)|clear all stats|set [0-9]+ (count|rate) [0-9]+|enable [0-9]+ pcap)$' \
		bench/pktgen/gets.pkt >"$TMP/unknown" || :
	[ ! -s "$TMP/unknown" ] || fail "$(cat "$TMP/unknown")"
}

tap_run
