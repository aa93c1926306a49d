# shellcheck shell=bash
# lib.sh - what the integration scripts have in common: TAP, waits, cleaning up.
#
# A script is run with SPOOLHAND_BIN (the programs) and SPOOLHAND_SRC (the
# tree), in any folder:
#
#	#!/bin/bash
#	# One sentence: what is shown here.
#	# shellcheck source-path=SCRIPTDIR
#	. "$SPOOLHAND_SRC/tests/integration/lib.sh"
#
#	make_spool <<'END'
#	agents:
#	  pm: {shell: cat}
#	END
#	start_gm
#	check 'the agent runs' until_true 5 desk_held pm
#	done_testing
#
# Sourcing it makes a fresh folder, $scratch, and goes there; $root in it is
# where make_spool lays out a spool, and is exported as SPOOLHAND_ROOT.  When
# the script ends, however it ends, every process that it started is ended and
# the folder removed; set SPOOLHAND_KEEP=1 to keep it.
#
# check TEXT CMD...        one test point: CMD must succeed
# check_not TEXT CMD...    CMD must fail, by itself and not by a signal
# exits STATUS CMD...      true if CMD exits with exactly this status
# prints TEXT CMD...       true if CMD succeeds and its output is exactly TEXT
# said TEXT                true if the test point before, which was no `said`
#                          itself, printed this fixed text; said -E REGEX
# until_true SECS CMD...   true as soon as CMD is, false after SECS
# need PROGRAM...          skip the script if one has not been built
# skip_all REASON          skip the script
# done_testing             print the plan and leave; nothing may come after
#
# make_spool               a spool at $root, spoolhand.yaml from standard input
# start_gm [ARG...]        spoolhand-gm in the background, until it is ready:
#                          $gm_pid, $gm_log
# start_agent NAME         spoolhand-agent, until it holds its desk: $agent_pid,
#                          $scratch/agent-NAME.log
# start CMD...             anything in the background: $start_pid
# ended PID                true if this child of ours has ended (not reaped)
# waits STATUS PID         true if it ends with this status; use after `ended`
#                          or when the end is certain
# desk_pid NAME            prints the pid of the agent that holds the desk
# desk_held NAME           true if one does
# gm_holder                prints the pid of the GM that holds the spool
# tree_pids                prints the pids of everything started here that lives
# stop_all                 ends everything started here
#
# CMD may be a function of the script.  Nothing ever sleeps for a time in the
# hope that something has happened meanwhile.

set -u

: "${SPOOLHAND_BIN:?the folder of the programs}"
: "${SPOOLHAND_SRC:?the top of the source tree}"

lib_base=$(mktemp -d "${TMPDIR:-/tmp}/spoolhand-test.XXXXXX") || exit 1
scratch=$lib_base/scratch
mkdir "$scratch" || exit 1
root=$scratch/spool
gm_log=$scratch/gm.log
lib_test=0
lib_failed=0
lib_done=0

export SPOOLHAND_ROOT=$root
export PATH=$SPOOLHAND_BIN:$SPOOLHAND_BIN/tests:$PATH
export HOME=$scratch
# Everything that is started inherits it, so what is ours can be told.
export SPOOLHAND_TEST=$scratch

cd "$scratch" || exit 1

# --- ending what was started -------------------------------------------------

