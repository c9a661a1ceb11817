/* SPDX-License-Identifier: ISC */
#include "sim/cli/output.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_standard_output(struct output *o)
{
	int fd = dup(STDOUT_FILENO);
	if (fd < 0)
		return -errno;
	o->file = fdopen(fd, "w");
	if (!o->file)
		close(fd);
	return o->file ? 0 : -ENOMEM;
}

int output_open(struct output *o, const char *path)
{
	struct stat st;
	*o = (struct output){ 0 };
	if (strcmp(path, "-") == 0)
		return open_standard_output(o);
	if (!*path)
		return -ENOENT;
	bool exists = stat(path, &st) == 0;
	if (exists && S_ISDIR(st.st_mode))
		return -EISDIR;
	o->path = strdup(path);
	if (!o->path)
		return -ENOMEM;
	int err = 0;
	if ((!exists || S_ISREG(st.st_mode)) && asprintf(&o->part, "%s.part", path) < 0) {
		o->part = NULL;
		err = -ENOMEM;
	} else {
		o->file = fopen(o->part ? o->part : path, "we");
		err = o->file ? 0 : -errno;
	}
	if (err) {
		free(o->part);
		free(o->path);
		*o = (struct output){ 0 };
	}
	return err;
}

int output_finish(struct output *o)
{
	errno = 0;
	bool failed = ferror(o->file) != 0;
	failed |= fclose(o->file) != 0;
	o->file = NULL;
	if (!failed && o->part)
		failed = rename(o->part, o->path) != 0;
	int err = !failed ? 0 : errno ? -errno : -EIO;
	if (!err) {
		free(o->part);
		o->part = NULL; /* it is no more */
	}
	output_discard(o);
	return err;
}

void output_discard(struct output *o)
{
	if (o->file)
		fclose(o->file);
	if (o->part)
		unlink(o->part);
	free(o->part);
	free(o->path);
	*o = (struct output){ 0 };
}
