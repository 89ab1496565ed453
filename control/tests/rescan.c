// SPDX-License-Identifier: GPL-2.0-only
/* control-rescan PID: rex_stream_rescan() of all streams here, for process PID. */
#include <rex/librex.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	struct rex_link *links = NULL;
	size_t n = 0;
	int err;

	if (argc != 2)
		return 2;
	err = rex_link_list_here(&links, &n);
	for (size_t i = 0; !err && i < n; i++)
		err = rex_stream_rescan(&links[i], atoi(argv[1]));
	if (err)
		fprintf(stderr, "%s\n", rex_errmsg());
	free(links);
	return err ? 1 : 0;
}
