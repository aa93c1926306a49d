#!/bin/sh
# count - the lines, words and bytes of a text, as a worker of spoolhand.
#
# This is no reader of JSON. It finds strings that hold no quote and no
# backslash, which are written as they are; so are ids, always, and paths if
# the spool lies in a folder with such a name. In JSON a quote inside of a string
# stands behind a backslash, so nothing in a title or a body can be taken for a
# member. If you need more of a task, use a language that reads JSON.

set -u
export LC_ALL=C

# Members of $task.
text() {
	printf '%s\n' "$task" | sed -n "s/.*\"$1\":\"\\([^\"\\\\]*\\)\".*/\\1/p"
}
number() {
	printf '%s\n' "$task" | sed -n "s/.*\"$1\":\\([0-9][0-9]*\\).*/\\1/p"
}

count() {
	file=$(text body_file)
	at=$(number body_at)
	if [ -z "$file" ] || [ -z "$at" ]; then
		echo 'this path is too much for a shell script' >&2
		return 78
	fi
	# shellcheck disable=SC2046 # three numbers
	set -- $(tail -c "+$((at + 1))" "$file" | wc)
	if [ "$3" -eq 0 ]; then
		echo 'there is nothing to count' >&2
		return 65
	fi
	echo '{"progress":50,"message":"counted"}'
	printf '{"output":"%d lines, %d words, %d bytes\\n"}\n' "$1" "$2" "$3"
}

while IFS= read -r task; do
	status=0
	count </dev/null || status=$?
	printf '{"done":"%s","exit":%d}\n' "$(text id)" "$status"
done
