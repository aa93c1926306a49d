#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "orchestrator/orders.h"
#include "tests/support/libcheck.h"
#include "tests/support/libscratch.h"

/* What was ordered, in order, and what each order is answered. */
struct heard {
	char text[256];
	int answer;
};

static int
hear(void *arg, const struct order *o, struct err *err)
{
	static const char *const names[] = {
		[ORDER_DOWN] = "down",
		[ORDER_DOWN_NOW] = "now",
		[ORDER_RESUME] = "resume:",
	};
	struct heard *h = arg;
	size_t n = strlen(h->text);

	(void)snprintf(h->text + n, sizeof(h->text) - n, "%s%s ",
	               names[o->kind], o->agent);
	return h->answer < 0 ? err_set(err, h->answer, "because") : 0;
}

/* Open, as an orchestrator that began `ago_ns` ago. */
static struct orders
open_orders(struct scratch *s, int64_t ago_ns)
{
	struct orders o = ORDERS_INIT;
	struct err err;

	assert_int_equal(
		orders_open(&o, s->fd, clock_wall_ns() - ago_ns, false, &err),
		0);
	return o;
}

static void
scan_says(struct orders *o, int answer, const char *want)
{
	struct heard h = { .answer = answer };

	orders_scan(o, hear, &h);
	assert_string_equal(h.text, want);
}

static void
check_list(struct scratch *s, const char *path, const char *want)
{
	autofree char *got = scratch_list(s->fd, path);

	check_text(path, got, want);
}

