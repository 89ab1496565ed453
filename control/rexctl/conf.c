// SPDX-License-Identifier: GPL-2.0-only
/*
 * From text to what it describes: libconfig reads the text, and the tables below say what can be in it.
 * Whether there are such files, programs and interfaces is not looked at here.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

/* CHANNELS, ON and PAIRS are settings of a NIC, and go to its struct nic_words. */
enum conf_type { CONF_TEXT, CONF_SWITCH, CONF_TIME, CONF_PORT, CONF_CHANNELS, CONF_ON, CONF_PAIRS };

struct conf_key {
	const char *name;
	enum conf_type type;
	size_t to;
	bool needed;
};

/* A list of groups with these keys. */
struct conf_section {
	const char *name;
	const struct conf_key *keys;	/* up to one without a name */
	size_t size, list;		/* of an item; offset of the list in struct conf */
	int (*check)(const struct conf *conf, void *item);
};

int conf_fail(const struct conf_at *at, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) >= 0) {
		fail("%s:%u: %s", at->file, at->line, text);
		free(text);
	}
	va_end(ap);
	return 1;
}

/* ---- values ----------------------------------------------------------------------------------- */

static int read_text(const struct conf_at *at, const struct conf_key *key, const char *text, void *to)
{
	if (!*text)
		return conf_fail(at, "%s is empty", key->name);
	*(const char **)to = text;
	return 0;
}

static int read_time(const struct conf_at *at, const struct conf_key *key, const char *text, void *to)
{
	const uint32_t longest = 10 * 1000000;
	uint32_t us;

	if (parse_time(text, &us))
		return conf_fail(at, "%s: \"%s\" is not a time like \"20ms\" or \"500us\"", key->name, text);
	if (us > longest)
		return conf_fail(at, "%s: \"%s\" is more than 10s", key->name, text);
	*(uint32_t *)to = us;
	return 0;
}

static int read_port(const struct conf_at *at, const struct conf_key *key, int n, uint32_t *to)
{
	if (n < 1 || n > 65535)
		return conf_fail(at, "%s: %d is not a number from 1 to 65535", key->name, n);
	*to = n;
	return 0;
}

static int read_channels(const struct conf_at *at, const struct conf_key *key, int n, struct nic_words *to)
{
	char text[16];

	if (n < 1 || n > 65536)
		return conf_fail(at, "%s: %d is not a number from 1 to 65536", key->name, n);
	snprintf(text, sizeof(text), "%d", n);
	return nic_words_add(to, key->name, "", text) ? 0 : fail("out of memory");
}

static int read_pairs(const struct conf_at *at, const struct conf_key *key, const char *text, void *to)
{
	const char *wrong = nic_words_read(to, key->name, text);

	return wrong ? conf_fail(at, "%s: \"%s\" is not KEY=VALUE,...%s", key->name, text, wrong) : 0;
}

static int read_value(const struct conf_at *at, const struct conf_key *key, const config_setting_t *value,
		      void *to)
{
	static const struct {
		int type;
		const char *text;
	} wanted[] = {
		[CONF_TEXT] = { CONFIG_TYPE_STRING, "text: \"...\"" },
		[CONF_SWITCH] = { CONFIG_TYPE_BOOL, "true or false" },
		[CONF_TIME] = { CONFIG_TYPE_STRING, "a time: \"20ms\"" },
		[CONF_PORT] = { CONFIG_TYPE_INT, "a number" },
		[CONF_CHANNELS] = { CONFIG_TYPE_INT, "a number, or text: \"combined=4\"" },
		[CONF_ON] = { CONFIG_TYPE_BOOL, "true or false" },
		[CONF_PAIRS] = { CONFIG_TYPE_STRING, "text: \"KEY=VALUE,...\"" },
	};
	const char *text = config_setting_get_string(value);

	if (key->type == CONF_CHANNELS && text)
		return read_pairs(at, key, text, to);
	if (config_setting_type(value) != wanted[key->type].type)
		return conf_fail(at, "%s is %s", key->name, wanted[key->type].text);
	switch (key->type) {
	case CONF_TEXT:
		return read_text(at, key, text, to);
	case CONF_TIME:
		return read_time(at, key, text, to);
	case CONF_PAIRS:
		return read_pairs(at, key, text, to);
	case CONF_PORT:
		return read_port(at, key, config_setting_get_int(value), to);
	case CONF_CHANNELS:
		return read_channels(at, key, config_setting_get_int(value), to);
	case CONF_ON:
		return nic_words_add(to, key->name, "threaded", config_setting_get_bool(value) ? "on" : "off") ?
		       0 : fail("out of memory");
	case CONF_SWITCH:
		*(enum rex_switch *)to = config_setting_get_bool(value) ? REX_ON : REX_OFF;
		break;
	}
	return 0;
}

