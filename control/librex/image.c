// SPDX-License-Identifier: GPL-2.0-only
/* The bytes of a kernel module's file. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

#define MAX_MODULE (64u << 20)		/* far beyond any program; keeps memory use bounded */

void rex_image_free(struct image *image)
{
	free(image->data);
	image->data = NULL;
}

/* A copy, and not a mapping: the kernel gets the very bytes that were looked at. */
int rex_image_read(const char *path, struct image *image)
{
	struct stat st;
	size_t done = 0;
	int fd, err;

	memset(image, 0, sizeof(*image));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return rex_fail(-errno, "cannot open \"%s\": %s", path, strerror(errno));
	if (fstat(fd, &st)) {
		err = rex_fail(-errno, "cannot read \"%s\": %s", path, strerror(errno));
		goto fail;
	}
	if (!S_ISREG(st.st_mode)) {
		err = rex_fail(-EINVAL, "\"%s\" is not a regular file; a Rex program is NAME.ko as "
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
		ssize_t n = pread(fd, (char *)image->data + done, st.st_size - done, done);

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
	close(fd);
	return 0;
fail:
	close(fd);
	rex_image_free(image);
	return err;
}

bool rex_image_signed(const struct image *image)
{
	static const char magic[] = "~Module signature appended~\n";
	size_t len = strlen(magic);

	return image->size > len &&
	       !memcmp((const char *)image->data + image->size - len, magic, len);
}
