// SPDX-License-Identifier: GPL-2.0-only
/* run: one shot on a packet from a file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rexctl.h"

#define MAX_PACKET (64 * 1024)

struct run_args {
	struct spec program;
	const char *in, *out;
	uint32_t repeat;
	bool json;
};

static int read_file(const char *path, char *buf, size_t *len)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	int err = 0;

	if (!f)
		return fail("cannot open \"%s\": %s", path, strerror(errno));
	*len = fread(buf, 1, MAX_PACKET + 1, f);
	if (ferror(f))
		err = fail("cannot read \"%s\": %s", path, strerror(errno));
	else if (*len > MAX_PACKET)
		err = fail("\"%s\" is longer than any packet (%d bytes)", path, MAX_PACKET);
	if (f != stdin)
		fclose(f);
	return err;
}

static int write_file(const char *path, const char *buf, size_t len)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "we") : stdout;
	int err = 0;

	if (!f)
		return fail("cannot create \"%s\": %s", path, strerror(errno));
	if (fwrite(buf, 1, len, f) != len)
		err = errno ? : EIO;
	if ((f == stdout ? fflush(f) : fclose(f)) && !err)
		err = errno;
	return err ? fail("cannot write \"%s\": %s", path, strerror(err)) : 0;
}

static int report(const struct run_args *a, const struct rex_entry *e, const struct rex_run *run)
{
	const char *name = rex_verdict_name(e->hook, run->retval);
	FILE *to = a->out && !strcmp(a->out, "-") ? stderr : stdout;
	json_t *o;

	if (!a->json) {
		out_to(to, "%s (%d), %u ns a run, %zu bytes\n", name ? : "verdict without a name",
			(int)run->retval, run->duration_ns, run->data_out_len);
		return 0;
	}
	o = json_pack("{s:I,s:I,s:I,s:I}", "retval", (json_int_t)(int)run->retval, "duration_ns",
		      (json_int_t)run->duration_ns, "bytes", (json_int_t)run->data_out_len, "repeat",
		      (json_int_t)(run->repeat ? : 1));
	if (o && name)
		json_object_set_new(o, "verdict", json_string(name));
	return print_json(o);
}

/* Did it fault? The verdict alone does not tell: it is the safe one then. */
static int check_fault(struct rex *rex, const char *name)
{
	struct rex_program *p;
	int err = 0;

	if (rex_program_get(rex, name, &p))
		return fail_rex();
	if (p->state == REX_STATE_CRASHED && p->fault) {
		char place[320];

		err = fail("program \"%s\" crashed: %s in entry \"%s\" at %s: %s; \"rexctl enable %s\" "
			   "lets it run again", name, rex_fault_name(p->fault->kind),
			   p->fault->entry, fault_place(p->fault, place, sizeof(place)),
			   p->fault->message, name);
	} else if (p->state != REX_STATE_ENABLED) {
		err = fail("program \"%s\" is %s, so it did not run; \"rexctl enable %s\" lets it "
			   "run", name, rex_state_name(p->state), name);
	}
	rex_program_free(p);
	return err;
}

static int run_on(struct rex *rex, const struct run_args *a, char *in, size_t in_len, char *result)
{
	struct rex_run run = {
		.sz = sizeof(run),
		.data_in = in, .data_in_len = in_len, .data_out = result, .data_out_len = MAX_PACKET,
		.repeat = a->repeat,
	};
	const struct rex_entry *entry;
	struct rex_program *p;
	int err = find_entry(rex, &a->program, -1, &p, &entry);

	if (err)
		return err;
	if (rex_run(entry, &run))
		err = fail_rex();
	if (!err)
		err = check_fault(rex, p->name);
	if (!err && a->out)
		err = write_file(a->out, result, run.data_out_len);
	if (!err)
		err = report(a, entry, &run);
	rex_program_free(p);
	return err;
}

static int run(const void *args)
{
	const struct run_args *a = args;
	char *in = malloc(MAX_PACKET + 1), *result = malloc(MAX_PACKET);
	struct rex *rex = NULL;
	size_t len = 0;
	int err = in && result ? read_file(a->in, in, &len) : fail("out of memory");

	if (!err)
		err = connect_rex(&rex);
	if (!err) {
		err = run_on(rex, a, in, len, result);
		rex_close(rex);
	}
	free(in);
	free(result);
	return err;
}

const struct cli_command cmd_run = {
	.name = "run", .help = "run an entry once on a packet, without attaching it",
	.args = (const struct cli_arg[]){
		{ .name = "PROGRAM", .help = "NAME or NAME:ENTRY", .parse = parse_spec,
		  .to = CLI_TO(run_args, program), .flags = CLI_NEEDED },
		{ .name = "--data-in", .value = "FILE",
		  .help = "the packet, from the Ethernet header on; - is standard input",
		  .parse = cli_text, .to = CLI_TO(run_args, in), .flags = CLI_NEEDED },
		{ .name = "--data-out", .value = "FILE", .help = "write what became of it",
		  .parse = cli_text, .to = CLI_TO(run_args, out) },
		{ .name = "--repeat", .value = "N", .help = "so many times", .parse = cli_number,
		  .to = CLI_TO(run_args, repeat), .min = 1, .max = INT32_MAX },
		CLI_JSON(run_args, "one line of JSON"),
		{}
	},
	.size = sizeof(struct run_args), .run = run,
};
