/* Any bytes as a line of a stream worker: noise, sound, or a complaint. */
#include <string.h>

#include "agent/stream.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autosaid said = { 0 };
	struct err err = { "" };
	enum stream_kind kind =
		stream_read((const char *)data, size, &said, &err);

	FUZZ_CHECK(kind >= STREAM_NOISE && kind <= STREAM_BROKEN);
	FUZZ_CHECK((kind == STREAM_NOISE) == !said.object);
	FUZZ_CHECK((kind == STREAM_BROKEN) == (err.text[0] != '\0'));
	FUZZ_CHECK(kind != STREAM_DONE ||
	           (said.done && said.exit >= 0 && said.exit <= 255));
	FUZZ_CHECK(kind != STREAM_SAYS || !said.done);
	return 0;
}
