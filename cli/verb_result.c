#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "spool/find.h"
#include "spool/result.h"

static const struct arg_option options[] = {
	{ "artifact", 0, "PATH", false, "the bytes of this artifact" },
	{ "manifest", 0, NULL, false,
	  "path, size and SHA-256 of every file, as JSON lines" },
	{ "dir", 0, NULL, false, "the folder of the result" },
	{ "stderr", 0, NULL, false, "what the task wrote to standard error" },
};

struct published {
	struct desk *desk;
	char *agent, *id;
	enum place place;
	int dir; /* of the result */
};

static void
published_done(struct published *p)
{
	desk_close(p->desk);
	free(p->agent);
	free(p->id);
	if (p->dir >= 0)
		(void)close(p->dir);
}

static int
complain_not_ended(const struct published *p, enum place place)
{
	enum task_state s = desk_place_state(place);

	complain("%s/%s has not ended, it is %s; wait for it with: "
	         "spoolhand wait %s/%s",
	         p->agent, p->id,
	         s == TASK_NONE ? "in the inbox" : state_name(s), p->agent,
	         p->id);
	return EXIT_TRY_LATER;
}

static int
open_published(struct context *cx, const char *ref, struct published *p)
{
	struct err err = { "" };
	struct found f = { 0 };
	int r = context_ref(cx, ref, &p->agent, &p->id);

	if (r != EXIT_FINE)
		return r;
	r = desk_open(cx->spool, p->agent, &p->desk, &err);
	if (r == 0)
		r = find_task(p->desk, p->id, &f);
	if (r < 0)
		return fail(r, &err);
	if (f.place != PLACE_OUTBOX && f.place != PLACE_FAILED)
		return complain_not_ended(p, f.place);
	p->place = f.place;
	p->dir = sys_open_beneath(p->desk->at[f.place], p->id,
	                          O_RDONLY | O_DIRECTORY);
	if (p->dir < 0)
		return fail(err_sys(&err, p->dir, "cannot open the result"),
		            &err);
	return EXIT_FINE;
}

static int
print_artifact(const struct published *p, const char *path)
{
	autofree char *shown = name_show(path);
	autofree char *full = mem_printf("out/%s", path);
	int r = EXIT_NOT_FOUND;

	if (name_path_ok(path))
		r = output_file(p->dir, full, STDOUT_FILENO);
	/* As the manifest has it. */
	if (r == EXIT_NOT_FOUND && str_starts(path, "out/") &&
	    name_path_ok(path))
		r = output_file(p->dir, path, STDOUT_FILENO);
	if (r == EXIT_NOT_FOUND)
		complain("%s/%s has no artifact '%s'; what it has: "
		         "spoolhand result %s/%s --manifest",
		         p->agent, p->id, shown, p->agent, p->id);
	return r;
}

static int
print_manifest(const struct published *p)
{
	autojson *result = NULL;
	const struct json *row;
	struct err err = { "" };
	int r = result_read(p->desk, p->place, p->id, &result, &err);

	if (r < 0)
		return fail(r, &err);
	row = json_first(json_get(result, "manifest"));
	for (; row; row = json_next(row)) {
		autostr line = STR_INIT;

		json_print(row, &line);
		str_addc(&line, '\n');
		put(str_text(&line), line.len);
	}
	return finish_output();
}

static int
print_dir(const struct context *cx, const struct published *p)
{
	printf("%s/agents/%s/%s/%s\n", cx->spool->root, p->agent,
	       desk_place_name(p->place), p->id);
	return finish_output();
}

static int
print_stream(const struct published *p, const char *name)
{
	int r = output_file(p->dir, name, STDOUT_FILENO);

	/* A task that was withdrawn may have written nothing. */
	if (r == EXIT_NOT_FOUND && p->place == PLACE_FAILED)
		return EXIT_FINE;
	if (r == EXIT_NOT_FOUND)
		complain("the result of %s/%s has lost its '%s'; see: "
		         "spoolhand fsck",
		         p->agent, p->id, name);
	return r;
}

static int
print_wanted(const struct context *cx, const struct args *a,
             const struct published *p)
{
	if (args_has(a, "artifact"))
		return print_artifact(p, args_value(a, "artifact"));
	if (args_has(a, "manifest"))
		return print_manifest(p);
	if (args_has(a, "dir"))
		return print_dir(cx, p);
	return print_stream(p, args_has(a, "stderr") ? "stderr" : "stdout");
}

static int
run(struct context *cx, const struct args *a)
{
	scoped(published_done) struct published p = { .dir = -1 };
	int n = 0;
	int r;

	for (size_t i = 0; i < countof(options); i++)
		n += args_has(a, options[i].name);
	if (a->noperands != 1) {
		complain("one REF is needed; write AGENT/ID, for example "
		         "pm/brief");
		return EXIT_USAGE;
	}
	if (n > 1) {
		complain("only one of --artifact, --manifest, --dir and "
		         "--stderr can be asked for");
		return EXIT_USAGE;
	}
	r = open_published(cx, a->operands[0], &p);
	if (r == EXIT_FINE)
		r = print_wanted(cx, a, &p);
	if (r == EXIT_FINE && p.place == PLACE_FAILED)
		r = EXIT_TASK_FAILED;
	return r;
}

const struct verb verb_result = {
	.name = "result",
	.operands = "REF",
	.summary = "what a task has left: its output, its artifacts",
	.text = "Prints what the task wrote to standard output, byte by\n"
		"byte.  Exit 0 if it COMPLETED; 1 if it FAILED or was\n"
		"WITHDRAWN, and what is there is printed all the same; 75 if\n"
		"it has not ended; 3 if there is no such task or artifact.\n"
		"\n"
		"example:\n"
		"  spoolhand result pm/brief --artifact plan.md > plan.md\n",
	.options = options,
	.noptions = countof(options),
	.run = run,
};
