// SPDX-License-Identifier: GPL-2.0-only
/*
 * GETs as frames of every shape. What memcached alone answers to each is noted first; then the
 * accelerator starts, the keys are in its cache, and the answers must be the same to the last
 * byte. Where the accelerator must leave a frame alone, its counter for the reason moves.
 */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../shared.h"
#include "raw_frames.h"

#define KEY	"packet-key-01"
#define OTHER	"packet-key-02"
#define SHORT	"pk"
#define VALUE	"hello"
#define NO_REASON (-1)
#define MUST_HIT (-2)		/* ... by Rex; nobody else is asked to */

struct packet {
	const char *name;
	const char *text;	/* NULL: "get KEY\r\n" */
	bool v6;
	shape *shape;
	int reason;
	/* found out */
	struct answer answer;
};

#define REPEAT5(s) s s s s s
#define KEYS29 REPEAT5(" " KEY " " OTHER " " SHORT " none" " " OTHER) " " KEY " a b c"
#define KEYS100 REPEAT5(REPEAT5(" " SHORT " none " SHORT " x"))
#define KEY62 "0123456789012345678901234567890123456789012345678901234567890-"
#define KEY250 KEY62 KEY62 KEY62 KEY62 "ab"

static struct packet packets[] = {
	{ "get", .reason = MUST_HIT },
	{ "get_over_ipv6", .v6 = true, .reason = MUST_HIT },
	{ "get_of_a_short_key", "get " SHORT "\r\n", .reason = MUST_HIT },
	{ "get_of_a_key_of_250_bytes", "get " KEY250 "\r\n", .reason = MUST_HIT },
	{ "get_of_a_key_of_251_bytes", "get " KEY250 "x\r\n", .reason = BMC_PASS_FORM },
	{ "get_of_two_keys", "get " KEY " " OTHER "\r\n", .reason = MUST_HIT },
	{ "get_of_two_keys_over_ipv6", "get " KEY " " OTHER "\r\n", .v6 = true, .reason = MUST_HIT },
	{ "get_of_two_keys_of_which_one_is_missing", "get " KEY " none\r\n", .reason = BMC_MISSES },
	{ "get_of_a_missing_key_and_another", "get none " KEY "\r\n", .reason = BMC_MISSES },
	{ "get_of_the_same_key_twice", "get " KEY " " KEY "\r\n", .reason = NO_REASON },
	{ "get_of_29_keys", "get" KEYS29 "\r\n", .reason = NO_REASON },
	{ "get_of_100_keys", "get" KEYS100 "\r\n", .reason = NO_REASON },
	{ "get_of_3000_bytes", "get" KEYS100 KEYS100 KEYS100 " " KEY "\r\n", .reason = NO_REASON },
	{ "get_in_a_frame_of_several_buffers", .shape = jumbo, .reason = NO_REASON },
	{ "get_of_a_missing_key", "get none\r\n", .reason = BMC_MISSES },