static void
names_are_understood_or_answered_with_a_remedy(void **state)
{
	static const struct {
		const char *name;
		enum order_kind kind; /* ORDER_NONE: refused */
		const char *agent;
	} rows[] = {
		{ "down", ORDER_DOWN, "" },
		{ "down-now", ORDER_DOWN_NOW, "" },
		{ "resume.pm", ORDER_RESUME, "pm" },
		{ "resume.a.tmp", ORDER_RESUME, "a.tmp" },
		{ "resume", ORDER_NONE, "" },
		{ "resume.", ORDER_NONE, "" },
		{ "resume..x", ORDER_NONE, "" },
		{ "resume.a\nb", ORDER_NONE, "" },
		{ "down.pm", ORDER_NONE, "" },
		{ "DOWN", ORDER_NONE, "" },
		{ "", ORDER_NONE, "" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct order o = { ORDER_NONE, "" };
		struct err err = { "" };
		int r = orders_parse(rows[i].name, &o, &err);

		check_number(rows[i].name, r, rows[i].kind ? 0 : -EBADMSG);
		check_number(rows[i].name, (int)o.kind, (int)rows[i].kind);
		check_text(rows[i].name, o.agent, rows[i].agent);
		check_contains(rows[i].name, err.text,
		               rows[i].kind ? "" : "resume.AGENT");
	}
}

static void
an_honoured_request_is_removed(void **state)
{
	struct scratch *s = *state;
	struct orders o = open_orders(s, CLOCK_NS_PER_S);

	scratch_write(s->fd, "requests/resume.pm", "");
	scratch_write(s->fd, "requests/down", "");
	scratch_write(s->fd, "requests/.down-now.tmp", "");
	scan_says(&o, 0, "down resume:pm ");
	check_list(s, "requests", ".down-now.tmp");
	check_list(s, "rejected", "");
	scan_says(&o, 0, "");
	orders_close(&o);
}

static void
one_that_is_put_off_stays(void **state)
{
	struct scratch *s = *state;
	struct orders o = open_orders(s, CLOCK_NS_PER_S);

	scratch_write(s->fd, "requests/resume.pm", "");
	scan_says(&o, -EAGAIN, "resume:pm ");
	check_list(s, "requests", "resume.pm");
	scan_says(&o, 0, "resume:pm ");
	check_list(s, "requests", "");
	orders_close(&o);
}

static void
what_cannot_be_honoured_is_put_aside_with_a_reason(void **state)
{
	struct scratch *s = *state;
	struct orders o = open_orders(s, CLOCK_NS_PER_S);
	autofree char *why = NULL;

	scratch_write(s->fd, "requests/reload", "");
	scan_says(&o, 0, "");
	scratch_write(s->fd, "requests/reload", "again");
	scratch_write(s->fd, "requests/resume.nobody", "");
	scan_says(&o, -ENOENT, "resume:nobody ");
	check_list(s, "requests", "");
	check_list(s, "rejected",
	           "reload reload-2 reload-2.why reload.why resume.nobody "
	           "resume.nobody.why");
	why = scratch_read(s->fd, "rejected/resume.nobody.why");
	assert_string_equal(why, "because\n");
	orders_close(&o);
}

static void
hostile_names_and_kinds_are_put_aside_in_a_form_that_can_be_typed(void **state)
{
	struct scratch *s = *state;
	struct orders o = open_orders(s, CLOCK_NS_PER_S);
	char longest[256];
	autofree char *path = NULL;

	memset(longest, 'n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	path = mem_printf("requests/%s", longest);
	scratch_write(s->fd, path, "");
	scratch_write(s->fd, "requests/a\nb c", "");
	scratch_mkdir(s->fd, "requests/down");
	scratch_symlink(s->fd, "nowhere", "requests/down-now");
	scratch_fifo(s->fd, "requests/resume.pm");
	scan_says(&o, 0, "");
	check_list(s, "requests", "");
	assert_true(scratch_has(s->fd, "rejected/a-b-c"));
	assert_true(scratch_has(s->fd, "rejected/down.why"));
	assert_true(scratch_has(s->fd, "rejected/down-now.why"));
	assert_true(scratch_has(s->fd, "rejected/resume.pm.why"));
	orders_close(&o);
}

static void
a_down_from_before_the_start_was_meant_for_another(void **state)
{
	struct scratch *s = *state;
	struct orders o = open_orders(s, -CLOCK_NS_PER_S);

	scratch_write(s->fd, "requests/down", "");
	scratch_write(s->fd, "requests/down-now", "");
	scratch_write(s->fd, "requests/resume.pm", "");
	scan_says(&o, 0, "resume:pm ");
	check_list(s, "requests", "");
	check_list(s, "rejected", "");
	orders_close(&o);
}

static void
after_the_start_no_clock_is_asked_any_more(void **state)
{
	struct scratch *s = *state;
	struct orders o = open_orders(s, -CLOCK_NS_PER_S);

	scratch_write(s->fd, "requests/down-now", "");
	scan_says(&o, 0, "");
	/* The clock has been set back; that makes nothing older. */
	scratch_write(s->fd, "requests/down-now", "");
	scan_says(&o, 0, "now ");
	check_list(s, "requests", "");
	orders_close(&o);
}

static void
what_is_old_and_cannot_be_removed_stays_old(void **state)
{
	struct scratch *s = *state;
	struct orders o = open_orders(s, -CLOCK_NS_PER_S);

	if (geteuid() == 0)
		skip(); /* no mode keeps root from removing it */
	scratch_write(s->fd, "requests/down", "");
	assert_int_equal(fchmodat(s->fd, "requests", 0500, 0), 0);
	scan_says(&o, 0, "");
	scan_says(&o, 0, "");
	assert_int_equal(fchmodat(s->fd, "requests", 0700, 0), 0);
	check_list(s, "requests", "down");
	scan_says(&o, 0, "");
	check_list(s, "requests", "");
	orders_close(&o);
}

static void
a_replaced_directory_is_found_again(void **state)
{
	struct scratch *s = *state;
	struct orders o = open_orders(s, CLOCK_NS_PER_S);

	scratch_rename(s->fd, "requests", "old");
	assert_int_equal(orders_watch(&o, NULL, 0), 0);
	scratch_write(s->fd, "requests/down", "");
	scan_says(&o, 0, "down ");
	check_list(s, "requests", "");
	orders_close(&o);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_are_understood_or_answered_with_a_remedy),
		TEST(an_honoured_request_is_removed),
		TEST(one_that_is_put_off_stays),
		TEST(what_cannot_be_honoured_is_put_aside_with_a_reason),
		TEST(hostile_names_and_kinds_are_put_aside_in_a_form_that_can_be_typed),
		TEST(a_down_from_before_the_start_was_meant_for_another),
		TEST(after_the_start_no_clock_is_asked_any_more),
		TEST(what_is_old_and_cannot_be_removed_stays_old),
		TEST(a_replaced_directory_is_found_again),
	};

	/* What is put aside is logged; here it would only be noise. */
	log_open("test", LOG_ERROR, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
