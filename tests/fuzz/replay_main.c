/*
 * replay_main.c - give a fuzz target the inputs that are kept, one by one.
 *
 * usage: fuzz_x DIRECTORY...
 *
 * It stands in for libFuzzer's main wherever that is not linked, so that every
 * build replays the corpus.  A missing or empty directory is a failure: a
 * replay of nothing proves nothing.
 */

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The file's bytes in memory of exactly its size, or NULL. */
static uint8_t *
slurp(const char *path, size_t size)
{
	uint8_t *data = malloc(size > 0 ? size : 1);
	FILE *f = fopen(path, "rb");

	if (data != NULL && f != NULL && fread(data, 1, size, f) == size) {
		(void)fclose(f);
		return data;
	}
	if (f != NULL)
		(void)fclose(f);
	free(data);
	return NULL;
}

/* 1 if the file was replayed, 0 if it is none, -1 if it cannot be read. */
static int
replay_file(const char *dir, const char *name)
{
	char path[4096];
	struct stat st;
	uint8_t *data;
	int n;

	n = snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof(path) || stat(path, &st) < 0) {
		fprintf(stderr, "%s/%s: cannot look at it\n", dir, name);
		return -1;
	}
	if (!S_ISREG(st.st_mode))
		return 0;
	data = slurp(path, (size_t)st.st_size);
	if (data == NULL) {
		fprintf(stderr, "%s: cannot read it\n", path);
		return -1;
	}
	(void)LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
	free(data);
	return 1;
}

/* How many files were replayed, or -1 if one could not be. */
static long
replay_dir(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *de;
	long count = 0;
	int r = 0;

	if (dir == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	while (r >= 0 && (de = readdir(dir)) != NULL) {
		r = replay_file(path, de->d_name);
		if (r > 0)
			count++;
	}
	(void)closedir(dir);
	return r < 0 ? -1 : count;
}

int
main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s DIRECTORY...\n", argv[0]);
		return 64;
	}
	for (int i = 1; i < argc; i++) {
		long count = replay_dir(argv[i]);

		if (count < 0)
			return 1;
		if (count == 0) {
			fprintf(stderr, "%s: no inputs to replay\n", argv[i]);
			return 1;
		}
		printf("%s: %ld inputs replayed\n", argv[i], count);
	}
	return 0;
}
