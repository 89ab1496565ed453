# SPDX-License-Identifier: GPL-2.0-only
# Which limits of limits.tsv the rows (PACKET EBPF EBPF_CHECKED REX) of the second file keep. 1: not all.
/^#/ { next }
FNR == NR { limit[$1] = $2; order[++n] = $1; next }
{ rex[$1] = $4 }
END {
	for (i = 1; i <= n; i++) {
		p = order[i]
		holds = p in rex && rex[p] + 0 <= limit[p] + 0
		printf "%s: %s %s, at most %d\n", holds ? "holds" : "fails", p,
			p in rex ? rex[p] : "not counted", limit[p]
		bad += !holds
	}
	exit bad > 0
}
