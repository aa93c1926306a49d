#!/bin/bash
# What the command line answers where something is not as it should be.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
need spoolhand spoolhand-gm spoolhand-agent

make_spool <<'END_YAML'
agents:
  a: {shell: cat}
  b: {shell: cat}
  nope: {command: [/nope/prog], retry: {max: 1, base: 300ms}}
END_YAML
mkdir -p "$root/agents"

# --- a desk that is not to be used -------------------------------------------

check 'a task for each' \
	sh -c 'spoolhand submit a --body x && spoolhand submit b --body x'
mv "$root/agents/a" "$root/agents/a.away"
echo >"$root/agents/a"
rmdir "$root/agents/a.away/blocked"
check_not 'status fails' sh -c 'spoolhand status >status.out'
check 'names the desk' said "/agents/a'"
check 'and shows the others' grep -q '^b' status.out
check 'and what to do where a place is missing' sh -c \
	'spoolhand status 2>&1 | grep "a.away.*blocked.*fsck --repair"'
check_not 'watching ends with the status' \
	sh -c 'spoolhand cancel b/task* 2>/dev/null; spoolhand status b a.away'
check 'sync does not say that all is well' \
	exits 65 sh -c "rm -f '$root'/agents/b/inbox/*; spoolhand sync"
check 'nor of the one' exits 65 spoolhand sync a
check 'nor where a place is missing' exits 65 spoolhand sync a.away
check 'as JSON, the others' sh -c \
	'spoolhand status --json 2>/dev/null | grep -q "\"agent\":\"b\""'
rm "$root/agents/a"
rm -rf "$root/agents/a.away"

# --- who does not run, and what to do ----------------------------------------

check 'a task' spoolhand submit a --id one --body x
for verb in 'wait a/one --timeout 10ms' 'sync a' 'pause a' 'why a/one' \
	'resume a' 'cancel a/one'; do
	check "$verb" sh -c "spoolhand $verb || :"
	check 'says how to start it' \
		said "agent 'a' is not running: start it with: spoolhand up"
done
for verb in 'wait a/one --timeout 10ms' 'pause a' 'resume a' 'cancel a/one'; do
	check "-q $verb" sh -c "spoolhand -q $verb || :"
	check_not 'says nothing of it' said 'not running'
done
check 'why of a drop' spoolhand why a/one
check 'tells of the request to cancel it' \
	said 'a request to cancel it lies there'
mkdir -p "$root/gm/quarantine"
echo 'died 5 times' >"$root/gm/quarantine/a"
for verb in 'wait a/one --timeout 10ms' 'sync a' 'pause a' 'why a/one'; do
	check "$verb, in quarantine" sh -c "spoolhand $verb || :"
	check 'says how to release it' said \
		'is in quarantine (died 5 times): release it with: spoolhand resume a'
	check_not 'and not another way' said 'spoolhand up'
done
rm -r "$root/gm/quarantine"
mkdir -p "$root/agents/old" &&
	cp -r "$root/agents/a/." "$root/agents/old/"
for verb in 'wait old/one --timeout 10ms' 'sync old' 'pause old' \
	'why old/one'; do
	check "$verb, not configured" sh -c "spoolhand $verb || :"
	check 'says so' said "agent 'old' is not in spoolhand.yaml: nobody runs it"
done
rm -r "$root/agents/old"
rm -f "$root"/agents/a/requests/* "$root"/agents/*/inbox/*

# --- BLOCKED, and waits ------------------------------------------------------

start_gm
check 'the agents run' until_true 10 desk_held nope
# A command that is not there may come yet: it is tried again and again.
check 'run of what cannot start' \
	exits 4 spoolhand run nope --id x --body x --wait-timeout 2s
check 'says that it is BLOCKED' \
	said -E "nope/x is BLOCKED \(retry\): cannot run '/nope/prog': .*; tried again in "
check 'once' sh -c "spoolhand wait nope/x --timeout 2s 2>&1 |
	grep -c BLOCKED | grep -qx 1"
check '-q' exits 4 spoolhand -q wait nope/x --timeout 1s
check_not 'not at all' said 'BLOCKED'
check 'a task of its own' spoolhand submit a --id two --body x
check 'waited for twice' prints 'a/two COMPLETED' spoolhand wait a/two a/two

# --- what is shown -----------------------------------------------------------

check 'an empty list' prints '' spoolhand ls a
in_terminal() {
	NO_COLOR=1 script -qec "stty cols $1 rows 24; $2" /dev/null </dev/null
}
if command -v script >/dev/null; then
	check 'on a terminal' in_terminal 80 'spoolhand ls a'
	check_not 'has no header' said ATTEMPTS
	check 'but a word' said 'no such task'
	check 'a wide status' in_terminal 200 'spoolhand status'
	check 'has all columns' said -E 'PENDING.*PROGRESS'
	check 'a narrow one' in_terminal 50 'spoolhand status'
	check_not 'has fewer' said -E 'PENDING|RDY'
	check 'keeps the first' said -E 'NAME.*STATE'
	check_not 'and does not wrap' said -E '.{52}'
fi

cat >"$root/spoolhand.yaml" <<'END_YAML'
agents:
  slow: {shell: "touch $SPOOLHAND_TEST/begun; exec sleep 1000"}
  nope: {command: [/nope/prog], retry: {max: 1, base: 1h, cap: 1h}}
END_YAML
check 'down' spoolhand down --now
start_gm
check 'a task that cannot start' spoolhand submit nope --id y --body x
check 'a task that runs' spoolhand submit slow --id y --body x
check 'runs' until_true 10 test -e begun
check 'ls shows no percent that nobody has reported' sh -c \
	'spoolhand ls slow | grep -P "\tworking$"'
check 'status of an agent knows when its task was admitted' sh -c \
	'spoolhand status slow --json | grep -q "\"admitted\":[0-9]"'
check 'ls --json has the message' until_true 10 sh -c \
	'spoolhand ls nope --json | grep -q "\"message\":\"cannot run"'
check 'status tells of the first that is BLOCKED' sh -c \
	'spoolhand status nope | grep "nope/x is BLOCKED (retry): cannot run"'

# What has gone from spoolhand.yaml, or the GM that drains, is not promised.
kill "$gm_pid"
check 'the GM drains' until_true 10 grep -q 'a second signal' "$gm_log"
check 'an agent of it ends' until_true 10 sh -c \
	'! spoolhand status nope --json | grep -q "\"up\":true"'
check 'why' spoolhand why nope/y
check 'does not promise a start' said \
	'if the orchestrator does not start it in a moment: spoolhand down'
check 'down' spoolhand down --now

# --- much output -------------------------------------------------------------

for ((i = 0; i < 500; i++)); do
	echo x >"$root/agents/slow/inbox/drop-with-a-rather-long-name-$i.md"
done
for verb in 'ls slow' 'ls slow --json' 'status'; do
	check "$verb to a full disk" exits 74 sh -c "spoolhand $verb >/dev/full"
	check 'says so' said 'No space left on device'
done

# --- help --------------------------------------------------------------------

verbs=$(spoolhand --help | sed -n 's/^  \([a-z]*\)  *[a-z].*/\1/p')
for verb in $verbs; do
	check "the help of $verb has an example of it" sh -c \
		"spoolhand $verb --help | sed -n '/^example:/,\$p' |
			grep -q 'spoolhand $verb'"
done

done_testing
