// SPDX-License-Identifier: GPL-2.0-only
/*
 * The words that name a place to attach to: taken apart, put together again, compared.
 * Attach, detach, status and the names of pins use the same words.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static int parse_interface(const char *const *words, size_t n, struct rex_target *t);
static int parse_kprobe(const char *const *words, size_t n, struct rex_target *t);
static int parse_uprobe(const char *const *words, size_t n, struct rex_target *t);
static int parse_tracepoint(const char *const *words, size_t n, struct rex_target *t);
static int parse_function(const char *const *words, size_t n, struct rex_target *t);
static int parse_perf(const char *const *words, size_t n, struct rex_target *t);
static int parse_cgroup(const char *const *words, size_t n, struct rex_target *t);

/* @parse gets the words behind the first, at least one and at most @max. */
static const struct place {
	const char *name, *args;
	uint32_t hook;
	size_t max;
	int (*parse)(const char *const *words, size_t n, struct rex_target *t);
} places[__REX_AT_MAX] = {
	[REX_AT_XDP] = { "xdp", "IFACE [native|generic]", REX_HOOK_XDP, 2, parse_interface },
	[REX_AT_TC] = { "tc", "IFACE ingress|egress", REX_HOOK_TC, 2, parse_interface },
	[REX_AT_TCX] = { "tcx", "IFACE ingress|egress", REX_HOOK_TC, 2, parse_interface },
	[REX_AT_KPROBE] = { "kprobe", "SYMBOL[+OFFSET]", REX_HOOK_KPROBE, 1, parse_kprobe },
	[REX_AT_KRETPROBE] = { "kretprobe", "SYMBOL", REX_HOOK_KPROBE, 1, parse_kprobe },
	[REX_AT_UPROBE] = { "uprobe", "PATH:SYMBOL|PATH:0xOFFSET [PID]", REX_HOOK_KPROBE, 2,
			    parse_uprobe },
	[REX_AT_URETPROBE] = { "uretprobe", "PATH:SYMBOL|PATH:0xOFFSET [PID]", REX_HOOK_KPROBE, 2,
			       parse_uprobe },
	[REX_AT_TRACEPOINT] = { "tracepoint", "CATEGORY:NAME", REX_HOOK_TRACEPOINT, 1,
				parse_tracepoint },
	[REX_AT_RAW_TRACEPOINT] = { "raw_tracepoint", "NAME", REX_HOOK_RAW_TRACEPOINT, 1,
				    parse_function },
	[REX_AT_FENTRY] = { "fentry", "FUNCTION", REX_HOOK_FENTRY, 1, parse_function },
	[REX_AT_FEXIT] = { "fexit", "FUNCTION", REX_HOOK_FEXIT, 1, parse_function },
	[REX_AT_PERF_EVENT] = { "perf_event", "EVENT [freq=N|period=N] [cpu=N|pid=N]",
				REX_HOOK_PERF_EVENT, 3, parse_perf },
	[REX_AT_CGROUP_SKB] = { "cgroup_skb", "PATH ingress|egress", REX_HOOK_CGROUP_SKB, 2,
				parse_cgroup },
};

const char *rex_at_name(enum rex_at at)
{
	return at < __REX_AT_MAX ? places[at].name : "unknown";
}

const char *rex_at_args(enum rex_at at)
{
	return at < __REX_AT_MAX ? places[at].args : "";
}

uint32_t rex_at_hook(enum rex_at at)
{
	return at < __REX_AT_MAX ? places[at].hook : __REX_HOOK_MAX;
}

/* ---- words ------------------------------------------------------------------------------- */

/* "bad word": quoted. */
static int bad(const char *word, const char *what)
{
	return rex_fail(-EINVAL, "\"%.100s%s\" %s", word, strlen(word) > 100 ? "..." : "", what);
}

static int copy(char *to, size_t size, const char *from, size_t len, const char *what)
{
	if (len >= size)
		return bad(from, what);
	memcpy(to, from, len);
	to[len] = '\0';
	return 0;
}

/* Decimal, or hexadecimal behind 0x; all of @text. */
static int number(const char *text, uint64_t max, uint64_t *value)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digit = hex ? text + 2 : text;
	unsigned long long v;
	char *end;

	if (!(hex ? isxdigit((unsigned char)*digit) : isdigit((unsigned char)*digit)))
		return -EINVAL;
	errno = 0;
	v = strtoull(digit, &end, hex ? 16 : 10);
	if (errno || *end || v > max)
		return -EINVAL;
	*value = v;
	return 0;
}

static int parse_side(const char *word, struct rex_target *t)
{
	if (!strcmp(word, "ingress"))
		t->side = REX_INGRESS;
	else if (!strcmp(word, "egress"))
		t->side = REX_EGRESS;
	else
		return rex_fail(-EINVAL, "%s has \"ingress\" and \"egress\", not \"%.64s\"",
				rex_at_name(t->at), word);
	return 0;
}

