#include "spool/drop.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sys.h"

void
drop_begin(struct drop_batch *b, struct desk *d)
{
	*b = (struct drop_batch){ .desk = d };
}

static int
fill(int fd, const struct task *t, int body_fd, int64_t max)
{
	autostr header = STR_INIT;
	off_t from = lseek(body_fd, 0, SEEK_CUR);
	int64_t copied;
	int r;

	if (from < 0)
		return -errno;
	task_print_header(t, &header);
	if ((int64_t)header.len > max)
		return -EFBIG;
	r = sys_write_all(fd, header.data, header.len);
	if (r < 0)
		return r;
	copied = sys_copy(body_fd, from, fd, max - (int64_t)header.len);
	return copied < 0 ? (int)copied : 0;
}

int
drop_add(struct drop_batch *b, const struct task *t, int body_fd, int64_t max,
         struct err *err)
{
	int inbox = b->desk->at[PLACE_INBOX];
	autofree char *name = mem_printf("%019" PRId64 ".%d.%u.%s.md",
	                                 clock_wall_ns(), (int)getpid(),
	                                 b->count, t->id);
	autofree char *private = mem_printf(".%s", name);
	autoclose int fd = sys_create(inbox, private, 0644);
	int r = fd < 0 ? fd : fill(fd, t, body_fd, max);

	if (r == 0 && b->desk->spool->durable)
		r = sys_fsync(fd);
	if (r == 0) {
		/* Closed before it has its name: nobody finds it written to. */
		(void)close(take_fd(fd));
		r = sys_rename(inbox, private, inbox, name);
	}
	if (r < 0) {
		(void)sys_unlink(inbox, private);
		return err_sys(err, r,
		               "cannot drop the task into '%s/agents/%s/inbox'",
		               b->desk->spool->root, b->desk->name);
	}
	b->count++;
	return 0;
}

int
drop_commit(struct drop_batch *b, struct err *err)
{
	int r = 0;

	if (b->count && b->desk->spool->durable)
		r = sys_fsync(b->desk->at[PLACE_INBOX]);
	if (r < 0)
		return err_sys(err, r, "cannot sync '%s/agents/%s/inbox'",
		               b->desk->spool->root, b->desk->name);
	return 0;
}

char *
drop_new_id(const char *stem, int64_t wall_ns, unsigned n)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	autofree char *safe = name_safe(stem);
	uint64_t rest = (uint64_t)wall_ns / 1000;
	char stamp[16];
	size_t at = sizeof(stamp) - 1;

	/* Microseconds in base 36, then the process and the count. */
	stamp[at] = '\0';
	do {
		stamp[--at] = digits[rest % 36];
		rest /= 36;
	} while (rest && at);
	return mem_printf("%.80s-%s-%x-%u", safe, stamp + at,
	                  (unsigned)getpid(), n);
}
