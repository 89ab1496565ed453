#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The second line of rexc: what reaches the object file although no word of the
# source shows it. Objects are made by hand, from assembly.
. "$(dirname "$0")/../lib/tap.sh"

setup() {
	make -s "$BUILD/tests/rexc/check_object"
	CHECK=$BUILD/tests/rexc/check_object
}

# function NAME FRAME, body on stdin
function_() {
	printf '\t.section .text.%s,"ax",@progbits\n\t.type %s,@function\n%s:\n.Lb_%s:\n' "$1" "$1" "$1" "$1"
	cat
	printf '.Le_%s:\n\t.size %s, .Le_%s-%s\n' "$1" "$1" "$1" "$1"
	printf '\t.section .stack_sizes,"o",@progbits,.text.%s\n\t.quad .Lb_%s\n\t.uleb128 %s\n' "$1" "$1" "$2"
}

# entry FUNCTION [NAME]: an entry point, "prog" unless named.
entry() {
	printf '\t.section .rex.entries,"a",@progbits\n\t.p2align 3\n'
	printf '\t.ascii "%s"\n\t.zero %d\n\t.long 0\n\t.long 0\n\t.quad %s\n\t.zero 16\n' "${2:-prog}" \
		$((32 - $(printf %s "${2:-prog}" | wc -c))) "$1"
}

assemble() { as -o "$TMP/p.o" -; }

# body of the only function, on stdin
program() { { function_ main 16; entry main; } | assemble; }

ok() { eq "$("$CHECK" "$TMP/p.o" 2>&1)" "$1"; }

refused() {
	refuses "$CHECK" "$TMP/p.o"
	contains "$REFUSAL" "$1"
}

refused_instruction() {
	printf '\t%s\n\tret\n' "$1" | program
	refused "$2"
}

CHECKED=$'\ttestl $0x8000, %esp\n\tjz 1f\n'
OVERFLOW=$'1:\tcallq rex_stack_overflow\n\tud2\n'

test_a_plain_function() {
	printf '\tendbr64\n\txorl %%eax, %%eax\n\tcs jmp __x86_return_thunk\n' | program
	ok 16
}

test_integer_instructions_of_any_kind() {
	printf '\t%s\n' 'lock cmpxchgq %rax, (%rdi)' 'rep movsb' 'bswap %rax' 'popcntq %rax, %rax' 'mfence' \
		'pause' 'prefetcht0 (%rdi)' 'movq %gs:(%rdi), %rax' 'rdtsc' 'ud2' | program
	ok 16
}

test_floating_point_and_vector_instructions() {
	for i in 'addsd %xmm0, %xmm1' 'movaps %xmm0, (%rdi)' 'fld1' 'fldt (%rdi)' 'movq %mm0, %rax' 'emms' \
		'vaddps %ymm0, %ymm1, %ymm2' 'vpaddd %zmm0, %zmm1, %zmm2' 'kmovw %k1, %eax' 'pxor %xmm3, %xmm3' \
		'aesenc %xmm0, %xmm1' 'fxsave (%rdi)' 'xsave (%rdi)' 'ldmxcsr (%rdi)' 'fwait' 'cvtsi2sd %rax, %xmm0' \
		'crc32q %rax, %rax; movd %eax, %xmm9'; do
		refused_instruction "$i" "floating point or SIMD"
	done
}

test_privileged_instructions() {
	for i in cli sti hlt rdmsr wrmsr swapgs invd wbinvd 'inb %dx, %al' 'outb %al, %dx' 'insb' 'lgdt (%rdi)' \
		'lidt (%rdi)' 'mov %cr0, %rax' 'mov %rax, %cr4' 'mov %rax, %dr7' 'invlpg (%rdi)' syscall sysretq \
		iretq "int \$0x80" 'mov %eax, %ds' 'mov %eax, %gs' popfq std 'ltr %ax' clts 'xsetbv' monitor mwait; do
		refused_instruction "$i" "only the kernel itself"
	done
}

test_bytes_that_are_no_instruction() { refused_instruction '.byte 0x06' "does not know"; }

