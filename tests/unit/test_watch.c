#include <errno.h>
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

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/watch.h"
#include "tests/support/libcheck.h"
#include "tests/support/libscratch.h"

#define TOKEN 7

/* A watched directory "box" beside another, "out". */
struct watched {
	struct scratch *scratch;
	struct watch *watch;
	int box;
	struct str seen; /* "entry:NAME moved rescan", in order */
};

static int
setup(void **state)
{
	struct watched *w = mem_new(1, sizeof(*w));

	w->scratch = scratch_new();
	scratch_mkdir(w->scratch->fd, "box");
	scratch_mkdir(w->scratch->fd, "out");
	w->box = sys_opendir(w->scratch->fd, "box");
	assert_int_equal(watch_new(&w->watch), 0);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct watched *w = *state;

	watch_free(w->watch);
	str_done(&w->seen);
	(void)close(w->box);
	scratch_free(w->scratch);
	free(w);
	return 0;
}

static void
note(void *arg, enum watch_event event, int token, const char *name)
{
	struct watched *w = arg;

	if (event == WATCH_RESCAN) {
		str_adds(&w->seen, "rescan ");
		return;
	}
	assert_int_equal(token, TOKEN);
	if (event == WATCH_MOVED)
		str_adds(&w->seen, "moved ");
	else
		str_addf(&w->seen, "entry:%s ", name);
}

/* inotify queues an event before the call that caused it returns. */
static const char *
seen(struct watched *w)
{
	str_clear(&w->seen);
	assert_int_equal(watch_read(w->watch, note, w), 0);
	return str_text(&w->seen);
}

static void
nothing_is_told_where_nothing_happened(void **state)
{
	struct watched *w = *state;

	assert_int_equal(watch_dir(w->watch, w->box, TOKEN), 0);
	assert_false(check_is_readable(watch_fd(w->watch)));
	assert_string_equal(seen(w), "");
}

static void
every_way_of_arriving_is_told(void **state)
{
	struct watched *w = *state;
	int top = w->scratch->fd;

	scratch_write(top, "out/moved", "x");
	scratch_write(top, "out/linked", "x");
	assert_int_equal(watch_dir(w->watch, w->box, TOKEN), 0);

	scratch_rename(top, "out/moved", "box/moved");
	assert_true(check_is_readable(watch_fd(w->watch)));
	assert_string_equal(seen(w), "entry:moved ");

	assert_int_equal(sys_link(top, "out/linked", w->box, "linked"), 0);
	assert_string_equal(seen(w), "entry:linked ");

	/* Copied: it appears, and again when it is complete. */
	scratch_write(top, "box/copied", "content");
	assert_string_equal(seen(w), "entry:copied entry:copied ");

	scratch_mkdir(top, "box/dir");
	assert_string_equal(seen(w), "entry:dir ");
	scratch_symlink(top, "x", "box/symlink");
	assert_string_equal(seen(w), "entry:symlink ");
	scratch_fifo(top, "box/fifo");
	assert_string_equal(seen(w), "entry:fifo ");
}

static void
after_a_stop_nothing_is_told(void **state)
{
	struct watched *w = *state;
	int top = w->scratch->fd;

	assert_int_equal(watch_dir(w->watch, w->box, TOKEN), 0);
	watch_stop(w->watch, TOKEN + 1);
	scratch_mkdir(top, "box/a");
	assert_string_equal(seen(w), "entry:a ");
	/* Also what has been queued by then. */
	scratch_mkdir(top, "box/b");
	watch_stop(w->watch, TOKEN);
	scratch_mkdir(top, "box/c");
	assert_string_equal(seen(w), "");
	assert_int_equal(watch_dir(w->watch, w->box, TOKEN), 0);
	scratch_mkdir(top, "box/d");
	assert_string_equal(seen(w), "entry:d ");
}

