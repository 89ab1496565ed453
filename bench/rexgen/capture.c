// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>

#include "capture.h"
#include "fail.h"

#define SNAPLEN		65535

uint64_t capture_room(const struct options *o)
{
	return (uint64_t)o->ports * 32768;
}

static int write_frames(pcap_dumper_t *out, const struct options *o, const struct path *p)
{
	struct choice choice;
	struct track track;
	int err = track_init(&track, o->ports);

	if (err)
		return err;
	err = choice_init(&choice, &o->load.mix, o->keys.count, o->load.seed);
	for (uint64_t i = 0; !err && i < o->load.requests; i++) {
		uint8_t frame[FRAME_MAX];
		/* a microsecond apart: who replays it chooses the rate */
		struct pcap_pkthdr h = { .ts = { .tv_sec = i / 1000000, .tv_usec = i % 1000000 } };
		struct request r;
		uint32_t key;
		enum op op;

		choice_next(&choice, &op, &key);
		r = track_book(&track, op, key, 0, PHASE_RUN);
		h.caplen = h.len = path_request(frame, p, &o->keys, &r);
		pcap_dump((u_char *)out, &h, frame);
	}
	choice_free(&choice);
	track_free(&track);
	return err;
}

int capture_write(const char *file, const struct options *o, const struct path *p)
{
	pcap_t *none = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	pcap_dumper_t *out = none ? pcap_dump_open(none, file) : NULL;
	int err;

	if (!out) {
		err = bench_fail(EIO, "%s", none ? pcap_geterr(none) : "no memory for a pcap file");
		goto close;
	}
	err = write_frames(out, o, p);
	if (pcap_dump_flush(out) && !err)
		err = bench_fail(EIO, "cannot write '%s'", file);
	pcap_dump_close(out);
close:
	if (none)
		pcap_close(none);
	return err;
}

/* A wire whose requests left long ago, and whose replies are in a file. */
struct capture {
	struct wire wire;
	struct path path;
	pcap_t *in;
	const char *file;
	uint64_t asked, requests;
	uint8_t frame[BURST][SNAPLEN];
};

static int send_nothing(struct wire *w, const struct request *r, unsigned int n)
{
	struct capture *c = w->ctx;

	(void)r;
	c->asked += n;
	return n;
}

static int read_replies(struct wire *w, struct datagram *d, unsigned int max, bool idle)
{
	struct capture *c = w->ctx;
	unsigned int n = 0;
	struct pcap_pkthdr *h;
	const u_char *p;
	int got = 1;

	(void)idle;
	/* none can come before all are asked for */
	while (c->asked == c->requests && n < max && (got = pcap_next_ex(c->in, &h, &p)) == 1) {
		if (h->caplen != h->len)
			return bench_fail(EINVAL, "'%s' has frames that were cut to %u of %u bytes; capture whole ones",
				    c->file, h->caplen, h->len);
		if (h->caplen > SNAPLEN)
			continue;
		memcpy(c->frame[n], p, h->caplen);
		if (path_parse(&c->path, c->frame[n], h->caplen, &d[n]) == FRAME_REPLY)
			n++;
	}
	if (got == PCAP_ERROR)
		return bench_fail(EIO, "'%s': %s", c->file, pcap_geterr(c->in));
	w->more = n == max;
	return n;
}

int capture_verify(const char *file, struct options *o, const struct path *p)
{
	char why[PCAP_ERRBUF_SIZE];
	static struct capture c;
	int err;

	c = (struct capture){ .path = *p, .file = file, .requests = o->load.requests };
	c.in = pcap_open_offline(file, why);
	if (!c.in)
		return bench_fail(EIO, "%s", why);
	if (pcap_datalink(c.in) == DLT_EN10MB) {
		c.wire = (struct wire){ .client = "pcap", .ctx = &c, .ports = o->ports,
					.send = send_nothing, .recv = read_replies, .timeless = true };
		/* all at once: the file tells no times that mean anything here */
		o->load.window = o->load.requests;
		err = options_run(o, &c.wire, "rexgen");
	} else {
		err = bench_fail(EINVAL, "'%s' is not of Ethernet frames", file);
	}
	pcap_close(c.in);
	return err;
}