static int parse_interface(const char *const *words, size_t n, struct rex_target *t)
{
	int err = copy(t->name, REX_IFNAME_LEN, words[0], strlen(words[0]),
		       "is too long for an interface's name");

	if (err || n < 2)
		return err;
	if (t->at != REX_AT_XDP)
		return parse_side(words[1], t);
	if (!strcmp(words[1], "native"))
		t->mode = REX_XDP_NATIVE;
	else if (!strcmp(words[1], "generic"))
		t->mode = REX_XDP_GENERIC;
	else if (!strcmp(words[1], "offload"))
		t->mode = REX_XDP_OFFLOAD;
	else
		return rex_fail(-EINVAL, "the modes of xdp are \"native\" and \"generic\", not "
				"\"%.64s\"", words[1]);
	return 0;
}

static bool is_symbol(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("_.$@", text[i]))
			return false;
	return len;
}

static int parse_kprobe(const char *const *words, size_t n, struct rex_target *t)
{
	const char *plus = strchr(words[0], '+');
	size_t len = plus ? (size_t)(plus - words[0]) : strlen(words[0]);

	(void)n;
	if (!is_symbol(words[0], len))
		return bad(words[0], "is not a kernel symbol; \"grep NAME /proc/kallsyms\" finds them");
	if (plus && t->at == REX_AT_KRETPROBE)
		return bad(words[0], "has an offset, but kretprobe is for the return of a function: give "
			   "its symbol alone");
	if (plus && number(plus + 1, INT32_MAX, &t->offset))
		return bad(words[0], "has no number behind the +, like SYMBOL+0x10");
	return copy(t->name, REX_SYMBOL_LEN, words[0], len, "is too long for a symbol");
}

static int parse_uprobe(const char *const *words, size_t n, struct rex_target *t)
{
	const char *colon = strrchr(words[0], ':');
	uint64_t pid;
	int err;

	if (!colon || colon == words[0] || !colon[1])
		return bad(words[0], "is not a place in a file: specify PATH:SYMBOL or PATH:0xOFFSET");
	err = copy(t->name, sizeof(t->name), words[0], colon - words[0], "is too long");
	if (err)
		return err;
	if (isdigit((unsigned char)colon[1])) {
		if (number(colon + 1, INT64_MAX, &t->offset))
			return bad(words[0], "has no offset of the file behind the colon, like 0x1234");
	} else if (!is_symbol(colon + 1, strlen(colon + 1))) {
		return bad(words[0], "has no symbol behind the colon; \"nm -D FILE\" lists them");
	} else {
		err = copy(t->symbol, sizeof(t->symbol), colon + 1, strlen(colon + 1),
			   "is too long for a symbol");
	}
	if (err || n < 2)
		return err;
	if (number(words[1], INT32_MAX, &pid) || !pid)
		return bad(words[1], "is not a process id");
	t->pid = pid;
	return 0;
}

static int parse_tracepoint(const char *const *words, size_t n, struct rex_target *t)
{
	const char *colon = strchr(words[0], ':');

	(void)n;
	/* They become parts of a path in tracefs. */
	for (const char *c = words[0]; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("_-:", *c))
			return bad(words[0], "is not a tracepoint: specify CATEGORY:NAME, like "
				   "syscalls:sys_enter_openat");
	if (!colon || colon == words[0] || !colon[1] || strchr(colon + 1, ':'))
		return bad(words[0], "is not a tracepoint: specify CATEGORY:NAME, like "
			   "syscalls:sys_enter_openat");
	return copy(t->name, REX_SYMBOL_LEN, words[0], strlen(words[0]), "is too long");
}

static int parse_function(const char *const *words, size_t n, struct rex_target *t)
{
	(void)n;
	if (!is_symbol(words[0], strlen(words[0])))
		return bad(words[0], t->at == REX_AT_RAW_TRACEPOINT ?
			   "is not the name of a tracepoint, like sched_switch (without its category)" :
			   "is not the name of a kernel function");
	return copy(t->name, REX_SYMBOL_LEN, words[0], strlen(words[0]), "is too long for a symbol");
}

static int parse_perf(const char *const *words, size_t n, struct rex_target *t)
{
	static const char *const keys[] = { "freq=", "period=", "cpu=", "pid=" };
	bool said[ARRAY_SIZE(keys)] = {};
	int err = copy(t->name, 64, words[0], strlen(words[0]), "is too long for an event");

	for (const char *c = words[0]; *c && !err; c++)
		if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_')
			err = bad(words[0], "is not an event, like cpu-clock");
	for (size_t i = 1; !err && i < n; i++) {
		uint64_t value, max = INT64_MAX;
		size_t k = 0;

		while (k < ARRAY_SIZE(keys) && strncmp(words[i], keys[k], strlen(keys[k])))
			k++;
		if (k == ARRAY_SIZE(keys))
			return bad(words[i], "is nothing that a perf_event has: it has freq=N, period=N, "
				   "cpu=N and pid=N");
		if (k != 1)
			max = INT32_MAX;
		if (number(words[i] + strlen(keys[k]), max, &value) || (!value && k != 2))
			return bad(words[i], "has no number behind the =");
		if (said[k] || said[k ^ 1])
			return bad(words[i], k < 2 ? "is unexpected: use either freq=N or period=N" :
						     "is unexpected: use either cpu=N or pid=N");
		said[k] = true;
		if (k == 0)
			t->freq = value;
		else if (k == 1)
			t->period = value;
		else
			*(k == 2 ? &t->cpu : &t->pid) = value;
	}
	return err;
}

