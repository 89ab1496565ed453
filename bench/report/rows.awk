# SPDX-License-Identifier: GPL-2.0-only
#
# Of flattened JSON, the array's elements as a table with -v columns="NAME ...", tab-separated; the
# first line has the names. What is null, left out, or -v absent=TEXT is "?", which gnuplot leaves out.
BEGIN {
	FS = "\t"
	n = split(columns, column, " ")
	for (i = 1; i <= n; i++) printf "%s%s", column[i], i < n ? FS : "\n"
}
$1 ~ /\[/ {
	match($1, /\[[0-9]+\]/)
	i = substr($1, RSTART + 1, RLENGTH - 2) + 0
	cell[i, substr($1, RSTART + RLENGTH + 1)] = $2 == "null" || (absent != "" && $3 == absent) ? "?" : $3
	if (i >= rows) rows = i + 1
}
END {
	for (r = 0; r < rows; r++)
		for (i = 1; i <= n; i++)
			printf "%s%s", (r, column[i]) in cell ? cell[r, column[i]] : "?", i < n ? FS : "\n"
}
