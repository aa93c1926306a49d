#!/bin/bash
# Every link in a Markdown file to a file of the tree leads somewhere.

set -u

cd "$SPOOLHAND_SRC" || exit 1
failed=0
links=0

while IFS= read -r file; do
	while IFS= read -r target; do
		target=${target%%#*}
		[ -n "$target" ] || continue
		links=$((links + 1))
		if ! [ -e "$(dirname "$file")/$target" ]; then
			echo "$file: nothing at $target" >&2
			failed=1
		fi
	done < <(awk '/^(```|~~~)/ { code = !code } !code' "$file" |
		grep -oE '\]\([^) ]+' | sed 's/^](//' |
		grep -vE '^[a-z]+:')
done < <(scripts/files '*.md' | grep -v '^tests/')

echo "docs: $links links looked at"
exit "$failed"