	{ "spelling_double_space", "get  " KEY "\r\n", .reason = NO_REASON },
	{ "spelling_space_in_front", " get " KEY "\r\n", .reason = NO_REASON },
	{ "spelling_space_behind", "get " KEY " \r\n", .reason = NO_REASON },
	{ "spelling_two_spaces_between_keys", "get " KEY "  " OTHER "\r\n", .reason = NO_REASON },
	{ "spelling_bare_lf", "get " KEY "\n", .reason = NO_REASON },
	{ "spelling_no_crlf", "get " KEY, .reason = BMC_PASS_FORM },
	{ "spelling_only_cr", "get " KEY "\r", .reason = BMC_PASS_FORM },
	{ "spelling_lf_cr", "get " KEY "\n\r", .reason = BMC_PASS_FORM },
	{ "spelling_two_cr", "get " KEY "\r\r\n", .reason = BMC_PASS_FORM },
	{ "spelling_upper_case", "GET " KEY "\r\n", .reason = BMC_PASS_FORM },
	{ "spelling_tab", "get\t" KEY "\r\n", .reason = BMC_PASS_FORM },
	{ "spelling_tab_behind", "get " KEY "\t\r\n", .reason = NO_REASON },
	{ "spelling_no_key", "get \r\n", .reason = BMC_PASS_FORM },
	{ "spelling_no_space", "get\r\n", .reason = BMC_PASS_FORM },
	{ "spelling_glued", "get" KEY "\r\n", .reason = BMC_PASS_FORM },
	{ "spelling_gett", "gett " KEY "\r\n", .reason = BMC_PASS_FORM },
	{ "spelling_control_bytes", "get \x01\x7f\x1f\r\n", .reason = NO_REASON },
	{ "spelling_bytes_of_utf8", "get \xc3\xa4\xff\r\n", .reason = NO_REASON },
	{ "two_gets_in_a_datagram", "get " KEY "\r\nget " OTHER "\r\n", .reason = BMC_PASS_FORM },
	{ "a_get_and_a_line_end", "get " KEY "\r\n\r\n", .reason = BMC_PASS_FORM },
	{ "a_get_and_a_byte", "get " KEY "\r\nx", .reason = BMC_PASS_FORM },
	{ "gets", "gets " KEY "\r\n", .reason = BMC_PASS_FORM },
	{ "meta_get_over_udp", "mg " KEY " v\r\n", .reason = BMC_PASS_FORM },
	{ "version_over_udp", "version\r\n", .reason = BMC_PASS_FORM },
	{ "empty_text", "", .reason = NO_REASON },

	{ "bad_ip_checksum", .shape = bad_ip_sum, .reason = BMC_PASS_CHECKSUM },
	{ "bad_udp_checksum", .shape = bad_udp_sum, .reason = BMC_PASS_CHECKSUM },
	{ "bad_udp_checksum_over_ipv6", .v6 = true, .shape = bad_udp_sum, .reason = BMC_PASS_CHECKSUM },
	{ "bad_byte_in_an_address", .shape = bad_byte, .reason = BMC_PASS_CHECKSUM },
	{ "no_udp_checksum", .shape = no_udp_sum, .reason = MUST_HIT },
	{ "no_udp_checksum_over_ipv6", .v6 = true, .shape = no_udp_sum, .reason = BMC_PASS_CHECKSUM },
	{ "fragments", .shape = two_fragments, .reason = BMC_PASS_FRAGMENT },
	{ "only_the_first_fragment", .shape = only_the_first_fragment, .reason = BMC_PASS_FRAGMENT },
	{ "dont_fragment", .shape = dont_fragment, .reason = MUST_HIT },
	{ "fragments_over_ipv6", .v6 = true, .shape = two_fragments6, .reason = NO_REASON },
	{ "fragment_of_one_over_ipv6", .v6 = true, .shape = atomic_fragment6, .reason = NO_REASON },
	{ "ipv6_hop_by_hop_header", .v6 = true, .shape = hop_by_hop, .reason = NO_REASON },
	{ "ipv6_flow_label", .v6 = true, .shape = flow_label, .reason = NO_REASON },
	{ "ipv6_payload_too_long", .v6 = true, .shape = payload_too_long, .reason = NO_REASON },

	{ "frame_header_of_2_datagrams", .shape = of_two_datagrams, .reason = BMC_PASS_FORM },
	{ "frame_header_of_0_datagrams", .shape = of_no_datagrams, .reason = BMC_PASS_FORM },
	{ "frame_header_of_257_datagrams", .shape = of_257_datagrams, .reason = BMC_PASS_FORM },
	{ "frame_header_of_sequence_1", .shape = sequence_1, .reason = BMC_PASS_FORM },
	{ "frame_header_with_reserved_bits", .shape = reserved_1, .reason = NO_REASON },
	{ "datagrams_without_text", .shape = no_text, .reason = NO_REASON },

