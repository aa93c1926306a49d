#!/bin/bash
# The include edges are those of scripts/layers.txt, and a wrong one is seen.

set -u

cd "$SPOOLHAND_SRC" || exit 1
failed=0

if ! scripts/check-layers; then
	failed=1
fi

scratch=$(mktemp -d "${TMPDIR:-/tmp}/spoolhand-layers.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT

# plant FILE LINE - in a tree of its own, this one line is refused.
plant() {
	rm -rf "$scratch/tree"
	mkdir -p "$scratch/tree/scripts" "$scratch/tree/${1%/*}"
	cp scripts/check-layers scripts/files scripts/layers.txt \
		"$scratch/tree/scripts"
	printf '#include <stdio.h>\n%s\n' "$2" >"$scratch/tree/$1"
	if GIT_CEILING_DIRECTORIES=$scratch \
		"$scratch/tree/scripts/check-layers" >"$scratch/out" 2>&1; then
		verdict=allowed
	elif grep -q "^$1:[0-9]*: " "$scratch/out"; then
		verdict=refused
	else
		verdict=broken
		cat "$scratch/out" >&2
	fi
}

expect() {
	plant "$2" "$3"
	if [ "$verdict" != "$1" ]; then
		echo "$2 with '$3': $verdict, expected $1" >&2
		failed=1
	fi
}

expect allowed base/one.c '#include "base/str.h"'
expect allowed spool/one.c '#include "base/str.h"'
expect allowed base/watch.c '#include <sys/inotify.h>'
expect allowed base/digest.c '#include <openssl/sha.h>'
expect allowed tests/unit/test_one.c '#include "orchestrator/plan.h"'

expect refused base/one.c '#include "spool/layout.h"'
expect refused base/one.c '#	include "spool/layout.h"'
expect refused base/one.h '#include <spool/layout.h>'
expect refused spool/one.c '#include "config/config.h"'
expect refused agent/one.c '#include "orchestrator/plan.h"'
expect refused orchestrator/one.c '#include "agent/run.h"'
expect refused agent/one.c '#include "cli/main.h"'
expect refused cli/one.c '#include "agent/run.h"'
expect refused spool/one.c '#include "publish.h"'
expect refused agent/one.c '#include "elsewhere/x.h"'
expect refused agent/one.c '#include HEADER'
expect refused elsewhere/one.c '#include "base/str.h"'
expect refused agent/one.c '#include <sys/inotify.h>'
expect refused spool/json.c '#include <cjson/cJSON.h>'
expect refused base/sha.c '#include <openssl/evp.h>'
expect refused config/verify.c '#include <yaml.h>'

exit "$failed"
