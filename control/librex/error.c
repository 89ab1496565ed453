// SPDX-License-Identifier: GPL-2.0-only
/* The one place for error texts, and names of the ABI's constants. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static _Thread_local char text[4096];

const char *rex_version(void)
{
	return REX_VERSION;
}

const char *rex_errmsg(void)
{
	return text;
}

int rex_fail(int err, const char *fmt, ...)
{
	char tmp[sizeof(text)];		/* the arguments may point into text */
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(tmp, sizeof(tmp), fmt, ap);
	va_end(ap);
	memcpy(text, tmp, sizeof(text));
	return err;
}

int rex_fail_in(int err, const char *fmt, ...)
{
	char front[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(front, sizeof(front), fmt, ap);
	va_end(ap);
	return rex_fail(err, "%s: %s", front, text);
}

int rex_opts(void *to, size_t size, const void *from)
{
	size_t sz = size;

	memset(to, 0, size);
	if (!from)
		return 0;
	memcpy(&sz, from, sizeof(sz));
	if (sz < sizeof(sz))
		return rex_fail(-EINVAL, "options of %zu bytes: their member sz is not their size", sz);
	for (size_t i = size; i < sz; i++)
		if (((const char *)from)[i])
			return rex_fail(-E2BIG, "options of %zu bytes, of which librex %s knows %zu; use a "
					"newer one", sz, REX_VERSION, size);
	memcpy(to, from, sz < size ? sz : size);
	return 0;
}

int rex_opts_give(void *to, const void *from, size_t size)
{
	size_t sz;

	memcpy(&sz, to, sizeof(sz));
	if (sz < sizeof(sz))
		return rex_fail(-EINVAL, "a struct of %zu bytes: its member sz is not its size", sz);
	memset((char *)to + sizeof(sz), 0, sz - sizeof(sz));
	memcpy((char *)to + sizeof(sz), (const char *)from + sizeof(sz), (sz < size ? sz : size) - sizeof(sz));
	return 0;
}

const char *rex_strerror(int err)
{
	if (err < 0)
		err = -err;
	if (err == EPERM)
		return "Operation not permitted; run it as root (CAP_NET_ADMIN, CAP_BPF, "
		       "CAP_PERFMON and CAP_SYS_ADMIN)";
	if (err == 524)			/* the kernel's own ENOTSUPP, which libc does not know */
		return "Operation not supported by this kernel";
	return strerror(err);
}

/* Numbers without a name are shown as such; one buffer per thread is enough for that. */
static const char *named(const char *const *names, size_t n, uint32_t value, const char *what)
{
	static _Thread_local char buf[32];

	if (value < n && names[value])
		return names[value];
	snprintf(buf, sizeof(buf), "%s %u", what, value);
	return buf;
}

const char *rex_hook_name(uint32_t hook)
{
	static const char *const names[] = {
#define HOOK_NAME(number, ID, name, ...) [number] = #name,
		REX_HOOKS(HOOK_NAME)
#undef HOOK_NAME
	};

	return named(names, ARRAY_SIZE(names), hook, "hook");
}

const char *rex_preempt_name(uint32_t preempt)
{
	static const char *const names[] = {
		[REX_PREEMPT_NONE] = "none",
		[REX_PREEMPT_VOLUNTARY] = "voluntary",
		[REX_PREEMPT_LAZY] = "lazy",
		[REX_PREEMPT_FULL] = "full",
		[REX_PREEMPT_RT] = "rt",
	};

	return named(names, ARRAY_SIZE(names), preempt, "model");
}

const char *rex_state_name(uint32_t state)
{
	static const char *const names[] = {
		[REX_STATE_UNBOUND] = "unbound",
		[REX_STATE_ENABLED] = "enabled",
		[REX_STATE_DISABLED] = "disabled",
		[REX_STATE_CRASHED] = "crashed",
		[REX_STATE_PARKED] = "parked",
	};

	return named(names, ARRAY_SIZE(names), state, "state");
}

const char *rex_fault_name(uint32_t kind)
{
	static const char *const names[] = {
		[REX_FAULT_PANIC] = "panic",
		[REX_FAULT_OVERRUN] = "overrun",
		[REX_FAULT_STACK] = "stack overflow",
	};

	return named(names, ARRAY_SIZE(names), kind, "fault");
}

const char *rex_map_type_name(uint32_t type)
{
	static const char *const names[] = {
		[BPF_MAP_TYPE_HASH] = "hash",
		[BPF_MAP_TYPE_ARRAY] = "array",
		[BPF_MAP_TYPE_PROG_ARRAY] = "prog_array",
		[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = "perf_event_array",
		[BPF_MAP_TYPE_PERCPU_HASH] = "percpu_hash",
		[BPF_MAP_TYPE_PERCPU_ARRAY] = "percpu_array",
		[BPF_MAP_TYPE_STACK_TRACE] = "stack_trace",
		[BPF_MAP_TYPE_LRU_HASH] = "lru_hash",
		[BPF_MAP_TYPE_LRU_PERCPU_HASH] = "lru_percpu_hash",
		[BPF_MAP_TYPE_LPM_TRIE] = "lpm_trie",
		[BPF_MAP_TYPE_ARRAY_OF_MAPS] = "array_of_maps",
		[BPF_MAP_TYPE_HASH_OF_MAPS] = "hash_of_maps",
		[BPF_MAP_TYPE_DEVMAP] = "devmap",
		[BPF_MAP_TYPE_CPUMAP] = "cpumap",
		[BPF_MAP_TYPE_XSKMAP] = "xskmap",
		[BPF_MAP_TYPE_QUEUE] = "queue",
		[BPF_MAP_TYPE_STACK] = "stack",
		[BPF_MAP_TYPE_DEVMAP_HASH] = "devmap_hash",
		[BPF_MAP_TYPE_RINGBUF] = "ringbuf",
		[BPF_MAP_TYPE_BLOOM_FILTER] = "bloom_filter",
		[BPF_MAP_TYPE_USER_RINGBUF] = "user_ringbuf",
	};

	return named(names, ARRAY_SIZE(names), type, "type");
}
