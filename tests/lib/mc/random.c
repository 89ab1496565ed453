// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "random.h"

/* Vose's alias method: exact, one table look-up per draw whatever the exponent. */
static int build_alias(struct picker *p, double theta)
{
	uint32_t n = p->count, small = 0, large = n;
	uint32_t *work = calloc(n, sizeof(*work));
	double *q = calloc(n, sizeof(*q));
	double sum = 0;
	int err = 0;

	p->alias = calloc(n, sizeof(*p->alias));
	p->cut = calloc(n, sizeof(*p->cut));
	if (!work || !q || !p->alias || !p->cut) {
		err = -ENOMEM;
		goto out;
	}
	for (uint32_t i = 0; i < n; i++)
		sum += q[i] = pow(i + 1, -theta);
	/* work: columns below average from the left, the others from the right */
	for (uint32_t i = 0; i < n; i++) {
		q[i] *= n / sum;
		if (q[i] < 1)
			work[small++] = i;
		else
			work[--large] = i;
	}
	while (small && large < n) {
		uint32_t s = work[--small], l = work[large];

		p->cut[s] = q[s] * UINT32_MAX;
		p->alias[s] = l;
		q[l] -= 1 - q[s];
		if (q[l] < 1) {
			large++;
			work[small++] = l;
		}
	}
	for (; large < n; large++) {
		p->alias[work[large]] = work[large];
		p->cut[work[large]] = UINT32_MAX;
	}
	while (small) {
		small--;
		p->alias[work[small]] = work[small];
		p->cut[work[small]] = UINT32_MAX;
	}
out:
	free(work);
	free(q);
	if (err)
		picker_free(p);
	return err;
}

int picker_init(struct picker *p, uint32_t count, double theta, uint64_t seed)
{
	*p = (struct picker){ .rng = mix64(seed), .count = count };
	if (theta <= 0)
		return 0;
	return build_alias(p, theta);
}

void picker_free(struct picker *p)
{
	free(p->alias);
	free(p->cut);
	p->alias = NULL;
	p->cut = NULL;
}

uint32_t picker_at(const struct picker *p, uint64_t random)
{
	uint32_t column = ((random >> 32) * p->count) >> 32;

	if (!p->alias || (uint32_t)random <= p->cut[column])
		return column;
	return p->alias[column];
}

uint32_t picker_next(struct picker *p)
{
	return picker_at(p, mix64(p->rng++));
}
