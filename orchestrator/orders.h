/*
 * orders.h - ask the orchestrator for something, by file: gm/requests/NAME.
 *
 *   down           let running tasks end, then end
 *   down-now       end at once
 *   resume.AGENT   let an agent out of quarantine
 *
 * Honoured whether dropped by `spoolhand down` or by `touch`.  A file goes
 * when it has been honoured.  What cannot be honoured is moved to
 * gm/rejected/ with a file NAME.why of one line.  A down that is older than
 * the orchestrator was meant for another, and is removed.
 *
 * The caller: orders_open(), orders_watch() if it has a watch, orders_scan()
 * at first, on every event and every rescan; orders_close().
 */
#ifndef ORCHESTRATOR_ORDERS_H
#define ORCHESTRATOR_ORDERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/name.h"
#include "base/strset.h"
#include "base/watch.h"

enum order_kind {
	ORDER_NONE,
	ORDER_DOWN,
	ORDER_DOWN_NOW,
	ORDER_RESUME,
	ORDER_N,
};

struct order {
	enum order_kind kind;
	char agent[NAME_LONGEST + 1]; /* ORDER_RESUME */
};

/*
 * Do it: 0 honoured, -EAGAIN leave it for another time, anything else: it
 * cannot be honoured, and `err` says why.
 */
typedef int orders_fn(void *arg, const struct order *o, struct err *err);

struct orders {
	int gm_fd;        /* borrowed */
	int fd;           /* gm/requests */
	int rejected_fd;  /* gm/rejected */
	int64_t since_ns; /* wall clock: when this orchestrator began */
	bool durable;
	bool begun;           /* the first scan is over */
	ino_t stale[ORDER_N]; /* what was there before us */
	struct strset told;   /* names whose trouble has been logged */
};

#define ORDERS_INIT                                      \
	{                                                \
		.gm_fd = -1, .fd = -1, .rejected_fd = -1 \
	}

/* -EBADMSG with a remedy in `err`. */
int orders_parse(const char *name, struct order *out, struct err *err);

/* Make and open the directories below gm/. */
int orders_open(struct orders *o, int gm_fd, int64_t since_ns, bool durable,
                struct err *err);
void orders_close(struct orders *o);

/* (Re)open requests/, which may have been replaced, and watch it. */
int orders_watch(struct orders *o, struct watch *w, int token);

/* Honour what is there. */
void orders_scan(struct orders *o, orders_fn *fn, void *arg);

#endif
