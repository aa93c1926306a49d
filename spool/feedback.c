#include "spool/feedback.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sys.h"
#include "base/utf8.h"

/* UTF-8 that can stand in an environment, cut at a character's beginning. */
static void
tidy(struct str *raw, struct str *out)
{
	size_t start = raw->len > FEEDBACK_MAX ? raw->len - FEEDBACK_MAX : 0;
	autofree char *text = NULL;
	size_t len;

	if (start)
		while (start < raw->len &&
		       ((unsigned char)raw->data[start] & 0xc0) == 0x80)
			start++;
	for (size_t i = start; i < raw->len; i++)
		if (!raw->data[i])
			raw->data[i] = ' ';
	text = utf8_mend(str_text(raw) + start, raw->len - start);
	len = strlen(text);
	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	str_add(out, text, len);
}

int
feedback_keep(struct desk *d, const char *id, off_t from, struct str *words)
{
	autofree char *errors = mem_printf("%s/stderr", id);
	autoclose int work = sys_opendir(d->at[PLACE_WORK], id);
	autoclose int fd = -1;
	autostr raw = STR_INIT, text = STR_INIT;
	struct stat st;
	int r;

	if (work < 0)
		return work;
	fd = sys_open_beneath(d->at[PLACE_WORK], errors, O_RDONLY);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	/* One byte more tells whether it was cut. */
	if (st.st_size - from > FEEDBACK_MAX)
		from = st.st_size - FEEDBACK_MAX - 1;
	if (lseek(fd, from, SEEK_SET) < 0)
		return -errno;
	r = sys_read_all(fd, FEEDBACK_MAX + 1, &raw);
	if (r < 0)
		return r;
	tidy(&raw, &text);
	r = sys_write_file(work, FEEDBACK_FILE, str_text(&text), text.len, true,
	                   false);
	if (r == 0 && words)
		str_adds(words, str_text(&text));
	return r;
}

int
feedback_read(const struct desk *d, const char *id, struct str *out)
{
	autofree char *path = mem_printf("%s/" FEEDBACK_FILE, id);
	autostr raw = STR_INIT;
	int r = sys_read_file(d->at[PLACE_WORK], path, FEEDBACK_MAX * 4, &raw);

	/* A worker can write here, too: it is tidied again. */
	if (r == 0)
		tidy(&raw, out);
	return r == -ENOENT ? 0 : r;
}
