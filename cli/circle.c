#include "cli/circle.h"

#include "base/keys.h"
#include "base/mem.h"
#include "spool/inputs.h"
#include "spool/waitgraph.h"

int
circle_check(struct spool *s, const char *agent, const struct task *t,
             const char *from)
{
	autowaitgraph *g = waitgraph_new(s);
	autofree char *ref = NULL;
	autostr path = STR_INIT;
	char **refs;
	int r;

	/* With an id that is made up nobody can wait for it yet. */
	if (!t->id)
		return EXIT_FINE;
	ref = mem_printf("%s/%s", agent, t->id);
	refs = inputs_refs(t);
	r = waitgraph_circle(g, ref, refs, &path);
	keys_free_list(refs);
	if (r <= 0)
		return EXIT_FINE;
	complain("%s: these tasks would wait for each other, in a circle, for "
	         "ever: %s; leave one of the refs out, or cancel one of them",
	         from, str_text(&path));
	return EXIT_BAD_DATA;
}

bool
circle_add(struct spool *s, const char *agent, const char *id, struct str *out)
{
	autowaitgraph *g = waitgraph_new(s);
	autofree char *ref = mem_printf("%s/%s", agent, id);
	autostr path = STR_INIT;

	if (waitgraph_circle(g, ref, NULL, &path) <= 0)
		return false;
	str_addf(out,
	         "; it waits in a circle, which cannot end by itself: %s; "
	         "break it with: spoolhand cancel %s",
	         str_text(&path), ref);
	return true;
}
