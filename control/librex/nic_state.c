// SPDX-License-Identifier: GPL-2.0-only
/*
 * Settings in a file, and put back from it. Before the first change at an interface, what is set
 * there goes to STATE/NAME, whole or not at all, and stays until it was put back: so a crash between
 * two changes, or a later change, does not lose what was there first.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nic_access.h"

#define STATE "/var/lib/rex/nic"
#define HEAD "rex-nic 1"

/* ---- where --------------------------------------------------------------------------------------- */

/* An interface of another network namespace than init's has that one's number behind its name. */
static void state_path(const struct nic *nic, char *path, size_t size)
{
	uint64_t here = rex_netns_ino("/proc/self"), init = rex_netns_ino("/proc/1");

	if (here == init || !here)
		snprintf(path, size, "%s/%s", STATE, nic->name);
	else
		snprintf(path, size, "%s/%s@%llu", STATE, nic->name, (unsigned long long)here);
}

static int make_dirs(void)
{
	static const char *const dirs[] = { "/var/lib/rex", STATE };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdir(dirs[i], 0700) && errno != EEXIST)
			return rex_fail(-errno, "cannot create \"%s\", in which settings are kept: %s", dirs[i],
					rex_strerror(errno));
	return 0;
}

/* ---- writing ------------------------------------------------------------------------------------- */

static void write_list(FILE *f, const struct rex_nic *about, const struct nic_list *list)
{
	fprintf(f, HEAD "\nname %s\naddress %s\ndriver %s\n", about->name, about->address, about->driver);
	for (size_t i = 0; i < list->n; i++)
		fprintf(f, "set %s %s %s\n", list->list[i].group, list->list[i].key, list->list[i].value);
}

