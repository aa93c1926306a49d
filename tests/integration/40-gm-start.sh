#!/bin/bash
# The orchestrator starts every agent of the configuration, in the right
# surroundings, or says what keeps it from that.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
need spoolhand-gm spoolhand-agent

# stat fields: pid comm state ppid pgrp session …; comm has no blanks here.
session_of() {
	awk '{ print $6 }' "/proc/$1/stat"
}

input_of() {
	readlink "/proc/$1/fd/0"
}

holds_something_of_the_gm() {
	local fd

	for fd in "/proc/$1/fd"/*; do
		[[ $(readlink "$fd") == "$root/gm"* ]] && return
	done
	return 1
}

mkdir "$root"
cat >"$root/spoolhand.yaml" <<'END'
agents:
  pm: {shell: cat}
  dev: {shell: cat}
  qa: {shell: cat}
END
start_gm
check 'it is ready' grep -F 'ready agents=3' "$gm_log"
check 'a folder with a spoolhand.yaml alone becomes a spool' \
	test -f "$root/format"
for agent in pm dev qa; do
	check "agent $agent owns its desk" until_true 5 desk_held "$agent"
done
pm=$(desk_pid pm)
check 'an agent is in a session of its own' prints "$pm" session_of "$pm"
check 'an agent has no input' prints /dev/null input_of "$pm"
check 'what an agent says is at its desk' \
	until_true 5 grep -F 'agent=pm ready' "$root/agents/pm/agent.log"
check_not 'agents hold nothing of the orchestrator' \
	holds_something_of_the_gm "$pm"
check 'its lock says who it is' prints "$gm_pid" gm_holder
printf 'hello\n' >"$root/agents/qa/inbox/one.md"
check 'agents do their work' \
	until_true 5 grep -q hello "$root/agents/qa/outbox/one/stdout"

check 'a second one is refused' \
	exits 75 spoolhand-gm --root "$root"
check 'and is told who has the spool' \
	said "already: pid $gm_pid"
check 'the first one is not touched by that' gm_holder

kill "$gm_pid"
check 'it ends when told' until_true 10 ended "$gm_pid"
check 'with status 0' waits 0 "$gm_pid"
check_not 'no agent is left' desk_held pm

printf 'agents:\n  pm: {shel: cat}\n' >"$root/spoolhand.yaml"
check 'a bad configuration is refused' exits 78 spoolhand-gm --root "$root"
check 'file, line and column are told' \
	said -E 'spoolhand.yaml:2:8: .*shell'
check 'no configuration is refused' exits 78 spoolhand-gm --root "$scratch"
check 'a folder that is not there is refused' \
	exits 78 spoolhand-gm --root "$scratch/nowhere"
check 'an operand is refused' exits 64 spoolhand-gm pm
check 'an unknown option is refused' exits 64 spoolhand-gm --rot x
check 'it has a version' spoolhand-gm --version

printf 'agents:\n  pm: {shell: cat}\n' >"$root/spoolhand.yaml"
printf 'spoolhand 2\n' >"$root/format"
check 'a newer spool is left alone' exits 78 spoolhand-gm --root "$root"
printf 'spoolhand 1\n' >"$root/format"
mkdir "$scratch/lonely"
cp "$SPOOLHAND_BIN/spoolhand-gm" "$scratch/lonely/"
check 'without an agent program it says so' \
	exits 78 env PATH=/nowhere "$scratch/lonely/spoolhand-gm" --root "$root"
check 'by name' said "there is no 'spoolhand-agent'"

# Its log may go away, or never have been there.
mkfifo "$scratch/log"
exec 9<>"$scratch/log"
spoolhand-gm --root "$root" </dev/null 2>"$scratch/log" &
gm_pid=$!
check 'it runs' until_true 10 desk_held pm
exec 9<&-
kill -9 "$(desk_pid pm)"
check 'it goes on when nobody reads its log' until_true 10 desk_held pm
kill "$gm_pid"
check 'and ends' until_true 10 ended "$gm_pid"
check 'well' waits 0 "$gm_pid"

spoolhand-gm --root "$root" <&- >&- 2>&- &
gm_pid=$!
check 'it runs with closed descriptors' until_true 10 desk_held pm
check 'and writes nothing into its own files' prints 1 \
	grep -c . "$root/gm/lock"
kill "$gm_pid"
check 'and ends, too' until_true 10 ended "$gm_pid"

done_testing
