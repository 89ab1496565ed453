/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Order, leftovers and freshness of answers over TCP: two connections, one key, and every way in
 * which clients, memcached's threads and the hook can take turns. docs/bmc-protocol.md has the rules.
 *
 * Commands and replies have two parts each, which come and go separately. The item has a version,
 * which each SET raises. Checked is what a client gets: replies come in the order of its commands; a
 * GET gives no version older than one that was acknowledged before it was sent, and just what its own
 * connection's commands make it; and nobody waits forever. A client gets a part as soon as the kernel
 * has it: later, fewer versions would be acknowledged.
 *
 * -DCMDS0=N, -DCMDS1=N: commands of each connection. -DFAULT_...: with this, spin must find an error.
 * What changes only one connection is one step, as its lock makes it.
 */
#define CMDS 2				/* at most */
#define N(i) (i == 0 -> CMDS0 : CMDS1)
#define CONNS 2
#define NONE 255
#define PARTS(i) (2 * N(i))
/* Parts of this one's commands and replies come together: only the store is common to both. */
#define WHOLE(i) (i == 1)
#define MOST 2				/* parts that fill memcached's buffer */

/* QUIET ones have no reply, unless they fail; OTHER is such a one of another key. */
mtype = { GET, SET, QUIET, OTHER };
#define IS_QUIET(command) (command == QUIET || command == OTHER)

/* The item, and the latest version of it that was acknowledged. */
byte item = 1, acked;
/* The store: what is pending and the generation in one word; the entry; it is being written. */
byte pending, generation;
bool present, writing;
byte entry;

typedef Conn {
	mtype cmd[CMDS];
	byte sent, taken;		/* parts sent, and parts off the queue: read, or answered here */
	byte floor[CMDS];		/* the version that was acknowledged before it was sent */
	byte version[CMDS];		/* that a SET made; 0: not executed; NONE: failed */
	bool owned;			/* a system call has the socket */
	bool left; byte left_value;	/* the rest of a reply of ours */
	byte seq; bool half;		/* the client has got the replies before, and half of it */
	/* the record */
	byte out; bool dirty, open, filled;
	byte own;			/* of "pending" */
	bool once;			/* of what is written, only that it is will be seen */
	byte candidate[CMDS];		/* the generation of a GET that was read */
};
Conn c[CONNS];
byte last[CONNS];			/* behind it, all commands are quiet */

/* What memcached has read, and its replies. */
chan commands[CONNS] = [CMDS] of { byte };
chan replies[CONNS] = [CMDS] of { byte, byte };

#ifdef FAULT_TURN
#define OURS(i) (!c[i].open)
#elif defined(FAULT_OPEN)
#define OURS(i) (c[i].out == 0 && !c[i].dirty)
#elif defined(FAULT_DIRTY)
#define OURS(i) (c[i].out == 0 && !c[i].open)
#else
#define OURS(i) (c[i].out == 0 && !c[i].dirty && !c[i].open)
#endif

#ifdef FAULT_LEFT
#define MAY_SEND(i) true
#else
#define MAY_SEND(i) (!c[i].left)
#endif

#ifdef FAULT_BUSY
#define HIT present
#else
#define HIT (present && !writing)
#endif

#define WAITS(i) (c[i].sent - c[i].taken)
#define NEXT(i) c[i].cmd[c[i].taken / 2]

/* The client of connection i gets a part of the reply to its command n. */
inline gets(i, n, second, value)
{
	/* Quiet commands mostly have none. */
	do
	:: c[i].seq < n && IS_QUIET(c[i].cmd[c[i].seq]) && !c[i].half -> c[i].seq++
	:: else -> break
	od;
	assert(n == c[i].seq && second == c[i].half);
	c[i].half = !c[i].half;
	if
	:: second -> got(i, n, value); c[i].seq++
	:: else
	fi
}

inline got(i, n, value)
{
	if
	:: c[i].cmd[n] == SET && value > acked -> acked = value
	:: c[i].cmd[n] == GET ->
		assert(value >= c[i].floor[n]);
		k = 0;
		do
		:: k < N(i) ->
			if
			:: c[i].cmd[k] == GET || c[i].cmd[k] == OTHER
			:: (c[i].cmd[k] == SET || c[i].cmd[k] == QUIET) && k < n ->
				assert(c[i].version[k] != 0);
				assert(c[i].version[k] == NONE || value >= c[i].version[k])
			:: (c[i].cmd[k] == SET || c[i].cmd[k] == QUIET) && k > n ->
				assert(c[i].version[k] == 0 || c[i].version[k] == NONE ||
				       value < c[i].version[k])
			fi;
			k++
		:: else -> break
		od;
		k = 0
	:: else
	fi
}

