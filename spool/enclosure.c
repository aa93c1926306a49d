#include "spool/enclosure.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/sys.h"

int
enclosure_name(const struct desk *d, char name[ENCLOSURE_NAME_MAX])
{
	autofree char *seed = NULL;
	char hex[DIGEST_TEXT_MAX];
	struct stat st;

	if (fstat(d->spool->fd, &st) < 0)
		return -errno;
	seed = mem_printf("%llu:%llu/%s", (unsigned long long)st.st_dev,
	                  (unsigned long long)st.st_ino, d->name);
	digest_bytes(seed, strlen(seed), hex);
	(void)snprintf(name, ENCLOSURE_NAME_MAX, "spoolhand-%.16s", hex);
	return 0;
}

int
enclosure_write(struct desk *d, const char *path)
{
	char name[ENCLOSURE_NAME_MAX];
	autofree char *text = NULL;
	autoclose int fd = -1;
	int r = enclosure_name(d, name);

	if (r == 0)
		r = enclosure_forget(d);
	if (r < 0)
		return r;
	text = mem_printf("%s/%s\n", path, name);
	/* Half of it is not believed, and there is nothing there as yet. */
	fd = sys_create(d->fd, ENCLOSURE_NOTE, 0644);
	r = fd < 0 ? fd : sys_write_all(fd, text, strlen(text));
	if (r < 0)
		(void)enclosure_forget(d);
	return r;
}

/* One line, absolute, nothing in it that leads elsewhere, and our name. */
static bool
is_ours(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return path[0] == '/' && strcmp(slash + 1, name) == 0 &&
	       !strstr(path, "/../") && !strchr(path, '\n');
}

int
enclosure_read(const struct desk *d, char **path)
{
	char name[ENCLOSURE_NAME_MAX];
	autostr text = STR_INIT;
	int r = enclosure_name(d, name);

	if (r == 0)
		r = sys_read_file(d->fd, ENCLOSURE_NOTE, PATH_MAX, &text);
	if (r == -ENOENT)
		return r;
	/* A folder, a link, a file that is too long: whatever it is. */
	if (r < 0 && err_class(r) == ERR_REJECT)
		return -EBADMSG;
	if (r != 0)
		return r;
	if (!str_ends(str_text(&text), "\n") ||
	    strlen(str_text(&text)) != text.len)
		return -EBADMSG;
	text.data[--text.len] = '\0';
	if (!is_ours(text.data, name))
		return -EBADMSG;
	*path = str_take(&text);
	return 0;
}

int
enclosure_forget(struct desk *d)
{
	int r = sys_remove_tree(d->fd, ENCLOSURE_NOTE);

	return r == -ENOENT ? 0 : r;
}
