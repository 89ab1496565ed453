# SPDX-License-Identifier: GPL-2.0-only
# The table and the JSON of ROW, LOAD, THREADS, INSTRUCTIONS PER REQUEST.
{
	if (!($2 in seen)) {
		seen[$2] = 1
		load[++loads] = $2
	}
	n[$1, $2, $3] = $4
}
function cell(row, l) {
	if (!((row, l, "all") in n)) return "-"
	return n[row, l, "server"] " + " n[row, l, "receiver"] " = " n[row, l, "all"]
}
function number(row, l) { return ((row, l, "all") in n) ? n[row, l, "all"] : "null" }
function ratio(row, l) {
	if (!((row, l, "all") in n) || !n["memcached", l, "all"]) return "-"
	return sprintf("%.2f", n[row, l, "all"] / n["memcached", l, "all"])
}
END {
	print "instructions per request on the server's side: memcached's threads + the thread that receives = both"
	printf "%-20s %24s %24s %24s %6s %6s\n", "load", "memcached", "least", "rex", "least", "rex"
	printf "{\"rows\":[" >json
	for (i = 1; i <= loads; i++) {
		l = load[i]
		printf "%-20s", l
		printf " %24s %24s %24s", cell("memcached", l), cell("least", l), cell("rex", l)
		printf " %6s %6s\n", ratio("least", l), ratio("rex", l)
		printf "%s{\"load\":\"%s\",\"memcached\":%s,\"least\":%s,\"rex\":%s}", (i > 1 ? "," : ""), l,
			number("memcached", l), number("least", l), number("rex", l) >json
	}
	print "]}" >json
}
