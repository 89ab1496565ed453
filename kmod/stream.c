// SPDX-License-Identifier: GPL-2.0-only
/*
 * The streams: sets of sockets that one entry serves. A stream ends with its last socket, which
 * goes in any context; so the lists have a spinlock. User space begins and ends one under rex_mutex.
 */
#include <linux/rculist.h>
#include <linux/slab.h>

#include "stream.h"

DEFINE_SPINLOCK(rex_stream_lock);

static LIST_HEAD(rex_stream_sets);
static u32 rex_stream_last_id;

/* The stream with that id, which stays until rex_stream_unpin(). */
struct rex_stream_set *rex_stream_pin(u32 id)
{
	struct rex_stream_set *set;

	spin_lock_bh(&rex_stream_lock);
	list_for_each_entry(set, &rex_stream_sets, list)
		if (set->id == id) {
			set->pins++;
			goto out;
		}
	set = NULL;
out:
	spin_unlock_bh(&rex_stream_lock);
	return set;
}

/* The first stream with a greater id. Ids grow along the list. */
struct rex_stream_set *rex_stream_next(u32 after)
{
	struct rex_stream_set *set;

	lockdep_assert_held(&rex_stream_lock);
	list_for_each_entry(set, &rex_stream_sets, list)
		if (set->id > after)
			return set;
	return NULL;
}

static void rex_stream_free(struct rcu_head *rcu)
{
	struct rex_stream_set *set = container_of(rcu, struct rex_stream_set, rcu);

	free_percpu(set->counts);
	kfree(set->orphan);
	kfree(set);
}

/* A stream without sockets, pinned. */
struct rex_stream_set *rex_stream_new(u32 slot, u64 cookie, struct netlink_ext_ack *extack)
{
	const struct rex_slot *at = &rex_slots[slot % REX_MAX_SLOTS];
	struct rex_stream_set *set;

	lockdep_assert_held(&rex_mutex);
	if (slot >= REX_MAX_SLOTS || !at->prog || rex_slot_cookie(at) != cookie ||
	    at->hook != REX_HOOK_STREAM) {
		NL_SET_ERR_MSG_FMT(extack, "slot %u with that cookie is not an entry for hook stream",
				   slot);
		return ERR_PTR(-ENOENT);
	}
	set = kzalloc(sizeof(*set), GFP_KERNEL);
	if (!set)
		return ERR_PTR(-ENOMEM);
	set->counts = alloc_percpu(struct rex_stream_counts);
	set->orphan = kzalloc(sizeof(*set->orphan), GFP_KERNEL);
	if (!set->counts || !set->orphan) {
		rex_stream_free(&set->rcu);
		return ERR_PTR(-ENOMEM);
	}
	set->orphan->set = set;
	set->orphan->orphan = true;
	INIT_LIST_HEAD(&set->socks);
	set->pins = 1;
	set->slot = slot;
	set->offset = rex_slot_offset(slot);
	set->cookie = cookie;
	set->record = at->ctx_size;
	spin_lock_bh(&rex_stream_lock);
	set->id = ++rex_stream_last_id;
	list_add_tail(&set->list, &rex_stream_sets);
	spin_unlock_bh(&rex_stream_lock);
	return set;
}

/* Ends the stream if nothing is left of it. Who finds it by an old socket has the RCU lock. */
static void rex_stream_put(struct rex_stream_set *set)
{
	lockdep_assert_held(&rex_stream_lock);
	if (!list_empty(&set->socks) || set->pins)
		return;
	set->ending = true;
	list_del(&set->list);
	call_rcu(&set->rcu, rex_stream_free);
}

void rex_stream_pin_again(struct rex_stream_set *set)
{
	spin_lock_bh(&rex_stream_lock);
	set->pins++;
	spin_unlock_bh(&rex_stream_lock);
}

void rex_stream_unpin(struct rex_stream_set *set)
{
	spin_lock_bh(&rex_stream_lock);
	set->pins--;
	rex_stream_put(set);
	spin_unlock_bh(&rex_stream_lock);
}

/* Any context. false: the stream is ending. */
bool rex_stream_join(struct rex_stream_sock *s)
{
	struct rex_stream_set *set = s->set;
	bool ok;

	spin_lock_bh(&rex_stream_lock);
	ok = !set->ending;
	if (ok) {
		list_add_tail(&s->node, &set->socks);
		set->n[s->listener]++;
	}
	spin_unlock_bh(&rex_stream_lock);
	return ok;
}

/* Any context. The stream goes with its last socket. */
void rex_stream_leave(struct rex_stream_sock *s)
{
	spin_lock_bh(&rex_stream_lock);
	list_del(&s->node);
	s->set->n[s->listener]--;
	rex_stream_put(s->set);
	spin_unlock_bh(&rex_stream_lock);
}

/* No socket joins any more. */
void rex_stream_bar(struct rex_stream_set *set)
{
	spin_lock_bh(&rex_stream_lock);
	set->ending = true;
	spin_unlock_bh(&rex_stream_lock);
}

/* The first of its sockets, held, that is a listener or is none; NULL: there is none. */
struct sock *rex_stream_first(struct rex_stream_set *set, bool listener)
{
	struct rex_stream_sock *s;
	struct sock *sk = NULL;

	spin_lock_bh(&rex_stream_lock);
	list_for_each_entry(s, &set->socks, node)
		if (s->listener == listener) {
			sk = s->sk;
			sock_hold(sk);
			break;
		}
	spin_unlock_bh(&rex_stream_lock);
	return sk;
}

int rex_stream_init(void)
{
	return rex_stream_ulp_init();
}

/* No socket has the hook: each held a reference on this module. */
void rex_stream_exit(void)
{
	rex_stream_ulp_exit();
	rex_stream_calls_wait();
	rcu_barrier();
	rex_stream_buffers_exit();
}