/* READY: answers the GETs that lead the queue; of a reply, a part may have to wait. */
inline ready(i)
{
	do
	:: OURS(i) && MAY_SEND(i) && WAITS(i) >= 2 && NEXT(i) == GET && HIT ->
		assert(c[i].taken % 2 == 0);
		c[i].taken = c[i].taken + 2;
		gets(i, c[i].taken / 2 - 1, false, entry);
		if
		:: gets(i, c[i].taken / 2 - 1, true, entry)
		:: !WHOLE(i) -> c[i].left = true; c[i].left_value = entry; break
		fi
	:: else -> break
	od
}

inline executed(i)
{
	pending = pending - c[i].own;
	c[i].own = 0
}

/* All commands that were read have been executed and answered. */
inline all_answered(i)
{
	c[i].out = 0;
	c[i].dirty = false;
	c[i].once = false;
	executed(i);
	k = 0;
	do
	:: k < CMDS -> c[i].candidate[k] = NONE; k++
	:: else -> break
	od;
	k = 0
}

/* READ shows a part. A command counts when it is whole, before memcached has it. */
inline read_part(i)
{
	if
	:: c[i].open && NEXT(i) == GET ->
		if
#ifdef FAULT_NOTE
		:: true -> c[i].candidate[c[i].taken / 2] = generation
#else
		:: pending == 0 -> c[i].candidate[c[i].taken / 2] = generation
		:: else
#endif
		fi
	:: c[i].open && (NEXT(i) == SET || NEXT(i) == QUIET) ->
		pending++;
		c[i].own++;
#ifndef FAULT_GENERATION
		generation++
#endif
	:: else
	fi
}

/* The rest of it: the entry goes, and the bytes are memcached's. */
inline take_part(i)
{
	if
	:: c[i].open ->
		if
#ifndef FAULT_REMOVE
		:: NEXT(i) == SET || NEXT(i) == QUIET -> present = false
#endif
		:: else
		fi;
		if
		:: IS_QUIET(NEXT(i)) -> c[i].dirty = true
		:: else -> c[i].out++
		fi;
		commands[i]!c[i].taken / 2
	:: else
	fi;
	c[i].open = !c[i].open;
	c[i].taken++;
	parts++
}

#ifdef FAULT_FULL
#define PROVES(i) (!c[i].open)
#else
#define PROVES(i) (!c[i].open && !c[i].filled)
#endif

/* Whether all that waits is whole GETs: of these, those that follow need not be known. */
inline only_gets(i)
{
	only = (!c[i].open && WAITS(i) > 0 && WAITS(i) % 2 == 0);
#ifndef FAULT_UNSEEN
	k = c[i].taken / 2;
	do
	:: k < c[i].sent / 2 ->
		if
		:: c[i].cmd[k] != GET -> only = false
		:: else
		fi;
		k++
	:: else -> break
	od;
	k = 0
#endif
}

/* The bypass: they are memcached's, no value is noted, and whose turn it is is not known. */
inline bypass(i)
{
	do
	:: WAITS(i) > 0 -> commands[i]!c[i].taken / 2; c[i].taken = c[i].taken + 2
	:: else -> break
	od;
#ifndef FAULT_BYPASS
	c[i].dirty = true;
#endif
	c[i].filled = false
}

/* A read was one SET, whole, and did not fill the buffer: its reply need not be known. */
inline one_change(i)
{
	c[i].once = true;
	c[i].dirty = true;
	c[i].filled = false;
#ifdef FAULT_EARLY
	executed(i)
#endif
}

/* The first write after that: rule S. */
inline wrote_once(i)
{
	c[i].once = false;
#ifdef FAULT_ONCE
	c[i].out = 0;
	c[i].dirty = false;
#endif
	executed(i)
}

/* recvmsg: READY, then READ, part by part, up to a GET that will hit. */
inline receive(i)
{
	atomic {
		!c[i].owned;
		c[i].owned = true;
		ready(i);
		if
		:: WAITS(i) > 0 && PROVES(i) -> all_answered(i)
#ifdef FAULT_RELEASE
		:: WAITS(i) > 0 && !PROVES(i) -> all_answered(i)
#endif
		:: else
		fi;
		only_gets(i);
		if
		:: only && PROVES(i) -> bypass(i)
		:: true
		fi;
		only = false
	}
	do
	:: atomic {
		WAITS(i) > 0 && parts < MOST &&
		!(parts > 0 && !c[i].open && !c[i].dirty && HIT && NEXT(i) == GET) ->
		read_part(i) }
		atomic { take_part(i) }
	:: atomic { else ->
		if
		:: parts > 0 -> c[i].filled = (parts == MOST); parts = 0
		:: else
		fi;
		if
		:: !c[i].open && !c[i].dirty && c[i].out == 1 && c[i].own == 1 -> one_change(i)
		:: true
		fi;
		c[i].owned = false;
		break }
	od
}

