#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What rexc refuses and what it must not. tests/rexc/refuse/NAME.rs has a comment "//~ TEXT" on
# the line that must be reported, with this text.
. "$(dirname "$0")/../lib/tap.sh"

# refused PROGRAM [FILE]: refused at the marked line of FILE, with a way out; leaves no module.
refused() { refused_at "tests/rexc/refuse/$1" "tests/rexc/refuse/${2:-$1}"; }
refused_at() {
	local program=$1 file=$2 mark line
	mark=$(grep -n '//~ ' "$file")
	line=${mark%%:*}
	refuses rexc -o "$TMP/out.ko" "$program"
	contains "$REFUSAL" "$file:$line:"
	grep -F "$file:$line:" <<<"$REFUSAL" | grep -qF "${mark#*//~ }" ||
		fail "not the expected reason, ${mark#*//~ }: $REFUSAL"
	contains "$REFUSAL" "note: "
	[ ! -e "$TMP/out.ko" ] || fail "a module was left behind"
}

# The same, where the compiler's own error is the reason.
refused_by_compiler() {
	local program=tests/rexc/refuse/$1 file=tests/rexc/refuse/${2:-$1} mark
	mark=$(grep -n '//~ ' "$file")
	refuses rexc -o "$TMP/out.ko" "$program"
	contains "$REFUSAL" "${mark#*//~ }"
	contains "$REFUSAL" "$file:${mark%%:*}:"
	contains "$REFUSAL" "the compiler refused $program"
	[ ! -e "$TMP/out.ko" ] || fail "a module was left behind"
}

accepted() {
	rexc -v -o "$TMP/out.ko" "tests/rexc/accept/$1" 2>"$TMP/said" || fail "$(cat "$TMP/said")"
	modinfo -F rex_stack "$TMP/out.ko" >"$TMP/stack"
}

# Every function of the program, but not the C glue, begins with the check.
all_checked() {
	objdump -d "$TMP/out.ko" -j .text --no-show-raw-insn >"$TMP/code"
	awk '/^[0-9a-f]+ <_R/ { if (want) bad = 1; want = 1; next }
	     want && /endbr64/ { next }
	     want { if (/test +\$0x8000,%esp/) n++; else bad = 1; want = 0 }
	     END { exit bad || !n }' "$TMP/code" || fail "a function without a check: $(cat "$TMP/code")"
}

# What core does not have for programs: refused by whatever name.
gated() { refused_by_compiler "$1" "${3:-$1}"; contains "$REFUSAL" "note: $2"; lacks "$REFUSAL" "stay with stable Rust"; }
leak() { gated "$1" "a value whose destructor never runs" "${2:-$1}"; }
included() { gated "$1" "rexc must see every source file"; }
assembly() { gated "$1" "assembly cannot be checked"; }

test_unsafe_block() { refused unsafe_block.rs; }
test_unsafe_function() { refused unsafe_fn.rs; }
test_unsafe_impl() { refused unsafe_impl.rs; }
test_unsafe_in_a_macro_of_the_user() { refused unsafe_in_macro.rs; }
test_unsafe_passed_to_a_macro() { refused unsafe_token_passed.rs; }
test_unsafe_in_a_module_file() { refused module module/inner.rs; }
test_leak_in_a_module_file_of_another_name() { leak module_path module_path/inner.txt; }
test_naked_function() { refused naked.rs; }
test_global_assembly() { assembly global_asm.rs; }
test_no_mangle() { refused no_mangle.rs; }
test_link_section() { refused link_section.rs; }
test_extern_block() { refused extern_block.rs; }
test_unstable_feature() { refused feature.rs; }
test_included_code() { included include.rs; }
test_mem_forget() { leak forget.rs; }
test_mem_forget_renamed() { leak forget_renamed.rs; }
test_mem_forget_by_glob_import() { leak forget_glob.rs; }
test_mem_forget_as_raw_identifier() { leak forget_raw.rs; }
test_mem_forget_named_in_a_macro_call() { leak forget_by_macro.rs; }
test_manually_drop() { leak manually_drop.rs; }
test_maybe_uninit() { leak maybe_uninit.rs; }
test_mem_forget_of_a_renamed_core() { leak forget_core_renamed.rs; }
test_leak_in_a_file_outside_of_the_folder() { leak module_outside module_outside/../outside.txt; }
test_unstable_feature_by_cfg_attr() { refused feature_cfg_attr.rs; }
test_foreign_function_by_link_attribute() { refused link_attr.rs; }
test_no_mangle_by_cfg_attr() { refused no_mangle_cfg_attr.rs; }
test_code_that_would_run_at_load_time() { refused init_array.rs; }
test_included_code_of_a_computed_name() { included include_env.rs; }
test_included_code_by_a_macro() { included include_by_macro.rs; }

