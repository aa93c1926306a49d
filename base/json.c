#include "base/json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define EXACT_MAX 9007199254740992.0 /* 2^53 */

static cJSON *
raw(const struct json *j)
{
	return (cJSON *)(uintptr_t)j;
}

static struct json *
wrap(cJSON *c)
{
	return (struct json *)c;
}

/* cJSON returns NULL only when it is out of memory. */
static cJSON *
made(cJSON *c)
{
	if (!c)
		abort();
	return c;
}

struct json *
json_parse(const char *text, size_t len, struct err *err)
{
	const char *end = text;
	cJSON *c = cJSON_ParseWithLengthOpts(text, len, &end, 0);
	size_t line = 1, column = 1;

	if (c) {
		while (end < text + len && strchr(" \t\r\n", *end) && *end)
			end++;
		if (end == text + len)
			return wrap(c);
		cJSON_Delete(c);
	}
	for (const char *p = text; p < end && p < text + len; p++) {
		column++;
		if (*p == '\n') {
			line++;
			column = 1;
		}
	}
	(void)err_set(err, -EBADMSG,
	              "line %zu, column %zu: this is not valid JSON", line,
	              column);
	return NULL;
}

struct json *
json_new_object(void)
{
	return wrap(made(cJSON_CreateObject()));
}

struct json *
json_new_array(void)
{
	return wrap(made(cJSON_CreateArray()));
}

struct json *
json_new_str(const char *value)
{
	autofree char *clean = NULL;

	if (!value)
		return wrap(made(cJSON_CreateNull()));
	if (utf8_valid(value, strlen(value)))
		return wrap(made(cJSON_CreateString(value)));
	clean = utf8_mend(value, strlen(value));
	return wrap(made(cJSON_CreateString(clean)));
}

struct json *
json_new_int(int64_t value)
{
	return wrap(made(cJSON_CreateNumber((double)value)));
}

void
json_free(struct json *j)
{
	cJSON_Delete(raw(j));
}

void
json_freep(struct json **j)
{
	json_free(*j);
}

void
json_set(struct json *object, const char *key, struct json *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(raw(object), key);
	if (!cJSON_AddItemToObject(raw(object), key, raw(value)))
		abort();
}

void
json_set_str(struct json *object, const char *key, const char *value)
{
	json_set(object, key, json_new_str(value));
}

void
json_set_int(struct json *object, const char *key, int64_t value)
{
	json_set(object, key, json_new_int(value));
}

void
json_set_bool(struct json *object, const char *key, bool value)
{
	json_set(object, key, wrap(made(cJSON_CreateBool(value))));
}

void
json_push(struct json *array, struct json *value)
{
	if (!cJSON_AddItemToArray(raw(array), raw(value)))
		abort();
}

const struct json *
json_get(const struct json *object, const char *key)
{
	return wrap(cJSON_GetObjectItemCaseSensitive(raw(object), key));
}

const struct json *
json_at(const struct json *array, size_t i)
{
	return wrap(cJSON_GetArrayItem(raw(array), (int)i));
}

size_t
json_len(const struct json *j)
{
	return j ? (size_t)cJSON_GetArraySize(raw(j)) : 0;
}

const struct json *
json_first(const struct json *j)
{
	return j ? wrap(raw(j)->child) : NULL;
}

const struct json *
json_next(const struct json *item)
{
	return item ? wrap(raw(item)->next) : NULL;
}

const char *
json_key(const struct json *member)
{
	return raw(member)->string ? raw(member)->string : "";
}

bool
json_is_object(const struct json *j)
{
	return cJSON_IsObject(raw(j));
}

bool
json_is_array(const struct json *j)
{
	return cJSON_IsArray(raw(j));
}

bool
json_is_string(const struct json *j)
{
	return cJSON_IsString(raw(j));
}

bool
json_is_number(const struct json *j)
{
	return cJSON_IsNumber(raw(j));
}

bool
json_is_bool(const struct json *j)
{
	return cJSON_IsBool(raw(j));
}

bool
json_is_null(const struct json *j)
{
	return cJSON_IsNull(raw(j));
}

const char *
json_str(const struct json *j, const char *otherwise)
{
	return json_is_string(j) ? raw(j)->valuestring : otherwise;
}

int64_t
json_int(const struct json *j, int64_t otherwise)
{
	double d = json_num(j, NAN);

	if (isnan(d) || d > EXACT_MAX || d < -EXACT_MAX)
		return otherwise;
	return (int64_t)d;
}

double
json_num(const struct json *j, double otherwise)
{
	return json_is_number(j) ? raw(j)->valuedouble : otherwise;
}

bool
json_bool(const struct json *j, bool otherwise)
{
	return json_is_bool(j) ? cJSON_IsTrue(raw(j)) : otherwise;
}

static void
print(const struct json *j, struct str *out, bool formatted)
{
	char *text = formatted ? cJSON_Print(raw(j)) :
	                         cJSON_PrintUnformatted(raw(j));
	autofree char *clean = NULL;

	if (!text)
		abort();
	/* What was parsed, and keys, may hold what strings of ours cannot. */
	if (!utf8_valid(text, strlen(text)))
		clean = utf8_mend(text, strlen(text));
	str_adds(out, clean ? clean : text);
	cJSON_free(text);
}

void
json_print(const struct json *j, struct str *out)
{
	print(j, out, false);
}

void
json_pretty(const struct json *j, struct str *out)
{
	print(j, out, true);
	str_addc(out, '\n');
}
