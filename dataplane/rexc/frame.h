/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REXC_FRAME_H
#define REXC_FRAME_H

#include <capstone/capstone.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than any stack has. */
#define FRAME_MAX (1ll << 31)

/* The instructions of one function, in their order. */
struct frame {
	struct step *steps;
	size_t n;
};

/* 0 or -ENOMEM. @relocated: the linker changes a number in the instruction. */
int frame_add(struct frame *f, csh cs, const cs_insn *in, bool relocated);
int frame_add_nothing(struct frame *f, uint64_t at);
/* Where the last instruction jumps to, within the function. */
void frame_jump(struct frame *f, uint64_t target);
void frame_free(struct frame *f);

struct frame_size {
	uint64_t bytes;		/* below the return address */
	uint64_t slack;		/* and at most so many for alignment */
	uint64_t at;		/* the instruction that was looked at last */
};

/* 0, -ENOMEM, or -ERANGE when there is no bound, because of the instruction at size->at. */
int frame_solve(const struct frame *f, struct frame_size *size);

#endif
