#include "base/name.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static const char *const private_endings[] = {
	"~", ".tmp", ".part", ".swp", ".swx", ".crdownload",
};

static bool
may_stand(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool
name_ok(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > NAME_LONGEST || name[0] == '.' || name[0] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!may_stand((unsigned char)name[i]))
			return false;
	return true;
}

char *
name_safe(const char *name)
{
	autostr out = STR_INIT;

	for (const char *p = name; *p && out.len < NAME_LONGEST; p++) {
		char c = may_stand((unsigned char)*p) ? *p : '-';

		if (out.len == 0 && (c == '.' || c == '-'))
			continue;
		str_addc(&out, c);
	}
	if (out.len == 0)
		str_adds(&out, "task");
	return str_take(&out);
}

char *
name_stem(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (str_ends(name, ".task.json"))
		return mem_dupn(name, strlen(name) - strlen(".task.json"));
	if (!dot || dot == name)
		return mem_dup(name);
	return mem_dupn(name, (size_t)(dot - name));
}

bool
name_is_private(const char *name)
{
	if (name[0] == '.')
		return true;
	for (size_t i = 0; i < countof(private_endings); i++)
		if (str_ends(name, private_endings[i]))
			return true;
	return false;
}

char *
name_show(const char *name)
{
	autostr out = STR_INIT;

	str_add_escaped(&out, name, strlen(name));
	return str_take(&out);
}

bool
name_path_ok(const char *path)
{
	const char *p = path;

	if (strlen(path) > 1024)
		return false;
	for (;;) {
		size_t n = strcspn(p, "/");

		if (n == 0 || n > 255 || (n == 1 && p[0] == '.') ||
		    (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		for (size_t i = 0; i < n; i++)
			if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
				return false;
		if (!p[n])
			return true;
		p += n + 1;
	}
}

int
name_split_ref(const char *ref, char **agent, char **id)
{
	const char *slash = strchr(ref, '/');
	autofree char *a = NULL;

	if (!slash)
		return -EINVAL;
	a = mem_dupn(ref, (size_t)(slash - ref));
	if (!name_ok(a) || !name_ok(slash + 1))
		return -EINVAL;
	*id = mem_dup(slash + 1);
	*agent = take_ptr(a);
	return 0;
}