test_import_that_no_program_may_use() {
	local f
	# that of rexc's own C, and no register
	for f in printk rex_nosuch rex_panicx rex_program_register __fentry__ __x86_indirect_thunk_rsp; do
		printf '\tcallq %s\n\tret\n' "$f" | program
		refused "\`$f\`"
	done
}

test_floating_point_helpers_are_named_as_such() {
	for f in __adddf3 __muldf3 __floatunsidf __fixdfsi __gtsf2 fmod sqrt; do
		printf '\tcallq %s\n\tret\n' $f | program
		refused "floating point (\`$f\`)"
	done
}

test_worst_case_is_the_deepest_path() {
	{
		printf '\tcallq a\n\tcallq b\n\tret\n' | function_ main 100
		printf '\tcallq leaf\n\tret\n' | function_ a 200
		printf '\tret\n' | function_ b 230
		printf '\tret\n' | function_ leaf 40
		entry main
	} | assemble
	ok 356
}

test_a_tail_jump_counts_like_a_call() {
	{
		printf '\tjmp a\n' | function_ main 0
		printf '\tret\n' | function_ a 1000
		entry main
	} | assemble
	ok 1008
}

test_a_conditional_jump_to_a_function_counts_too() {
	{
		printf '\ttestl %%eax, %%eax\n\tjne a\n\tret\n' | function_ main 0
		printf '\tret\n' | function_ a 1000
		entry main
	} | assemble
	ok 1008
}

test_limit_of_the_stack_is_28_KiB() {
	printf '\tret\n' | { function_ main 28672; entry main; } | assemble
	ok 28672
	printf '\tret\n' | { function_ main 28673; entry main; } | assemble
	refused "28672 are available"
	contains "$REFUSAL" "prog (28673)"
}

test_loops_are_no_recursion() {
	printf '1:\tdecl %%eax\n\tjne 1b\n\tret\n' | program
	ok 16
}

test_recursion_and_pointers_need_the_check() {
	printf '\tcallq main\n\tret\n' | program
	refused "no stack check"
	printf '\tcallq *%%rax\n\tret\n' | program
	refused "no stack check"
	printf '\tjmp *(%%rax)\n' | program
	refused "no stack check"
	printf '\tcallq __x86_indirect_thunk_r11\n\tret\n' | program
	refused "no stack check"
}

test_recursion_and_pointers_with_the_check() {
	printf '%s\tcallq main\n\tret\n%s' "$CHECKED" "$OVERFLOW" | program
	ok "unbounded: prog calls itself"
	printf '%s\tcallq __x86_indirect_thunk_rax\n\tret\n%s' "$CHECKED" "$OVERFLOW" | program
	ok "unbounded: prog calls through a pointer (dyn, fn)"
}

test_mutual_recursion_in_a_checked_program_with_one_unchecked_function() {
	{
		printf '%s\tcallq a\n\tret\n%s' "$CHECKED" "$OVERFLOW" | function_ main 0
		printf '\tcallq main\n\tret\n' | function_ a 0
		entry main
	} | assemble
	refused "\`a\` has no stack check"
}

# instructions RECORDED LINE...: a function of them
instructions() {
	local recorded=$1
	shift
	printf '%s\n' "$@" | { function_ main "$recorded"; entry main; } | assemble
}

test_a_function_without_a_recorded_frame() {
	{
		printf '\tret\n' | function_ main 0 | sed '/stack_sizes/,$d'
		entry main
	} | assemble
	refused "frame of unknown size"
	# ... also where nothing leads to it, and where the code is not the compiler's
	{
		printf '\tret\n' | function_ main 0
		printf '\tpushq %%rax\n\tpopq %%rax\n\tret\n' | function_ naked 8 | sed '/stack_sizes/,$d'
		entry main
	} | assemble
	refused "in naked: a function with a frame of unknown size"
}

test_a_frame_that_is_recorded_twice() {
	{
		printf '\tret\n' | function_ main 8
		printf '\t.section .stack_sizes,"o",@progbits,.text.main\n\t.quad .Lb_main\n\t.uleb128 8\n'
		entry main
	} | assemble
	refused "two stack sizes of one function"
}

