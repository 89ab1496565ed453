# SPDX-License-Identifier: GPL-2.0-only
#
# Table and JSON of the demo. Input: OUT/host (TIME LOAD STOLEN-TICKS), OUT/samples (ROW ROUND NAME
# VALUE), OUT/facts (NAME TEXT); variables: insn = insn.json or empty, get = the rows of bench/insn/get
# or empty, json = where to write, rows. Exits 1 when the results do not hold: wrong or lost
# replies, a cache that did not serve, caches that are not alike in mode and memory.

FILENAME ~ /host$/ { host_n++; host_at[host_n] = $1; host_load[host_n] = $2; host_stolen[host_n] = $3; next }
FILENAME ~ /samples$/ {
	row = $1; name = $3; v = $4
	if (!((row, $2) in seen)) {
		seen[row, $2] = 1
		round_of[row, ++rounds[row]] = $2
	}
	n[row, name]++
	sample[row, name, n[row, name]] = v
	at[row, name, $2] = v
	sum[row, name] += v
	next
}
{ key = $1; sub(/^[^ ]* /, ""); fact[key] = $0 == key ? "" : $0 }

# Sorts the samples into S[1..]; returns how many there are.
function sorted(row, name,    i, j, k, t) {
	k = n[row, name]
	for (i = 1; i <= k; i++) {
		t = sample[row, name, i] + 0
		for (j = i - 1; j >= 1 && S[j] > t; j--)
			S[j + 1] = S[j]
		S[j + 1] = t
	}
	return k
}

function median(row, name,    k) {
	k = sorted(row, name)
	if (!k)
		return 0
	return k % 2 ? S[(k + 1) / 2] : (S[k / 2] + S[k / 2 + 1]) / 2
}

function least(row, name) { return sorted(row, name) ? S[1] : 0 }
function most(row, name,    k) { k = sorted(row, name); return k ? S[k] : 0 }

# instructions per GET hit, "" when unknown
function insn_of(row,    line, v) {
	while (insn != "" && (getline line < insn) > 0)
		all = all line
	if (insn != "")
		close(insn)
	v = ""
	if (match(all, /"get-hit-16-32"[^}]*/)) {
		line = substr(all, RSTART, RLENGTH)
		if (match(line, "\"" row "\" *: *[0-9.]+")) {
			v = substr(line, RSTART, RLENGTH)
			sub(/.*: */, "", v)
		}
	}
	all = ""
	return v
}

# The instructions of whole GETs, as samples like the others.
function read_gets(    line, f) {
	while (get != "" && (getline line < get) > 0) {
		split(line, f, "\t")
		n[f[1], "insn_get"]++
		sample[f[1], "insn_get", n[f[1], "insn_get"]] = f[4]
		get_mode[f[1]] = f[5]
	}
}

# What else happened on the host between the times FROM and TO: sets LOAD and STEAL (percent).
function look_at_host(from, to,    i, k, first, last) {
	LOAD = STEAL = k = first = 0
	for (i = 1; i <= host_n; i++)
		if (host_at[i] >= from && host_at[i] <= to) {
			if (!first)
				first = i
			last = i
			LOAD += host_load[i]
			k++
		}
	if (!k)
		return
	LOAD /= k
	if (host_at[last] > host_at[first])
		STEAL = (host_stolen[last] - host_stolen[first]) / (host_at[last] - host_at[first]) / \
			(fact["cpus"] > 0 ? fact["cpus"] : 1)
}

function hit_ratio_of(received, gets,    r) {
	r = received ? 1 - gets / received : 0
	return r < 0 ? 0 : r
}

function hit_ratio(row) {
	return row == "memcached" ? 0 : hit_ratio_of(sum[row, "received"], sum[row, "gets"])
}

function say(text) { printf "%s\n", text }

# Add a figure to the JSON object under construction.
function field(name, text) {
	object = object (object == "" ? "" : ",") "\"" name "\":" text
}

function complain(row, text) {
	bad = bad "  " title[row] ": " text "\n"
}

# The one mode in which all of the row's rounds ran, or all of them.
function mode_of(row,    i, m, all, two) {
	for (i = 1; i <= n[row, "xdp_mode"]; i++) {
		m = sample[row, "xdp_mode", i]
		if (index(all " ", " " m " ") == 0)
			all = all " " m
		two = sample[row, "xdp_mode_after", i]
		if (two != "" && index(all " ", " " two " ") == 0)
			all = all " " two
	}
	return substr(all, 2)
}

