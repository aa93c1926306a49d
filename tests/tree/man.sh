#!/bin/bash
# The manual pages are sound, name only pages of ours that exist, and there is
# one for each program.

set -u

cd "$SPOOLHAND_SRC" || exit 1
failed=0

complain() {
	echo "$*" >&2
	failed=1
}

shopt -s nullglob
pages=(docs/man/*.[13578])
if [ "${#pages[@]}" -eq 0 ]; then
	echo '1..0 # SKIP there are no manual pages'
	exit 0
fi

mandoc -T lint -W warning "${pages[@]}" || failed=1

for page in "${pages[@]}"; do
	while read -r name section; do
		[ -f "docs/man/$name.$section" ] ||
			complain "$page: there is no $name($section)"
	done < <(sed -nE \
		's/^\.Xr (spoolhand[^ ]*) ([0-9]).*/\1 \2/p' "$page")
done

for program in "$SPOOLHAND_BIN"/spoolhand*; do
	pages=(docs/man/"${program##*/}".[18])
	[ "${#pages[@]}" -eq 1 ] ||
		complain "${program##*/} needs one page, has ${#pages[@]}"
done

exit "$failed"
