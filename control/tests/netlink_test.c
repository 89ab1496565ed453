// SPDX-License-Identifier: GPL-2.0-only
/* Netlink requests to a kernel that is interrupted, slow, late, or says nothing at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "../librex/internal.h"

/* What the kernel does each time that it is asked for something. */
enum step {
	POLL_SIGNAL, POLL_NOTHING, POLL_READY, RECV_SIGNAL, RECV_ACK, RECV_LATE, SEND_SIGNAL, SEND,
	END,
};

static const enum step *now;
static uint32_t asked;

static enum step take(void)
{
	return *now == END ? END : *now++;
}

static int interrupted(void)
{
	errno = EINTR;
	return -1;
}

/* Instead of libmnl's and libc's. */
int mnl_socket_get_fd(const struct mnl_socket *nl)
{
	(void)nl;
	return -1;
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	enum step step = take();

	(void)fds;
	(void)n;
	assert_true(timeout > 0);
	return step == POLL_SIGNAL ? interrupted() : step == POLL_READY;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *req, size_t len)
{
	(void)nl;
	asked = ((const struct nlmsghdr *)req)->nlmsg_seq;
	return take() == SEND_SIGNAL ? interrupted() : (ssize_t)len;
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf, size_t size)
{
	enum step step = take();
	struct nlmsghdr *nlh;
	struct nlmsgerr *e;

	(void)nl;
	(void)size;
	if (step == RECV_SIGNAL)
		return interrupted();
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_flags = NLM_F_CAPPED;
	nlh->nlmsg_seq = step == RECV_LATE ? asked - 1 : asked;
	e = mnl_nlmsg_put_extra_header(nlh, sizeof(*e));
	e->error = step == RECV_LATE ? -EBUSY : 0;
	return nlh->nlmsg_len;
}

static int talk(const enum step *steps)
{
	struct nl nl = { .seq = 41, .family = 99 };
	char buf[NL_BUF];
	int err;

	now = steps;
	err = nl_talk(&nl, genl_request(&nl, buf, REX_CMD_INFO_GET, 0), NULL, NULL);
	assert_int_equal(*now, END);
	return err;
}

static void test_a_signal_is_no_answer(void **state)
{
	(void)state;
	assert_int_equal(talk((enum step[]){ SEND, POLL_SIGNAL, POLL_READY, RECV_ACK, END }), 0);
	assert_int_equal(talk((enum step[]){ SEND, POLL_READY, RECV_SIGNAL, POLL_READY, RECV_ACK,
					     END }), 0);
	assert_int_equal(talk((enum step[]){ SEND_SIGNAL, SEND, POLL_READY, RECV_ACK, END }), 0);
}

static void test_silence_has_an_end(void **state)
{
	(void)state;
	assert_int_equal(talk((enum step[]){ SEND, POLL_NOTHING, END }), -ETIMEDOUT);
	assert_non_null(strstr(rex_errmsg(), "rexctl status"));
}

static void test_a_late_answer_is_not_the_next_ones(void **state)
{
	(void)state;
	assert_int_equal(talk((enum step[]){ SEND, POLL_READY, RECV_LATE, POLL_READY, RECV_ACK,
					     END }), 0);
}

/* ---- structs that begin with their size --------------------------------------------------------- */

struct old { size_t sz; uint32_t a; };
struct known { size_t sz; uint32_t a, b; };
struct new { size_t sz; uint32_t a, b, c, d; };

static void test_options_of_an_older_caller(void **state)
{
	struct old old = { sizeof(old), 1 };
	struct known known = { 0, 7, 7 };

	(void)state;
	old.sz = offsetof(struct old, a) + sizeof(old.a);
	assert_int_equal(rex_opts(&known, sizeof(known), &old), 0);
	assert_int_equal(known.a, 1);
	assert_int_equal(known.b, 0);
	known.b = 2;
	assert_int_equal(rex_opts_give(&old, &known, sizeof(known)), 0);
	assert_int_equal(old.a, 1);
}

static void test_options_of_a_newer_caller(void **state)
{
	struct new new = { sizeof(new), 1, 2, 0, 0 };
	struct known known;

	(void)state;
	assert_int_equal(rex_opts(&known, sizeof(known), &new), 0);
	assert_int_equal(known.b, 2);
	new.d = 1;
	assert_int_equal(rex_opts(&known, sizeof(known), &new), -E2BIG);
	assert_non_null(strstr(rex_errmsg(), "use a newer one"));
	known.a = 3;
	assert_int_equal(rex_opts_give(&new, &known, sizeof(known)), 0);
	assert_int_equal(new.sz, sizeof(new));
	assert_int_equal(new.a, 3);
	assert_int_equal(new.d, 0);
}

static void test_options_without_a_size(void **state)
{
	struct known known, none = { 0, 1, 2 };

	(void)state;
	assert_int_equal(rex_opts(&known, sizeof(known), &none), -EINVAL);
	assert_int_equal(rex_opts_give(&none, &known, sizeof(known)), -EINVAL);
	assert_int_equal(rex_opts(&known, sizeof(known), NULL), 0);
	assert_int_equal(known.a, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_signal_is_no_answer),
		cmocka_unit_test(test_silence_has_an_end),
		cmocka_unit_test(test_a_late_answer_is_not_the_next_ones),
		cmocka_unit_test(test_options_of_an_older_caller),
		cmocka_unit_test(test_options_of_a_newer_caller),
		cmocka_unit_test(test_options_without_a_size),
	};

	return cmocka_run_group_tests_name("control-netlink", tests, NULL, NULL);
}
