# SPDX-License-Identifier: GPL-2.0-only
#
# What Rex must hold against eBPF, in instructions: reads the rows that micro prints, says of each
# requirement whether it holds, and fails when one does not or was not measured.
function check(text, name, most,	ok) {
	ok = name in rex && rex[name] != "null" && ebpf[name] != "null" && rex[name] + 0 <= most
	printf "%s %s: %s, eBPF %s\n", ok ? "holds:" : "FAILS:", text,
		name in rex ? rex[name] : "not measured", name in ebpf ? ebpf[name] : "not measured"
	failed = failed || !ok
}
BEGIN { FS = "\t" }
$1 == "row" {
	ebpf[$2] = $3
	rex[$2] = $4
}
END {
	check("an empty XDP program, a leaf, costs at most 20 more", "empty-xdp", ebpf["empty-xdp"] + 20)
	for (i = split("fentry fexit raw_tracepoint", traced, " "); i; i--)
		check("an empty " traced[i] " program costs at most 60 more", "empty-" traced[i],
		      ebpf["empty-" traced[i]] + 60)
	for (i = split("tc cgroup_skb kprobe tracepoint", other, " "); i; i--)
		check("an empty " other[i] " program costs at most 53 more", "empty-" other[i],
		      ebpf["empty-" other[i]] + 53)
	check("an array look-up costs at most as much", "array-lookup", ebpf["array-lookup"] + 0)
	check("the first array look-up of a program, too", "array-lookup-first",
	      ebpf["array-lookup-first"] + 0)
	check("a hash look-up costs at most 10 % more", "hash-lookup", ebpf["hash-lookup"] * 1.1)
	check("lock and unlock cost at most as much", "spin-lock-unlock", ebpf["spin-lock-unlock"] + 0)
	check("recursion of depth 33 costs at most a third of tail calls", "depth-33",
	      ebpf["depth-33"] / 3)
	exit failed
}
