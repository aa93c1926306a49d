#include "tests/support/libscratch.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/digest.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/sys.h"

/* For what a helper does on the test's behalf. */
#define MUST(call, path)                                                  \
	do {                                                              \
		if ((call) < 0)                                           \
			fail_msg("cannot do %s of '%s': %s", #call, path, \
			         strerror(errno));                        \
	} while (0)

struct scratch *
scratch_new(void)
{
	const char *tmp = getenv("TMPDIR");
	struct scratch *s = mem_new(1, sizeof(*s));

	s->path = mem_printf("%s/spoolhand-unit.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(s->path))
		fail_msg("cannot make '%s'", s->path);
	s->fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(s->fd, s->path);
	return s;
}

void
scratch_free(struct scratch *s)
{
	int r = sys_remove_tree(AT_FDCWD, s->path);

	if (r < 0)
		fail_msg("cannot remove '%s': %s", s->path, strerror(-r));
	(void)close(s->fd);
	free(s->path);
	free(s);
}

int
scratch_setup(void **state)
{
	*state = scratch_new();
	return 0;
}

int
scratch_teardown(void **state)
{
	scratch_free(*state);
	return 0;
}

void
scratch_write_bytes(int dfd, const char *path, const void *bytes, size_t n)
{
	autoclose int fd = openat(
		dfd, path,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);

	MUST(fd, path);
	if (write(fd, bytes, n) != (ssize_t)n)
		fail_msg("cannot write '%s'", path);
}

void
scratch_write(int dfd, const char *path, const char *text)
{
	scratch_write_bytes(dfd, path, text, strlen(text));
}

void
scratch_mkdir(int dfd, const char *path)
{
	MUST(mkdirat(dfd, path, 0755), path);
}

void
scratch_symlink(int dfd, const char *target, const char *path)
{
	MUST(symlinkat(target, dfd, path), path);
}

void
scratch_fifo(int dfd, const char *path)
{
	MUST(mkfifoat(dfd, path, 0644), path);
}

void
scratch_rename(int dfd, const char *from, const char *to)
{
	MUST(renameat(dfd, from, dfd, to), from);
}

void
scratch_unlink(int dfd, const char *path)
{
	MUST(unlinkat(dfd, path, 0), path);
}

bool
scratch_has(int dfd, const char *path)
{
	struct stat st;

	return fstatat(dfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

char *
scratch_read(int dfd, const char *path)
{
	autostr text = STR_INIT;
	autoclose int fd = openat(dfd, path, O_RDONLY | O_CLOEXEC);

	MUST(fd, path);
	assert_int_equal(sys_read_all(fd, 1 << 26, &text), 0);
	return str_take(&text);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char **
sorted(int dfd, const char *path)
{
	char **names = mem_new(1, sizeof(*names));
	autodir DIR *dir = NULL;
	struct dirent *de;

	if (sys_listdir(dfd, path, &dir) < 0)
		fail_msg("cannot list '%s'", path);
	while (sys_next(dir, &de) > 0)
		keys_append(&names, de->d_name);
	qsort(names, keys_count(names), sizeof(*names), by_name);
	return names;
}

char *
scratch_list(int dfd, const char *path)
{
	char **names = sorted(dfd, path);
	autostr out = STR_INIT;

	for (char **n = names; *n; n++)
		str_addf(&out, "%s%s", n == names ? "" : " ", *n);
	keys_free_list(names);
	return str_take(&out);
}

static void snapshot(int dfd, const char *path, struct str *out);

static void
snapshot_one(int dfd, const char *path, struct str *out)
{
	autoclose int fd = -1;
	char hex[DIGEST_TEXT_MAX];
	struct stat st;
	int64_t size;

	MUST(fstatat(dfd, path, &st, AT_SYMLINK_NOFOLLOW), path);
	str_addf(out, "%s %o %ju", path, (unsigned)st.st_mode,
	         (uintmax_t)st.st_ino);
	if (S_ISREG(st.st_mode)) {
		fd = openat(dfd, path, O_RDONLY | O_CLOEXEC);
		MUST(fd, path);
		assert_int_equal(digest_fd(fd, hex, &size), 0);
		str_addf(out, " %jd %s", (intmax_t)size, hex);
	}
	str_addc(out, '\n');
	if (S_ISDIR(st.st_mode))
		snapshot(dfd, path, out);
}

static void
snapshot(int dfd, const char *path, struct str *out)
{
	char **names = sorted(dfd, path);

	for (char **n = names; *n; n++) {
		autofree char *sub = mem_printf("%s/%s", path, *n);

		snapshot_one(dfd, sub, out);
	}
	keys_free_list(names);
}

char *
scratch_snapshot(int dfd, const char *path)
{
	autostr out = STR_INIT;

	snapshot(dfd, path, &out);
	return str_take(&out);
}
