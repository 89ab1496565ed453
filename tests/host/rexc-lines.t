#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The line table in a module, against what addr2line says of the same code.
. "$(dirname "$0")/../lib/tap.sh"

# build PROGRAM: the module and, in $TMP/kept/linked.o, the same code with its debug sections.
build() { rexc --name lines --keep "$TMP/kept" -o "$TMP/out.ko" "$1"; }

# The table as "offset line file", offsets in decimal.
table() {
	objcopy -O binary -j .rex.lines "$TMP/out.ko" "$TMP/lines"
	objcopy -O binary -j .rex.files "$TMP/out.ko" "$TMP/files"
	perl -e 'local $/; open my $l, "<:raw", $ARGV[0]; open my $f, "<:raw", $ARGV[1];
		my ($lines, $files) = (<$l>, <$f>);
		while (length $lines) {
			my ($offset, $file, $line) = unpack "V3", substr($lines, 0, 12, "");
			printf "%d %d %s\n", $offset, $line, unpack "Z*", substr($files, $file);
		}' "$TMP/lines" "$TMP/files" >"$TMP/table"
}

# Every instruction as "offset: chain of inlined places", the innermost first. The functions of
# rexc/mem.S, which are linked to every program, have no lines.
places() {
	objdump -d -j .text --no-show-raw-insn "$TMP/kept/linked.o" |
		awk '/>:$/ { lines = !/<mem(cpy|move|set|cmp)>:$/ } lines' |
		sed -n 's/^ *\([0-9a-f]*\):\t.*/\1/p' |
		addr2line -a -i -j .text -e "$TMP/kept/linked.o" | sed 's/ (discriminator.*//' |
		awk 'function number(hex, i, n) {
			for (i = 3; i <= length(hex); i++) n = n * 16 + index("123456789abcdef", substr(hex, i, 1))
			return n + 0
		     }
		     /^0x/ { if (n++) print at, line; at = number($0); line = ""; next }
		     { line = line " " $0 } END { print at, line }' >"$TMP/places"
}

# The rule: the innermost place in the user's files, else in the crate, else the innermost.
# Code without a line in the debug sections (":?", ":0") may have that of its neighbour.
agree() {
	table
	places
	awk -v least="$1" '
		function owner(p) { return p ~ /\/library\/core\// ? 1 : p ~ /dataplane\/rex\/src\// ? 2 : 3 }
		function short(p) {
			sub(/.*\/library\//, "", p); sub(/.*dataplane\/rex\/src/, "dataplane/rex/src", p)
			return p
		}
		FILENAME ~ /table$/ { if (n && $1 <= from[n]) { print "not sorted: " $0; bad = 1 }
				      from[++n] = $1; line[n] = $2; file[n] = $3; next }
		{
			best = 0
			for (i = 2; i <= NF; i++)
				if ($i ~ /:[1-9][0-9]*$/ && owner($i) > best) { best = owner($i); want = short($i) }
			while (row < n && from[row + 1] <= $1) row++
			if (!best || $2 ~ /:[?0]$/ && best < 3) { unknown++; next }
			got = file[row] ":" line[row]
			# the compiler names files as they were given, addr2line with their folders
			if (substr("/" want, length("/" want) - length(got)) != "/" got) {
				printf "at %#x: table %s, addr2line %s\n", $1, got, $0; bad = 1
			} else { good++; users += best == 3 }
		}
		END { printf "%d agree, %d of them in the program, %d unknown\n", good, users, unknown
		      exit bad || users < least || unknown * 4 > good }' "$TMP/table" "$TMP/places" >"$TMP/said" ||
		fail "$(head -20 "$TMP/said"; tail -1 "$TMP/said")"
}

# Offsets count from a symbol; the code behind it is the code that the table was made for.
same_code() {
	local at size
	at=$((16#$(nm "$TMP/out.ko" | awk '$3 == "__rex_text_start" { print $1 }')))
	objcopy -O binary -j .text "$TMP/out.ko" "$TMP/module.text"
	objcopy -O binary -j .text "$TMP/kept/linked.o" "$TMP/linked.text"
	size=$(stat -c %s "$TMP/linked.text")
	cmp <(tail -c +$((at + 1)) "$TMP/module.text" | head -c "$size") "$TMP/linked.text"
	eq "$(tail -1 "$TMP/table")" "$size 0 "
}

test_a_small_program() {
	build tests/rexc/accept/panics.rs
	agree 10
	same_code
}

# Its assembly has checks that the compiler does not know of.
test_a_program_with_stack_checks() {
	build tests/rexc/accept/recursion.rs
	agree 10
	same_code
}

test_calls_through_dyn() {
	build tests/rexc/accept/dyn_call.rs
	agree 10
	same_code
}

test_a_large_program_of_several_files() {
	build bmc/rex
	agree 1000
	same_code
}

# A fault in what was inlined from core or the crate is the user's line.
test_inlined_library_code_has_the_line_of_the_call() {
	cat >"$TMP/inl.rs" <<-'END'
		use rex::prelude::*;

		#[rex_xdp]
		pub fn inl(ctx: &mut Xdp<'_>) -> XdpVerdict {
		    let data = ctx.data();
		    let sum = data
		        .iter()
		        .fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)));
		    if sum == 7 {
		        XdpVerdict::Drop
		    } else {
		        XdpVerdict::Pass
		    }
		}
	END
	build "$TMP/inl.rs"
	agree 10
	[ "$(awk -v f="$TMP/inl.rs" '$3 == f' "$TMP/table" | wc -l)" -gt 2 ] || fail "$(cat "$TMP/table")"
	# nothing of it is out of line
	lacks "$(cat "$TMP/table")" core/src/
}

# What the stack check calls belongs to the line on which the function begins.
test_a_stack_overflow_is_in_the_line_of_the_function() {
	local begin
	build tests/rexc/accept/recursion.rs
	table
	begin=$(grep -n 'fn down' tests/rexc/accept/recursion.rs | cut -d: -f1)
	objdump -dr -j .text --no-show-raw-insn "$TMP/kept/linked.o" | grep -B1 'rex_stack_overflow' |
		sed -n 's/^ *\([0-9a-f]*\):\tcall.*/\1/p' >"$TMP/calls"
	[ -s "$TMP/calls" ] || fail "no calls"
	while read -r at; do
		awk -v at=$((16#$at)) '$1 <= at { line = $2 } END { print line }' "$TMP/table"
	done <"$TMP/calls" >"$TMP/overflow"
	grep -qx "$begin" "$TMP/overflow" || fail "want $begin in: $(cat "$TMP/overflow")"
}

test_files_of_libraries_are_named_alike_everywhere() {
	build bmc/rex
	table
	awk '$2 && $3 !~ /^(bmc\/|core\/src\/|dataplane\/rex\/src\/)/ { print; bad = 1 } END { exit bad }' \
		"$TMP/table" >"$TMP/odd" || fail "$(sort -u -k3 "$TMP/odd")"
}

test_the_table_cannot_be_written_and_costs_less_than_the_code() {
	local text lines
	build bmc/rex
	for s in lines files; do
		eq "$(readelf -SW "$TMP/out.ko" | sed -n "s/.* \.rex\.$s *PROGBITS//p" | awk '{ print $5 }')" A
	done
	text=$(size -A "$TMP/out.ko" | awk '$1 == ".text" { print $2 }')
	lines=$(size -A "$TMP/out.ko" | awk '$1 ~ /^\.rex\.(lines|files)$/ { n += $2 } END { print n }')
	[ "$lines" -lt "$text" ] || fail "$lines bytes for $text bytes of code"
}

tap_run
