# shellcheck shell=bash
# desk.sh - looking at a desk with nothing but ls, cat and grep (after lib.sh).
#
# count NAME PLACE           prints how many there are in a place
# has NAME PLACE N           true if there are N
# ids NAME PLACE             prints the ids there, in schedule order, on a line
# holds NAME PLACE [ID...]   true if exactly these are there, in this order
# at_rest NAME               true if nothing is under way: no drop, and nothing
#                            pending, ready, running, being saved or blocked
# fact NAME ID KEY           prints a member of result.json: fact pm a state
# outcome NAME ID            prints state and reason: "FAILED exit"
# ends NAME ID [SECS]        waits until it ended, whichever way
# comes NAME ID STATE [REASON]   waits for its end, true if it is this one
# put NAME FILE [AS]         drops: standard input as a file, in one rename
# journaled NAME REGEX       prints the lines of the journal that match, which
#                            must be at least one
# pause NAME, unpause NAME   nothing starts, and again
# paused NAME, unpaused NAME  true when the agent has taken notice
#
# What is waited for has this long to happen; nothing but a fault takes it all.

# shellcheck disable=SC2154 # root and scratch are lib.sh's
soon=${SPOOLHAND_SOON:-60}

# A drop of any name counts, also one that ls would not show.
count() {
	find "$root/agents/$1/$2" -mindepth 1 -maxdepth 1 ! -name '.*' \
		-printf x | wc -c
}

has() {
	local n
	n=$(count "$1" "$2")

	[ "$n" -eq "$3" ] && return 0
	echo "$1/$2 has $n, not $3"
	return 1
}

ids() {
	local path name list=()

	for path in "$root/agents/$1/$2"/*; do
		[ -e "$path" ] || [ -L "$path" ] || continue
		name=${path##*/}
		case $2 in
		pending | ready | running | saving | blocked)
			name=${name#*.*.*.}
			;;
		esac
		list+=("$name")
	done
	echo "${list[*]-}"
}

holds() {
	local name=$1 place=$2
	shift 2

	prints "$*" ids "$name" "$place"
}

at_rest() {
	local place

	for place in inbox admit pending ready running saving blocked; do
		has "$1" "$place" 0 || return 1
	done
}

fact() {
	local place file

	for place in outbox failed; do
		file=$root/agents/$1/$place/$2/result.json
		[ -e "$file" ] || continue
		sed -nE "s/^\t\"$3\":\t//; T; s/,\$//; s/^\"(.*)\"\$/\1/; p" \
			"$file"
		return
	done
	return 1
}

outcome() {
	local state reason
	state=$(fact "$1" "$2" state) || return 1
	reason=$(fact "$1" "$2" reason)

	[ "$reason" = null ] && reason=
	echo "$state${reason:+ $reason}"
}

# shellcheck disable=SC2317 # called by name
lib_has_ended() {
	[ -e "$root/agents/$1/outbox/$2" ] || [ -e "$root/agents/$1/failed/$2" ]
}

ends() {
	until_true "${3:-$soon}" lib_has_ended "$1" "$2"
}

comes() {
	ends "$1" "$2" && prints "${*:3}" outcome "$1" "$2"
}

put() {
	local name=$1 file=$2 as=${3:-$2}

	cat >"$root/agents/$name/inbox/.$file.new" &&
		mv "$root/agents/$name/inbox/.$file.new" \
			"$root/agents/$name/inbox/$as"
}

journaled() {
	grep -E -- "$2" "$root/agents/$1/journal.jsonl"
}

pause() {
	mkdir -p "$root/agents/$1/requests" &&
		touch "$root/agents/$1/requests/pause"
}

unpause() {
	touch "$root/agents/$1/requests/resume"
}

# The last word of the journal on this.
lib_last_of() {
	[ "$(sed -nE 's/.*"ev":"request","reason":"(pause|resume)".*/\1/p' \
		"$root/agents/$1/journal.jsonl" | tail -n 1)" = "$2" ]
}

paused() {
	until_true "$soon" lib_last_of "$1" pause
}

unpaused() {
	until_true "$soon" lib_last_of "$1" resume
}