# The same behind a dot, before a colon, and by other ways on which a word is no word to look for.
test_mem_forget_behind_a_dot() { leak forget_behind_dot.rs; }
test_mem_forget_before_a_colon() { leak forget_before_colon.rs; }
test_mem_forget_by_a_path_in_pieces() { leak forget_by_path.rs; }
test_manually_drop_by_an_alias() { leak manually_drop_alias.rs; }
test_maybe_uninit_behind_a_dot() { leak maybe_uninit_behind_dot.rs; }
test_included_code_behind_a_dot() { included include_behind_dot.rs; }
test_included_code_renamed() { included include_renamed.rs; }
test_global_assembly_behind_a_dot() { assembly global_asm_behind_dot.rs; }
test_naked_assembly_renamed() { assembly naked_asm_renamed.rs; }

# Another crate in the place of one that the macros name.
test_extern_crate_self_as_rex() { refused extern_crate_self.rs; }
test_extern_crate_self_as_core() { refused extern_crate_core.rs; }
test_extern_crate_in_a_function() { refused extern_crate_in_a_function.rs; }
test_extern_crate_that_only_a_macro_shows() { refused extern_crate_by_macro.rs; }

# What the scan must see as the compiler does.
test_first_line_with_a_doc_comment_is_no_attribute() { refused shebang_doc_comment.rs; }
test_first_line_with_comments_is_an_attribute() { refused shebang_block_comment.rs; }
test_raw_string_that_is_none_behind_a_literal() { refused literal_suffix.rs; }
test_raw_string_that_is_none_behind_an_index() { refused index_suffix.rs; }

test_a_module_whose_path_attribute_is_a_fragment() {
	unsafe_in module_path_fragment module_path_fragment/inner.txt
}

# filter_in MAP: a program whose filter reads that map.
filter_in() {
	printf 'use rex::prelude::*;\n%s\n#[rex_xdp(filter = udp(in PORTS))]\n%s\n' "$1" \
		"pub fn run(_ctx: &mut Xdp<'_>) -> XdpVerdict { XdpVerdict::Drop }" >"$TMP/prog.rs"
	rexc --check "$TMP/prog.rs"
}

test_a_filter_whose_ports_are_in_no_map() {
	refuses filter_in 'static PORTS: RexArray<[u16; 1]> = RexArray::new(1, 0);'
	contains "$REFUSAL" "the filter of entry \`run\` has its ports in \`PORTS\`, which is not a map"
	contains "$REFUSAL" "note: mark the static with #[rex_map]"
}

test_a_filter_whose_map_has_two_elements() {
	filter_in '#[rex_map] static PORTS: RexArray<[u16; 8]> = RexArray::new(1, 0);'
	refuses filter_in '#[rex_map] static PORTS: RexArray<[u16; 1]> = RexArray::new(2, 0);'
	contains "$REFUSAL" "has its ports in map \`PORTS\` of 2 elements"
	contains "$REFUSAL" "note: the ports are the value of the only element"
}

# The compiler's list of files would name "end\" and "b.rs" as it names "end b.rs".
test_a_module_of_a_name_that_cannot_be_told() {
	printf '#[path = "end\\\\"]\nmod a;\nmod b;\n' >"$TMP/prog.rs"
	touch "$TMP/end\\" "$TMP/b.rs" "$TMP/end b.rs"
	refuses rexc --check "$TMP/prog.rs"
	contains "$REFUSAL" "$TMP/prog.rs: error: a source file has a backslash before a blank"
	contains "$REFUSAL" "note: "
}

