/* Any bytes as JSON: a sound tree, or a complaint. */
#include "tests/fuzz/fuzztree.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { "" };
	autonode *n = node_parse_json((const char *)data, size, "file", &err);

	FUZZ_CHECK(!n == (err.text[0] != '\0'));
	if (n)
		fuzztree_check(n, false);
	else
		fuzztree_check_err(&err, "file");
	return 0;
}