function check(row, wrong, hits, insns,    off) {
	if (!rounds[row]) {
		complain(row, "nothing was measured")
		return
	}
	if (wrong)
		complain(row, wrong " wrong replies")
	if (sum[row, "lost"] + sum[row, "warm_lost"])
		complain(row, sum[row, "lost"] + sum[row, "warm_lost"] " requests lost, in a closed loop")
	if (!sum[row, "verified"])
		complain(row, "no reply at all")
	if (get != "" && !n[row, "insn_get"])
		complain(row, "no instruction count for a whole GET")
	if (row == "memcached") {
		if (sum[row, "gets"] < sum[row, "received"])
			complain(row, "it counted fewer GETs than replies came, something else answered")
		return
	}
	off = sum[row, "received"] - sum[row, "gets"] - sum[row, "own_hits"]
	if ((off > 0 ? off : -off) > sum[row, "lost"] + 0.01 * sum[row, "received"])
		complain(row, "it counted " sum[row, "own_hits"] " hits, but memcached did not see " \
			sum[row, "received"] - sum[row, "gets"] " of the GETs")
	if (insn != "" && insns == "")
		complain(row, "no instruction count for get-hit-16-32")
	if (hits <= 0.9)
		complain(row, "hit ratio " hits ", the cache did not serve")
}

# The caches must be alike in all but what is compared.
function check_alike(a, b,    x, y) {
	if (!rounds[a] || !rounds[b])
		return
	x = mode_of(a); y = mode_of(b)
	if (x != y || x ~ / /)
		complain(b, "XDP mode " y ", but " title[a] ": " x)
	if (get_mode[a] != get_mode[b])
		complain(b, "XDP mode " get_mode[b] " where instructions are counted, but " title[a] ": " \
			get_mode[a])
	if (median(a, "cache_bytes") != median(b, "cache_bytes"))
		complain(b, "cache of " median(b, "cache_bytes") " bytes, but " title[a] ": " \
			median(a, "cache_bytes"))
	x = median(a, "map_bytes"); y = median(b, "map_bytes")
	if (x > 1.1 * y || y > 1.1 * x)
		complain(b, "its maps take " y " bytes, but " title[a] ": " x)
}

function round_json(row, i,    r, received) {
	r = round_of[row, i]
	object = ""
	received = at[row, "received", r]
	field("round", r)
	field("rps", sprintf("%.1f", at[row, "rps", r]))
	field("p50_us", sprintf("%.2f", at[row, "p50_us", r]))
	field("p99_us", sprintf("%.2f", at[row, "p99_us", r]))
	field("server_cpu_us", sprintf("%.3f", at[row, "server_us", r]))
	field("server_busy", sprintf("%.3f", at[row, "busy", r]))
	field("flood_rps", sprintf("%.1f", at[row, "flood_rps", r]))
	field("hit_ratio", sprintf("%.4f", row == "memcached" ? 0 : hit_ratio_of(received, at[row, "gets", r])))
	field("xdp_mode", "\"" at[row, "xdp_mode", r] "\"")
	field("begin", at[row, "begin", r] + 0)
	field("end", at[row, "end", r] + 0)
	field("load", sprintf("%.2f", at[row, "load", r]))
	field("steal_percent", sprintf("%.2f", at[row, "run_us", r] ? \
		at[row, "steal_ticks", r] * 1e6 / at[row, "run_us", r] / 2 : 0))
	look_at_host(at[row, "begin", r], at[row, "end", r])
	field("host_load", sprintf("%.2f", LOAD))
	field("host_steal_percent", sprintf("%.2f", STEAL))
	return "{" object "}"
}

# Figures that follow from others, as samples of their own.
function derive(row,    i, r, v) {
	for (i = 1; i <= rounds[row]; i++) {
		r = round_of[row, i]
		v = at[row, "received", r] ? at[row, "server_ns", r] / 1000 / at[row, "received", r] : 0
		at[row, "server_us", r] = sample[row, "server_us", i] = v
		v = at[row, "run_us", r] ? at[row, "server_ns", r] / 1000 / at[row, "run_us", r] : 0
		at[row, "busy", r] = sample[row, "busy", i] = v
	}
	n[row, "server_us"] = n[row, "busy"] = rounds[row]
}