test_a_record_of_no_function() {
	{
		printf '\tnop\n\tret\n' | function_ main 8 | sed 's/quad .Lb_main/quad .Lb_main+1/'
		entry main
	} | assemble
	refused "the stack size of no function"
	{ printf '\tret\n' | function_ main 8; printf '\t.quad 0\n\t.byte 8\n'; entry main; } | assemble
	refused "the stack size of no function"
}

# Two frames whose sum is 0 in 64 bits
test_records_that_wrap() {
	{
		printf '\tcallq a\n\tret\n' | function_ main 9223372036854775804
		printf '\tret\n' | function_ a 9223372036854775804
		entry main
	} | assemble
	refused "a stack size without reason"
}

test_a_record_that_is_smaller_than_the_frame() {
	instructions 108 'pushq %rbx' 'subq $100, %rsp' 'addq $100, %rsp' 'popq %rbx' ret
	ok 108
	instructions 107 'pushq %rbx' 'subq $100, %rsp' 'addq $100, %rsp' 'popq %rbx' ret
	refused "takes 108 bytes of stack, of which 107 are recorded"
	# on one of two paths only, the later one in the code first in time
	instructions 63 'jmp 2f' '1: subq $64, %rsp' 'callq memcpy' 'addq $64, %rsp' ret '2: testl %eax, %eax' 'jne 1b' ret
	refused "takes 64 bytes of stack"
	instructions 8 'leaq -4096(%rsp), %rsp' 'leaq 4096(%rsp), %rsp' ret
	refused "takes 4096 bytes of stack"
	instructions 8 'addq $-128, %rsp' 'subq $-128, %rsp' ret
	refused "takes 128 bytes of stack"
	instructions 8 pushfq 'pushq $1' 'pushq (%rax)' 'addq $24, %rsp' ret
	refused "takes 24 bytes of stack"
}

test_a_frame_that_is_aligned() {
	instructions 72 'pushq %rbp' 'movq %rsp, %rbp' 'andq $-64, %rsp' 'subq $64, %rsp' 'movq %rbp, %rsp' 'popq %rbp' ret
	ok 128
	instructions 200 'pushq %rbp' 'movq %rsp, %rbp' 'andq $-64, %rsp' 'subq $64, %rsp' 'leaq (%rbp), %rsp' 'popq %rbp' ret
	ok 200
	instructions 8 'pushq %rbp' 'movq %rsp, %rbp' 'andq $-64, %rsp' 'subq $128, %rsp' leave ret
	refused "takes 136 bytes of stack"
}

test_a_frame_of_pages_that_a_loop_probes() {
	local loop=('1: subq $4096, %rsp' 'movq $0, (%rsp)' 'cmpq %r11, %rsp' 'jne 1b' 'subq $8, %rsp' 'addq $20488, %rsp' ret)
	instructions 20488 'leaq -20480(%rsp), %r11' "${loop[@]}"
	ok 20488
	instructions 20488 'movq %rsp, %r11' 'subq $20480, %r11' "${loop[@]}"
	ok 20488
	instructions 20480 'leaq -20480(%rsp), %r11' "${loop[@]}"
	refused "takes 20488 bytes of stack"
	# the end is missed, or anywhere
	for mark in 'leaq -20479(%rsp), %r11' 'leaq 20480(%rsp), %r11' 'movq %rax, %r11' \
		'leaq -20480(%rsp), %r11; xorl %r11d, %r11d' 'leaq -20480(%rsp), %r11; callq memcpy'; do
		instructions 28672 "$mark" "${loop[@]}"
		refused "the stack has no bound here"
	done
}

