-- SPDX-License-Identifier: GPL-2.0-only
--
-- Pktgen-DPDK: replays the GETs of a capture (gets.pkt says how to make it) on port 0, at more and
-- more of the line rate, and prints for each step how many frames left and how many came back.
-- It counts frames: rexgen --replies verifies what was captured.
--
--   pktgen -l 0-2 -n 4 -- -P -m "1.0" -s 0:gets.pcap -f gets.lua

package.path = package.path .. ";?.lua;test/?.lua;app/?.lua"
require "Pktgen"

local port, seconds = "0", 10
local rates = { 1, 2, 5, 10, 20, 50, 100 }	-- per cent of the line rate

local function frames()
	local s = pktgen.portStats(port, "port")[tonumber(port)]
	return s.opackets, s.ipackets
end

pktgen.stop("all")
pktgen.set(port, "count", 0)
pktgen.pcap(port, "enable")
print("rate_percent\tsent_per_second\treceived_per_second")
for _, rate in ipairs(rates) do
	pktgen.clear("all")
	pktgen.set(port, "rate", rate)
	pktgen.delay(1500)	-- Pktgen reads its counters once a second
	local sent, received = frames()
	pktgen.start(port)
	pktgen.delay(seconds * 1000)
	pktgen.stop(port)
	pktgen.delay(1500)	-- Pktgen reads its counters once a second
	local all_sent, all_received = frames()
	print(string.format("%d\t%.0f\t%.0f", rate, (all_sent - sent) / seconds, (all_received - received) / seconds))
end