function wrong_of(row) {
	return sum[row, "wrong"] + sum[row, "missing"] + sum[row, "duplicate"] + \
		sum[row, "late_wrong"] + sum[row, "stray"] + sum[row, "warm_wrong"] + \
		sum[row, "warm_missing"] + sum[row, "warm_duplicate"] + sum[row, "warm_late_wrong"] + \
		sum[row, "warm_stray"] + sum[row, "flood_wrong"]
}

function range(row, name, format) {
	return sprintf(format " [" format " - " format "]", median(row, name), least(row, name), most(row, name))
}

function show_rates(row) {
	printf "%-21s %-8s %6s %6.1f%% %27s %4.0f%% %29s %8.0f %8.0f %2d\n", title[row], mode_of(row), \
		row == "memcached" ? "-" : sprintf("%.0f MiB", median(row, "cache_bytes") / 1048576), \
		100 * hit_ratio(row), range(row, "server_us", "%.1f"), 100 * median(row, "busy"), \
		range(row, "rps", "%.0f"), median(row, "p50_us"), median(row, "p99_us"), rounds[row]
}

function show_replies(row) {
	printf "%-21s %10d %10d %7d %7d %7d %11d %7d %8d %8d %7d %12.0f\n", title[row], \
		sum[row, "sent"], sum[row, "verified"], sum[row, "unsent"], sum[row, "lost"], \
		sum[row, "late"], sum[row, "late_wrong"], sum[row, "wrong"], sum[row, "missing"], \
		sum[row, "duplicate"], sum[row, "stray"], median(row, "flood_rps")
}

function show_insns(row, first,    v, less) {
	v = median(row, "insn_get")
	if (row != first && v > 0)
		less = sprintf("   %.1f times fewer", median(first, "insn_get") / v)
	printf "  %-21s %7.0f   [%d - %d]%s\n", title[row], v, least(row, "insn_get"), most(row, "insn_get"), less
}

function row_json(row,    i, list, insns, wrong, hits) {
	wrong = wrong_of(row)
	insns = row == "memcached" ? "" : insn_of(row)
	hits = hit_ratio(row)
	for (i = 1; i <= rounds[row]; i++)
		list = list (i > 1 ? "," : "") round_json(row, i)
	object = ""
	field("name", "\"" row "\"")
	field("rps", sprintf("%.1f", median(row, "rps")))
	field("p50_us", sprintf("%.2f", median(row, "p50_us")))
	field("p99_us", sprintf("%.2f", median(row, "p99_us")))
	field("hit_ratio", sprintf("%.4f", hits))
	field("lost", sprintf("%d", sum[row, "lost"]))
	field("wrong", sprintf("%d", wrong))
	field("insn_per_hit", insns == "" ? "null" : insns)
	field("insn_per_get", n[row, "insn_get"] ? sprintf("%.0f", median(row, "insn_get")) : "null")
	field("insn_per_get_range", sprintf("[%d,%d]", least(row, "insn_get"), most(row, "insn_get")))
	field("xdp_mode", "\"" mode_of(row) "\"")
	field("cache_bytes", sprintf("%.0f", median(row, "cache_bytes")))
	field("map_bytes", sprintf("%.0f", median(row, "map_bytes")))
	field("server_cpu_us", sprintf("%.3f", median(row, "server_us")))
	field("server_busy", sprintf("%.3f", median(row, "busy")))
	field("rps_range", sprintf("[%.1f,%.1f]", least(row, "rps"), most(row, "rps")))
	field("server_cpu_us_range", sprintf("[%.3f,%.3f]", least(row, "server_us"), most(row, "server_us")))
	field("verified", sprintf("%d", sum[row, "verified"]))
	split("due sent unsent received late late_wrong missing duplicate stray stray_port stray_address", COLUMN, " ")
	for (i = 1; i in COLUMN; i++)
		field(COLUMN[i], sprintf("%d", sum[row, COLUMN[i]]))
	field("flood_rps", sprintf("%.1f", median(row, "flood_rps")))
	field("memcached_gets", sprintf("%d", sum[row, "gets"]))
	field("own_hits", sprintf("%d", sum[row, "own_hits"]))
	field("verified_insns", sprintf("%d", median(row, "verified_insns")))
	field("rounds", "[" list "]")
	check(row, wrong, hits, insns)
	return "{" object "}"
}

