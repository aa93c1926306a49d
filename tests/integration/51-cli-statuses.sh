#!/bin/bash
# The table of exit statuses, each by a case, with what is said to it.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
need spoolhand spoolhand-gm spoolhand-agent

make_spool <<'END_YAML'
agents:
  pm: {shell: "sh $TASK_FILE", retry: {max: 0}}
  up: {shell: cat}
  full: {shell: cat, max_pending: 1}
END_YAML

as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

start_gm
check 'the agents run' until_true 10 desk_held pm

# --- 0, 1 --------------------------------------------------------------------

check '0: a task that COMPLETED' \
	exits 0 spoolhand run pm --id good --body 'echo hello'
check 'result of it' exits 0 spoolhand result pm/good
check 'wait for it' exits 0 spoolhand wait pm/good
check '1: a task that FAILED' \
	exits 1 spoolhand run pm --id bad --body 'exit 3'
check 'with the reason' said 'exit'
check 'result of it' exits 1 spoolhand result pm/bad
check 'wait for it' exits 1 spoolhand wait pm/good pm/bad
check 'retry of one that needs none' exits 1 spoolhand retry pm/good
check 'of several, one is enough' exits 0 spoolhand wait --any pm/good
check 'fsck of a clean spool' exits 0 spoolhand fsck

# --- 3 -----------------------------------------------------------------------

check '3: no such task' exits 3 spoolhand wait pm/none
check 'no such agent' exits 3 spoolhand submit pn --body x
check 'which was meant' said "did you mean 'pm'?"
check 'no such artifact' exits 3 spoolhand result pm/good --artifact x
check 'a ref to no agent, by an option' \
	exits 3 spoolhand submit pm --body x --after qn/a
check 'which is named' said "--after: 'qn/a'"
printf -- '---\nafter: [pm/good, qn/a]\n---\n' >waits.md
check 'by a file' exits 3 spoolhand submit pm waits.md
check 'which is named' said "waits.md: 'qn/a'"
check 'no such example' exits 3 env SPOOLHAND_EXAMPLES="$scratch" \
	spoolhand init "$scratch/new" --example nonsense

# --- 4, 5 --------------------------------------------------------------------

check 'a task that lasts' spoolhand submit up --id lasts --after pm/later \
	--body x
check '4: the time is over' exits 4 spoolhand wait up/lasts --timeout 50ms
check '5: the id is taken' exits 5 spoolhand submit pm --id good --body other
check 'the same again is not' exits 0 spoolhand submit pm --id good \
	--body 'echo hello'

# --- 64 ----------------------------------------------------------------------

usage() {
	check "64: $*" exits 64 spoolhand "$@"
}

usage nonsense
usage status --nonsense
usage wait
usage wait pm
usage submit pm --body x --after pm
check 'the option is named' said "--after: 'pm' is not a ref"
usage submit pm --body x --input pm/a
check 'the option is named' said "--input: 'pm/a' is not an artifact"
usage submit pm --body x --label $'k=\xff'
check 'the encoding is named' said '--label: '
check 'in words' said 'is not UTF-8'
usage submit pm --body x --title $'\xff'
usage submit pm --body x --id "$(printf 'a%.0s' {1..129})"
check 'the limit is told' said 'too long: it has 129 bytes, at most 128'
for verb in 'wait pm/good' down sync 'run pm --body x'; do
	option=--timeout
	[ "$verb" = "${verb#run}" ] || option=--wait-timeout
	# shellcheck disable=SC2086 # words
	usage $verb "$option" 1
	check 'a unit is missing' said "$option: '1' has no unit; write 1s"
done
usage progress 10

# --- 65 ----------------------------------------------------------------------

printf -- '---\nprioriti: high\n---\n' >bad.md
check '65: a file that is no task' exits 65 spoolhand submit pm bad.md
check 'with the place' said 'bad.md:2:1'
check 'a task that waits for itself' \
	exits 65 spoolhand submit up --id self --after up/self --body x
check 'is told' said "--after: 'up/self' is the task itself"
check 'for an artifact of its own' \
	exits 65 spoolhand submit up --id self --input up/self/a.md --body x
printf -- '---\nid: self\nafter: up/self\n---\n' >self.md
check 'by a file' exits 65 spoolhand submit up self.md
check 'is told, too' said "self.md: 'up/self' is the task itself"
check_not 'nothing was dropped' spoolhand why up/self
mkdir 'a folder'
check 'a folder' exits 65 spoolhand submit pm 'a folder'
check 'the remedy can be copied' \
	said "mv 'a folder' $root/agents/pm/inbox/"
check 'standard input is a folder' \
	exits 65 sh -c "spoolhand submit pm - < '$scratch/a folder'"
check 'which is told' said 'standard input is a directory'
check_not 'without the remedy for a file' said 'mv '

# --- 69 to 78 ----------------------------------------------------------------

cp "$SPOOLHAND_BIN/spoolhand" "$scratch/alone"
check '69: no examples to be found' exits 69 "$scratch/alone" \
	init "$scratch/new" --example team
check '73: nothing is overwritten' exits 73 spoolhand init "$root"
check '74: standard output is full' \
	exits 74 sh -c 'spoolhand status >/dev/full'
check 'which is said' said 'No space left on device'
check '75: more at once than a desk has room for' exits 75 \
	spoolhand submit full /dev/null /dev/null
check 'is no full desk' said \
	"the desk of 'full' has no room for 2 tasks at once: 0 wait, max_pending is 1; submit fewer"
check '75: the desk is full' sh -c '
	spoolhand pause full && spoolhand submit full --body x &&
		spoolhand sync full && spoolhand submit full --body x
	[ $? -eq 75 ]'
check 'a result that is not there yet' exits 75 spoolhand result up/lasts
check 'a second orchestrator' exits 75 spoolhand up
check 'how to stop the first' said 'stop it with: spoolhand down'
check 'a second agent' exits 75 spoolhand agent pm
check 'how to stop the first' said -E 'run by pid [0-9]+; stop it with: spoolhand down'
if [ "$(id -u)" -eq 0 ] && as_nobody test -x "$SPOOLHAND_BIN/spoolhand"; then
	chmod 755 "$lib_base" "$scratch"
	check '77: not allowed' exits 77 as_nobody spoolhand submit pm --body x
fi
check '78: no spool' exits 78 env SPOOLHAND_ROOT=/nope spoolhand status
check 'the variable is named' said 'SPOOLHAND_ROOT: '
check 'an option instead' exits 78 spoolhand --root /nope status
check_not 'is not called the variable' said SPOOLHAND_ROOT
check 'a faulty configuration' sh -c '
	mkdir faulty && echo "agents: 7" >faulty/spoolhand.yaml
	spoolhand --root faulty submit pm --body x
	[ $? -eq 78 ]'

check 'down' spoolhand down --timeout 20s
check '69: nobody to be stopped' exits 69 spoolhand down
start_agent pm
check 'an agent runs alone: nobody to be stopped' exits 69 spoolhand down
check 'but a way to do it' said 'spoolhand up takes them over'
check 'a second agent' exits 75 spoolhand agent pm
check 'how to stop the first' said "stop it with: kill $agent_pid"
kill "$agent_pid"
check 'it ends' until_true 10 ended "$agent_pid"
check 'a drop' spoolhand submit pm --body x
check '69: nobody to admit it' exits 69 spoolhand sync pm
check 'what to do' said 'start it with: spoolhand up'

done_testing