# Blanks, backslashes, a line break, a colon and a # are names like any other.
test_words_in_modules_of_any_name_are_found() {
	local name n=0
	for name in 'a b' 'a\ b' 'a:b' 'a#b' "a: b" $'a\nb' '$(a)' "a'b"; do
		n=$((n + 1))
		printf '\nfn f() -> f64 { 0 }\n' >"$TMP/$name"
		printf '#[path = r##"%s"##]\nmod inner;\n' "$name" >"$TMP/prog$n.rs"
		refuses rexc --check "$TMP/prog$n.rs"
		contains "$REFUSAL" "$TMP/$name:2:11: error: floating point (\`f64\`)"
	done
}

# Tokens that a program passes to macros of the crate never end up in unsafe code.
unsafe_in() { refused_by_compiler "$@"; contains "$REFUSAL" "note: Rex programs are written in safe Rust only"; }
test_raw_pointer_in_printk() { unsafe_in macro_printk.rs; }
test_raw_pointer_in_the_size_of_a_map() { unsafe_in macro_map.rs; }
test_raw_pointer_in_a_derived_type() { unsafe_in macro_derive.rs; }
test_inline_assembly_renamed() { assembly asm_renamed.rs; }
test_foreign_functions_in_what_looks_like_tests() { unsafe_in extern_block_for_tests.rs; }
test_unsafe_in_what_looks_like_tests() { unsafe_in unsafe_for_tests.rs; }
test_mutable_static() { unsafe_in static_mut.rs; }
test_target_feature() { unsafe_in target_feature.rs; }

# Sizes that 32 bits cannot say, and others that the kernel has not.
test_value_of_4_GiB_and_8_bytes() { refused_by_compiler value_of_4_gib.rs; }
test_value_of_2_GiB_in_an_array() { refused_by_compiler value_of_2_gib.rs; }
test_value_of_4_GiB_in_a_hash_table() { refused_by_compiler value_of_a_hash_map.rs; }
test_value_of_4_GiB_in_a_queue() { refused_by_compiler value_in_a_queue.rs; }
test_value_per_CPU_beyond_32_KiB() { refused_by_compiler value_per_cpu.rs; }
test_key_of_4_GiB() { refused_by_compiler key_of_4_gib.rs; }
test_record_of_4_GiB() { refused_by_compiler record_of_4_gib.rs; }
test_read_of_4_GiB() { refused_by_compiler read_of_4_gib.rs; }
test_value_that_a_trie_does_not_align() { refused_by_compiler trie_value_unaligned.rs; }

# Of the compiler's memory there is an end, and of what a module may have of the kernel's.
test_static_of_8_GiB() {
	refused_by_compiler static_of_8_gib.rs
	contains "$REFUSAL" "--max-data"
}
test_table_of_8_TiB() { refused_by_compiler table_of_8_tib.rs; }
test_two_statics_of_66_MiB() {
	refused statics_of_66_mib.rs
	contains "$REFUSAL" "--max-data"
}
test_static_aligned_to_64_KiB() { refused static_aligned_to_64_kib.rs; }

no_std() { refused_by_compiler "$1"; contains "$REFUSAL" "note: a program has core and rex, but no std and no heap"; }
test_std() { no_std std_module.rs; }
test_crate_alloc() { refused alloc_crate.rs; contains "$REFUSAL" "no std, no heap"; }
test_heap() { no_std heap.rs; }
test_global_allocator() { refused_by_compiler global_allocator.rs; }

unstable() { refused_by_compiler "$1"; contains "$REFUSAL" "stay with stable Rust"; }
test_internal_attribute() { unstable internal_attribute.rs; }
test_linkage() { unstable linkage.rs; }
test_thread_local_static() { unstable thread_local.rs; }
test_own_panic_handler() {
	refused_by_compiler panic_handler.rs
	contains "$REFUSAL" "note: the rex crate has the panic handler"
}
test_own_procedural_macro() { refused proc_macro.rs; contains "$REFUSAL" "no procedural macros"; }
test_module_of_a_computed_path() { refused_by_compiler path_env.rs; }

test_f64_arithmetic() { refused f64.rs; }
test_float_literals() { refused float_literal.rs; }
test_float_that_only_a_macro_shows() { refused float_behind_dot.rs; }
test_float_that_no_word_shows() { refused float_hidden.rs; }
test_128_bit_division() { refused wide_division.rs; }
test_stack_array_of_40_KiB() {
	refused big_array.rs
	contains "$REFUSAL" "\`prog\`"
}
test_frame_of_9_KiB_with_recursion() { refused big_recursive_frame.rs; }

