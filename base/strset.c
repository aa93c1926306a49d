#include "base/strset.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/*
 * A place points to the text; the byte before it is its tag.  `gone` marks
 * one whose text was removed: a search goes on past it.
 */
static char gone;

/* FNV-1a; ids come from people who could at worst slow their own agent. */
static size_t
hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325U;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3U;
	return (size_t)(h ^ (h >> 32));
}

/* The place of `text`, or the first free one for it. */
static size_t
find(const struct strset *s, const char *text, bool *found)
{
	size_t i = hash(text) & (s->size - 1);
	size_t spare = SIZE_MAX;

	*found = false;
	for (; s->places[i]; i = (i + 1) & (s->size - 1)) {
		if (s->places[i] == &gone) {
			if (spare == SIZE_MAX)
				spare = i;
		} else if (strcmp(s->places[i], text) == 0) {
			*found = true;
			return i;
		}
	}
	return spare == SIZE_MAX ? i : spare;
}

static void
rebuild(struct strset *s)
{
	struct strset bigger = STRSET_INIT;
	bool found;

	bigger.size = 16;
	while (bigger.size * 3 / 4 <= s->used * 3 / 2)
		bigger.size *= 2;
	bigger.places = mem_new(bigger.size, sizeof(*bigger.places));
	for (size_t i = 0; i < s->size; i++)
		if (s->places[i] && s->places[i] != &gone)
			bigger.places[find(&bigger, s->places[i], &found)] =
				s->places[i];
	bigger.used = bigger.filled = s->used;
	free(s->places);
	*s = bigger;
}

static void
release(char *text)
{
	if (text && text != &gone)
		free(text - 1);
}

/* The place where it is, after adding it if need be. */
static size_t
settle(struct strset *s, const char *text, bool *found)
{
	size_t len = strlen(text);
	size_t i;

	if (s->filled + 1 > s->size * 3 / 4)
		rebuild(s);
	i = find(s, text, found);
	if (*found)
		return i;
	if (!s->places[i])
		s->filled++;
	s->places[i] = (char *)mem_new(len + 2, 1) + 1;
	memcpy(s->places[i], text, len + 1);
	s->used++;
	return i;
}

bool
strset_add(struct strset *s, const char *text)
{
	bool found;

	(void)settle(s, text, &found);
	return !found;
}

void
strset_tag(struct strset *s, const char *text, unsigned char tag)
{
	bool found;
	size_t i = settle(s, text, &found);

	s->places[i][-1] = (char)tag;
}

int
strset_get(const struct strset *s, const char *text)
{
	bool found = false;
	size_t i = s->used ? find(s, text, &found) : 0;

	return found ? (unsigned char)s->places[i][-1] : -1;
}

bool
strset_has(const struct strset *s, const char *text)
{
	return strset_get(s, text) >= 0;
}

bool
strset_remove(struct strset *s, const char *text)
{
	bool found;
	size_t i;

	if (!s->used)
		return false;
	i = find(s, text, &found);
	if (!found)
		return false;
	release(s->places[i]);
	s->places[i] = &gone;
	s->used--;
	return true;
}

const char *
strset_next(const struct strset *s, size_t *at)
{
	while (*at < s->size) {
		const char *text = s->places[(*at)++];

		if (text && text != &gone)
			return text;
	}
	return NULL;
}

void
strset_done(struct strset *s)
{
	for (size_t i = 0; i < s->size; i++)
		release(s->places[i]);
	free(s->places);
	*s = (struct strset)STRSET_INIT;
}
