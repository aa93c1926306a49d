/*
 * What is wrong with the header of a task, as far as that can be told without
 * a spool.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "spool/fileinput.h"
#include "spool/task.h"

int
task_split_input(const char *input, char **agent, char **id, char **artifact)
{
	const char *first = strchr(input, '/');
	const char *second = first ? strchr(first + 1, '/') : NULL;
	autofree char *ref = NULL;
	int r;

	if (!second || !name_path_ok(second + 1))
		return -EINVAL;
	ref = mem_dupn(input, (size_t)(second - input));
	r = name_split_ref(ref, agent, id);
	if (r == 0)
		*artifact = mem_dup(second + 1);
	return r;
}

/* What is wrong with the i-th value of a list, to free; NULL if nothing. */
typedef char *wrong_fn(const struct task *t, size_t i);

static char *
wrong_after(const struct task *t, size_t i)
{
	autofree char *agent = NULL;
	autofree char *id = NULL;

	if (name_split_ref(t->after[i], &agent, &id) == 0)
		return NULL;
	return mem_printf("'%s' is not a ref; write AGENT/ID", t->after[i]);
}

/* Where it will be below in/; NULL: a pattern, that is not known yet. */
static const char *
place_of(const char *input)
{
	if (fileinput_is(input))
		return fileinput_is_pattern(input) ? NULL :
		                                     fileinput_name(input);
	return strchr(strchr(input, '/') + 1, '/') + 1;
}

/* Would two of the inputs be at the same place below in/? */
static const char *
same_place(char *const *inputs, size_t i)
{
	const char *mine = place_of(inputs[i]);

	for (size_t k = 0; mine && k < i; k++) {
		const char *other = place_of(inputs[k]);

		if (other && strcmp(mine, other) == 0 &&
		    strcmp(inputs[i], inputs[k]) != 0)
			return inputs[k];
	}
	return NULL;
}

static char *
wrong_input(const struct task *t, size_t i)
{
	const char *input = t->inputs[i];
	autofree char *agent = NULL;
	autofree char *id = NULL;
	autofree char *artifact = NULL;
	const char *other;
	struct err err;

	if (fileinput_is(input)) {
		if (fileinput_check(input, &err) < 0)
			return mem_dup(err.text);
	} else if (task_split_input(input, &agent, &id, &artifact) < 0) {
		return mem_printf("'%s' is not an artifact; write "
		                  "AGENT/ID/PATH, or file:/PATH",
		                  input);
	}
	other = same_place(t->inputs, i);
	if (!other)
		return NULL;
	return mem_printf("'%s' and '%s' would both be at in/%s; take one, or "
	                  "publish it under another name",
	                  other, input, place_of(input));
}

static char *
wrong_output(const struct task *t, size_t i)
{
	if (name_path_ok(t->outputs[i]))
		return NULL;
	return mem_printf("'%s' is not a path below $TASK_OUT", t->outputs[i]);
}

static char *
wrong_supersedes(const struct task *t, size_t i)
{
	const char *id = t->supersedes[i];

	if (!name_ok(id))
		return mem_printf("'%s' is not an id; name tasks of the same "
		                  "desk, without the agent",
		                  id);
	if (t->id && strcmp(t->id, id) == 0)
		return mem_printf("'%s' is the task itself", id);
	return NULL;
}

/* The i-th value of a key, for its place in the file; NULL if not known. */
static const struct node *
value_at(const struct node *map, const char *key, size_t i)
{
	const struct node *n = map ? node_get(map, key) : NULL;

	if (!n || n->kind != NODE_LIST)
		return n;
	for (n = n->first; n && i; i--)
		n = n->next;
	return n;
}

/* "FILE:LINE:COLUMN: KEY: …", or without a place where there is none. */
static int
refuse(const struct node *map, const char *file, const char *key, size_t i,
       struct err *err, const char *text)
{
	const struct node *n = value_at(map, key, i);

	if (n)
		return node_complain(n, file, err, -EBADMSG, "%s: %s", key,
		                     text);
	return err_set(err, -EBADMSG, "%s%s%s: %s", file ? file : "",
	               file ? ": " : "", key, text);
}

static bool
is_ref(const char *text)
{
	autofree char *agent = NULL;
	autofree char *id = NULL;

	return name_split_ref(text, &agent, &id) == 0;
}

int
task_check(const struct task *t, const struct node *map, const char *file,
           struct err *err)
{
	const struct {
		const char *key;
		char *const *list;
		wrong_fn *wrong;
	} rows[] = {
		{ "after", t->after, wrong_after },
		{ "inputs", t->inputs, wrong_input },
		{ "outputs", t->outputs, wrong_output },
		{ "supersedes", t->supersedes, wrong_supersedes },
	};

	for (size_t k = 0; k < countof(rows); k++) {
		for (size_t i = 0; rows[k].list && rows[k].list[i]; i++) {
			autofree char *text = rows[k].wrong(t, i);

			if (text)
				return refuse(map, file, rows[k].key, i, err,
				              text);
		}
	}
	if (t->parent && !is_ref(t->parent))
		return refuse(map, file, "parent", 0, err,
		              "it is not a ref; write AGENT/ID, or leave it "
		              "out: spoolhand call sets it");
	if (t->on_input_timeout != LATE_FAIL && !t->input_timeout_ms)
		return refuse(map, file, "on_input_timeout", 0, err,
		              "it would never come to that; give "
		              "input_timeout, too");
	return 0;
}
