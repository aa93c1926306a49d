#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"

#define COPY_CHUNK (1 << 20)

#ifdef SPOOLHAND_FAULTS
int (*sys_fault)(enum sys_op op, const char *name);

/* What is open here is called so, for the hook; "" if that cannot be told. */
static const char *
fd_name(int fd)
{
	static char path[4096];
	char link[64];
	const char *slash;
	ssize_t n;

	if (!sys_fault)
		return "";
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

#define FAULT_POINT(op, name)                                     \
	do {                                                      \
		int fault_ = sys_fault ? sys_fault(op, name) : 0; \
		if (fault_)                                       \
			return fault_ < 0 ? fault_ : 0;           \
	} while (0)
#else
#define fd_name(fd) ""
#define FAULT_POINT(op, name) \
	do {                  \
		(void)(name); \
	} while (0)
#endif

/* The value of a system call, made again while a signal interrupts it. */
#define RETRY(call)                               \
	__extension__({                           \
		long long r_;                     \
		do                                \
			r_ = (long long)(call);   \
		while (r_ < 0 && errno == EINTR); \
		r_ < 0 ? -errno : r_;             \
	})

static const char *const op_names[] = {
	[SYS_CREATE] = "create",     [SYS_WRITE] = "write",
	[SYS_FSYNC] = "fsync",       [SYS_RENAME] = "rename",
	[SYS_REPLACE] = "replace",   [SYS_LINK] = "link",
	[SYS_UNLINK] = "unlink",     [SYS_MKDIR] = "mkdir",
	[SYS_RMDIR] = "rmdir",       [SYS_TRUNCATE] = "truncate",
	[SYS_COPY] = "copy",         [SYS_CHMOD] = "chmod",
	[SYS_CHOWN] = "chown",       [SYS_UTIME] = "utime",
	[SYS_ALLOCATE] = "allocate",
};
_Static_assert(countof(op_names) == SYS_NOPS, "name every operation");

const char *
sys_op_name(enum sys_op op)
{
	return op_names[op];
}

int
sys_open(int dfd, const char *name, int flags)
{
	return (int)RETRY(openat(dfd, name, flags | O_CLOEXEC | O_NOFOLLOW));
}

int
sys_opendir(int dfd, const char *name)
{
	return sys_open(dfd, name, O_RDONLY | O_DIRECTORY);
}

int
sys_open_beneath(int dfd, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC | O_NOFOLLOW |
		                              O_NONBLOCK | O_NOCTTY),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
		           RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
	};

	/* O_PATH allows few other flags, and needs none of them. */
	if (flags & O_PATH)
		how.flags &= ~(uint64_t)(O_NONBLOCK | O_NOCTTY);
	return (int)RETRY(syscall(SYS_openat2, dfd, path, &how, sizeof(how)));
}

int
sys_reopen(int pathfd, int flags)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", pathfd);
	return (int)RETRY(
		open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

int
sys_create(int dfd, const char *name, mode_t mode)
{
	FAULT_POINT(SYS_CREATE, name);
	return (int)RETRY(openat(
		dfd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		mode));
}

int
sys_append(int dfd, const char *name, mode_t mode)
{
	FAULT_POINT(SYS_CREATE, name);
	return (int)RETRY(openat(
		dfd, name,
		O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode));
}

int
sys_write_all(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len) {
		int r = sys_write_line(fd, p, len);

		if (r < 0)
			return r;
		p += r;
		len -= (size_t)r;
	}
	return 0;
}

int
sys_write_line(int fd, const void *buf, size_t len)
{
	FAULT_POINT(SYS_WRITE, fd_name(fd));
	return (int)RETRY(write(fd, buf, len > COPY_CHUNK ? COPY_CHUNK : len));
}

int
sys_read_all(int fd, size_t max, struct str *out)
{
	size_t got = 0;

	for (;;) {
		size_t want = max - got < 65536 ? max - got + 1 : 65536;
		char *at = str_reserve(out, want);
		ssize_t n = (ssize_t)RETRY(read(fd, at, want));

		if (n < 0)
			return (int)n;
		if (n == 0)
			return 0;
		got += (size_t)n;
		out->len += (size_t)n;
		out->data[out->len] = '\0';
		if (got > max)
			return -EFBIG;
	}
}

int
sys_read_file(int dfd, const char *name, size_t max, struct str *out)
{
	autoclose int fd = sys_open_beneath(dfd, name, O_RDONLY);

	if (fd < 0)
		return fd;
	return sys_read_all(fd, max, out);
}

int
sys_fsync(int fd)
{
	FAULT_POINT(SYS_FSYNC, fd_name(fd));
	return (int)RETRY(fsync(fd));
}

/*
 * Without RENAME_NOREPLACE (network and old file systems) a file can still be
 * moved without replacing, by its second name.  A directory can not.
 */
static int
rename_by_link(int fromfd, const char *from, int tofd, const char *to)
{
	int r = (int)RETRY(linkat(fromfd, from, tofd, to, 0));

	if (r < 0)
		return r;
	return (int)RETRY(unlinkat(fromfd, from, 0));
}

int
sys_rename(int fromfd, const char *from, int tofd, const char *to)
{
	int r;

	FAULT_POINT(SYS_RENAME, to);
	r = (int)RETRY(renameat2(fromfd, from, tofd, to, RENAME_NOREPLACE));
	if (r == -EINVAL || r == -ENOSYS)
		return rename_by_link(fromfd, from, tofd, to);
	return r;
}