	{ "ethernet_padding", "get " SHORT "\r\n", .shape = padded, .reason = MUST_HIT },
	{ "ethernet_padding_of_text", "get " SHORT "\r\n", .shape = padded_with_text, .reason = MUST_HIT },
	{ "ethernet_padding_to_300_bytes", .shape = padded_to_300, .reason = NO_REASON },
	{ "vlan_that_is_configured", .shape = vlan_7, .reason = NO_REASON },
	{ "vlan_with_priority", .shape = vlan_7_with_priority, .reason = NO_REASON },
	{ "vlan_to_its_own_address", .shape = vlan_own_address, .reason = MUST_HIT },
	{ "vlan_that_is_not_configured", .shape = vlan_8, .reason = BMC_PASS_VLAN },
	{ "vlan_0", .shape = vlan_0, .reason = NO_REASON },
	{ "vlan_802_1ad", .shape = vlan_ad_7, .reason = NO_REASON },
	{ "vlan_in_a_vlan", .shape = vlan_twice, .reason = NO_REASON },
	{ "vlan_over_ipv6", .v6 = true, .shape = vlan_7, .reason = NO_REASON },

	{ "ip_option_nop", .shape = option_nop, .reason = NO_REASON },
	{ "ip_option_record_route", .shape = option_record_route, .reason = NO_REASON },
	{ "ip_option_source_route", .shape = option_source_route, .reason = NO_REASON },
	{ "ip_header_of_16_bytes", .shape = header_of_16_bytes, .reason = NO_REASON },
	{ "ip_version_5", .shape = version_5, .reason = NO_REASON },
	{ "ip_ttl_0", .shape = no_hops_left, .reason = NO_REASON },
	{ "ip_longer_than_the_frame", .shape = ip_too_long, .reason = NO_REASON },
	{ "ip_shorter_than_udp", .shape = ip_too_short, .reason = NO_REASON },
	{ "udp_longer_than_ip", .shape = udp_too_long, .reason = NO_REASON },
	{ "udp_shorter_than_ip", .shape = udp_shorter, .reason = NO_REASON },
	{ "udp_of_no_length", .shape = udp_of_no_length, .reason = NO_REASON },
	{ "frames_cut_short", .shape = cut_short, .reason = NO_REASON },
	{ "tcp_with_a_udp_header", .shape = as_tcp, .reason = NO_REASON },

	{ "to_another_mac", .shape = other_mac, .reason = NO_REASON },
	{ "to_a_multicast_mac", .shape = multicast_mac, .reason = NO_REASON },
	{ "to_the_broadcast_mac", .shape = broadcast_mac, .reason = NO_REASON },
	{ "to_a_foreign_address", .shape = to_foreign, .reason = BMC_PASS_ADDRESS },
	{ "to_another_of_our_addresses", .shape = to_other_of_ours, .reason = BMC_PASS_ADDRESS },
	{ "to_a_loopback_address", .shape = to_loopback, .reason = NO_REASON },
	{ "to_the_subnet", .shape = to_subnet, .reason = NO_REASON },
	{ "to_all", .shape = to_all, .reason = NO_REASON },
	{ "to_a_group", .shape = to_group, .reason = NO_REASON },
	{ "to_no_address", .shape = to_nobody, .reason = NO_REASON },
	{ "to_a_foreign_ipv6_address", .v6 = true, .shape = to6_foreign, .reason = BMC_PASS_ADDRESS },
	{ "to_an_ipv6_loopback_address", .v6 = true, .shape = to6_loopback, .reason = NO_REASON },
	{ "to_an_ipv6_group", .v6 = true, .shape = to6_group, .reason = NO_REASON },
	{ "to_no_ipv6_address", .v6 = true, .shape = to6_nobody, .reason = NO_REASON },
	{ "to_another_port", .shape = to_port_11212, .reason = NO_REASON },
	{ "from_the_server_itself", .shape = from_server, .reason = NO_REASON },
	{ "from_a_loopback_address", .shape = from_loopback, .reason = NO_REASON },
	{ "from_all", .shape = from_all, .reason = BMC_PASS_FORM },
	{ "from_the_network_address", .shape = from_network, .reason = MUST_HIT },
	{ "from_the_broadcast_address_of_the_subnet", .shape = from_subnet, .reason = BMC_PASS_ADDRESS },
	{ "from_the_broadcast_address_of_another_subnet", .shape = from_subnet_of_a_vlan,
	  .reason = BMC_PASS_ADDRESS },
	{ "from_a_group", .shape = from_group, .reason = NO_REASON },
	{ "from_no_address", .shape = from_nobody, .reason = BMC_PASS_FORM },
	{ "from_class_e", .shape = from_class_e, .reason = NO_REASON },
	{ "from_the_server_itself_over_ipv6", .v6 = true, .shape = from6_server, .reason = NO_REASON },
	{ "from_an_ipv6_loopback_address", .v6 = true, .shape = from6_loopback, .reason = NO_REASON },
	{ "from_an_ipv6_group", .v6 = true, .shape = from6_group, .reason = NO_REASON },
	{ "from_no_ipv6_address", .v6 = true, .shape = from6_nobody, .reason = NO_REASON },
	/*
	 * Not from port 0, nor from where no route leads: memcached 1.6.18 tries the reply that it
	 * cannot send again for ever, and its thread answers no other datagram.
	 */
	{ "from_port_11211", .shape = from_port_11211, .reason = NO_REASON },
};
#define N_PACKETS (sizeof(packets) / sizeof(*packets))

