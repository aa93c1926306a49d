/*
 * libfixture.h - a spool with one desk, "pm", for a test of spool/.
 *
 * fixture_setup() and fixture_teardown() are cmocka fixtures; *state is then
 * a `struct fixture`.  What a helper cannot do fails the test.  Returned
 * strings are the caller's to free.
 */
#ifndef SUPPORT_LIBFIXTURE_H
#define SUPPORT_LIBFIXTURE_H

#include "spool/desk.h"
#include "spool/entry.h"
#include "spool/journal.h"
#include "tests/support/libscratch.h"

/* A time for everything that is told one. */
#define FIXTURE_NOW INT64_C(1795235958123)

struct fixture {
	struct scratch *scratch;
	struct spool *spool;
	struct desk *desk;
	struct journal journal; /* open */
};

struct fixture *fixture_new(void);
void fixture_free(struct fixture *f);
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Close everything and open it again, as a new process would. */
void fixture_reopen(struct fixture *f);

/* A file of this content in a place. */
void fixture_put(struct fixture *f, enum place p, const char *name,
                 const char *text);
bool fixture_has(const struct fixture *f, enum place p, const char *name);
char *fixture_read(const struct fixture *f, enum place p, const char *name);

/* An entry of this id and sequence in a live place; it is returned. */
struct entry fixture_task(struct fixture *f, enum place p, uint64_t seq,
                          const char *id, const char *text);

/*
 * Where everything is: "inbox/a.md ready/5.000000000001.0.b ", by place in
 * the order of `enum place` and by name.  work/ is left out.
 */
char *fixture_places(const struct fixture *f);

/* How many entries or results there are of an id, drops not counted. */
int fixture_copies(const struct fixture *f, const char *id);

/* Names below the desk that begin with '.', as paths; "" if there is none. */
char *fixture_private(const struct fixture *f);

/* The journal, a line each: "EV ID FROM>TO REASON"; what is absent is "-". */
char *fixture_journal(const struct fixture *f);

#endif