test_a_stack_without_bound() {
	for i in 'subq %rax, %rsp' 'movq %rax, %rsp' 'leaq (%rsp,%rax), %rsp' 'leaq 8(%rax), %rsp' 'popq %rsp' \
		'xchgq %rax, %rsp' 'xchgq %rsp, (%rax)' 'xaddq %rax, %rsp' 'enter $16, $0' 'movq (%rsp), %rsp' \
		'andq %rax, %rsp' 'andq $-8192, %rsp' 'andq $-24, %rsp' 'orq $8, %rsp' 'subl $8, %esp' 'subw $8, %sp' \
		'pushw %ax' 'pushfw' 'leave' 'retq $8' 'addq $8, %rsp' 'popq %rax' 'movq %rbp, %rsp' 'incq %rsp' \
		'1: pushq %rax; jmp 1b' '1: subq $4096, %rsp; jne 1b' 'subq $memcpy, %rsp' 'cmovzq %rax, %rsp' \
		'movq %rsp, %rbp; popq %rbp; movq %rbp, %rsp' 'movq %rsp, %rbp; xorl %ebp, %ebp; leave' \
		'bswapq %rsp' 'imulq $8, %rax, %rsp' 'notq %rsp' 'shlq $1, %rsp' 'sbbq %rsp, %rsp'; do
		instructions 28672 "$i" ret
		refused "the stack has no bound here"
	done
}

test_code_is_entered_where_functions_begin() {
	for jump in 'jmp a+4' 'callq a+4' 'jne a+4'; do
		{
			printf '\t%s\n\tret\n' "$jump" | function_ main 0
			printf '\tsubq $64, %%rsp\n\taddq $64, %%rsp\n\tret\n' | function_ a 64
			entry main
		} | assemble
		refused "a jump into the middle of another function"
	done
	{
		printf '\tret\n' | function_ main 0
		printf '\tnop\n\tret\n' | function_ a 64
		entry main
		printf '\t.section .data.rel,"aw"\n\t.quad a+1\n'
	} | assemble
	refused "leads into the middle of a function"
}

test_code_ends_where_functions_end() {
	instructions 0 'nop'
	refused "the stack has no bound here"
	instructions 0 'testl %eax, %eax' 'je 1f' 'ret' '1:nop'
	refused "the stack has no bound here"
	{
		printf '\tcallq memcpy\n' | function_ main 0
		entry main
		printf '\t.section .text.main\n\tpushq %%rax\n\tret\n'
	} | assemble
	refused "has code that belongs to no function"
}

# leaf [not] FRAME LINE...: whether such an entry of XDP is a leaf. Some that are not are refused, too.
leaf() {
	local want=prog
	[ "$1" != not ] || { want=; shift; }
	instructions "$@"
	eq "$* $("$CHECK" "$TMP/p.o" leaves 2>/dev/null)" "$* $want"
}

test_leaves_call_nothing_and_never_jump_back() {
	leaf 0 'movl $2, %eax' ret
	leaf 0 'movl $2, %eax' 'jmp __x86_return_thunk'
	leaf 0 'testl %eax, %eax' 'je 1f' 'lock incq (%rdi)' '1: ret'
	leaf 128 'subq $128, %rsp' 'addq $128, %rsp' ret
	for i in 'callq rex_printk' 'callq *%rax' 'callq __x86_indirect_thunk_rax' '1: jmp 1b' '1: decl %eax; jne 1b' \
		'1: loop 1b' 'rep movsb' 'repne scasb' 'rep stosq' ud2 int3 'divl %ecx' 'idivq (%rdi)'; do
		leaf not 0 "$i" ret
	done
	leaf not 136 'subq $136, %rsp' 'addq $136, %rsp' ret
	leaf not 0 'testl %eax, %eax' 'jne rex_panic' ret
	leaf not 0 '.fill 4096, 1, 0x90' ret
	# What it jumps to at its end is another function.
	{
		printf '\tjmp a\n' | function_ main 0
		printf '\tret\n' | function_ a 0
		entry main
	} | assemble
	eq "$("$CHECK" "$TMP/p.o" leaves)" ""
}

test_sections_that_run_at_load_time() {
	for s in .init.text .init_array .ctors .modinfo __ksymtab .altinstructions; do
		{ printf '\tret\n' | function_ main 0; entry main
		  printf '\t.section %s,"a",@progbits\n\t.quad 0\n' "$s"; } | assemble
		refused "section \`$s\`"
	done
}