static int parse_cgroup(const char *const *words, size_t n, struct rex_target *t)
{
	int err = copy(t->name, sizeof(t->name), words[0], strlen(words[0]), "is too long");

	return err || n < 2 ? err : parse_side(words[1], t);
}

int rex_target_parse(const char *const *words, size_t n, struct rex_target *t)
{
	const struct place *place = NULL;
	char names[256] = "";

	*t = (struct rex_target){ .pid = -1, .cpu = -1 };
	for (size_t i = 0; i < __REX_AT_MAX; i++) {
		size_t len = strlen(names);

		if (n && !strcmp(words[0], places[i].name)) {
			place = &places[i];
			t->at = i;
		}
		snprintf(names + len, sizeof(names) - len, "%s%s", len ? ", " : "", places[i].name);
	}
	if (!n)
		return rex_fail(-EINVAL, "a hook is needed: one of %s", names);
	if (!place) {
		char what[320];

		snprintf(what, sizeof(what), "is not a hook; the hooks are %s", names);
		return bad(words[0], what);
	}
	if (n < 2 || !*words[1])
		return rex_fail(-EINVAL, "%s requires a target: %s %s", place->name, place->name,
				place->args);
	if (n - 1 > place->max) {
		char what[128];

		snprintf(what, sizeof(what), "is an unexpected argument: %s %s", place->name, place->args);
		return bad(words[1 + place->max], what);
	}
	return place->parse(words + 1, n - 1, t);
}

/* ---- and back -------------------------------------------------------------------------------- */

/* Words into @text, cut at its end, but always terminated. */
struct out {
	char *text;
	size_t size, len;
};

static void __printf(2, 3) put(struct out *o, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(o->text + o->len, o->size - o->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		o->len += (size_t)n < o->size - o->len ? (size_t)n : o->size - o->len - 1;
}

const char *rex_target_join(const struct rex_target *t, char blank, char *text, size_t size)
{
	static const char *const modes[] = {
		[REX_XDP_NATIVE] = "native", [REX_XDP_GENERIC] = "generic",
		[REX_XDP_OFFLOAD] = "offload",
	};
	struct out o = { .text = text, .size = size };

	put(&o, "%s%c%s", rex_at_name(t->at), blank, t->name);
	if (t->at == REX_AT_UPROBE || t->at == REX_AT_URETPROBE) {
		if (*t->symbol)
			put(&o, ":%s", t->symbol);
		else
			put(&o, ":0x%llx", (unsigned long long)t->offset);
		if (t->pid >= 0)
			put(&o, "%c%d", blank, t->pid);
		return text;
	}
	if (t->offset)
		put(&o, "+0x%llx", (unsigned long long)t->offset);
	if (t->mode != REX_XDP_ANY)
		put(&o, "%c%s", blank, modes[t->mode]);
	if (t->side != REX_SIDE_ANY)
		put(&o, "%c%s", blank, t->side == REX_INGRESS ? "ingress" : "egress");
	if (t->freq)
		put(&o, "%cfreq=%llu", blank, (unsigned long long)t->freq);
	if (t->period)
		put(&o, "%cperiod=%llu", blank, (unsigned long long)t->period);
	if (t->cpu >= 0)
		put(&o, "%ccpu=%d", blank, t->cpu);
	if (t->pid >= 0)
		put(&o, "%cpid=%d", blank, t->pid);
	return text;
}

const char *rex_target_text(const struct rex_target *t, char *text, size_t size)
{
	return rex_target_join(t, ' ', text, size);
}

bool rex_target_matches(const struct rex_target *wanted, const struct rex_target *is)
{
	if (wanted->at != is->at)
		return false;
	if (wanted->at == REX_AT_CGROUP_SKB && wanted->cgroup_id && is->cgroup_id) {
		if (wanted->cgroup_id != is->cgroup_id)	/* it may be mounted in several places */
			return false;
	} else if (wanted->at == REX_AT_TRACEPOINT && !strchr(is->name, ':')) {
		const char *colon = strchr(wanted->name, ':');	/* the kernel tells no category */

		if (!colon || strcmp(colon + 1, is->name))
			return false;
	} else if (strcmp(wanted->name, is->name)) {
		return false;
	}
	if (wanted->at == REX_AT_UPROBE || wanted->at == REX_AT_URETPROBE) {
		if (*wanted->symbol && *is->symbol ? !!strcmp(wanted->symbol, is->symbol) :
						     wanted->offset != is->offset)
			return false;
	} else if (wanted->offset != is->offset) {
		return false;
	}
	return (wanted->mode == REX_XDP_ANY || wanted->mode == is->mode) &&
	       (wanted->side == REX_SIDE_ANY || wanted->side == is->side) &&
	       (wanted->pid < 0 || wanted->pid == is->pid) &&
	       (wanted->cpu < 0 || wanted->cpu == is->cpu);
}
