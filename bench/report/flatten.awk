# SPDX-License-Identifier: GPL-2.0-only
#
# JSON as lines of PATH, TYPE and VALUE, tab-separated: .rows[2].rex number 467. Text that is not
# JSON ends it with status 1.
function die(why) {
	print "not JSON: " why " at '" substr(text, 1, 20) "'" >"/dev/stderr"
	exit status = 1
}
function blank() { sub(/^[ \t\r\n]+/, "", text) }
function take(re, what,    got) {
	blank()
	if (!match(text, "^(" re ")")) die(what " expected")
	got = substr(text, 1, RLENGTH)
	text = substr(text, RLENGTH + 1)
	return got
}
function see(c) { blank(); return substr(text, 1, 1) == c }
function string(    s) {
	s = take("\"([^\"\\\\]|\\\\.)*\"", "string")
	s = substr(s, 2, length(s) - 2)
	gsub(/\\"/, "\"", s)
	gsub(/\\[tn]/, " ", s)
	gsub(/\\\\/, "\\", s)
	return s
}
function object(path,    name) {
	take("[{]", "{")
	if (see("}")) return take("}", "}")
	do {
		name = string()
		take(":", ":")
		value(path "." name)
	} while (take("[,}]", ", or }") == ",")
}
function array(path,    i) {
	take("[[]", "[")
	if (see("]")) return take("]", "]")
	do value(path "[" i++ + 0 "]")
	while (take("[],]", ", or ]") == ",")
}
function value(path) {
	if (see("{")) return object(path)
	if (see("[")) return array(path)
	if (see("\"")) return leaf(path, "string", string())
	if (see("t") || see("f")) return leaf(path, "bool", take("true|false", "true or false"))
	if (see("n")) return leaf(path, "null", take("null", "null"))
	leaf(path, "number", take("-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?", "value"))
}
function leaf(path, type, v) { print path "\t" type "\t" v }
{ text = text $0 "\n" }
END {
	if (status) exit status
	value("")
	blank()
	if (text != "") die("end")
}
