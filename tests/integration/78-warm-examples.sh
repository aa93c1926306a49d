#!/bin/bash
# The example of a stream worker, in each of its languages.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent spoolhand

build=$SPOOLHAND_BIN/..
setting() {
	sed -nE "s/^$1:[A-Z]+=//p" "$build/CMakeCache.txt"
}
flags=()
sanitize=$(setting SPOOLHAND_SANITIZE)
[ -z "$sanitize" ] || flags+=("-fsanitize=$sanitize")
[ "$(setting SPOOLHAND_COVERAGE)" != ON ] || flags+=(--coverage)

export SPOOLHAND_EXAMPLES=$SPOOLHAND_SRC/examples
check 'it is copied' spoolhand init --example warm "$root"
check 'with all of its files' ls "$root"/{README.md,count.c,count.py,count.sh}
check 'the one in C is made' "$(setting CMAKE_C_COMPILER)" "${flags[@]}" \
	-I"$SPOOLHAND_SRC/lib" -o "$root/count" "$root/count.c" \
	"$build/lib/libspoolhand.a" -lcjson

# says AGENT TEXT WANT
says() {
	printf '%b' "$2" >body.md
	prints "$3" spoolhand run "$1" body.md
}

pids=()
for agent in c python shell; do
	start_agent "$agent"
	pids+=("$agent_pid")
	check "$agent: a text" says "$agent" 'one two three\n' \
		'1 lines, 3 words, 14 bytes'
	check 'another one' says "$agent" 'a b\n\n c' '2 lines, 3 words, 7 bytes'
	check 'with what JSON has to escape' says "$agent" \
		'---\ntitle: say "\\"id":"x" \\\\\n---\n"id":"y","body_at":99 \\\\ xä\n' \
		'1 lines, 3 words, 29 bytes'
	check 'with a header' says "$agent" '---\npriority: low\n---\nx' \
		'0 lines, 1 words, 1 bytes'
	head -c 100000 /dev/urandom >body
	check 'any bytes' sh -c 'spoolhand run "$1" body | grep -q "100000 bytes"' \
		- "$agent"
	check 'none' exits 1 spoolhand run "$agent" --id none --body ''
	check 'is an error that is final' prints 'FAILED permanent' \
		outcome "$agent" none
	check 'told on standard error' prints 'there is nothing to count' \
		cat "$root/agents/$agent/failed/none/stderr"
	check 'by one worker' prints 1 sh -c 'wc -w </proc/$1/task/$1/children' \
		- "$agent_pid"
done
kill "${pids[@]}"
for pid in "${pids[@]}"; do
	check 'it stops' waits 0 "$pid"
done
done_testing
