#include "spool/findings.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

void
findings_add(struct findings *f, const char *code, enum finding_repair repair,
             const char *place, const char *name, const char *fmt, ...)
{
	autostr text = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	mem_room(&f->all, f->n, &f->cap, sizeof(*f->all));
	f->all[f->n++] = (struct finding){
		.code = code,
		.place = mem_dup(place),
		.name = mem_dup(name),
		.text = str_take(&text),
		.repair = repair,
	};
}

static void
release(struct finding *one)
{
	free(one->place);
	free(one->name);
	free(one->text);
}

static bool
has(const struct findings *f, const struct finding *one)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->all[i].code, one->code) == 0 &&
		    strcmp(f->all[i].place, one->place) == 0 &&
		    strcmp(f->all[i].name, one->name) == 0)
			return true;
	return false;
}

void
findings_settle(struct findings *f, const struct findings *last)
{
	size_t n = f->n;

	for (size_t i = 0; i < n; i++)
		f->all[i].repaired = !has(last, &f->all[i]);
	for (size_t i = 0; i < last->n; i++) {
		const struct finding *one = &last->all[i];

		if (!has(f, one))
			findings_add(f, one->code, one->repair, one->place,
			             one->name, "%s", one->text);
	}
}

void
findings_keep_common(struct findings *f, const struct findings *again)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (has(again, &f->all[i]))
			f->all[kept++] = f->all[i];
		else
			release(&f->all[i]);
	}
	f->n = kept;
}

void
findings_done(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		release(&f->all[i]);
	free(f->all);
	*f = (struct findings){ 0 };
}
