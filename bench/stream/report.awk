# SPDX-License-Identifier: GPL-2.0-only
# The table and the JSON of ROW, LOAD, THREADS, INSTRUCTIONS PER REQUEST, the second file, and which
# limits of the first one they keep. 3: not all.
FNR == NR {
	if ($0 !~ /^#/) limit[$1] = $2
	next
}
{
	if (!($2 in seen)) {
		seen[$2] = 1
		load[++loads] = $2
	}
	n[$1, $2, $3] = $4
}
function has(row, l) { return (row, l, "all") in n }
# Beside the server's threads there is the one that receives, or over loopback the client's.
function cell(row, l) {
	if (!has(row, l)) return "-"
	return n[row, l, "server"] " + " n[row, l, ((row, l, "receiver") in n) ? "receiver" : "client"] \
		" = " n[row, l, "all"]
}
function number(row, l) { return has(row, l) ? n[row, l, "all"] : "null" }
function ratio(row, l) {
	if (!has(row, l) || !has("memcached", l)) return "-"
	return sprintf("%.2f", n[row, l, "all"] / n["memcached", l, "all"])
}
END {
	print "instructions per request on the server's side: memcached's threads + the thread that receives = both"
	print "(lo: memcached's threads + the client's, which receives what both send = both)"
	printf "%-21s %22s %22s %22s %22s %7s %6s %6s\n", "load", "memcached", "Debian 13's", "least", "rex", \
		"13's", "least", "rex"
	printf "{\"rows\":[" >json
	for (i = 1; i <= loads; i++) {
		l = load[i]
		printf "%-21s", l
		printf " %22s %22s %22s %22s", cell("memcached", l), cell("memcached13", l), cell("least", l),
			cell("rex", l)
		printf " %7s %6s %6s\n", ratio("memcached13", l), ratio("least", l), ratio("rex", l)
		printf "%s{\"load\":\"%s\",\"memcached\":%s,\"memcached13\":%s,\"least\":%s,\"rex\":%s}",
			(i > 1 ? "," : ""), l, number("memcached", l), number("memcached13", l),
			number("least", l), number("rex", l) >json
	}
	print "]}" >json
	for (l in limit) {
		if (!has("rex", l) || !has("memcached", l)) continue
		if (n["rex", l, "all"] > limit[l] * n["memcached", l, "all"]) {
			print "over its limit: " l " " ratio("rex", l) " (at most " limit[l] ")"
			bad = 3
		} else {
			kept++
		}
	}
	print kept + 0 " limits are kept"
	exit bad
}
