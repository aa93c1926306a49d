#!/bin/bash
# run-script.sh - run one test script and notice what its programs said.
#
# usage: run-script.sh SCRIPT
#
# In a sanitized build a program may die with a report while the script looks
# at something else, or takes the death for the failure it expected.  Reports
# are therefore written to a folder, shown at the end, and fail the test.

set -u

script=$1
if [ -z "${SPOOLHAND_SANITIZED-}" ]; then
	exec bash "$script"
fi

reports=$(mktemp -d "${TMPDIR:-/tmp}/spoolhand-reports.XXXXXX") || exit 1
trap 'rm -rf "$reports"' EXIT
chmod 1777 "$reports"
export ASAN_OPTIONS="${ASAN_OPTIONS-}:log_path=$reports/asan"
export UBSAN_OPTIONS="${UBSAN_OPTIONS-}:log_path=$reports/ubsan"

bash "$script"
status=$?

# Killed by its test while it looked for leaks at its end: no finding.
was_killed() {
	! grep -qvE '^(==[0-9]+==Unable to get registers from thread [0-9]+\.)?$' "$1"
}

for report in "$reports"/*; do
	[ -e "$report" ] || continue
	was_killed "$report" && continue
	echo "sanitizer report ${report##*/}:" >&2
	cat "$report" >&2
	status=1
done
exit "$status"
