# SPDX-License-Identifier: GPL-2.0-only
#
# Table and JSON of the demo. Input: OUT/samples (ROW ROUND NAME VALUE), OUT/facts
# (NAME TEXT); variables: insn = insn.json or empty, json = where to write, rows.
# Exits 1 when the results do not hold: wrong bytes, or a cache that did not serve.

FILENAME ~ /samples$/ {
	row = $1; name = $3; v = $4
	n[row, name]++
	sample[row, name, n[row, name]] = v
	sum[row, name] += v
	next
}
{ key = $1; sub(/^[^ ]* /, ""); fact[key] = $0 }

function median(row, name,    i, j, k, t, a) {
	k = n[row, name]
	for (i = 1; i <= k; i++) {
		t = sample[row, name, i] + 0
		for (j = i - 1; j >= 1 && a[j] > t; j--)
			a[j + 1] = a[j]
		a[j + 1] = t
	}
	return k % 2 ? a[(k + 1) / 2] : (a[k / 2] + a[k / 2 + 1]) / 2
}

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

function hit_ratio(row,    r) {
	if (row == "memcached" || !sum[row, "received"])
		return 0
	r = 1 - sum[row, "gets"] / sum[row, "received"]
	return r < 0 ? 0 : r
}

function say(text) { printf "%s\n", text }

END {
	k = split(rows, list, ",")
	title["memcached"] = "memcached alone"
	title["ebpf"] = "memcached + eBPF BMC"
	title["rex"] = "memcached + Rex BMC"
	repeats = n[list[1], "rps"]
	printf "%-22s %11s %9s %9s %7s %7s %10s %6s %13s %11s\n", "", "requests/s", "p50 us", "p99 us", "hits", \
		"lost", "verified", "wrong", "flood req/s", "insns/hit"
	printf "{\"rows\":[" >json
	for (i = 1; i <= k; i++) {
		row = list[i]
		wrong = sum[row, "wrong"] + sum[row, "missing"] + sum[row, "duplicate"] + sum[row, "warm_wrong"] + \
			sum[row, "warm_missing"] + sum[row, "warm_duplicate"] + sum[row, "flood_wrong"]
		insns = row == "memcached" ? "" : insn_of(row)
		hits = hit_ratio(row)
		printf "%-22s %11.0f %9.1f %9.1f %6.1f%% %7d %10d %6d %13.0f %11s\n", title[row], median(row, "rps"), \
			median(row, "p50_us"), median(row, "p99_us"), 100 * hits, sum[row, "lost"], \
			sum[row, "verified"], wrong, median(row, "flood_rps"), insns == "" ? "-" : insns
		printf "%s{\"name\":\"%s\",\"rps\":%.1f,\"p50_us\":%.2f,\"p99_us\":%.2f,\"hit_ratio\":%.4f,\"lost\":%d,\"wrong\":%d,\"insn_per_hit\":%s,\"verified\":%d,\"flood_rps\":%.1f,\"memcached_gets\":%d,\"own_hits\":%d,\"verified_insns\":%d}", \
			(i > 1 ? "," : ""), row, median(row, "rps"), median(row, "p50_us"), median(row, "p99_us"), hits, \
			sum[row, "lost"], wrong, insns == "" ? "null" : insns, sum[row, "verified"], \
			median(row, "flood_rps"), sum[row, "gets"], sum[row, "own_hits"], \
			sum[row, "verified_insns"] >json
		if (wrong)
			bad = bad "  " title[row] ": " wrong " wrong replies\n"
		if (sum[row, "verified"] == 0)
			bad = bad "  " title[row] ": no reply at all\n"
		if (row == "memcached" && sum[row, "gets"] < sum[row, "received"])
			bad = bad "  memcached alone counted fewer GETs than replies came: something else answered\n"
		off = sum[row, "received"] - sum[row, "gets"] - sum[row, "own_hits"]
		if (row != "memcached" && (off > 0 ? off : -off) > sum[row, "lost"] + 0.01 * sum[row, "received"])
			bad = bad "  " title[row] ": it counted " sum[row, "own_hits"] " hits, but memcached missed " \
				sum[row, "received"] - sum[row, "gets"] " of the GETs\n"
		if (row != "memcached" && insn != "" && insns == "")
			bad = bad "  " title[row] ": no instruction count for get-hit-16-32\n"
		if (row != "memcached" && hits <= 0.9)
			bad = bad "  " title[row] ": hit ratio " hits ", the cache did not serve\n"
	}
	printf "],\"client\":\"%s\",\"repeats\":%d,\"kernel\":\"%s\",\"accel\":\"%s\"}\n", fact["client"], repeats, \
		fact["kernel"], fact["accel"] >json
	close(json)
	say("")
	say("Client: " fact["client"] "; kernel " fact["kernel"] " (" fact["accel"] "); medians of " repeats " interleaved rounds.")
	say("hits: share of the replies that memcached's own counter (cmd_get) did not see; the caches' own counters agree.")
	say("verified: replies compared byte by byte with what that key must have; wrong counts missing and doubled ones too.")
	say("flood: replies per second, checked in BPF, under GETs made in the kernel as fast as they go.")
	say("insns/hit: instructions the CPU executes per GET hit (16 B key, 32 B value), exact.")
	if (sum["ebpf", "verified_insns"] && sum["rex", "verified_insns"])
		say("The verifier walked " sum["ebpf", "verified_insns"] " instructions to accept the eBPF cache, " \
			sum["rex", "verified_insns"] " for the shims of the Rex one: the gap between language and verifier.")
	say("Times in an emulated machine mean little by themselves: compare the rows, and trust the instruction counts.")
	if (bad != "") {
		printf "\nThe results do not hold:\n%s", bad
		exit 1
	}
}
