# SPDX-License-Identifier: GPL-2.0-only
# Which rows (PACKET EBPF EBPF_CHECKED REX) of the second file are at most so many percent above
# exact.tsv, the first. 1: not all.
/^#/ { next }
FNR == NR { exact[$1] = $2; percent[$1] = $3 == "" ? 2 : $3; order[++n] = $1; next }
{ rex[$1] = $4 }
END {
	for (i = 1; i <= n; i++) {
		p = order[i]
		holds = p in rex && rex[p] <= exact[p] * (1 + percent[p] / 100)
		printf "%s: %s %s, was %d, %d %% more at most\n", holds ? "holds" : "fails", p,
			p in rex ? rex[p] : "not counted", exact[p], percent[p]
		bad += !holds
	}
	exit bad > 0
}