test_thread_locals() {
	{ printf '\tret\n' | function_ main 0; entry main
	  printf '\t.section .data.x,"awT",@progbits\n\t.quad 0\n'; } | assemble
	refused "section \`.data.x\`"
}

test_relocations_that_the_kernel_does_not_know() {
	printf '\tcallq *rex_cpu@GOTPCREL(%%rip)\n\tret\n' | program
	refused "relocation type"
}

test_entry_that_is_no_function() {
	{ printf '\tret\n' | function_ main 0; entry 'main+1'; } | assemble
	refused "an entry point that is not a function"
	{ printf '\tret\n' | function_ main 0; entry 0; } | assemble
	refused "an entry point that is not a function"
}

test_names_and_numbers_of_entries() {
	{ printf '\tret\n' | function_ main 0; entry main one; entry main two; } | assemble
	ok 0
	{ printf '\tret\n' | function_ main 0; entry main one; entry main two; entry main one; } | assemble
	refused "duplicate entry \`one\`"
	{ printf '\tret\n' | function_ main 0; entry main 12345678901234567890123456789012; } | assemble
	refused "longer than 31 bytes"
	{ printf '\tret\n' | function_ main 0; for i in $(seq 64); do entry main "e$i"; done; } | assemble
	ok 0
	{ printf '\tret\n' | function_ main 0; for i in $(seq 65); do entry main "e$i"; done; } | assemble
	refused "more than 64 of entry"
}

test_tables_with_gaps() {
	{ printf '\tret\n' | function_ main 0; entry main; printf '\t.zero 8\n'; } | assemble
	refused "object file is broken: its entry points"
	{ printf '\tret\n' | function_ main 0; entry main
	  printf '\t.section .rex.maps,"aw",@progbits\n\t.p2align 7\n\t.ascii "m"\n\t.zero 63\n'; } | assemble
	refused ".rex.maps is not made of 64 bytes each"
}

# data NAME SECTION,FLAGS,TYPE BYTES [ALIGN]: a static
data() {
	printf '\t.section %s\n\t.p2align %s\n\t.type %s,@object\n%s:\n\t.zero %s\n\t.size %s, %s\n' \
		"$2" "${4:-3}" "$1" "$1" "$3" "$1" "$3"
}

test_data_has_64_MiB() {
	for section in '.bss.x,"aw",@nobits' '.data.x,"aw"' '.rodata.x,"a"'; do
		{ printf '\tret\n' | function_ main 0; entry main; data x "$section" $(((64 << 20) - 64)); } | assemble
		ok 0
		{ printf '\tret\n' | function_ main 0; entry main; data x "$section" $(((64 << 20) + 1)); } | assemble
		refused "\`x\` is the largest of the program's statics"
	done
}

test_data_that_adds_up() {
	{ printf '\tret\n' | function_ main 0; entry main
	  for i in 1 2 3 4 5; do data x$i ".bss.x$i,\"aw\",@nobits" $((15 << 20)); done; } | assemble
	refused "\`x1\` is the largest of the program's statics"
}

# Two sizes whose sum is 8 in 64 bits
test_data_that_wraps() {
	{ printf '\tret\n' | function_ main 0; entry main
	  for i in 1 2; do data x$i ".bss.x$i,\"aw\",@nobits" 9223372036854775804; done; } | assemble
	refused "9223372036854775804 bytes or more"
}

test_data_is_aligned_to_a_page_at_most() {
	{ printf '\tret\n' | function_ main 0; entry main; data x '.bss.x,"aw",@nobits' 8 12; } | assemble
	ok 0
	{ printf '\tret\n' | function_ main 0; entry main; data x '.bss.x,"aw",@nobits' 8 13; } | assemble
	refused "\`x\` is aligned to 8192 bytes"
}

test_broken_files() {
	printf '\tret\n' | program
	for n in 0 1 63 64 100 300 600; do
		head -c "$n" "$TMP/p.o" >"$TMP/q.o"
		refuses "$CHECK" "$TMP/q.o"
		contains "$REFUSAL" "object file is broken"
	done
	refuses "$CHECK" "$BUILD/bin/rexc"
	contains "$REFUSAL" "not a relocatable"
}

tap_run