/* WROTE: a value whose last byte was accepted goes into the cache. */
inline fill(i, n, value)
{
	atomic {
		if
		:: c[i].cmd[n] == GET && !c[i].dirty && c[i].candidate[n] != NONE && !writing &&
		   pending == 0 && generation == c[i].candidate[n] -> writing = true
		:: else -> goto over
		fi
	}
	atomic { entry = value; present = true }
#ifndef FAULT_SECOND
	atomic {
		if
		:: pending != 0 || generation != c[i].candidate[n] -> present = false
		:: else
		fi
	}
#endif
	writing = false;
over:	skip
}

proctype memcached(byte i)
{
	byte n, value, k, parts;
	bool half, only;

end:	do
	/* It reads when all is executed and written, and for a value; or at once again after a read
	   that filled its buffer. */
	:: WAITS(i) > 0 && (empty(commands[i]) && (empty(replies[i]) || c[i].open) ||
	   nempty(commands[i]) && c[i].filled) -> receive(i)
	:: atomic { commands[i]?n ->
		if
		:: c[i].cmd[n] == SET || c[i].cmd[n] == QUIET -> item++; c[i].version[n] = item
		/* an error is always written */
		:: IS_QUIET(c[i].cmd[n]) -> c[i].version[n] = NONE
		:: c[i].cmd[n] == GET
		fi;
		if
		:: !IS_QUIET(c[i].cmd[n]) || c[i].version[n] == NONE -> replies[i]!n, item
		/* of another key */
		:: c[i].cmd[n] == OTHER && c[i].version[n] == NONE -> c[i].version[n] = 1
		:: else
		fi;
		n = 0 }
	/* sendmsg: a part of the first reply */
	:: atomic { nempty(replies[i]) && !c[i].owned && MAY_SEND(i) ->
		c[i].owned = true;
		replies[i]?<n, value>;
		gets(i, n, half, value);
		if
		:: WHOLE(i) -> half = true; gets(i, n, true, value)
		:: else
		fi }
		if
		:: half -> fill(i, n, value)
		:: else
		fi;
		atomic {
			if
			:: c[i].once -> wrote_once(i)
			:: else
			fi;
			if
			:: half ->
				replies[i]?_, _;
				if
				:: !c[i].dirty ->
					c[i].out--;
					if
					:: c[i].out == 0 -> all_answered(i)
					:: else
					fi
				:: else
				fi
			:: else
			fi;
			half = !half;
			n = 0; value = 0;
			ready(i);
			c[i].owned = false
		}
	od
}

/* The client, and in its softirq: READY, and what is left goes out when there is room. */
proctype network(byte i)
{
	byte k;

end:	do
	:: atomic { c[i].sent < PARTS(i) ->
		if
		:: WHOLE(i) -> c[i].sent++
		:: else
		fi;
		if
		:: c[i].sent % 2 == 1 -> c[i].floor[c[i].sent / 2] = acked
		:: else
		fi;
		c[i].sent++;
		/* A system call has the socket: it looks by itself. */
		if
		:: !c[i].owned -> ready(i)
		:: else
		fi }
#ifndef FAULT_MOTOR
	:: atomic { c[i].left && !c[i].owned ->
		c[i].left = false;
		gets(i, c[i].seq, true, c[i].left_value);
		c[i].left_value = 0 }
#endif
	od
}

/* The client has got all of its replies: behind the last, there are only quiet commands. */
#define GOT(i) (c[i].seq >= last[i] && !c[i].half)

init
{
	byte i, k;

	atomic {
		do
		:: i < CONNS ->
			k = 0;
			do
			:: k < N(i) ->
				if
				:: c[i].cmd[k] = GET; last[i] = k + 1
				:: c[i].cmd[k] = SET; last[i] = k + 1
				:: !WHOLE(i) -> c[i].cmd[k] = QUIET
				:: !WHOLE(i) -> c[i].cmd[k] = OTHER
				fi;
				c[i].candidate[k] = NONE;
				k++
			:: else -> break
			od;
			i++
		:: else -> break
		od;
		if
		:: present = true; entry = item
		:: true
		fi;
		i = 0;
		do
		:: i < CONNS -> run memcached(i); run network(i); i++
		:: else -> break
		od
	}
	/* An end state in front of this is an error. */
	atomic { c[0].sent == PARTS(0) && c[1].sent == PARTS(1) && GOT(0) && GOT(1) }
}
