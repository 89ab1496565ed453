// SPDX-License-Identifier: GPL-2.0-only
/*
 * Program stacks: REX_LEVELS of them per CPU, made when the CPU first comes up and kept until
 * rex.ko goes. They come from vmap(): below each lies the guard page of the area before it.
 */
#include <linux/cpuhotplug.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "internal.h"

#define REX_STACK_PAGES (REX_STACK_SIZE / PAGE_SIZE)

DEFINE_PER_CPU(struct rex_frame *, rex_top);
DEFINE_PER_CPU(struct rex_frame *[REX_LEVELS], rex_frames);

static enum cpuhp_state rex_cpuhp_prepare, rex_cpuhp_online;

static void *rex_stack_alloc(int node)
{
	struct page *pages[REX_STACK_PAGES];
	void *base = NULL;
	unsigned int n;

	for (n = 0; n < REX_STACK_PAGES; n++) {
		pages[n] = alloc_pages_node(node, GFP_KERNEL | __GFP_ZERO, 0);
		if (!pages[n])
			goto fail;
	}
	/* VM_IOREMAP makes vmap() align the area to its size. */
	base = vmap(pages, REX_STACK_PAGES, VM_MAP | VM_IOREMAP, PAGE_KERNEL);
	if (!base)
		goto fail;
	if (IS_ALIGNED((unsigned long)base, REX_STACK_SIZE))
		return base;
	pr_err("stack area is not aligned\n");
	vunmap(base);
fail:
	while (n--)
		__free_page(pages[n]);
	return NULL;
}

static void rex_stack_free(void *base)
{
	struct page *pages[REX_STACK_PAGES];
	unsigned int n;

	for (n = 0; n < REX_STACK_PAGES; n++)
		pages[n] = vmalloc_to_page(base + n * PAGE_SIZE);
	vunmap(base);
	for (n = 0; n < REX_STACK_PAGES; n++)
		__free_page(pages[n]);
}

static void rex_stacks_free_cpu(unsigned int cpu)
{
	struct rex_frame **frames = per_cpu(rex_frames, cpu);
	int level;

	per_cpu(rex_top, cpu) = NULL;
	for (level = 0; level < REX_LEVELS; level++) {
		if (frames[level])
			rex_stack_free((void *)rex_stack_base(frames[level]));
		frames[level] = NULL;
	}
}

static int rex_cpu_prepare(unsigned int cpu)
{
	struct rex_frame **frames = per_cpu(rex_frames, cpu);
	int level;

	if (frames[0])
		return 0;
	for (level = 0; level < REX_LEVELS; level++) {
		void *base = rex_stack_alloc(cpu_to_node(cpu));

		if (!base) {
			rex_stacks_free_cpu(cpu);
			return -ENOMEM;
		}
		frames[level] = base + REX_STACK_SIZE - REX_FRAME_SIZE;
		if (level)
			frames[level - 1]->next = frames[level];
	}
	return 0;
}

static int rex_cpu_dead(unsigned int cpu)
{
	rex_watchdog_cpu_dead(cpu);
	return 0;
}

static int rex_cpu_online(unsigned int cpu)
{
	rex_watchdog_cpu_up();
	return 0;
}

int rex_stacks_init(void)
{
	int ret;

	ret = cpuhp_setup_state(CPUHP_BP_PREPARE_DYN, "rex:prepare", rex_cpu_prepare,
				rex_cpu_dead);
	if (ret < 0)
		goto free;
	rex_cpuhp_prepare = ret;
	ret = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "rex:online", rex_cpu_online, NULL);
	if (ret < 0)
		goto remove;
	rex_cpuhp_online = ret;
	return 0;

remove:
	cpuhp_remove_state_nocalls(rex_cpuhp_prepare);
free:
	rex_stacks_exit();
	return ret;
}

void rex_stacks_exit(void)
{
	unsigned int cpu;

	if (rex_cpuhp_online > 0) {
		cpuhp_remove_state(rex_cpuhp_online);
		cpuhp_remove_state_nocalls(rex_cpuhp_prepare);
	}
	rex_watchdog_stop();
	for_each_possible_cpu(cpu)
		rex_stacks_free_cpu(cpu);
}
