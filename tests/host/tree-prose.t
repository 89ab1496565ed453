#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The text that people read: its spelling, its style, and the form of commit messages.
. "$(dirname "$0")/../lib/tap.sh"

documents() { git ls-files '*.md' 'control/*.[1-8]' 'bmc/*.[1-8]'; }

test_spelling() {
	git rev-parse -q --verify HEAD >/dev/null || skip "not a git repository: no list of files"
	git ls-files | grep -vE '/corpus/|^LICENSE$|tree-prose.t$' | xargs -d '\n' codespell -I tests/lib/words >"$TMP/out" ||
		fail "$(cat "$TMP/out")"
}

test_misspellings_are_found() {
	echo "This sentance is wrong." >"$TMP/a.md"
	refuses codespell -I tests/lib/words "$TMP/a.md"
	contains "$REFUSAL" "sentance ==> sentence"
}

test_style_of_documents() {
	git rev-parse -q --verify HEAD >/dev/null || skip "not a git repository: no list of files"
	documents | xargs -d '\n' tests/lib/prose >"$TMP/out" || fail "$(cat "$TMP/out")"
}

# The comments at the heads of files; of C, string literals as well.
test_style_of_heads() {
	git rev-parse -q --verify HEAD >/dev/null || skip "not a git repository: no list of files"
	git ls-files bmc/proto bmc/rex bmc/ebpf bmc/tests topology tests/host tests/vm |
		grep -E '\.([chtS]|rs|sh)$|/(run|guest)$' | grep -v 'tree-prose.t$' |
		xargs tests/lib/prose >"$TMP/out" || fail "$(cat "$TMP/out")"
}

test_style_of_messages() {
	git rev-parse -q --verify HEAD >/dev/null || skip "not a git repository: no list of files"
	git ls-files kmod dataplane/rexc dataplane/shims control/librex control/rexctl control/cli bmc/daemon \
		bench | grep '\.[chS]$' |
		xargs tests/lib/prose --messages >"$TMP/out" || fail "$(cat "$TMP/out")"
}

test_refused_phrases_are_found() {
	printf 'The map is no\nqueue. `Who is root` may.\n\n    code wants\n' >"$TMP/a.md"
	refuses tests/lib/prose "$TMP/a.md"
	eq "$REFUSAL" "$TMP/a.md:1: \"is no \": \"is not a ...\""
	printf '// Nobody reads this.\nint f;\n// nobody\nchar s[] = "a " "tells";\n' >"$TMP/a.c"
	refuses tests/lib/prose --messages "$TMP/a.c"
	contains "$REFUSAL" 'a.c:1: "Nobody"'
	contains "$REFUSAL" 'a.c:4: "tells"'
	lacks "$REFUSAL" 'a.c:3'
}

# subject, empty line, body (75 columns: what checkpatch allows)
well_formed() { # FILE
	awk '
		NR == 1 && length > 72 { print "subject of " length " characters"; bad = 1 }
		NR == 1 && /\.$/ { print "subject ends with a full stop"; bad = 1 }
		NR == 1 { sub(/^[^ ]*: /, ""); verb = tolower($1) }
		NR == 1 && verb ~ /^(add|fix|remov|chang|mov|us|mak|renam|refus|updat|delet|allow|test|clean)(s|es|ed|d|ing)$/ {
			print "\"" $1 "\" is not imperative"; bad = 1 }
		NR == 2 && NF { print "no empty line after the subject"; bad = 1 }
		NR > 2 && length > 75 && !/^( |\t|http)/ { print "line " NR " has " length " characters"; bad = 1 }
		NR > 2 && NF { body = 1 }
		END { if (!body) print "no body that says why"; exit bad || !body }' "$1"
}

test_badly_formed_commit_messages_are_found() {
	printf 'kmod: added a thing.\n\nWhy.\n' >"$TMP/a"
	refuses well_formed "$TMP/a"
	contains "$REFUSAL" '"added" is not imperative'
	contains "$REFUSAL" 'full stop'
	printf 'kmod: add a thing\n' >"$TMP/a"
	refuses well_formed "$TMP/a"
	contains "$REFUSAL" 'no body'
	printf 'kmod: add a thing\n\nBecause of that.\n' >"$TMP/a"
	well_formed "$TMP/a"
}

# The rule is younger than this tree.
test_commit_messages() {
	local since=bbf58bc commit
	git rev-parse -q --verify "$since^{commit}" >/dev/null || skip "no git history back to $since"
	for commit in $(git rev-list --no-merges "$since..HEAD"); do
		git log -1 --format=%B "$commit" >"$TMP/message"
		well_formed "$TMP/message" >"$TMP/why" || {
			git log -1 --format='%h %s' "$commit"
			sed 's/^/    /' "$TMP/why"
		}
	done >"$TMP/out"
	[ ! -s "$TMP/out" ] || fail "$(cat "$TMP/out")"
}
tap_run
