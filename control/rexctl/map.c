// SPDX-License-Identifier: GPL-2.0-only
/*
 * map: the maps of programs and what is in them, by the names of program and map. A key or value of 1,
 * 2, 4 or 8 bytes is a number; any other is its bytes, as 0a:ff:00. The key of an LPM trie is the length
 * of the prefix and its bytes, as 24/0a:00:01:00.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "rexctl.h"

struct map_args {
	const char *program, *map, *key, *value, *path;
	bool json;
};

/* ---- text and bytes ------------------------------------------------------------------------------ */

static bool is_number(size_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

static uint64_t number(const uint8_t *data, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, data, size);	/* x86-64 only: the lowest byte is the first */
	return value;
}

/* malloc'ed */
static char *bytes_text(const uint8_t *bytes, size_t size)
{
	char *text = calloc(3, size + 1), *to = text;

	for (size_t i = 0; text && i < size; i++)
		to += sprintf(to, "%s%02x", i ? ":" : "", bytes[i]);
	return text;
}

static char *to_text(const void *data, size_t size)
{
	char *text;

	if (!is_number(size))
		return bytes_text(data, size);
	return asprintf(&text, "%" PRIu64, number(data, size)) < 0 ? NULL : text;
}

static json_t *to_json(const void *data, size_t size)
{
	uint64_t value = is_number(size) ? number(data, size) : UINT64_MAX;
	char *text;
	json_t *o;

	if (value <= INT64_MAX)
		return json_integer(value);
	text = to_text(data, size);	/* JSON's numbers end there */
	o = text ? json_string(text) : NULL;
	free(text);
	return o;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int from_bytes(const char *text, uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++, text += 3) {
		if (digit(text[0]) < 0 || digit(text[1]) < 0 || text[2] != (i + 1 < size ? ':' : '\0'))
			return -1;
		data[i] = digit(text[0]) << 4 | digit(text[1]);
	}
	return 0;
}

static int from_number(const char *text, uint8_t *data, size_t size)
{
	char *end;
	uint64_t value;

	if (digit(*text) < 0 || digit(*text) > 9)
		return -1;
	errno = 0;
	value = strtoull(text, &end, !strncmp(text, "0x", 2) ? 16 : 10);
	if (errno || *end || (size < 8 && value >> 8 * size))
		return -1;
	memcpy(data, &value, size);
	return 0;
}

/* An exit status. */
static int from_text(const char *what, const char *text, void *data, size_t size)
{
	bool bytes = strchr(text, ':') || !is_number(size);

	if (!(bytes ? from_bytes(text, data, size) : from_number(text, data, size)))
		return 0;
	return is_number(size) ? fail("%s: \"%s\" is neither a number of %zu bytes nor %zu bytes like 0a:ff", what,
				      text, size, size) :
	       fail("%s: \"%s\" is not %zu bytes, like 0a:ff:00 with a colon between", what, text, size);
}

/* Bytes of the length in front of the bytes of an LPM trie's key; 0: any other map. */
static size_t prefix(const struct rex_map *m)
{
	return m->type == BPF_MAP_TYPE_LPM_TRIE && m->key_size > sizeof(uint32_t) ? sizeof(uint32_t) : 0;
}

static char *key_text(const struct rex_map *m, const uint8_t *key)
{
	size_t skip = prefix(m);
	char *text, *all = NULL;

	text = skip ? bytes_text(key + skip, m->key_size - skip) : to_text(key, m->key_size);
	if (!skip || !text)
		return text;
	if (asprintf(&all, "%" PRIu64 "/%s", number(key, skip), text) < 0)
		all = NULL;
	free(text);
	return all;
}

