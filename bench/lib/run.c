// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "options.h"
#include "report.h"

static int run(struct options *o, struct wire *w, struct result *res)
{
	int err;

	if (o->series_path) {
		err = series_open(&o->series, o->series_path);
		if (err)
			return err;
		o->load.series = &o->series;
	}
	search_begin(&o->search, &o->goal);
	err = o->has_search ? drive_search(w, &o->load, &o->search, res) : drive(w, &o->load, res);
	if (o->series_path && series_close(&o->series) && !err)
		err = -EIO;
	return err;
}

int options_run(struct options *o, struct wire *w, const char *tool)
{
	static struct result res;
	struct report rep = { .tool = tool, .client = w->client, .load = &o->load,
			      .keys = &o->keys, .res = &res, .has_latency = !w->timeless,
			      .search = o->has_search ? &o->search : NULL };
	struct drops drops;
	int err;

	w->keys = &o->keys;
	drive_catch_signals();
	err = run(o, w, &res);
	if (err)
		return err;
	if (w->drops) {
		w->drops(w, &drops);
		rep.drops = &drops;
	}
	report_text(stdout, &rep);
	if (o->json)
		err = report_json(o->json, &rep);
	if (!err && o->hgrm)
		err = hist_hgrm(&res.counts[PHASE_RUN].latency, o->hgrm);
	return err ? err : report_status(&rep);
}
