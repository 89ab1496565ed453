// SPDX-License-Identifier: GPL-2.0-only
/* The loaded accelerator, for commands that look at it. */
#include <cli/cli.h>
#include <errno.h>
#include <rex/librex.h>
#include <string.h>
#include <unistd.h>

#include "meta.h"
#include "open.h"
#include "parts.h"
#include "program.h"
#include "why.h"

int need_root(void)
{
	return geteuid() ? fail("\"rexctl bmc\" needs root") : 0;
}

int bmc_open(struct bmc_parts *parts)
{
	int err = need_root();

	if (err)
		return err;
	memset(parts, 0, sizeof(*parts));
	err = rex_open(&parts->rex);
	if (err)
		return err == -ENOENT ? fail("the accelerator is not there; \"rexctl bmc start\" starts it") :
		       fail("%s", rex_errmsg());
	err = rex_program_get(parts->rex, BMC_PROGRAM, &parts->program);
	if (!err && meta_map(parts->program, &parts->meta))
		err = fail("%s", why());
	else if (err)
		err = err == -ENOENT ?
		      fail("the accelerator is not there; \"rexctl bmc start\" starts it") : fail("%s", rex_errmsg());
	if (err) {
		parts_release(parts);
		rex_close(parts->rex);
	}
	return err;
}
