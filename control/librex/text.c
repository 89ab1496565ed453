// SPDX-License-Identifier: GPL-2.0-only
/* The words of a target, put together again: for people, and for the names of pins. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

const char *rex_xdp_action(uint32_t action)
{
	static const char *const names[REX_N_ACTIONS] = {
		[XDP_ABORTED] = "aborted", [XDP_DROP] = "drop", [XDP_PASS] = "pass", [XDP_TX] = "tx",
		[XDP_REDIRECT] = "redirect",
	};

	return action < REX_N_ACTIONS ? names[action] : "unknown";
}

const char *rex_at_name(enum rex_at at)
{
#define NAME(upper, lower) #lower,
	static const char *const names[] = { REX_PLACES(NAME) };

	return at < __REX_AT_MAX ? names[at] : "unknown";
}

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

/* Of the place in a chain, what is not libxdp's default. */
static void put_chain(struct out *o, const struct rex_target *t, char blank)
{
	const char *between = "";

	if (t->priority && t->priority != REX_XDP_PRIORITY)
		put(o, "%cpriority=%u", blank, t->priority);
	if (!t->actions || t->actions == (REX_ACTIONS_SAID | 1u << XDP_PASS))
		return;
	put(o, "%cactions=%s", blank, t->actions == REX_ACTIONS_SAID ? "none" : "");
	for (uint32_t i = 0; i < REX_N_ACTIONS; i++) {
		if (!(t->actions & 1u << i))
			continue;
		put(o, "%s%s", between, rex_xdp_action(i));
		between = ",";
	}
}

const char *rex_target_join(const struct rex_target *t, char blank, char *text, size_t size)
{
	static const char *const modes[] = {
		[REX_XDP_NATIVE] = "native", [REX_XDP_GENERIC] = "generic",
		[REX_XDP_OFFLOAD] = "offload",
	};
	struct out o = { .text = text, .size = size };

	put(&o, "%s%c%s", rex_at_name(t->at), blank, t->name);
	if (t->in_file) {
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
	if (t->at == REX_AT_XDP)
		put_chain(&o, t, blank);
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

const char *rex_link_id(const struct rex_link *link, char *text, size_t size)
{
	if (link->link_id)
		snprintf(text, size, "%u", link->link_id);
	else if (link->stream.id)
		snprintf(text, size, "stream-%u", link->stream.id);
	else
		snprintf(text, size, "prog-%u", link->prog_id);
	return text;
}

const char *rex_link_text(const struct rex_link *link, char *text, size_t size)
{
	size_t len;

	if (link->held) {
		snprintf(text, size, "BPF program %u, held by %s", link->prog_id,
			 *link->note ? link->note : "something that cannot be seen from here");
	} else if (link->leftover) {
		snprintf(text, size, "what libxdp left of interface %u in %s", link->ifindex, link->pin);
	} else if (link->unknown) {
		snprintf(text, size, "BPF link %u, of a kind that rexctl does not make", link->link_id);
	} else {
		rex_target_text(&link->target, text, size);
		len = strlen(text);
		if (link->netns_ino)
			snprintf(text + len, size - len, " in network namespace %s", link->netns);
	}
	return text;
}