static int key_from_text(const struct rex_map *m, const char *text, uint8_t *key)
{
	size_t skip = prefix(m), len = strcspn(text, "/");
	char length[16];

	if (!skip)
		return from_text("key", text, key, m->key_size);
	snprintf(length, sizeof(length), "%.*s", (int)len, text);
	if (len < sizeof(length) && text[len] && !from_number(length, key, skip) &&
	    !from_bytes(text + len + 1, key + skip, m->key_size - skip))
		return 0;
	return fail("key: \"%s\" is not the length of a prefix and %zu bytes, like 24/0a:00:01:00", text,
		    m->key_size - skip);
}

/* ---- elements ------------------------------------------------------------------------------------ */

struct shown {
	const struct rex_map *map;
	json_t *list;			/* NULL: text */
	int err;
};

static json_t *json_element(const struct rex_map *m, const void *key, const uint8_t *value)
{
	char *text = prefix(m) ? key_text(m, key) : NULL;
	json_t *o = json_pack("{s:o}", "key", text ? json_string(text) : to_json(key, m->key_size)), *cpus;
	uint32_t n = rex_map_cpus(m);

	free(text);
	if (!o || n == 1) {
		json_object_set_new(o, "value", to_json(value, m->value_size));
		return o;
	}
	cpus = json_array();
	for (uint32_t i = 0; i < n; i++)
		json_array_append_new(cpus, to_json(value + i * rex_map_stride(m), m->value_size));
	json_object_set_new(o, "cpus", cpus);
	return o;
}

/* Takes @text. */
static int put_text(char *text)
{
	if (!text)
		return fail("out of memory");
	out("%s", text);
	free(text);
	return 0;
}

/* "3: 12", or of each CPU, with the sum of numbers in front. */
static int print_element(const struct rex_map *m, const void *key, const uint8_t *value)
{
	uint32_t n = rex_map_cpus(m);
	uint64_t sum = 0;
	int err = put_text(key_text(m, key));

	out(":");
	if (n > 1 && is_number(m->value_size)) {
		for (uint32_t i = 0; i < n; i++)
			sum += number(value + i * rex_map_stride(m), m->value_size);
		out(" %" PRIu64 " =", sum);
	}
	for (uint32_t i = 0; !err && i < n; i++) {
		out(i && is_number(m->value_size) ? " + " : " ");
		err = put_text(to_text(value + i * rex_map_stride(m), m->value_size));
	}
	out("\n");
	return err;
}

static int show_element(const void *key, const void *value, void *arg)
{
	struct shown *s = arg;

	if (s->list)
		json_array_append_new(s->list, json_element(s->map, key, value));
	else
		s->err = print_element(s->map, key, value);
	return s->err;
}

/* ---- the commands -------------------------------------------------------------------------------- */

typedef int map_command(const struct map_args *a, const struct rex_map *map);

static int with_map(const struct map_args *a, map_command *command)
{
	const struct rex_map *map;
	struct rex_program *p;
	struct rex *rex;
	int err;

	if (rex_open(&rex))
		return fail_rex();
	if (rex_program_get(rex, a->program, &p)) {
		err = fail_rex();
	} else {
		err = rex_program_map(p, a->map, &map) ? fail_rex() : command(a, map);
		rex_program_free(p);
	}
	rex_close(rex);
	return err;
}

static int dump(const struct map_args *a, const struct rex_map *map)
{
	struct shown s = { .map = map, .list = a->json ? json_array() : NULL };
	int err = rex_map_each(map, show_element, &s);

	if (err && !s.err)
		s.err = fail_rex();
	if (!a->json)
		return s.err ? s.err : flush_output();
	if (!s.err)
		return print_json(json_pack("{s:s,s:s,s:o}", "program", a->program, "map", map->name, "elements",
					    s.list));
	json_decref(s.list);
	return s.err;
}

static int map_dump(const void *args)
{
	return with_map(args, dump);
}

static int get(const struct map_args *a, const struct rex_map *map)
{
	uint8_t *key = calloc(1, map->key_size + 1), *value = calloc(rex_map_cpus(map) + 1, rex_map_stride(map) + 1);
	int err = key && value ? key_from_text(map, a->key, key) : fail("out of memory");

	if (!err && rex_map_get(map, key, value))
		err = fail_rex();
	if (!err && a->json)
		err = print_json(json_element(map, key, value));
	else if (!err)
		err = print_element(map, key, value);
	free(key);
	free(value);
	return err ? err : flush_output();
}

