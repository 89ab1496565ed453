# SPDX-License-Identifier: GPL-2.0-only
#
# Compares flattened JSON with -v file=NAME's lines of schema.tsv, which is the first file. Status 1
# and a line for each path that is not there, not known, or of another type.
BEGIN { FS = "\t" }
function complain(what) { print file ".json: " what; bad = 1 }
FNR == NR {
	if ($1 != file) next
	known = 1
	path = $2
	optional = sub(/^[?]/, "", path)
	type[path] = $3
	if (!optional) required[path] = 1
	next
}
{
	element = $1
	sub(/\].*/, "]", element)
	path = $1
	gsub(/\[[0-9]+\]/, "[]", path)
	if (!(path in type)) {
		complain($1 ": not in schema.tsv")
		next
	}
	want = type[path]
	if (sub(/[?]$/, "", want) && $2 == "null") want = "null"
	if ($2 != want) complain($1 ": " $2 ", not " type[path])
	if (element ~ /\[/ && !(element in seen)) {
		seen[element] = 1
		elements++
	}
	have[path]++
}
END {
	if (!known) complain("schema.tsv does not have it")
	if (!elements) complain("no rows")
	for (path in required) {
		n = have[path] + 0
		if (n != (path ~ /\[/ ? elements : 1)) complain(path ": " n " times, of " elements " rows")
	}
	exit bad
}
