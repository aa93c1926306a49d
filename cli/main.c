/*
 * spoolhand - the command line: find the verb, parse, run it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/help.h"
#include "cli/verb.h"

/* In the order of the help: a spool, its tasks, its agents, inside a task. */
static const struct verb *const verbs[] = {
	&verb_init,   &verb_up,     &verb_down,  &verb_agent,
	&verb_submit, &verb_run,    &verb_wait,  &verb_result,
	&verb_status, &verb_ls,     &verb_why,   &verb_questions,
	&verb_answer, &verb_cancel, &verb_retry, &verb_pause,
	&verb_resume, &verb_sync,   &verb_fsck,  &verb_step,
	&verb_ask,    &verb_call,   &verb_sleep, &verb_progress,
};

/* What may stand before a verb. */
static const struct arg_option first_options[] = {
	{ "root", 0, "DIR", false, "" },
	{ "quiet", 'q', NULL, false, "" },
	{ "help", 'h', NULL, false, "" },
	{ "version", 'V', NULL, false, "" },
};

/*
 * A program started with a closed standard descriptor would open a file of
 * the spool in its place and then print into it.  What takes the place here
 * refuses both reading and writing as the closed one would have.
 */
static void
hold_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			_exit(EXIT_IO);
	}
}

static const struct verb *
find_verb(const char *name)
{
	const char *names[countof(verbs) + 1];
	const char *near;

	for (size_t i = 0; i < countof(verbs); i++) {
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
		names[i] = verbs[i]->name;
	}
	names[countof(verbs)] = "help";
	near = str_nearest(name, names, countof(names));
	if (near)
		complain("unknown verb '%s'; did you mean '%s'?", name, near);
	else
		complain("unknown verb '%s'; all of them: spoolhand --help",
		         name);
	return NULL;
}

static void
take_common(struct context *cx, const struct args *a)
{
	if (args_value(a, "root"))
		cx->root_option = args_value(a, "root");
	if (args_has(a, "quiet"))
		cx->quiet = true;
}

/* The row of options a verb is parsed by: its own and the common ones. */
static struct arg_option *
all_options(const struct verb *v)
{
	size_t n = v->noptions;
	struct arg_option *all = mem_new(n + help_ncommon, sizeof(*all));

	if (n)
		memcpy(all, v->options, n * sizeof(*all));
	memcpy(all + n, help_common, help_ncommon * sizeof(*all));
	return all;
}

static int
run_verb(struct context *cx, const struct verb *v, int argc, char **argv)
{
	autofree struct arg_option *table = all_options(v);
	struct args a;
	int r = EXIT_FINE;

	if (args_parse(&a, table, v->noptions + help_ncommon, argc, argv) < 0) {
		complain("how it is used: spoolhand %s --help", v->name);
		return EXIT_USAGE;
	}
	take_common(cx, &a);
	if (args_has(&a, "help"))
		help_verb(v);
	else
		r = v->run(cx, &a);
	args_done(&a);
	return r;
}

/* `spoolhand help [VERB]`. */
static int
run_help(int argc, char **argv)
{
	const struct verb *v;

	if (argc == 0) {
		help_list(verbs, countof(verbs));
		return EXIT_FINE;
	}
	v = find_verb(argv[0]);
	if (!v)
		return EXIT_USAGE;
	help_verb(v);
	return EXIT_FINE;
}

/* How many arguments stand before the verb. */
static int
count_first(int argc, char **argv)
{
	int i = 0;

	while (i < argc && argv[i][0] == '-' && argv[i][1])
		i += strcmp(argv[i], "--root") == 0 ? 2 : 1;
	return i < argc ? i : argc;
}

static int
run_program(struct context *cx, int argc, char **argv)
{
	int n = count_first(argc, argv);
	const struct verb *v;
	struct args a;
	bool help, version;

	if (args_parse(&a, first_options, countof(first_options), n, argv) < 0)
		return EXIT_USAGE;
	take_common(cx, &a);
	help = args_has(&a, "help");
	version = args_has(&a, "version");
	args_done(&a);
	argc -= n;
	argv += n;
	if (version) {
		printf("spoolhand %s\n", SPOOLHAND_VERSION);
		return EXIT_FINE;
	}
	if (help || (argc > 0 && strcmp(argv[0], "help") == 0))
		return run_help(help ? argc : argc - 1, help ? argv : argv + 1);
	if (argc == 0) {
		complain("no verb given; all of them: spoolhand --help");
		return EXIT_USAGE;
	}
	v = find_verb(argv[0]);
	return v ? run_verb(cx, v, argc - 1, argv + 1) : EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	struct context cx = { 0 };
	int r, out;

	hold_standard_descriptors();
	/* A reader that goes away is an error of write(2), not our death. */
	(void)signal(SIGPIPE, SIG_IGN);
	r = run_program(&cx, argc > 0 ? argc - 1 : 0, argv + 1);
	context_done(&cx);
	out = finish_output();
	return r == EXIT_FINE ? out : r;
}