static const char *const keys[] = { KEY, OTHER, SHORT, KEY250 };

static struct answer ask(const struct packet *p)
{
	static struct frame frames[MAX_FRAMES];
	size_t n = 1;

	frame_make(frames, p->v6, 7, text_make("%s", p->text ?: "get " KEY "\r\n"));
	if (p->shape)
		n = p->shape(frames);
	return frames_ask(frames, n);
}

static void compare(const void *arg)
{
	const struct packet *p = arg;
	uint64_t hits, reason, expired;
	struct answer a;
	int tries = 5;

	do {
		for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
			warm(keys[i], value_reply(keys[i], 5, text_make(VALUE)));
		hits = counter(BMC_HITS);
		reason = p->reason >= 0 ? counter(p->reason) : 0;
		expired = setup.accel == REX ? counter(BMC_PASS_EXPIRED) : 0;
		a = ask(p);
		if (!text_equal(a.text, p->answer.text))
			fail("\"%s\" (%u datagrams), memcached alone says \"%s\" (%u)", text_show(a.text),
			     a.n, text_show(p->answer.text), p->answer.n);
		if (!text_equal(a.headers, p->answer.headers))
			fail("headers %s, memcached alone has %s", text_show(a.headers),
			     text_show(p->answer.headers));
		if (setup.accel != REX)
			return;
		/* Of an item whose expiry is not known, the value is too old after --max-age. */
	} while (counter(BMC_PASS_EXPIRED) != expired && --tries);
	if (p->reason == MUST_HIT && counter(BMC_HITS) == hits)
		fail("it is no hit");
	if (p->reason >= 0 && counter(BMC_HITS) != hits)
		fail("it is a hit");
	if (p->reason >= 0 && counter(p->reason) == reason)
		fail("counter %d did not move", p->reason);
}

/* No GET may be answered from what @text made memcached say. */
static void no_fill(const void *text)
{
	char *key = new_key(20);
	struct text want = value_reply(key, 5, text_make(VALUE));
	int fd = dial(UDP4);
	bool hit;

	put(key, text_make(VALUE));
	for (int i = 0; i < 3; i++)
		ask_udp(fd, text_make("%s %s%s\r\n", (const char *)text, key,
				      strcmp(text, "mg") ? "" : " v f"));
	if (!text_equal(get_hit(key, &hit), want) || hit)
		fail("the first GET is %s", hit ? "a hit" : "wrong");
	warm(key, want);
}

/* A value of several datagrams; the second one begins like the reply to another GET. */
static void second_datagram(const void *arg)
{
	const char *fake = "VALUE victim 5 4\r\nevil\r\nEND\r\n";
	char *key = new_key(20);
	struct frame request;
	struct text value = text_make("%s", "");

	(void)arg;
	put("victim", text_make("good"));
	while (value.len < 4000)	/* wherever the second begins, it begins so */
		value = text_join(value, text_make("%s", fake));
	for (size_t shift = 0; shift < strlen(fake); shift++) {
		put(key, text_bytes(value.bytes + shift, value.len - shift));
		frame_make(&request, false, 9, text_make("get %s\r\n", key));
		for (int i = 0; i < 2; i++)
			if (frames_ask(&request, 1).n < 2)
				fail("the reply is one datagram");
		if (!text_equal(get("victim"), value_reply("victim", 5, text_make("good"))))
			fail("a GET of the other key is answered from it");
	}
}

