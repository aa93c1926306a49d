#!/bin/bash
# Every test that docs/capabilities.md names is there, and it names one a row.
set -u

: "${SPOOLHAND_SRC:?the top of the source tree}"
table=$SPOOLHAND_SRC/docs/capabilities.md
failed=0
rows=0

while IFS='|' read -r _ id _ tests _; do
	rows=$((rows + 1))
	named=0
	for test in $tests; do
		named=$((named + 1))
		[ -f "$SPOOLHAND_SRC/tests/$test" ] && continue
		echo "capabilities: row$id names tests/$test, which is not there"
		failed=1
	done
	if [ "$named" -eq 0 ]; then
		echo "capabilities: row$id names no test"
		failed=1
	fi
done < <(grep -E '^\| [A-Z][0-9]' "$table")

if [ "$rows" -lt 30 ]; then
	echo "capabilities: only $rows rows in $table"
	failed=1
fi
exit "$failed"
