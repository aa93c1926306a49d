/*
 * json.h - JSON in and out, over cJSON.
 *
 * A `struct json` is one value.  json_parse() and the json_new_*() functions
 * give a value that the caller owns and frees; every value added to an object
 * or array belongs to it from then on; what json_get() and json_at() return
 * stays with its parent.  Getters accept NULL and the wrong type and then
 * give the default, so that a chain of lookups needs one check at its end.
 *
 * Strings that are not UTF-8 are written with U+FFFD for each bad byte: what
 * this module prints is always valid JSON.  Integers are exact to 10^15: cJSON
 * prints 15 digits of larger ones.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

struct json;

#define autojson scoped(json_freep) struct json

/*
 * Parse all of `text`.  NULL on an error, with "line L, column C: …" in
 * `err`.  Nesting is bounded by cJSON (1000 levels).
 */
struct json *json_parse(const char *text, size_t len, struct err *err);

struct json *json_new_object(void);
struct json *json_new_array(void);
struct json *json_new_str(const char *value);
struct json *json_new_int(int64_t value);
void json_free(struct json *j);
void json_freep(struct json **j);

/* Add or replace a member.  A NULL string is written as null. */
void json_set(struct json *object, const char *key, struct json *value);
void json_set_str(struct json *object, const char *key, const char *value);
void json_set_int(struct json *object, const char *key, int64_t value);
void json_set_bool(struct json *object, const char *key, bool value);
void json_push(struct json *array, struct json *value);

const struct json *json_get(const struct json *object, const char *key);
const struct json *json_at(const struct json *array, size_t i);
size_t json_len(const struct json *j);

/* Members or elements one after the other; NULL after the last. */
const struct json *json_first(const struct json *j);
const struct json *json_next(const struct json *item);
const char *json_key(const struct json *member);

bool json_is_object(const struct json *j);
bool json_is_array(const struct json *j);
bool json_is_string(const struct json *j);
bool json_is_number(const struct json *j);
bool json_is_bool(const struct json *j);
bool json_is_null(const struct json *j);

const char *json_str(const struct json *j, const char *otherwise);
int64_t json_int(const struct json *j, int64_t otherwise);
double json_num(const struct json *j, double otherwise);
bool json_bool(const struct json *j, bool otherwise);

/* Append the value to `out`, on one line or indented. */
void json_print(const struct json *j, struct str *out);
void json_pretty(const struct json *j, struct str *out);

#endif
