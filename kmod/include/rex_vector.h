/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's eBPF helpers that rex.ko calls; one line each, read by both halves of the
 * helper vector (kmod/vector.c, librex/helpers.c). To use another helper, add its line here and
 * call rex_vector[REX_V_name]:
 *
 *	X(name, hook, helper, symbol, arguments)
 *
 * @hook:	where the verifier allows it (REX_HOOK_*). A helper that is one and the same function
 *		at all hooks stands here once; where the function differs, each has its line.
 *		RAW_TRACEPOINT stands for all that attaches by BTF, fentry and fexit too.
 * @helper:	enum bpf_func_id without BPF_FUNC_.
 * @symbol:	the function's name in the kernel, which must be the symbol at its address.
 * @arguments:	what satisfies the verifier; the call is never made:
 *		CTX the hook's context, ZERO, BUF and LEN some bytes on the stack and their number,
 *		PERF_ARRAY, STACK_TRACE a map of that type.
 */
#define REX_VECTOR(X)										\
	X(XDP_ADJUST_HEAD, XDP, xdp_adjust_head, bpf_xdp_adjust_head, CTX, ZERO)			\
	X(XDP_ADJUST_TAIL, XDP, xdp_adjust_tail, bpf_xdp_adjust_tail, CTX, ZERO)			\
	X(XDP_ADJUST_META, XDP, xdp_adjust_meta, bpf_xdp_adjust_meta, CTX, ZERO)			\
	X(XDP_LOAD_BYTES, XDP, xdp_load_bytes, bpf_xdp_load_bytes, CTX, ZERO, BUF, LEN)			\
	X(XDP_STORE_BYTES, XDP, xdp_store_bytes, bpf_xdp_store_bytes, CTX, ZERO, BUF, LEN)		\
	X(XDP_REDIRECT, XDP, redirect, bpf_xdp_redirect, ZERO, ZERO)					\
	X(XDP_FIB_LOOKUP, XDP, fib_lookup, bpf_xdp_fib_lookup, CTX, BUF, LEN, ZERO)			\
	X(XDP_SK_LOOKUP_TCP, XDP, sk_lookup_tcp, bpf_xdp_sk_lookup_tcp, CTX, BUF, LEN, ZERO, ZERO)	\
	X(XDP_SK_LOOKUP_UDP, XDP, sk_lookup_udp, bpf_xdp_sk_lookup_udp, CTX, BUF, LEN, ZERO, ZERO)	\
	X(XDP_EVENT_OUTPUT, XDP, perf_event_output, bpf_xdp_event_output,				\
	  CTX, PERF_ARRAY, ZERO, BUF, LEN)								\
													\
	X(SKB_STORE_BYTES, TC, skb_store_bytes, bpf_skb_store_bytes, CTX, ZERO, BUF, LEN, ZERO)		\
	X(SKB_L3_CSUM_REPLACE, TC, l3_csum_replace, bpf_l3_csum_replace, CTX, ZERO, ZERO, ZERO, ZERO)	\
	X(SKB_L4_CSUM_REPLACE, TC, l4_csum_replace, bpf_l4_csum_replace, CTX, ZERO, ZERO, ZERO, ZERO)	\
	X(SKB_CHANGE_HEAD, TC, skb_change_head, bpf_skb_change_head, CTX, ZERO, ZERO)			\
	X(SKB_CHANGE_TAIL, TC, skb_change_tail, bpf_skb_change_tail, CTX, ZERO, ZERO)			\
	X(SKB_CHANGE_TYPE, TC, skb_change_type, bpf_skb_change_type, CTX, ZERO)				\
	X(SKB_CHANGE_PROTO, TC, skb_change_proto, bpf_skb_change_proto, CTX, ZERO, ZERO)		\
	X(SKB_ADJUST_ROOM, TC, skb_adjust_room, bpf_skb_adjust_room, CTX, ZERO, ZERO, ZERO)		\
	X(SKB_VLAN_PUSH, TC, skb_vlan_push, bpf_skb_vlan_push, CTX, ZERO, ZERO)				\
	X(SKB_VLAN_POP, TC, skb_vlan_pop, bpf_skb_vlan_pop, CTX)					\
	X(SKB_SET_TSTAMP, TC, skb_set_tstamp, bpf_skb_set_tstamp, CTX, ZERO, ZERO)			\
	X(SKB_CLONE_REDIRECT, TC, clone_redirect, bpf_clone_redirect, CTX, ZERO, ZERO)			\
	X(SKB_REDIRECT, TC, redirect, bpf_redirect, ZERO, ZERO)						\
	X(SKB_REDIRECT_PEER, TC, redirect_peer, bpf_redirect_peer, ZERO, ZERO)				\
	X(SKB_FIB_LOOKUP, TC, fib_lookup, bpf_skb_fib_lookup, CTX, BUF, LEN, ZERO)			\
	X(TC_SK_LOOKUP_TCP, TC, sk_lookup_tcp, bpf_tc_sk_lookup_tcp, CTX, BUF, LEN, ZERO, ZERO)		\
	X(TC_SK_LOOKUP_UDP, TC, sk_lookup_udp, bpf_tc_sk_lookup_udp, CTX, BUF, LEN, ZERO, ZERO)		\
	X(CGROUP_SK_LOOKUP_TCP, CGROUP_SKB, sk_lookup_tcp, bpf_sk_lookup_tcp,				\
	  CTX, BUF, LEN, ZERO, ZERO)									\
	X(CGROUP_SK_LOOKUP_UDP, CGROUP_SKB, sk_lookup_udp, bpf_sk_lookup_udp,				\
	  CTX, BUF, LEN, ZERO, ZERO)									\
	X(SKB_EVENT_OUTPUT, TC, perf_event_output, bpf_skb_event_output,				\
	  CTX, PERF_ARRAY, ZERO, BUF, LEN)								\
													\
	/* tracing */											\
	X(PERF_EVENT_OUTPUT, KPROBE, perf_event_output, bpf_perf_event_output,				\
	  CTX, PERF_ARRAY, ZERO, BUF, LEN)								\
	X(PERF_EVENT_OUTPUT_TP, TRACEPOINT, perf_event_output, bpf_perf_event_output_tp,		\
	  CTX, PERF_ARRAY, ZERO, BUF, LEN)								\
	X(PERF_EVENT_OUTPUT_RAW_TP, RAW_TRACEPOINT, perf_event_output, bpf_perf_event_output_raw_tp,	\
	  CTX, PERF_ARRAY, ZERO, BUF, LEN)								\
	X(GET_STACKID, KPROBE, get_stackid, bpf_get_stackid, CTX, STACK_TRACE, ZERO)			\
	X(GET_STACKID_PE, PERF_EVENT, get_stackid, bpf_get_stackid_pe, CTX, STACK_TRACE, ZERO)		\
	X(GET_STACK, KPROBE, get_stack, bpf_get_stack, CTX, BUF, LEN, ZERO)				\
	X(GET_STACK_PE, PERF_EVENT, get_stack, bpf_get_stack_pe, CTX, BUF, LEN, ZERO)			\
	X(PERF_PROG_READ_VALUE, PERF_EVENT, perf_prog_read_value, bpf_perf_prog_read_value,		\
	  CTX, BUF, LEN)										\
	X(TRACE_PRINTK, TC, trace_printk, bpf_trace_printk, BUF, LEN)
