// SPDX-License-Identifier: GPL-2.0-only
/* Kernel modules: reading the file, inserting it, removing it; finding rex.ko. */
#include <fcntl.h>
#include <libgen.h>
#include <libkmod.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "internal.h"

#define RUNTIME "rex"
#define MAX_MODULE (64u << 20)		/* far beyond any program; keeps memory use bounded */

void rex_image_free(struct image *image)
{
	free(image->data);
	image->data = NULL;
	if (image->fd >= 0)
		close(image->fd);
	image->fd = -1;
}

/*
 * A copy, and not a mapping: the file may change while it is looked at. (The kernel
 * reads it again, by the same fd; who can write the file is trusted anyway.)
 */
int rex_image_read(const char *path, struct image *image)
{
	struct stat st;
	size_t done = 0;
	int err;

	memset(image, 0, sizeof(*image));
	image->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (image->fd < 0)
		return rex_fail(-errno, "cannot open \"%s\": %s", path, strerror(errno));
	if (fstat(image->fd, &st)) {
		err = rex_fail(-errno, "cannot read \"%s\": %s", path, strerror(errno));
		goto fail;
	}
	if (!S_ISREG(st.st_mode)) {
		err = rex_fail(-EINVAL, "\"%s\" is no regular file; a Rex program is NAME.ko as "
			       "rexc makes it", path);
		goto fail;
	}
	if (st.st_size > MAX_MODULE) {
		err = rex_fail(-EFBIG, "\"%s\" has %lld bytes; programs are below %u", path,
			       (long long)st.st_size, MAX_MODULE);
		goto fail;
	}
	image->data = malloc(st.st_size ? st.st_size : 1);
	if (!image->data) {
		err = rex_fail(-ENOMEM, "out of memory for \"%s\"", path);
		goto fail;
	}
	while (done < (size_t)st.st_size) {
		ssize_t n = pread(image->fd, (char *)image->data + done, st.st_size - done, done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err = rex_fail(n ? -errno : -EIO, "cannot read \"%s\": %s", path,
				       n ? strerror(errno) : "it shrank meanwhile");
			goto fail;
		}
		done += n;
	}
	image->size = done;
	return 0;
fail:
	rex_image_free(image);
	return err;
}

bool rex_module_present(const char *name)
{
	char path[PATH_MAX];

	/* Modules that are built in have a directory, too, but no initstate. */
	snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	return !access(path, F_OK);
}

/* ---- the kernel's own words --------------------------------------------------------- */

