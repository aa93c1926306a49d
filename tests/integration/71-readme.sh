#!/bin/bash
# What README.md says to type works, and prints what it says.
#
# Every block "```console" is a transcript: lines that begin with "$ " are
# commands, those that begin with "> " go on with one, and what follows is the
# output, standard error included, in which "…" stands for anything.  All
# are run in one shell, in the order in which they stand.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"

need spoolhand spoolhand-agent spoolhand-gm
unset SPOOLHAND_ROOT

# matches TEXT TOLD - are the pieces between the "…" there, in their order?
matches() {
	local text=$1 told=$2 piece

	if [[ $told != *…* ]]; then
		[[ $text == "$told" ]]
		return
	fi
	piece=${told%%…*}
	[[ $text == "$piece"* ]] || return 1
	text=${text#"$piece"}
	told=${told#*…}
	while [[ $told == *…* ]]; do
		piece=${told%%…*}
		[[ $text == *"$piece"* ]] || return 1
		text=${text#*"$piece"}
		told=${told#*…}
	done
	[[ $text == *"$told" ]]
}

# run COMMAND TOLD - in this shell, because it may change folder.
run() {
	local got out=$lib_base/readme.out

	eval "$1" >"$out" 2>&1 </dev/null
	got=$(<"$out")
	matches "$got" "$2" && return 0
	printf 'printed: %s\nnot:     %s\n' "$got" "$2"
	return 1
}

# Whoever types is slower than an orchestrator starts.
all_started() {
	local desk

	grep -q ': ready ' gm.log || return 1
	for desk in agents/*; do
		lib_holder "$desk/lock" || return 1
	done
}

command=
told=
commands=0

step() {
	[ -n "$command" ] || return 0
	check "$ ${command%%$'\n'*}" run "$command" "${told%$'\n'}"
	[[ $command != *'&' ]] || until_true 20 all_started >/dev/null
	commands=$((commands + 1))
	command=
	told=
}

inside=false
while IFS= read -r line; do
	case $line in
	'```console')
		inside=true
		;;
	'```')
		step
		inside=false
		;;
	'$ '*)
		$inside || continue
		step
		command=${line#\$ }
		;;
	'> '*)
		$inside || continue
		command+=$'\n'${line#> }
		;;
	*)
		$inside || continue
		told+=$line$'\n'
		;;
	esac
done <"$SPOOLHAND_SRC/README.md"

check 'there were commands in all of its parts' test "$commands" -gt 40

done_testing