/* ---- programs --------------------------------------------------------------------------------- */

static const struct conf_key program_keys[] = {
	{ "path", CONF_TEXT, offsetof(struct conf_program, path), true },
	{ "budget", CONF_TIME, offsetof(struct conf_program, settings.budget_us), false },
	{ "timing", CONF_SWITCH, offsetof(struct conf_program, settings.timing), false },
	{ "enabled", CONF_SWITCH, offsetof(struct conf_program, settings.enabled), false },
	{}
};

static int check_program(const struct conf *conf, void *item)
{
	struct conf_program *p = item;

	p->settings.sz = sizeof(p->settings);
	if (*p->path != '/')
		return conf_fail(&p->at, "path \"%s\" does not begin with /", p->path);
	conf_each(&conf->programs, conf_program, other)
		if (!strcmp(other->path, p->path))
			return conf_fail(&p->at, "\"%s\" is described at %s:%u already", p->path, other->at.file,
					 other->at.line);
	return 0;
}

/* ---- attachments ------------------------------------------------------------------------------ */

static const struct conf_key attachment_keys[] = {
	{ "program", CONF_TEXT, offsetof(struct conf_attachment, program), true },
	{ "target", CONF_TEXT, offsetof(struct conf_attachment, target), true },
	{}
};

/* What names something that is another one after the next boot. */
static int check_lasting(const struct conf_attachment *a)
{
	const struct rex_target *t = &a->place;

	if (t->at == REX_AT_STREAM)
		return conf_fail(&a->at, "a stream is attached to a process that runs, \"%s\": \"rexctl attach\" "
				 "does that", a->target);
	if (t->order == REX_BEFORE || t->order == REX_AFTER)
		return conf_fail(&a->at, "\"%s\": the ids of before= and after= change with each boot; "
				 "first and last can be used", a->target);
	return 0;
}

static int check_target(struct conf_attachment *a)
{
	char copy[2 * REX_TARGET_LEN], *save = NULL, *word;
	const char *words[16];
	size_t n = 0;

	if (strlen(a->target) >= sizeof(copy))
		return conf_fail(&a->at, "target is too long");
	strcpy(copy, a->target);
	for (word = strtok_r(copy, " \t", &save); word && n < ARRAY_SIZE(words);
	     word = strtok_r(NULL, " \t", &save))
		words[n++] = word;
	if (rex_target_parse(words, n, &a->place) || rex_target_complete(&a->place))
		return conf_fail(&a->at, "target \"%s\": %s", a->target, rex_errmsg());
	return check_lasting(a);
}

static int check_attachment(const struct conf *conf, void *item)
{
	struct conf_attachment *a = item;

	if (!read_spec(a->program, &a->spec))
		return conf_fail(&a->at, "\"%s\" is not a program: NAME or NAME:ENTRY", a->program);
	if (check_target(a))
		return 1;
	conf_each(&conf->attachments, conf_attachment, other)
		if (!strcmp(other->program, a->program) && !strcmp(other->target, a->target))
			return conf_fail(&a->at, "\"%s\" at \"%s\" is described at %s:%u already", a->program,
					 a->target, other->at.file, other->at.line);
	return 0;
}

/* ---- network interfaces ----------------------------------------------------------------------- */

/* In the order in which they can be set: others depend on the number of queues. */
#define NIC(name, type) { name, type, offsetof(struct conf_nic, words), false }
static const struct conf_key nic_keys[] = {
	{ "interface", CONF_TEXT, offsetof(struct conf_nic, interface), true },
	NIC("channels", CONF_CHANNELS), NIC("rings", CONF_PAIRS), NIC("coalesce", CONF_PAIRS),
	NIC("offload", CONF_PAIRS), NIC("rss", CONF_PAIRS), NIC("rss-hash", CONF_PAIRS),
	NIC("irq-affinity", CONF_PAIRS), NIC("xps", CONF_PAIRS), NIC("rps", CONF_PAIRS),
	NIC("napi-threaded", CONF_ON), NIC("busy-poll", CONF_PAIRS),
	{}
};

static int check_nic(const struct conf *conf, void *item)
{
	struct conf_nic *nic = item;

	if (!nic->words.n)
		return conf_fail(&nic->at, "nothing is said of interface \"%s\" but its name", nic->interface);
	conf_each(&conf->nics, conf_nic, other)
		if (!strcmp(other->interface, nic->interface))
			return conf_fail(&nic->at, "interface \"%s\" is described at %s:%u already",
					 nic->interface, other->at.file, other->at.line);
	return 0;
}