int
sys_replace(int dfd, const char *from, const char *to)
{
	FAULT_POINT(SYS_REPLACE, to);
	return (int)RETRY(renameat(dfd, from, dfd, to));
}

int
sys_link(int fromfd, const char *from, int tofd, const char *to)
{
	FAULT_POINT(SYS_LINK, to);
	return (int)RETRY(linkat(fromfd, from, tofd, to, 0));
}

int
sys_unlink(int dfd, const char *name)
{
	FAULT_POINT(SYS_UNLINK, name);
	return (int)RETRY(unlinkat(dfd, name, 0));
}

int
sys_mkdir(int dfd, const char *name, mode_t mode)
{
	FAULT_POINT(SYS_MKDIR, name);
	return (int)RETRY(mkdirat(dfd, name, mode));
}

int
sys_rmdir(int dfd, const char *name)
{
	FAULT_POINT(SYS_RMDIR, name);
	return (int)RETRY(unlinkat(dfd, name, AT_REMOVEDIR));
}

int
sys_truncate(int fd, off_t len)
{
	FAULT_POINT(SYS_TRUNCATE, fd_name(fd));
	return (int)RETRY(ftruncate(fd, len));
}

int
sys_chmod(int fd, mode_t mode)
{
	FAULT_POINT(SYS_CHMOD, fd_name(fd));
	return (int)RETRY(fchmod(fd, mode));
}

int
sys_chown(int fd, uid_t uid, gid_t gid)
{
	FAULT_POINT(SYS_CHOWN, fd_name(fd));
	return (int)RETRY(fchown(fd, uid, gid));
}

int
sys_allocate(int fd, off_t len)
{
	FAULT_POINT(SYS_ALLOCATE, fd_name(fd));
	return (int)RETRY(fallocate(fd, 0, 0, len));
}

int
sys_set_mtime(int fd, int64_t wall_ns)
{
	struct timespec ts[2] = {
		{ .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)(wall_ns / 1000000000LL),
		  .tv_nsec = (long)(wall_ns % 1000000000LL) },
	};

	FAULT_POINT(SYS_UTIME, fd_name(fd));
	return (int)RETRY(futimens(fd, ts));
}

int
sys_stat(int dfd, const char *name, struct stat *st)
{
	return (int)RETRY(fstatat(dfd, name, st, AT_SYMLINK_NOFOLLOW));
}

/* The size of an empty directory is for its file system to choose. */
static int
is_empty_dir(int fd)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	int r = sys_listdir(fd, ".", &dir);

	if (r == 0)
		r = sys_next(dir, &de);
	return r < 0 ? r : r == 0;
}

int
sys_untouched(int fd)
{
	struct statx sx;
	unsigned want = STATX_BTIME | STATX_MTIME | STATX_SIZE | STATX_TYPE;

	if (statx(fd, "", AT_EMPTY_PATH, want, &sx) < 0)
		return -errno;
	if ((sx.stx_mask & want) != want ||
	    sx.stx_btime.tv_sec != sx.stx_mtime.tv_sec ||
	    sx.stx_btime.tv_nsec != sx.stx_mtime.tv_nsec)
		return 0;
	return S_ISDIR(sx.stx_mode) ? is_empty_dir(fd) : sx.stx_size == 0;
}

int
sys_exists(int dfd, const char *name)
{
	int r = (int)RETRY(faccessat(dfd, name, F_OK, AT_SYMLINK_NOFOLLOW));

	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : 1;
}

/* For file systems that cannot copy inside the kernel. */
static int64_t
copy_by_hand(int in, int64_t from, int out, int64_t max)
{
	autofree char *buf = mem_new(1, COPY_CHUNK);
	int64_t total = 0;

	for (;;) {
		ssize_t n = (ssize_t)RETRY(
			pread(in, buf, COPY_CHUNK, from + total));
		int r;

		if (n <= 0)
			return n < 0 ? n : total;
		if (n > max - total)
			return -EFBIG;
		r = sys_write_all(out, buf, (size_t)n);
		if (r < 0)
			return r;
		total += n;
	}
}

int64_t
sys_copy(int in, int64_t from, int out, int64_t max)
{
	int64_t total = 0;
	off_t at = from;
	int64_t n, rest;

	FAULT_POINT(SYS_COPY, fd_name(out));
	do {
		n = RETRY(copy_file_range(in, &at, out, NULL, COPY_CHUNK * 64UL,
		                          0));
		if (n > 0)
			total += n;
		if (total > max)
			return -EFBIG;
	} while (n > 0);
	if (n < 0 && total > 0)
		return n;
	/*
	 * Not here at all, or zero, which can also mean "not here" (files of
	 * /proc, some FUSE): let read(2) have the last word.
	 */
	rest = copy_by_hand(in, from + total, out, max - total);
	return rest < 0 ? rest : total + rest;
}

int
sys_listdir(int dfd, const char *name, DIR **out)
{
	int fd = sys_opendir(dfd, name);

	if (fd < 0)
		return fd;
	*out = fdopendir(fd);
	if (!*out) {
		int r = -errno;

		(void)close(fd);
		return r;
	}
	return 0;
}

int
sys_next(DIR *dir, struct dirent **out)
{
	for (;;) {
		struct dirent *de;
		int e;

		errno = 0;
		de = readdir(dir);
		e = errno;
		if (!de)
			return e > 0 ? -e : 0;
		if (strcmp(de->d_name, ".") != 0 &&
		    strcmp(de->d_name, "..") != 0) {
			*out = de;
			return 1;
		}
	}
}
