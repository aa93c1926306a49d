/*
 * name.h - which words may name an agent, a task, an artifact.
 *
 * A name is one path component that is safe in every place spoolhand puts it:
 * letters, digits, '.', '_' and '-', not beginning with '.' or '-', at most
 * NAME_LONGEST bytes.  Everything else is made safe or refused here, so that
 * no other code has to think about "..", '/', newlines or terminals.
 */
#ifndef BASE_NAME_H
#define BASE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define NAME_LONGEST 128
#define NAME_REF_MAX (2 * NAME_LONGEST + 2) /* "agent/id" and its NUL */

/* May this be the name of an agent or the id of a task? */
bool name_ok(const char *name);

/*
 * Make `name` safe: bytes that may not stand become '-', a leading '.' or '-'
 * is dropped, the length is cut; "task" if nothing is left.  The result is
 * the caller's to free, and name_ok().
 */
char *name_safe(const char *name);

/* `name` without its extension: "a.md" -> "a", "a.task.json" -> "a". */
char *name_stem(const char *name);

/* Does a drop with this name still belong to its writer (".x", "x.tmp")? */
bool name_is_private(const char *name);

/* `name` for a message: bytes outside printable ASCII escaped.  To free. */
char *name_show(const char *name);

/*
 * Is `path` a relative path of one or more plain components: no empty one, no
 * "." or "..", no control bytes, at most 1024 bytes?  For artifacts.
 */
bool name_path_ok(const char *path);

/* Split "agent/id" (in place of `agent`, `id`: fresh strings).  -EINVAL. */
int name_split_ref(const char *ref, char **agent, char **id);

#endif