/* ---- the accelerator -------------------------------------------------------------------------- */

#define ACCELERATOR(name, type, member) { name, type, offsetof(struct conf_accelerator, member), false }
static const struct conf_key accelerator_keys[] = {
	ACCELERATOR("enabled", CONF_SWITCH, enabled), ACCELERATOR("port", CONF_PORT, port),
	ACCELERATOR("memory", CONF_TEXT, memory), ACCELERATOR("dev", CONF_TEXT, dev),
	ACCELERATOR("tcp", CONF_SWITCH, tcp), ACCELERATOR("udp", CONF_SWITCH, udp),
	ACCELERATOR("max-age", CONF_TEXT, max_age), ACCELERATOR("mode", CONF_TEXT, mode),
	{}
};

/* "512M", "2G" */
static bool read_memory(const char *text, uint64_t *bytes)
{
	size_t len = strspn(text, "0123456789");
	int shift = !strcmp(text + len, "M") ? 20 : !strcmp(text + len, "G") ? 30 : 0;

	if (!len || len > 6 || !shift)
		return false;
	*bytes = strtoull(text, NULL, 10) << shift;
	return *bytes;
}

static int check_accelerator(const struct conf *conf, void *item)
{
	struct conf_accelerator *a = item;
	bool off = a->enabled == REX_OFF;

	(void)conf;
	if (off && (a->port || a->memory || a->dev || a->tcp || a->udp || a->max_age || a->mode))
		return conf_fail(&a->at, "the accelerator is not enabled, and needs no options then");
	if (!off && (!a->port || !a->memory))
		return conf_fail(&a->at, "accelerator needs \"%s\"", a->port ? "memory" : "port");
	if (!off && !read_memory(a->memory, &a->bytes))
		return conf_fail(&a->at, "memory: \"%s\" is not an amount like \"512M\" or \"2G\"", a->memory);
	a->max_age_us = 1000000;
	if (a->max_age && !strcmp(a->max_age, "0"))
		a->max_age_us = 0;
	else if (a->max_age && parse_time(a->max_age, &a->max_age_us))
		return conf_fail(&a->at, "max-age: \"%s\" is not a time like \"500ms\", or \"0\"", a->max_age);
	if (a->mode && strcmp(a->mode, "native") && strcmp(a->mode, "generic"))
		return conf_fail(&a->at, "mode is native or generic, not \"%s\"", a->mode);
	return 0;
}

/* ---- sections --------------------------------------------------------------------------------- */