# Which of two rows has more of a figure: only where no round of one is among those of the other.
function rank(a, b, name, what, better,    t) {
	if (!rounds[a] || !rounds[b])
		return
	if (least(a, name) > most(b, name) || least(b, name) > most(a, name)) {
		if (rounds[a] > 1 && rounds[b] > 1) {
			if ((median(a, name) < median(b, name)) == (better == "more")) { t = a; a = b; b = t }
			say(what ": " title[a] " better than " title[b] ", " sprintf("%.2f", median(a, name) > \
				median(b, name) ? median(a, name) / median(b, name) : \
				median(b, name) / median(a, name)) " times")
		} else
			say(what ": " title[a] ", " title[b] ": not ranked: one round only")
		return
	}
	say(what ": " title[a] ", " title[b] ": not ranked: ranges overlap")
}

END {
	k = split(rows, list, ",")
	title["memcached"] = "memcached alone"
	title["ebpf"] = "memcached + eBPF BMC"
	title["rex"] = "memcached + Rex BMC"
	read_gets()
	for (i = 1; i <= k; i++)
		derive(list[i])
	if (get != "") {
		say("Instructions that a whole GET costs the server: kernel, memcached and program, all native XDP;")
		say("exact [least - most of all counts]; 16 B key, 32 B value, from the cache where there is one")
		for (i = 1; i <= k; i++)
			show_insns(list[i], list[1])
		say("")
	}
	emulated = fact["accel"] == "emulation"
	say("Rates" (emulated ? ", in an EMULATED machine" : "") "; median [least - most] of n rounds")
	printf "%-21s %-8s %6s %7s %27s %5s %29s %8s %8s %2s\n", "", "XDP", "cache", "hits", \
		"server CPU us/GET", "busy", "requests/s", "p50 us", "p99 us", "n"
	for (i = 1; i <= k; i++)
		show_rates(list[i])
	say("")
	printf "%-21s %10s %10s %7s %7s %7s %11s %7s %8s %8s %7s %12s\n", "replies", "sent", "verified", \
		"unsent", "lost", "late", "late+wrong", "wrong", "missing", "doubled", "stray", "flood req/s"
	for (i = 1; i <= k; i++)
		show_replies(list[i])
	say("")
	for (i = 1; i <= k; i++) {
		all_rows = all_rows (i > 1 ? "," : "") row_json(list[i])
		repeats = i == 1 || rounds[list[i]] < repeats ? rounds[list[i]] : repeats
		if (rounds[list[i]] && median(list[i], "busy") < 0.9)
			bound = bound (bound == "" ? "" : ", ") title[list[i]]
	}
	for (i = 1; i <= k; i++)
		for (j = i + 1; j <= k; j++) {
			rank(list[i], list[j], "rps", "requests/s", "more")
			rank(list[i], list[j], "server_us", "server CPU", "less")
		}
	check_alike("ebpf", "rex")
	object = ""
	field("rows", "[" all_rows "]")
	field("client", "\"" fact["client"] "\"")
	field("repeats", repeats + 0)
	field("seed", fact["seed"] + 0)
	field("ended_early", "\"" fact["ended"] "\"")
	field("client_bound", "\"" bound "\"")
	field("kernel", "\"" fact["kernel"] "\"")
	field("emulator_slips", fact["slips"] + 0)
	field("accel", "\"" fact["accel"] "\"")
	print "{" object "}" >json
	close(json)
	say("")
	if (bound != "")
		say("Client-bound (the server's CPU was idle for more than a tenth of the time): " bound ".")
	if (fact["ended"] != "")
		say("Ended early: " fact["ended"] ".")
	say("Client: " fact["client"] "; kernel " fact["kernel"] " (" fact["accel"] "); order of the rows from seed " \
		fact["seed"] + 0 ".")
	say("XDP: the mode that the kernel reports at the server's interface; cache: all that its maps may take.")
	say("hits: share of the replies that memcached's own counter (cmd_get) did not see.")
	say("server CPU: time of memcached and of the thread that takes the server's packets in, both on CPU 0;")
	say("busy: its share of the run. The client is on CPU 1, in every row.")
	say("verified: replies compared byte by byte. flood: replies per second, checked in BPF, to GETs made")
	say("in the kernel as fast as they go.")
	if (sum["ebpf", "verified_insns"] && sum["rex", "verified_insns"])
		say("The verifier walked " median("ebpf", "verified_insns") " instructions to accept the eBPF " \
			"cache, " median("rex", "verified_insns") " for the Rex one's shims.")
	if (emulated)
		say("Times in an emulated machine mean little by themselves: trust the instruction counts.")
	if (bad != "") {
		printf "\nThe results do not hold:\n%s", bad
		exit 1
	}
}