static int map_get(const void *args)
{
	return with_map(args, get);
}

static int set(const struct map_args *a, const struct rex_map *map)
{
	uint8_t *key = calloc(1, map->key_size + 1), *value = calloc(rex_map_cpus(map) + 1, rex_map_stride(map) + 1);
	int err = key && value ? key_from_text(map, a->key, key) : fail("out of memory");

	if (!err)
		err = from_text("value", a->value, value, map->value_size);
	for (uint32_t i = 1; !err && i < rex_map_cpus(map); i++)
		memcpy(value + i * rex_map_stride(map), value, map->value_size);
	if (!err && rex_map_set(map, key, value))
		err = fail_rex();
	free(key);
	free(value);
	return err;
}

static int map_set(const void *args)
{
	return with_map(args, set);
}

static int pin(const struct map_args *a, const struct rex_map *map)
{
	return rex_map_pin(map, a->path) ? fail_rex() : 0;
}

static int map_pin(const void *args)
{
	return with_map(args, pin);
}

/* Its program may have gone: the path is all that there is. */
static int map_unpin(const void *args)
{
	const struct map_args *a = args;

	return rex_map_unpin(a->path) ? fail_rex() : 0;
}

#define PROGRAM_AND_MAP \
	{ .name = "PROGRAM", .help = "a program", .parse = cli_text, .to = CLI_TO(map_args, program), \
	  .flags = CLI_NEEDED }, \
	{ .name = "MAP", .help = "one of its maps", .parse = cli_text, .to = CLI_TO(map_args, map), \
	  .flags = CLI_NEEDED }
#define KEY \
	{ .name = "KEY", .help = "a number, or bytes like 0a:ff", .parse = cli_text, \
	  .to = CLI_TO(map_args, key), .flags = CLI_NEEDED }

const struct cli_command cmd_map_dump = {
	.name = "map dump", .help = "every element of a map",
	.args = (const struct cli_arg[]){
		PROGRAM_AND_MAP, CLI_JSON(map_args, "one line of JSON"), {}
	},
	.size = sizeof(struct map_args), .run = map_dump,
};

const struct cli_command cmd_map_get = {
	.name = "map get", .help = "one element of a map",
	.args = (const struct cli_arg[]){
		PROGRAM_AND_MAP, KEY, CLI_JSON(map_args, "one line of JSON"), {}
	},
	.size = sizeof(struct map_args), .run = map_get,
};

const struct cli_command cmd_map_set = {
	.name = "map set", .help = "write one element of a map, of every CPU if it has one for each",
	.args = (const struct cli_arg[]){
		PROGRAM_AND_MAP, KEY,
		{ .name = "VALUE", .help = "a number, or bytes like 0a:ff", .parse = cli_text,
		  .to = CLI_TO(map_args, value), .flags = CLI_NEEDED },
		{}
	},
	.size = sizeof(struct map_args), .run = map_set,
};

#define PIN(text) \
	{ .name = "PATH", .help = text, .parse = cli_text, .to = CLI_TO(map_args, path), .flags = CLI_NEEDED }

const struct cli_command cmd_map_pin = {
	.name = "map pin", .help = "let a map outlive its program, at a path in a bpf file system",
	.args = (const struct cli_arg[]){
		PROGRAM_AND_MAP, PIN("a new name in a directory that only root can write to, as /sys/fs/bpf/maps/hits"), {}
	},
	.size = sizeof(struct map_args), .run = map_pin,
};

const struct cli_command cmd_map_unpin = {
	.name = "map unpin", .help = "remove the pin of a map",
	.args = (const struct cli_arg[]){ PIN("of map pin"), {} },
	.size = sizeof(struct map_args), .run = map_unpin,
};
