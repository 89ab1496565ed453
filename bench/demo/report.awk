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

# Add a figure to the row's JSON object.
function field(name, text) {
	object = object (object == "" ? "" : ",") "\"" name "\":" text
}

function complain(row, text) {
	bad = bad "  " title[row] ": " text "\n"
}

function check(row, wrong, hits, insns,    off) {
	if (wrong)
		complain(row, wrong " wrong replies")
	if (!sum[row, "verified"])
		complain(row, "no reply at all")
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

function show(row,    wrong, hits, insns) {
	wrong = sum[row, "wrong"] + sum[row, "missing"] + sum[row, "duplicate"] + \
		sum[row, "warm_wrong"] + sum[row, "warm_missing"] + sum[row, "warm_duplicate"] + \
		sum[row, "flood_wrong"]
	insns = row == "memcached" ? "" : insn_of(row)
	hits = hit_ratio(row)
	printf "%-22s %11.0f %9.1f %9.1f %6.1f%% %7d", title[row], median(row, "rps"), \
		median(row, "p50_us"), median(row, "p99_us"), 100 * hits, sum[row, "lost"]
	printf " %10d %6d %13.0f %11s\n", sum[row, "verified"], wrong, median(row, "flood_rps"), \
		insns == "" ? "-" : insns
	object = ""
	field("name", "\"" row "\"")
	field("rps", sprintf("%.1f", median(row, "rps")))
	field("p50_us", sprintf("%.2f", median(row, "p50_us")))
	field("p99_us", sprintf("%.2f", median(row, "p99_us")))
	field("hit_ratio", sprintf("%.4f", hits))
	field("lost", sprintf("%d", sum[row, "lost"]))
	field("wrong", sprintf("%d", wrong))
	field("insn_per_hit", insns == "" ? "null" : insns)
	field("verified", sprintf("%d", sum[row, "verified"]))
	field("flood_rps", sprintf("%.1f", median(row, "flood_rps")))
	field("memcached_gets", sprintf("%d", sum[row, "gets"]))
	field("own_hits", sprintf("%d", sum[row, "own_hits"]))
	field("verified_insns", sprintf("%d", sum[row, "verified_insns"]))
	check(row, wrong, hits, insns)
	return "{" object "}"
}

END {
	k = split(rows, list, ",")
	title["memcached"] = "memcached alone"
	title["ebpf"] = "memcached + eBPF BMC"
	title["rex"] = "memcached + Rex BMC"
	repeats = n[list[1], "rps"]
	printf "%-22s %11s %9s %9s %7s %7s %10s %6s %13s %11s\n", "", "requests/s", "p50 us", \
		"p99 us", "hits", "lost", "verified", "wrong", "flood req/s", "insns/hit"
	for (i = 1; i <= k; i++)
		all_rows = all_rows (i > 1 ? "," : "") show(list[i])
	object = ""
	field("rows", "[" all_rows "]")
	field("client", "\"" fact["client"] "\"")
	field("repeats", repeats + 0)
	field("kernel", "\"" fact["kernel"] "\"")
	field("emulator_slips", fact["slips"] + 0)
	field("accel", "\"" fact["accel"] "\"")
	print "{" object "}" >json
	close(json)
	say("")
	say("Client: " fact["client"] "; kernel " fact["kernel"] " (" fact["accel"] "); medians of " \
		repeats " interleaved rounds.")
	say("hits: share of the replies that memcached's own counter (cmd_get) did not see.")
	say("verified: replies compared byte by byte; wrong: missing and doubled ones count too.")
	say("flood: replies per second, checked in BPF, to GETs made in the kernel as fast as they go.")
	say("insns/hit: instructions the CPU executes per GET hit (16 B key, 32 B value), exact.")
	if (sum["ebpf", "verified_insns"] && sum["rex", "verified_insns"])
		say("The verifier walked " sum["ebpf", "verified_insns"] " instructions to accept the eBPF " \
			"cache, " sum["rex", "verified_insns"] " for the Rex one's shims: what the gap " \
			"between language and verifier costs.")
	say("Times in an emulated machine mean little by themselves: compare rows of one run, and")
	say("trust the instruction counts.")
	if (bad != "") {
		printf "\nThe results do not hold:\n%s", bad
		exit 1
	}
}