static void
a_nameless_file_that_is_linked_in_is_told(void **state)
{
	struct watched *w = *state;
	autoclose int fd = -1;
	char path[64];

	fd = openat(w->scratch->fd, "out", O_TMPFILE | O_WRONLY | O_CLOEXEC,
	            0600);
	if (fd < 0)
		skip(); /* not every file system has them */
	assert_int_equal(watch_dir(w->watch, w->box, TOKEN), 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(
		linkat(AT_FDCWD, path, w->box, "late", AT_SYMLINK_FOLLOW), 0);
	assert_string_equal(seen(w), "entry:late ");
}

static void
a_file_still_open_is_told_again_when_it_is_closed(void **state)
{
	struct watched *w = *state;
	autoclose int fd = -1;

	assert_int_equal(watch_dir(w->watch, w->box, TOKEN), 0);
	fd = sys_create(w->box, "slow", 0600);
	assert_string_equal(seen(w), "entry:slow ");
	assert_int_equal(sys_write_all(fd, "x", 1), 0);
	assert_string_equal(seen(w), "");
	(void)close(take_fd(fd));
	assert_string_equal(seen(w), "entry:slow ");
}

static void
leaving_is_told_only_to_who_asked(void **state)
{
	struct watched *w = *state;

	scratch_write(w->box, "a", "");
	scratch_write(w->box, "b", "");
	scratch_write(w->box, "c", "");
	assert_int_equal(watch_dir(w->watch, w->box, TOKEN), 0);
	scratch_unlink(w->box, "a");
	assert_string_equal(seen(w), "");
	assert_int_equal(watch_dir_leave(w->watch, w->box, TOKEN), 0);
	scratch_unlink(w->box, "b");
	assert_string_equal(seen(w), "entry:b ");
	scratch_rename(w->scratch->fd, "box/c", "out/c");
	assert_string_equal(seen(w), "entry:c ");
}

static void
a_directory_that_is_moved_away_is_told(void **state)
{
	struct watched *w = *state;

	assert_int_equal(watch_dir(w->watch, w->box, TOKEN), 0);
	scratch_rename(w->scratch->fd, "box", "elsewhere");
	assert_string_equal(seen(w), "moved ");
}

static void
a_directory_that_is_removed_is_told(void **state)
{
	struct watched *w = *state;

	assert_int_equal(watch_dir(w->watch, w->box, TOKEN), 0);
	assert_int_equal(sys_rmdir(w->scratch->fd, "box"), 0);
	(void)close(w->box); /* the last hold on it */
	w->box = -1;
	check_contains("removed", seen(w), "moved ");
}

static void
the_directory_that_is_held_is_watched_not_its_name(void **state)
{
	struct watched *w = *state;

	scratch_rename(w->scratch->fd, "box", "elsewhere");
	scratch_mkdir(w->scratch->fd, "box");
	assert_int_equal(watch_dir(w->watch, w->box, TOKEN), 0);
	scratch_write(w->scratch->fd, "box/other", "");
	assert_string_equal(seen(w), "");
	scratch_rename(w->scratch->fd, "box/other", "elsewhere/mine");
	assert_string_equal(seen(w), "entry:mine ");
}

static void
watching_again_changes_the_token(void **state)
{
	struct watched *w = *state;

	assert_int_equal(watch_dir(w->watch, w->box, 3), 0);
	assert_int_equal(watch_dir(w->watch, w->box, TOKEN), 0);
	scratch_write(w->scratch->fd, "out/a", "");
	scratch_rename(w->scratch->fd, "out/a", "box/a");
	assert_string_equal(seen(w), "entry:a ");
}

static void
what_is_no_directory_is_refused(void **state)
{
	struct watched *w = *state;
	autoclose int fd = sys_create(w->box, "file", 0600);

	assert_int_equal(watch_dir(w->watch, fd, TOKEN), -ENOTDIR);
	assert_int_equal(watch_dir(w->watch, -1, TOKEN), -ENOENT);
}

static void
many_directories_keep_their_tokens(void **state)
{
	struct watched *w = *state;

	for (int i = 0; i < 100; i++) {
		autofree char *name = mem_printf("d%d", i);
		autoclose int fd = -1;

		scratch_mkdir(w->scratch->fd, name);
		fd = sys_opendir(w->scratch->fd, name);
		assert_int_equal(watch_dir(w->watch, fd, i == 57 ? TOKEN : i),
		                 0);
	}
	scratch_mkdir(w->scratch->fd, "d57/x");
	assert_string_equal(seen(w), "entry:x ");
}

/* The kernel's limit on what it keeps for us. */
static long
queue_limit(void)
{
	autofree char *text = scratch_read(
		AT_FDCWD, "/proc/sys/fs/inotify/max_queued_events");

	return strtol(text, NULL, 10);
}

static void
lost_events_are_told_as_a_rescan(void **state)
{
	struct watched *w = *state;
	long n = queue_limit();

	if (n > 100000)
		skip();
	assert_int_equal(watch_dir(w->watch, w->box, TOKEN), 0);
	scratch_mkdir(w->scratch->fd, "box/a");
	/* Two names in turn, or the kernel would merge them. */
	for (long i = 0; i < n + 10; i++)
		assert_int_equal(renameat(w->box, i % 2 ? "b" : "a", w->box,
		                          i % 2 ? "a" : "b"),
		                 0);
	assert_true(str_ends(seen(w), "rescan "));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_told_where_nothing_happened),
		TEST(every_way_of_arriving_is_told),
		TEST(after_a_stop_nothing_is_told),
		TEST(a_nameless_file_that_is_linked_in_is_told),
		TEST(a_file_still_open_is_told_again_when_it_is_closed),
		TEST(leaving_is_told_only_to_who_asked),
		TEST(a_directory_that_is_moved_away_is_told),
		TEST(a_directory_that_is_removed_is_told),
		TEST(the_directory_that_is_held_is_watched_not_its_name),
		TEST(watching_again_changes_the_token),
		TEST(what_is_no_directory_is_refused),
		TEST(many_directories_keep_their_tokens),
		TEST(lost_events_are_told_as_a_rescan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