static int kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* Messages since kmsg_open() that begin with "NAME: " or "rex: ", joined; closes @fd. */
static void kmsg_read(int fd, const char *name, char *text, size_t size)
{
	char record[2048], *message, *end;
	size_t len = strlen(name), used = 0;
	ssize_t n;

	*text = '\0';
	if (fd < 0)
		return;
	while ((n = read(fd, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;	/* overwritten meanwhile: go on with what is there */
		record[n] = '\0';
		message = strchr(record, ';');
		if (!message++)
			continue;
		end = strchr(message, '\n');
		if (end)
			*end = '\0';
		if ((strncmp(message, name, len) || message[len] != ':') &&
		    strncmp(message, RUNTIME ": ", strlen(RUNTIME ": ")))
			continue;
		if (used < size)
			used += snprintf(text + used, size - used, "%s%s", used ? "; " : "",
					 message);
	}
	close(fd);
}

static bool file_says(const char *path, const char *word)
{
	char buf[256] = "";
	FILE *f = fopen(path, "re");
	bool found = false;

	if (!f)
		return false;
	if (fgets(buf, sizeof(buf), f))
		found = strstr(buf, word);
	fclose(f);
	return found;
}

int rex_module_check_kernel(int err, const char *path, const char *vermagic)
{
	struct utsname uts;
	size_t len;

	uname(&uts);
	len = strlen(uts.release);
	if (!vermagic || !*vermagic ||
	    (!strncmp(vermagic, uts.release, len) && vermagic[len] == ' '))
		return 0;
	return rex_fail(err, "\"%s\" was built for kernel \"%.*s\", this is \"%s\": build it again "
			"for this kernel (KDIR=/lib/modules/%s/build; Debian package linux-headers-%s)",
			path, (int)strcspn(vermagic, " "), vermagic, uts.release, uts.release,
			uts.release);
}

/* Why the kernel would not take a module, and what to do about it. */
static int explain(int err, const char *path, const char *name, const char *vermagic,
		   const char *kernel_said)
{
	const char *way_out = "\"dmesg\" may say more";

	if (rex_module_check_kernel(err, path, vermagic))
		return err;
	switch (err) {
	case -EPERM:
	case -EACCES:
		if (geteuid())
			way_out = "run it as root (CAP_SYS_MODULE)";
		else if (file_says("/sys/kernel/security/lockdown", "[integrity]") ||
			 file_says("/sys/kernel/security/lockdown", "[confidentiality]"))
			way_out = "the kernel is locked down (Secure Boot): sign the module with a "
				  "key that the machine trusts (rexc --sign; mokutil --import)";
		else if (file_says("/proc/sys/kernel/modules_disabled", "1"))
			way_out = "loading modules is switched off until the next boot "
				  "(kernel.modules_disabled=1)";
		else
			way_out = "CAP_SYS_MODULE is missing; a container cannot load modules, run "
				  "it on the host";
		break;
	case -EKEYREJECTED:
	case -ENOKEY:
		way_out = "the kernel takes only modules signed with a key that it trusts: rexc "
			  "--sign, then mokutil --import the certificate";
		break;
	case -ENOEXEC:
		way_out = "it was built for another kernel or is damaged: build it again for this "
			  "one";
		break;
	case -ENOENT:
		way_out = "it needs symbols that this kernel's modules do not have: is the loaded "
			  "rex.ko from the same build?";
		break;
	case -EEXIST:
		way_out = "a module of that name is there already";
		break;
	case -ENOSYS:
		way_out = "this kernel has no module support";
		break;
	}
	return rex_fail(err, "the kernel does not take \"%s\" (module %s): %s%s%s%s; %s", path, name,
			strerror(-err), *kernel_said ? " (" : "", kernel_said,
			*kernel_said ? ")" : "", way_out);
}

int rex_module_insert(const struct image *image, const char *path, const char *name,
		      const char *vermagic)
{
	char said[1024];
	int kmsg = kmsg_open(), err = 0;

	if (syscall(SYS_finit_module, image->fd, "", 0))
		err = -errno;
	if (!err) {
		if (kmsg >= 0)
			close(kmsg);
		return 0;
	}
	kmsg_read(kmsg, name, said, sizeof(said));
	return explain(err, path, name, vermagic, said);
}

/* Error text only on request: the clean-up of a failed load must not change it. */
static int module_remove(const char *name, bool quiet)
{
	int err;

	if (!syscall(SYS_delete_module, name, O_NONBLOCK))
		return 0;
	err = -errno;
	if (quiet)
		return err;
	switch (err) {
	case -ENOENT:
		return rex_fail(err, "no module \"%s\" is loaded", name);
	case -EWOULDBLOCK:
	case -EBUSY:
		return rex_fail(-EBUSY, "module \"%s\" is in use (\"lsmod\" tells by whom)", name);
	default:
		return rex_fail(err, "cannot unload module \"%s\": %s", name, rex_strerror(err));
	}
}

int rex_module_remove(const char *name)
{
	return module_remove(name, false);
}

void rex_module_undo(const char *name)
{
	module_remove(name, true);
}

/* ---- rex.ko ---------------------------------------------------------------------------- */

/* ../kmod/rex.ko next to the executable, as in a build tree. */
static bool build_tree(char *path, size_t size)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n < 0)
		return false;
	exe[n] = '\0';
	return snprintf(path, size, "%s/../kmod/rex.ko", dirname(exe)) < (int)size &&
	       !access(path, R_OK);
}

static int load_runtime_file(const char *path)
{
	char vermagic[128] = "";
	struct image image;
	int err = rex_image_read(path, &image);

	if (err)
		return rex_fail_in(err, "rex.ko");
	rex_image_modinfo(image.data, image.size, "vermagic", vermagic, sizeof(vermagic));
	err = rex_module_insert(&image, path, RUNTIME, vermagic);
	rex_image_free(&image);
	/* Somebody else was faster. */
	return err == -EEXIST && rex_module_present(RUNTIME) ? 0 : err;
}

static void no_log(void *data, int priority, const char *file, int line, const char *fn,
		   const char *format, va_list args)
{
	(void)data;
	(void)priority;
	(void)file;
	(void)line;
	(void)fn;
	(void)format;
	(void)args;
}

static int load_runtime_modprobe(void)
{
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);
	struct kmod_module *mod = NULL;
	struct kmod_list *list = NULL;
	struct utsname uts;
	int err = 0;

	uname(&uts);
	if (!ctx)
		return rex_fail(-ENOMEM, "libkmod does not start");
	kmod_set_log_fn(ctx, no_log, NULL);	/* it would print what we say better */
	if (kmod_module_new_from_lookup(ctx, RUNTIME, &list) || !list) {
		err = rex_fail(-ENOENT, "rex.ko is not loaded and not installed for kernel %s: "
			       "install it (make install), or point REX_KO to it", uts.release);
	} else {
		mod = kmod_module_get_module(list);
		err = kmod_module_probe_insert_module(mod, 0, NULL, NULL, NULL, NULL);
		if (err)
			err = explain(err < 0 ? err : -EPERM, kmod_module_get_path(mod) ? : RUNTIME,
				      RUNTIME, NULL, "");
		kmod_module_unref(mod);
	}
	kmod_module_unref_list(list);
	kmod_unref(ctx);
	return err;
}

int rex_runtime_load(const char *path)
{
	char tree[PATH_MAX];
	int err;

	if (rex_module_present(RUNTIME))
		return 0;
	if (!path)
		path = getenv("REX_KO");
	if (!path && build_tree(tree, sizeof(tree)))
		path = tree;
	err = path ? load_runtime_file(path) : load_runtime_modprobe();
	return err ? err : 1;
}

int rex_runtime_unload(void)
{
	return rex_module_remove(RUNTIME);
}