#define SECTION(name, one) \
	{ #name, one##_keys, sizeof(struct conf_##one), offsetof(struct conf, name), check_##one }
static const struct conf_section sections[] = {
	SECTION(programs, program),
	SECTION(nics, nic),
	SECTION(attachments, attachment),
};

static const struct conf_section accelerator = {
	"accelerator", accelerator_keys, 0, offsetof(struct conf, accelerator), check_accelerator
};

static struct conf_at at_of(const char *file, const config_setting_t *setting)
{
	return (struct conf_at){ file, config_setting_source_line(setting) };
}

static const struct conf_key *find_key(const struct conf_section *section, const char *name)
{
	for (const struct conf_key *key = section->keys; key->name; key++)
		if (!strcmp(key->name, name))
			return key;
	return NULL;
}

static int unknown_key(const struct conf_at *at, const struct conf_section *section, const char *name)
{
	char names[256] = "";

	for (const struct conf_key *key = section->keys; key->name; key++) {
		size_t len = strlen(names);

		snprintf(names + len, sizeof(names) - len, "%s%s", len ? ", " : "", key->name);
	}
	return conf_fail(at, section->size ? "%s have no \"%s\"; they have %s" : "%s has no \"%s\"; it has %s",
			 section->name, name, names);
}

/* No key that is not known; then the values, in the order of the table. */
static int read_group(const struct conf_section *section, const char *file, config_setting_t *group, char *item)
{
	struct conf_at *at = (struct conf_at *)item;
	int err = 0;

	*at = at_of(file, group);
	if (!config_setting_is_group(group))
		return conf_fail(at, section->size ? "%s is a list of groups: ( { ... }, { ... } )" :
				 "%s is a group: { ... }", section->name);
	for (int i = 0; !err && i < config_setting_length(group); i++) {
		const config_setting_t *value = config_setting_get_elem(group, i);
		struct conf_at here = at_of(file, value);

		if (!find_key(section, config_setting_name(value)))
			err = unknown_key(&here, section, config_setting_name(value));
	}
	for (const struct conf_key *key = section->keys; !err && key->name; key++) {
		const config_setting_t *value = config_setting_get_member(group, key->name);
		struct conf_at here = value ? at_of(file, value) : *at;

		if (value)
			err = read_value(&here, key, value, item + key->to);
		else if (key->needed)
			err = conf_fail(at, "%s need \"%s\"", section->name, key->name);
	}
	return err;
}

static int read_section(struct conf *conf, const struct conf_section *section, const char *file,
			config_setting_t *list)
{
	struct conf_list *to = (struct conf_list *)((char *)conf + section->list);
	struct conf_at at = at_of(file, list);
	char *items;
	int err = 0;

	if (!config_setting_is_list(list))
		return conf_fail(&at, "%s is a list of groups: ( { ... }, { ... } )", section->name);
	for (int i = 0; !err && i < config_setting_length(list); i++) {
		items = realloc(to->items, (to->n + 1) * section->size);
		if (!items)
			return fail("out of memory");
		to->items = items;
		items += to->n * section->size;
		memset(items, 0, section->size);
		err = read_group(section, file, config_setting_get_elem(list, i), items);
		if (!err)
			err = section->check(conf, items);
		to->n++;
	}
	return err;
}

static int read_accelerator(struct conf *conf, const char *file, config_setting_t *group)
{
	struct conf_accelerator *a = &conf->accelerator;
	struct conf_at at = at_of(file, group), before = a->at;
	int err;

	if (before.file)
		return conf_fail(&at, "the accelerator is described at %s:%u already", before.file, before.line);
	err = read_group(&accelerator, file, group, (char *)a);
	return err ? err : accelerator.check(conf, a);
}

static int read_sections(struct conf *conf, const char *file, config_setting_t *root)
{
	int err = 0;

	if (!config_setting_length(root))
		return fail("%s: describes nothing; see rex.conf(5), or remove it", file);
	for (int i = 0; !err && i < config_setting_length(root); i++) {
		config_setting_t *setting = config_setting_get_elem(root, i);
		const struct conf_section *section = NULL;
		struct conf_at at = at_of(file, setting);

		for (size_t k = 0; k < ARRAY_SIZE(sections); k++)
			if (!strcmp(sections[k].name, config_setting_name(setting)))
				section = &sections[k];
		err = section ? read_section(conf, section, file, setting) :
		      !strcmp(config_setting_name(setting), accelerator.name) ?
		      read_accelerator(conf, file, setting) :
		      conf_fail(&at, "there is no section \"%s\"; see rex.conf(5)", config_setting_name(setting));
	}
	return err;
}

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"

/* Behind the comment or the quoted text at @c; @c: there is none. */
static const char *skip_text(const char *c)
{
	const char *end;

	if (*c == '#' || !strncmp(c, "//", 2))
		return c + strcspn(c, "\n");
	if (!strncmp(c, "/*", 2)) {
		end = strstr(c + 2, "*/");
		return end ? end + 2 : c + strlen(c);
	}
	if (*c != '"')
		return c;
	for (c++; *c && *c != '"'; c++)
		c += *c == '\\' && c[1];
	return c + (*c == '"');
}

/* A number of which libconfig 1.5 would keep the lower 32 bits, without a word. It is none of ours. */
static int check_numbers(const char *file, const char *text)
{
	struct conf_at at = { file, 1 };

	for (const char *c = text, *next; *c; c = next) {
		size_t len = strspn(c, DIGITS LETTERS);

		next = skip_text(c);
		if (strchr(DIGITS, *c) && len > 9)
			return conf_fail(&at, "%.*s is too large a number", (int)len, c);
		if (next == c)
			next += len ? len : 1;
		for (const char *line = c; line < next; line++)
			at.line += *line == '\n';
	}
	return 0;
}

int conf_parse(struct conf *conf, const char *name, const char *text)
{
	config_t **texts = realloc(conf->texts, (conf->n_texts + 1) * sizeof(*texts)), *config;

	if (!texts)
		return fail("out of memory");
	conf->texts = texts;
	if (check_numbers(name, text))
		return 1;
	config = calloc(1, sizeof(*config));
	if (!config)
		return fail("out of memory");
	texts[conf->n_texts++] = config;
	config_init(config);
	if (!config_read_string(config, text))
		return fail("%s:%d: %s", name, config_error_line(config), config_error_text(config));
	return read_sections(conf, name, config_root_setting(config));
}

void conf_free(struct conf *conf)
{
	for (size_t i = 0; i < conf->n_texts; i++) {
		config_destroy(conf->texts[i]);
		free(conf->texts[i]);
	}
	free(conf->texts);
	conf_each(&conf->nics, conf_nic, nic)
		nic_words_free(&nic->words);
	free(conf->nics.items);
	free(conf->programs.items);
	free(conf->attachments.items);
}