# What was started may be no descendant any more: its environment tells.  The
# script itself and its subshells began without the mark.
tree_pids() {
	local file pid

	jobs -p
	env -u SPOOLHAND_TEST grep -lszxF "SPOOLHAND_TEST=$scratch" \
		/proc/[0-9]*/environ |
		while IFS= read -r file; do
			pid=${file#/proc/}
			lib_lives "${pid%/environ}" && echo "${pid%/environ}"
		done
}

lib_lives() {
	local stat

	read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
	[[ ${stat##*) } != [ZX]* ]]
}

lib_none_left() {
	local pid

	for pid in $(tree_pids); do
		lib_lives "$pid" && return 1
	done
	return 0
}

lib_signal_all() {
	local pid

	for pid in $(tree_pids); do
		kill "-$1" "$pid" 2>/dev/null
	done
	return 0
}

# The second SIGTERM says: not after the running tasks, now.
stop_all() {
	lib_signal_all TERM
	lib_signal_all CONT
	until_true 0.5 lib_none_left && return 0
	lib_signal_all TERM
	until_true 2 lib_none_left && return 0
	lib_signal_all KILL
	until_true 5 lib_none_left
} >/dev/null

# Of agents that were killed, and that nobody started again.
lib_remove_cgroups() {
	local note path

	while IFS= read -r note; do
		read -r path <"$note" && [[ ${path##*/} == spoolhand-* ]] &&
			rmdir "$path"
	done < <(find "$lib_base" -path '*/agents/*/cgroup' -type f)
} 2>/dev/null

lib_leave() {
	local status=$?

	trap - EXIT
	stop_all || echo "# something does not end: $(tree_pids)"
	cd / || :
	if [ -n "${SPOOLHAND_KEEP-}" ]; then
		echo "# kept: $scratch"
	else
		lib_remove_cgroups
		chmod -R u+rwX "$lib_base" 2>/dev/null
		rm -rf "$lib_base"
	fi
	if [ "$lib_done" -eq 0 ]; then
		echo "Bail out! the script ended early, with status $status"
		status=1
	fi
	exit "$status"
}
trap lib_leave EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# --- test points -------------------------------------------------------------

diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

lib_point() {
	local status=$1 text=$2

	lib_test=$((lib_test + 1))
	if [ "$status" -eq 0 ]; then
		echo "ok $lib_test - $text"
		return 0
	fi
	lib_failed=$((lib_failed + 1))
	echo "not ok $lib_test - $text"
	return 1
}

lib_show() {
	diag "command: $1"
	diag "status: $2"
	[ -s "$lib_out" ] && tail -n 40 "$lib_out" | sed 's/^/# | /'
	return 0
}

# What is asked about the last output is not itself the last output.
lib_choose_output() {
	lib_out=$lib_base/check.out
	[ "$1" != said ] || lib_out=$lib_base/said.out
}

check() {
	local text=$1 status=0
	shift

	lib_choose_output "$1"
	"$@" >"$lib_out" 2>&1 || status=$?
	lib_point "$status" "$text" || lib_show "$*" "$status"
}

check_not() {
	local text=$1 status=0
	shift

	lib_choose_output "$1"
	"$@" >"$lib_out" 2>&1 || status=$?
	[ "$status" -ne 0 ] && [ "$status" -lt 126 ]
	lib_point $? "$text" || lib_show "$*" "$status, but it should have failed"
}

exits() {
	local want=$1 status=0
	shift

	"$@" || status=$?
	[ "$status" -eq "$want" ] && return 0
	echo "exited with $status, not $want"
	return 1
}

prints() {
	local want=$1 got
	shift

	got=$("$@") || return
	[ "$got" = "$want" ] && return 0
	printf 'printed: %s\nnot:     %s\n' "$got" "$want"
	return 1
}

said() {
	local option=-F

	[ "$1" != -E ] || { option=-E && shift; }
	grep "$option" -- "$1" "$lib_base/check.out"
}

skip_all() {
	echo "1..0 # SKIP $*"
	lib_done=1
	exit 0
}

need() {
	local program

	for program; do
		[ -x "$SPOOLHAND_BIN/$program" ] ||
			skip_all "$program has not been built"
	done
}

done_testing() {
	echo "1..$lib_test"
	lib_done=1
	[ "$lib_failed" -eq 0 ] || diag "$lib_failed of $lib_test failed"
	[ "$lib_test" -gt 0 ] && [ "$lib_failed" -eq 0 ]
	exit $?
}

# --- waiting -----------------------------------------------------------------

# Seconds, perhaps with a fraction of up to six digits.
lib_microseconds() {
	local fraction=000000

	[[ $1 == *.* ]] && fraction=${1#*.}000000
	echo $((${1%.*} * 1000000 + 10#${fraction:0:6}))
}

# Look, and look again when something beneath $scratch changed, but at least
# every 20 ms.  Only the last look's output is shown; it is kept outside of
# $scratch, where it would be a change.
until_true() {
	local now end status out=$lib_base/until.$BASHPID.out
	now=${EPOCHREALTIME/[.,]/}
	end=$((now + $(lib_microseconds "$1")))
	shift

	while :; do
		status=0
		"$@" >"$out" 2>&1 || status=$?
		now=${EPOCHREALTIME/[.,]/}
		if [ "$status" -eq 0 ] || [ "$now" -ge "$end" ]; then
			break
		fi
		waitfor "$scratch" 20
	done
	cat "$out"
	rm -f "$out"
	[ "$status" -eq 0 ] || echo "still so in the end: $*"
	return "$status"
}

# --- a spool and who runs in it ----------------------------------------------

make_spool() {
	mkdir -p "$root/agents" "$root/gm" &&
		printf 'spoolhand 1\n' >"$root/format" &&
		cat >"$root/spoolhand.yaml"
}

# shellcheck disable=SC2034 # the scripts read it
start() {
	"$@" </dev/null >>"$lib_base/start.out" 2>&1 &
	start_pid=$!
}

ended() {
	! lib_lives "$1"
}

waits() {
	local want=$1 status=0

	wait "$2" || status=$?
	[ "$status" -eq "$want" ] && return 0
	echo "process $2 ended with $status, not $want"
	return 1
}

lib_gm_ready() {
	grep -qs ': ready ' "$gm_log" || ended "$gm_pid"
}

# start_gm reads better than a program's name in 20 places; GM=… names another.
start_gm() {
	: >"$gm_log"
	"${GM:-spoolhand-gm}" --root "$root" "$@" </dev/null >>"$gm_log" 2>&1 &
	gm_pid=$!
	until_true 20 lib_gm_ready >/dev/null && lib_lives "$gm_pid" &&
		return
	diag "the GM is not ready: $(tail -n 3 "$gm_log")"
	return 1
}

# The first word of a lock that somebody holds is the holder's pid.
lib_holder() {
	local pid rest

	read -r pid rest 2>/dev/null <"$1" || return 1
	[ -n "$rest" ] && lib_lives "$pid" || return 1
	echo "$pid"
}

desk_pid() {
	lib_holder "$root/agents/$1/lock"
}

desk_held() {
	desk_pid "$1" >/dev/null
}

gm_holder() {
	lib_holder "$root/gm/lock"
}

lib_agent_ready() {
	[ "$(desk_pid "$1")" = "$agent_pid" ] || ended "$agent_pid"
}

start_agent() {
	spoolhand-agent --root "$root" "$1" </dev/null \
		>>"$scratch/agent-$1.log" 2>&1 &
	agent_pid=$!
	until_true 20 lib_agent_ready "$1" >/dev/null &&
		lib_lives "$agent_pid" && return
	diag "agent $1 is not ready: $(tail -n 3 "$scratch/agent-$1.log")"
	return 1
}
