/*
 * spool.h - the tree that is the whole of spoolhand's memory.
 *
 *   ROOT/spoolhand.yaml  format  agents/NAME/…  gm/…
 *
 * spool_make() lays the tree out once; everyone else calls spool_open(),
 * which refuses a format newer than this program.  A `struct spool` holds
 * descriptors, so a tree moved under a running program is still its tree.
 */
#ifndef SPOOL_SPOOL_H
#define SPOOL_SPOOL_H

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

#define SPOOL_FORMAT      "spoolhand 1\n"
#define SPOOL_FORMAT_FILE "format"

struct spool {
	char *root;    /* absolute path */
	int fd;        /* ROOT */
	int agents_fd; /* ROOT/agents */
	bool durable;  /* sync what must survive a power cut */
};

#define autospool scoped(spool_closep) struct spool

/* Lay out what is missing of the tree at `root`, which must exist. */
int spool_make(const char *root, struct err *err);

/* -ENOENT: this is no spool.  `durable` is true until the caller says else. */
int spool_open(const char *root, struct spool **out, struct err *err);

/*
 * The same, but a folder that holds the file `config` and nothing of a spool
 * yet is laid out first: writing that file by hand is enough to begin.
 */
int spool_open_or_make(const char *root, const char *config, struct spool **out,
                       struct err *err);
void spool_close(struct spool *s);
void spool_closep(struct spool **s);

/*
 * 1 and a sentence in `why` if the file system cannot keep the promise of
 * durability (ext4 without a journal, tmpfs, a network), 0 if it can as far
 * as can be told.
 */
int spool_weakness(const struct spool *s, struct str *why);

/* 1 if events cannot be had here (network file systems): poll instead. */
int spool_needs_polling(const struct spool *s);

#endif