/* Another socket of the server's machine, with memcached's port on another address. */
static void other_socket(const void *arg)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(NOBODYS_PORT) };
	static const char reply[] = "\0\x09\0\0\0\x01\0\0VALUE victim 5 4\r\nevil\r\nEND\r\n";
	struct frame request;
	int fd;

	(void)arg;
	put("victim", text_make("good"));
	enter(true);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	inet_pton(AF_INET, "10.77.0.3", &own.sin_addr);
	inet_pton(AF_INET, FRAME_CLIENT4, &to.sin_addr);
	if (fd < 0 || bind(fd, (void *)&own, sizeof(own)))
		fail("no socket at 10.77.0.3");
	/* asked and unasked */
	frame_make(&request, false, 9, text_make("get victim\r\n"));
	to_other_of_ours(&request);
	for (int i = 0; i < 3; i++) {
		if (frames_ask(&request, 1).n)
			fail("a GET to the other socket is answered by somebody else");
		if (sendto(fd, reply, sizeof(reply) - 1, 0, (void *)&to, sizeof(to)) < 0)
			fail("cannot send");
	}
	if (recv(fd, &request, sizeof(request), MSG_DONTWAIT) < 0)
		fail("the other socket does not get its requests");
	for (int i = 0; i < 3; i++)
		if (!text_equal(get("victim"), value_reply("victim", 5, text_make("good"))))
			fail("a GET to memcached is answered from what the other socket sent");
}

/* A client that sends what looks like a reply. */
static void reply_from_a_client(const void *arg)
{
	struct frame f;

	(void)arg;
	put("victim", text_make("good"));
	frame_make(&f, false, 9, text_make("VALUE victim 5 4\r\nevil\r\nEND\r\n"));
	for (int i = 0; i < 3; i++) {
		from_port_11211(&f);
		frames_ask(&f, 1);
		if (!text_equal(get("victim"), value_reply("victim", 5, text_make("good"))))
			fail("a GET is answered from it");
	}
}

/* Commands behind a GET in one datagram, and a SET whose value comes in another. */
static void commands_in_datagrams(const void *arg)
{
	static const char *const formats[] = {
		"get %s\r\nset %s 5 0 3\r\nnew\r\n", "get %s\r\ndelete %s\r\n",
		"mn\r\ntouch %s -1\r\nget %s\r\n", "gat -1 %s\r\nget %s\r\n",
	};
	char *key = new_key(20);
	struct frame f[2];

	(void)arg;
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		put(key, text_make(VALUE));
		warm(key, value_reply(key, 5, text_make(VALUE)));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		frame_make(&f[0], false, 9, text_make(formats[i], key, key));
#pragma GCC diagnostic pop
		frames_ask(f, 1);
		check(key, true);
	}
	put(key, text_make(VALUE));
	warm(key, value_reply(key, 5, text_make(VALUE)));
	frame_make(&f[0], false, 9, text_make("set %s 5 0 20\r\nabc", key));
	frame_make(&f[1], false, 10, text_make("defghijkl\r\nget %s\r\n", key));
	frames_ask(f, 2);
	check(key, false);
}

void run_packets(void)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys) && !setup.list; i++)
		put(keys[i], text_make(VALUE));
	for (size_t i = 0; i < N_PACKETS && !setup.list; i++)
		packets[i].answer = ask(&packets[i]);
	start_accelerator();
	for (size_t i = 0; i < N_PACKETS; i++)
		run_case(packets[i].name, compare, &packets[i]);
	run_case("reply_to_gets_is_not_remembered", no_fill, "gets");
	run_case("reply_to_mg_is_not_remembered", no_fill, "mg");
	run_case("second_datagram_like_a_reply", second_datagram, NULL);
	run_case("another_local_socket_with_the_port", other_socket, NULL);
	run_case("reply_sent_by_a_client", reply_from_a_client, NULL);
	run_case("several_commands_in_a_datagram", commands_in_datagrams, NULL);
}
