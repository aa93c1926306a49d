#include "spool/settle.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

/*
 * The kernel signals the holder when a lease is broken; SIGURG, because its
 * default is to be ignored, where that of SIGIO is to die.
 */
enum settle_lease
settle_lease(int fd)
{
	if (fcntl(fd, F_SETSIG, SIGURG) < 0)
		return SETTLE_UNKNOWN;
	if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0)
		return SETTLE_FREE;
	return errno == EAGAIN || errno == EBUSY ? SETTLE_WRITER :
	                                           SETTLE_UNKNOWN;
}

static uint64_t
mix(uint64_t h, uint64_t v)
{
	return (h ^ v) * 0x100000001b3U + 0x9e3779b97f4a7c15U;
}

uint64_t
settle_print(uint64_t print, const struct stat *st)
{
	print = mix(print, (uint64_t)st->st_ino);
	print = mix(print, (uint64_t)st->st_size);
	print = mix(print, (uint64_t)st->st_mtim.tv_sec);
	return mix(print, (uint64_t)st->st_mtim.tv_nsec);
}

int
settle_quiet(struct settle *s, uint64_t print, int64_t now_ns,
             int64_t settle_ns)
{
	if (s->fingerprint != print || !s->quiet_since_ns) {
		s->fingerprint = print;
		s->quiet_since_ns = now_ns;
	}
	s->recheck_ns = s->quiet_since_ns + settle_ns;
	return now_ns >= s->recheck_ns;
}

void
settle_later(struct settle *s, int64_t now_ns)
{
	s->quiet_since_ns = 0;
	/* CLOSE_WRITE will tell; this is for where it does not. */
	s->recheck_ns =
		now_ns + (SETTLE_AGAIN_NS << (s->waits < 5 ? s->waits : 5));
	s->waits++;
}

int
settle_file(int fd, struct settle *s, const struct stat *st, int64_t now_ns,
            int64_t settle_ns)
{
	switch (settle_lease(fd)) {
	case SETTLE_WRITER:
		settle_later(s, now_ns);
		return 0;
	case SETTLE_FREE:
		if (st->st_size > 0)
			return 1;
		break;
	case SETTLE_UNKNOWN:
		break;
	}
	return settle_quiet(s, settle_print(1, st), now_ns, settle_ns);
}