test_a_comment_that_never_ends() { refused unended_comment.rs; }

test_a_program_without_entry() {
	refuses rexc -o "$TMP/out.ko" tests/rexc/refuse/no_entry.rs
	contains "$REFUSAL" "no entry point"
	for hook in $(tests/lib/hooks); do
		contains "$REFUSAL" "#[rex_$hook]"
	done
}

test_a_hundred_floats_are_a_few_reports() {
	{
		printf 'use rex::prelude::*;\n#[rex_xdp]\npub fn many(_c: &mut Xdp<%s>) -> XdpVerdict {\n' "'_"
		for i in $(seq 100); do echo "    let _ = $i.5;"; done
		printf '    XdpVerdict::Pass\n}\n'
	} >"$TMP/many.rs"
	refuses rexc --check "$TMP/many.rs"
	[ "$(grep -c error: <<<"$REFUSAL")" -eq 5 ] || fail "$REFUSAL"
	contains "$REFUSAL" "more of the same kind are not shown"
}

test_an_error_of_the_language_is_shown_as_the_compiler_says_it() {
	printf 'fn f() -> u32 {\n    true\n}\n' >"$TMP/wrong.rs"
	refuses rexc --check "$TMP/wrong.rs"
	contains "$REFUSAL" "error[E0308]: mismatched types"
	contains "$REFUSAL" "$TMP/wrong.rs:2:5"
}

test_words_in_comments_strings_and_names_are_accepted() { accepted words.rs; }

test_two_statics_of_16_MiB_are_accepted() { accepted statics_of_32_mib.rs; }

test_words_in_included_data_are_accepted() { accepted data; }

test_names_of_the_own_that_are_like_refused_words() { accepted own_words.rs; }
test_tests_for_the_host_inside_are_left_out() { accepted tests_inside.rs; }
test_names_that_macros_of_the_crate_might_use() { accepted shadowed_names.rs; }
test_structs_maps_and_entries_made_by_macros() { accepted made_by_macros.rs; }
test_ip_addresses_as_keys_and_values() { accepted addresses.rs; }

test_a_key_of_128_bits_has_a_way_out() {
	refuses rexc --check tests/rexc/refuse/key_of_128_bits.rs
	contains "$REFUSAL" "tests/rexc/refuse/key_of_128_bits.rs:5:"
	contains "$REFUSAL" "keep a u128 as [u64; 2]"
}

test_a_bool_behind_a_lock_has_a_way_out() {
	refused_by_compiler bool_behind_lock.rs
	contains "$REFUSAL" "keep a \`u8\` for a \`bool\`"
}

test_recursion_is_accepted_and_checked() {
	accepted recursion.rs
	eq "$(cat "$TMP/stack")" 0
	contains "$(cat "$TMP/said")" "recursion::down calls itself"
	all_checked
}

test_calls_through_dyn_are_accepted_and_checked() {
	accepted dyn_call.rs
	eq "$(cat "$TMP/stack")" 0
	all_checked
}

test_a_large_frame_without_recursion_is_accepted() {
	accepted large_frame.rs
	[ "$(cat "$TMP/stack")" -gt 20480 ] || fail "$(cat "$TMP/stack")"
	[ "$(cat "$TMP/stack")" -le 28672 ] || fail "$(cat "$TMP/stack")"
}

# The stack is bounded, so nothing calls its Display: that would be a call through a pointer.
test_a_panic_does_not_format_its_message() {
	accepted panic_display.rs
	[ "$(cat "$TMP/stack")" -gt 0 ] || fail "unbounded: $(cat "$TMP/said")"
}

test_a_bounded_program_has_no_checks() {
	accepted panics.rs
	[ "$(cat "$TMP/stack")" -gt 0 ] || fail "unbounded: $(cat "$TMP/said")"
	objdump -d "$TMP/out.ko" | grep -q . || fail "no code"
	! objdump -d "$TMP/out.ko" | grep -q 'test *[$]0x8000,%esp' || fail "checked without need"
}

tap_run
