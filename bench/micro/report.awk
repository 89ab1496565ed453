# SPDX-License-Identifier: GPL-2.0-only
#
# Joins what micro printed in both VMs. -v json=FILE -v accel=TEXT -v kernel=TEXT; the first
# file has instructions, the second nanoseconds: "row NAME EBPF REX WHY", tab-separated.
# Prints the table and writes the JSON.
function quote(s) {
	gsub(/\\/, "&&", s)
	gsub(/"/, "\\\"", s)
	return "\"" s "\""
}
function cell(s) { return s == "null" ? "-" : s }
BEGIN { FS = "\t" }
$1 != "row" { next }
FNR == NR {
	names[++n] = $2
	insn[$2] = $3 FS $4
	why[$2] = $5
	next
}
{ ns[$2] = $3 FS $4 }
END {
	printf "%-24s %10s %10s %12s %12s\n", "", "eBPF insn", "Rex insn", "eBPF ns", "Rex ns"
	printf "{\"kernel\":%s,\"accel\":%s,\"rows\":[", quote(kernel), quote(accel) >json
	for (i = 1; i <= n; i++) {
		name = names[i]
		split(insn[name], c, FS)
		split(name in ns ? ns[name] : "null" FS "null", t, FS)
		if ((c[1] != "null" && t[1] == "null") || (c[2] != "null" && t[2] == "null"))
			why[name] = why[name] (why[name] == "" ? "" : "; ") "time: lost in the noise"
		printf "%-24s %10s %10s %12s %12s%s\n", name, cell(c[1]), cell(c[2]), cell(t[1]),
			cell(t[2]), why[name] == "" ? "" : "  " why[name]
		printf "%s\n{\"name\":%s,\"ebpf_insn\":%s,\"rex_insn\":%s,\"ebpf_ns\":%s,\"rex_ns\":%s%s}",
			(i > 1) ? "," : "", quote(name), c[1], c[2], t[1], t[2],
			why[name] == "" ? "" : ",\"why\":" quote(why[name]) >json
	}
	print "\n]}" >json
}
