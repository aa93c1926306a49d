#!/bin/bash
# A folder that survives tasks; a poisoned one is put aside and made fresh,
# once a task: row C18.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent spoolhand

# An agent program with a memory, which can be spoilt: it then fails on
# everything, and says so, in one way or the other.
cat >fake-agent <<'END'
#!/bin/bash
read -r what
case $what in
remember*) echo "${what#remember }" >>"$TASK_SESSION/memory" ;;
recall) cat "$TASK_SESSION/memory" 2>/dev/null; exit 0 ;;
spoil) touch "$TASK_SESSION/poison" ;;
esac
if [ -e "$TASK_SESSION/poison" ] || [ "$what" = curse ]; then
	[ "$what" != signs ] || { echo 'Error: NO CONVERSATION found' >&2; exit 1; }
	echo '{"session":"poisoned"}' >&"$TASK_FD"
	[ "$what" != spoil ] || exit 0
	exit 65
fi
echo "done in attempt $TASK_ATTEMPT"
END
chmod +x fake-agent

make_spool <<END
durability: process
agents:
  a:
    command: [$scratch/fake-agent]
    session: true
    signs: {session: [no conversation found]}
  none:
    shell: 'test -z "\$TASK_SESSION" || exit 3; echo "{\"session\":\"poisoned\"}" >&3; exit 1'
END
desk=$root/agents/a

task() {
	put a "$1.md" <<<"$2"
}
says() {
	prints "$2" cat "$desk/outbox/$1/stdout"
}

export TASK_SESSION=/nowhere
start_agent a
task t1 'remember one'
task t2 'remember two'
task t3 recall
check 'tasks share a session' comes a t3 COMPLETED
check 'what one left the others find' says t3 $'one\ntwo'
kill "$agent_pid"
check 'the agent ends' until_true "$soon" ended "$agent_pid"
start_agent a
a_pid=$agent_pid
task t4 recall
check 'the next agent has it, too' comes a t4 COMPLETED
check 'all of it' says t4 $'one\ntwo'

task spoil spoil
check 'a task that is done is done, whatever it says' comes a spoil COMPLETED
check 'and the session stays' test -e "$desk/session/poison"
task t5 go
check 'one that fails and says poisoned runs again' comes a t5 COMPLETED
check 'in its second attempt' says t5 'done in attempt 2'
check 'with a fresh session' test ! -e "$desk/session/poison" -a \
	! -e "$desk/session/memory"
check 'the old one is kept' prints $'one\ntwo' cat "$desk/sessions/1/memory"
check 'it is told' journaled a \
	'"id":"t5".*"to":"BLOCKED","reason":"retry","why":".*session is poisoned; a fresh session was made, the old one is sessions/1'

touch "$desk/session/poison"
task signs signs
check 'a sign says the same' comes a signs COMPLETED
check 'the second is kept beside the first' test -e "$desk/sessions/2/poison"

task curse curse
check 'a second time it is an ordinary failure' comes a curse FAILED permanent
check 'after one fresh session' prints 2 fact a curse attempts
check 'so the third is the last that was put aside' \
	prints '1 2 3' sh -c 'cd "$1" && echo *' - "$desk/sessions"
check 'the next task works in the session of the last' comes a curse FAILED permanent
task t6 go
check 'and does' comes a t6 COMPLETED
check 'at once' says t6 'done in attempt 1'

start_agent none
put none t.md <<<''
check 'an agent without sessions has no use for it' comes none t FAILED exit
check 'once' prints 1 fact none t attempts
check 'and no folder' test ! -e "$root/agents/none/session"

# As a kill leaves it between putting the old one aside and making a new one.
kill "$a_pid"
check 'the agent ends again' until_true "$soon" ended "$a_pid"
rm -rf "$desk/session"
start_agent a
task t7 recall
check 'a session that is gone is made anew' comes a t7 COMPLETED
stop_all
check 'fsck knows these folders' spoolhand fsck
rm -rf "$desk/session" && touch "$desk/session"
check 'and what does not belong there' exits 1 spoolhand fsck
check 'says what' said 'not-a-directory'
done_testing
