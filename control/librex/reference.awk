# SPDX-License-Identifier: GPL-2.0-only
# librex.h as the manual page librex(3). Each function needs a doc comment before it.

function escape(text)
{
	gsub(/\\/, "\\e", text)
	return text
}

# A sentence begins a line, as mdoc wants it.
function prose(text)
{
	text = escape(text)
	gsub(/@[a-z0-9_]+/, "\\fI&\\fP", text)
	gsub(/\\fI@/, "\\fI", text)
	gsub(/[.] +/, ".\n", text)
	gsub(/\n[.]/, "\n\\\\&.", text)
	return text
}

function flush_code()
{
	sub(/\n+$/, "\n", code)
	if (code ~ /[^\n]/)
		print ".Bd -literal\n" code ".Ed"
	code = ""
}

function declare(text,	args, n, i, type, name)
{
	sub(/\);$/, "", text)
	args = substr(text, index(text, "(") + 1)
	type = name = substr(text, 1, index(text, "(") - 1)
	sub(/.*[ *]/, "", name)
	type = substr(type, 1, length(type) - length(name))
	sub(/ $/, "", type)
	print ".Pp\n.Ft " type "\n.Fo " name
	n = split(args, arg, /, */)
	for (i = 1; i <= n; i++)
		print ".Fa \"" arg[i] "\""
	print ".Fc"
	if (doc == "") {
		print FILENAME ": " name "() has no doc comment" >"/dev/stderr"
		failed = 1
	}
	print ".Bd -ragged -offset indent\n" prose(doc) ".Ed"
	doc = ""
}

BEGIN {
	print ".\\\" Made from librex.h by reference.awk\n.Dd November 30, 2026\n.Dt LIBREX 3\n.Os\n.Sh NAME\n.Nm librex"
	print ".Nd load, attach, run and watch Rex programs\n.Sh LIBRARY\npkg-config librex\n.Sh SYNOPSIS"
	print ".In rex/librex.h\n.Sh DESCRIPTION"
}

/^\/\* ---- .* -+ \*\/$/ {
	flush_code()
	sub(/^\/\* -+ /, ""); sub(/ -+ \*\/$/, "")
	print ".Ss " $0
	next
}

# The comment at the head of the file is the introduction.
/^\/\*$/ && !began { intro = 1; next }
intro && /^ \*\/$/ { intro = 0; began = 1; print ".Ss errors and names"; next }
intro { sub(/^ \* ?/, ""); printf "%s", prose($0 == "" ? "" : $0 "\n"); if ($0 == "") print ".Pp"; next }
!began || /^#(ifndef|ifdef|endif|include|pragma|define _REX_LIBREX_H)|^extern "C"|^}$/ { next }

/^\/\*\*/ {
	flush_code()
	in_doc = 1
	sub(/^\/\*\* ?/, "")
}
in_doc {
	last = sub(/ *\*\/$/, "")
	sub(/^ \* ?/, "")
	if ($0 != "")
		doc = doc $0 "\n"
	in_doc = !last
	next
}

decl != "" || /^(int|void|bool|const|uint32_t) .*\(/ {
	sub(/^[ \t]+/, "")
	decl = decl (decl == "" ? "" : " ") $0
	if (/;$/) {
		flush_code()
		declare(decl)
		decl = ""
	}
	next
}

/^$/ { if (code != "") code = code "\n"; next }
{ code = code escape($0) "\n" }

END {
	flush_code()
	print ".Sh SEE ALSO\n.Xr rexctl 8"
	exit failed
}
