#include "tests/support/libfixture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/keys.h"
#include "base/mem.h"
#include "base/sys.h"

#define DESK "pm"

static void
open_all(struct fixture *f)
{
	struct err err = { "" };

	if (spool_open(f->scratch->path, &f->spool, &err) < 0 ||
	    desk_open(f->spool, DESK, &f->desk, &err) < 0 ||
	    journal_open(f->desk, &f->journal, &err) < 0)
		fail_msg("cannot open the spool: %s", err.text);
	/* What is tested of durability is the order, not the disk. */
	f->spool->durable = false;
}

static void
close_all(struct fixture *f)
{
	journal_close(&f->journal);
	desk_close(f->desk);
	spool_close(f->spool);
}

/* Laid out by hand, since spool_make() always syncs, which takes its time. */
struct fixture *
fixture_new(void)
{
	struct fixture *f = mem_new(1, sizeof(*f));
	struct spool *s = NULL;
	struct err err = { "" };

	f->scratch = scratch_new();
	scratch_mkdir(f->scratch->fd, "agents");
	scratch_mkdir(f->scratch->fd, "gm");
	scratch_write(f->scratch->fd, SPOOL_FORMAT_FILE, SPOOL_FORMAT);
	if (spool_open(f->scratch->path, &s, &err) < 0)
		fail_msg("cannot open the spool: %s", err.text);
	s->durable = false;
	if (desk_make(s, DESK, &err) < 0)
		fail_msg("cannot make the desk: %s", err.text);
	spool_close(s);
	open_all(f);
	return f;
}

void
fixture_free(struct fixture *f)
{
	close_all(f);
	scratch_free(f->scratch);
	free(f);
}

int
fixture_setup(void **state)
{
	*state = fixture_new();
	return 0;
}

int
fixture_teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

void
fixture_reopen(struct fixture *f)
{
	bool durable = f->spool->durable;

	close_all(f);
	open_all(f);
	f->spool->durable = durable;
}

void
fixture_put(struct fixture *f, enum place p, const char *name, const char *text)
{
	scratch_write(f->desk->at[p], name, text);
}

bool
fixture_has(const struct fixture *f, enum place p, const char *name)
{
	return scratch_has(f->desk->at[p], name);
}

char *
fixture_read(const struct fixture *f, enum place p, const char *name)
{
	return scratch_read(f->desk->at[p], name);
}

struct entry
fixture_task(struct fixture *f, enum place p, uint64_t seq, const char *id,
             const char *text)
{
	struct entry e = { .cls = CLASS_MEDIUM, .seq = seq };
	char name[ENTRY_NAME_MAX];

	(void)snprintf(e.id, sizeof(e.id), "%s", id);
	fixture_put(f, p, entry_format(&e, name), text);
	return e;
}

char *
fixture_places(const struct fixture *f)
{
	autostr out = STR_INIT;

	for (enum place p = PLACE_NONE + 1; p < PLACE_N; p++) {
		autofree char *names = NULL;
		char *save = NULL;

		if (p == PLACE_WORK)
			continue;
		names = scratch_list(f->desk->at[p], ".");
		for (char *n = strtok_r(names, " ", &save); n;
		     n = strtok_r(NULL, " ", &save))
			str_addf(&out, "%s/%s ", desk_place_name(p), n);
	}
	return str_take(&out);
}

int
fixture_copies(const struct fixture *f, const char *id)
{
	int n = 0;

	for (enum place p = PLACE_NONE + 1; p < PLACE_N; p++) {
		autofree char *names = scratch_list(f->desk->at[p], ".");
		char *save = NULL;

		for (char *s = strtok_r(names, " ", &save); s;
		     s = strtok_r(NULL, " ", &save)) {
			struct entry e;

			if (desk_place_live(p))
				n += entry_parse(s, &e) == 0 &&
				     strcmp(e.id, id) == 0;
			if (p == PLACE_OUTBOX || p == PLACE_FAILED)
				n += strcmp(s, id) == 0;
		}
	}
	return n;
}

static void
add_private(int dfd, const char *path, struct str *out)
{
	autodir DIR *dir = NULL;
	struct dirent *de;

	if (sys_listdir(dfd, path, &dir) < 0)
		return; /* no directory */
	while (sys_next(dir, &de) > 0) {
		autofree char *sub = mem_printf("%s/%s", path, de->d_name);

		if (de->d_name[0] == '.')
			str_addf(out, "%s ", sub);
		add_private(dfd, sub, out);
	}
}

char *
fixture_private(const struct fixture *f)
{
	autostr out = STR_INIT;

	add_private(f->desk->fd, ".", &out);
	return str_take(&out);
}

static int
show_line(void *arg, const struct json *line, int64_t offset)
{
	struct str *out = arg;

	(void)offset;
	str_addf(out, "%s %s %s>%s %s\n", json_str(json_get(line, "ev"), "-"),
	         json_str(json_get(line, "id"), "-"),
	         json_str(json_get(line, "from"), "-"),
	         json_str(json_get(line, "to"), "-"),
	         json_str(json_get(line, "reason"), "-"));
	return 0;
}

char *
fixture_journal(const struct fixture *f)
{
	autostr out = STR_INIT;

	assert_int_equal(journal_read(f->desk, 0, show_line, &out), 0);
	return str_take(&out);
}