/* It is there with all that is in it, or as it was. */
static int write_file(const char *path, const struct rex_nic *about, const struct nic_list *list)
{
	char temporary[600];
	FILE *f;
	int err = 0, fd;

	snprintf(temporary, sizeof(temporary), "%.500s.%d.new", path, getpid());
	f = fopen(temporary, "wxe");
	if (!f)
		return rex_fail(-errno, "cannot create \"%s\": %s", temporary, rex_strerror(errno));
	write_list(f, about, list);
	if (fflush(f) || ferror(f) || fsync(fileno(f)))
		err = -errno;
	if (fclose(f) && !err)
		err = -errno;
	if (!err && rename(temporary, path))
		err = -errno;
	if (err) {
		unlink(temporary);
		return rex_fail(err, "cannot write \"%s\": %s", path, rex_strerror(err));
	}
	/* The new name, too. */
	*strrchr(temporary, '/') = '\0';
	fd = strchr(path, '/') ? open(temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	return 0;
}

static int write_state(struct nic *nic, const struct nic_list *list, const char *path)
{
	struct rex_nic *about;
	int err = rex_nic_get(nic->name, &about);

	if (err)
		return err;
	err = write_file(path, about, list);
	rex_nic_free(about);
	return err;
}

int nic_keep(struct nic *nic, const struct nic_list *now)
{
	char path[256];
	int err;

	state_path(nic, path, sizeof(path));
	if (!access(path, F_OK))
		return 0;
	err = make_dirs();
	if (!err)
		err = write_state(nic, now, path);
	return err ? err : 1;
}

void nic_forget(struct nic *nic)
{
	char path[256];

	state_path(nic, path, sizeof(path));
	unlink(path);
}

int rex_nic_save(const char *ifname, const char *path)
{
	char state[256];
	struct nic_list now;
	struct nic nic;
	int err = nic_open(&nic, ifname);

	if (err)
		return err;
	state_path(&nic, state, sizeof(state));
	err = nic_read_all(&nic, &now);
	if (!err && !path)
		err = make_dirs();
	if (!err)
		err = write_state(&nic, &now, path ? path : state);
	nic_list_free(&now);
	nic_close(&nic);
	return err;
}

/* ---- reading ------------------------------------------------------------------------------------- */

static int bad_line(const char *path, unsigned int number)
{
	return rex_fail(-EINVAL, "\"%s\", line %u: this is not what \"rexctl nic save\" writes", path, number);
}

static int parse_set(char *line, struct nic_list *list)
{
	char *save = NULL, *group = strtok_r(line, " ", &save), *key = strtok_r(NULL, " ", &save);
	char *copy, *value = strtok_r(NULL, "", &save);
	int err;

	if (!group || !key || !value)
		return -EINVAL;
	copy = strdup(group);
	err = copy ? nic_add(list, copy, key, "%s", value) : -ENOMEM;
	if (err)
		free(copy);
	return err;
}

struct saved {
	char name[IF_NAMESIZE], address[64], driver[64];
	struct nic_list list;		/* the groups are malloc'ed, too */
};

static void free_saved(struct saved *saved)
{
	for (size_t i = 0; i < saved->list.n; i++)
		free((char *)saved->list.list[i].group);
	nic_list_free(&saved->list);
}

static int parse_line(char *line, unsigned int number, struct saved *s)
{
	if (number == 1)
		return strcmp(line, HEAD) ? -EINVAL : 0;
	if (number == 2)
		return sscanf(line, "name %15s", s->name) == 1 ? 0 : -EINVAL;
	if (number == 3)
		return strncmp(line, "address ", 8) ? -EINVAL : (sscanf(line, "address %63s", s->address), 0);
	if (number == 4)
		return strncmp(line, "driver ", 7) ? -EINVAL : (sscanf(line, "driver %63s", s->driver), 0);
	return strncmp(line, "set ", 4) ? -EINVAL : parse_set(line + 4, &s->list);
}

static int read_file(const char *path, struct saved *saved)
{
	FILE *f = fopen(path, "re");
	unsigned int number = 0;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int err = 0;

	memset(saved, 0, sizeof(*saved));
	if (!f)
		return rex_fail(-errno, "cannot read \"%s\": %s%s", path, rex_strerror(errno), errno == ENOENT ?
				"; \"rexctl nic set\" and \"rexctl nic save\" write it" : "");
	while (!err && (len = getline(&line, &size, f)) > 0) {
		number++;
		if (line[len - 1] != '\n' || memchr(line, '\0', len)) {
			err = -EINVAL;
		} else {
			line[len - 1] = '\0';
			err = parse_line(line, number, saved);
		}
	}
	if (!err && number < 4)
		err = -EINVAL;
	if (err)
		bad_line(path, number);
	free(line);
	fclose(f);
	return err;
}

/* ---- putting back -------------------------------------------------------------------------------- */

static bool differs(const struct nic_list *now, const struct rex_nic_setting *wanted)
{
	const char *is = nic_value(now, wanted->group, wanted->key);

	return !is || strcmp(is, wanted->value);
}

/*
 * The last first, as what came last may need what was there before it. And until it is all there or
 * a round changes nothing: the number of queues and the table of RSS, say, each allow only some
 * values of the other.
 */
size_t nic_put_back(struct nic *nic, const struct nic_list *wanted, size_t *changed)
{
	size_t left = SIZE_MAX, before, at_first = SIZE_MAX;
	char text[1024] = "";
	struct nic_list now;

	do {
		before = left;
		left = 0;
		if (nic_read_all(nic, &now))
			return wanted->n;
		for (size_t i = wanted->n; i-- > 0;) {
			const struct rex_nic_setting *w = &wanted->list[i];

			if (!differs(&now, w))
				continue;
			left++;
			if (nic_write(nic, w->group, w->key, w->value))
				snprintf(text, sizeof(text), "%s", rex_errmsg());
		}
		nic_list_free(&now);
		if (at_first == SIZE_MAX)
			at_first = left;
	} while (left && left < before);
	if (left && *text)
		rex_fail(-EBUSY, "%s", text);
	if (changed)
		*changed = at_first - left;
	return left;
}

int rex_nic_kept(const char *ifname, struct rex_nic_setting **list, size_t *n)
{
	struct nic_list now = {}, changed = {};
	struct saved saved = {};
	char path[256];
	struct nic nic;
	int err = nic_open(&nic, ifname);

	*list = NULL;
	*n = 0;
	if (err)
		return err;
	state_path(&nic, path, sizeof(path));
	if (access(path, F_OK)) {
		nic_close(&nic);
		return 0;
	}
	err = read_file(path, &saved);
	if (!err)
		err = nic_read_all(&nic, &now);
	for (size_t i = 0; !err && i < saved.list.n; i++) {
		const struct rex_nic_setting *s = &saved.list.list[i];

		if (nic_value(&now, s->group, s->key) && differs(&now, s))
			err = nic_add(&changed, nic_find_group(s->group)->name, s->key, "%s",
				      nic_value(&now, s->group, s->key));
	}
	free_saved(&saved);
	nic_list_free(&now);
	nic_close(&nic);
	if (err) {
		nic_list_free(&changed);
		return err;
	}
	*list = changed.list;
	*n = changed.n;
	return 1;
}

static int check_is_it(const struct nic *nic, const struct saved *saved, const char *path)
{
	struct rex_nic *about;
	int err = rex_nic_get(nic->name, &about);

	if (err)
		return err;
	if (strcmp(about->driver, saved->driver) || (strcmp(about->address, saved->address) &&
						     strcmp(about->name, saved->name)))
		err = rex_fail(-EINVAL, "\"%s\" is of another interface: \"%s\" with driver \"%s\" and address %s",
			       path, saved->name, saved->driver, saved->address);
	rex_nic_free(about);
	return err;
}

static int restore(struct nic *nic, const char *path, size_t *changed)
{
	struct saved saved;
	size_t left;
	int err = read_file(path, &saved);

	if (!err)
		err = check_is_it(nic, &saved, path);
	if (err) {
		free_saved(&saved);
		return err;
	}
	rex_fail(0, "%s", "the driver rounds it, or lacks it now");
	left = nic_put_back(nic, &saved.list, changed);
	free_saved(&saved);
	if (left)
		return rex_fail_in(-EBUSY, "%zu settings of \"%s\" could not be put back", left, nic->name);
	return 0;
}

int rex_nic_restore(const char *ifname, const char *path, size_t *changed)
{
	char state[256];
	struct nic nic;
	int err = nic_open(&nic, ifname);

	if (err)
		return err;
	state_path(&nic, state, sizeof(state));
	err = restore(&nic, path ? path : state, changed);
	if (!err && !path && unlink(state))
		err = rex_fail(-errno, "cannot remove \"%s\": %s", state, rex_strerror(errno));
	nic_close(&nic);
	return err;
}
