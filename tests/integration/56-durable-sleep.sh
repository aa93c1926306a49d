#!/bin/bash
# `spoolhand sleep`: a script goes on later, holds nobody up meanwhile, and is
# neither early nor late when its agent, or the machine, was down.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent spoolhand

export DID=$scratch/did
mkdir "$DID"
make_spool <<'END'
durability: process
agents:
  sh: {command: [bash, -c, 'cat >script; exec bash ./script']}
END
desk=$root/agents/sh
start_agent sh

task() {
	put sh "$1.md"
}
out() {
	cat "$desk/outbox/$1/stdout"
}
millis() {
	echo "${EPOCHREALTIME/[.,]/}" | cut -c1-13
}

task short <<'END'
[ "$TASK_ATTEMPT" -gt 1 ] || echo "${EPOCHREALTIME/[.,]/}" >"$DID/began"
spoolhand sleep 300ms || exit
echo $(((${EPOCHREALTIME/[.,]/} - $(cat "$DID/began")) >= 300000))
END
check 'a script that sleeps goes on' comes sh short COMPLETED
check 'not too early' prints 1 out short
check 'it was BLOCKED meanwhile' \
	journaled sh '"id":"short".*"to":"BLOCKED","reason":"sleep"'
check 'and run twice, no more' prints 2 fact sh short attempts

task nothing <<'END'
spoolhand sleep 0 || exit
spoolhand sleep 0ms || exit
echo at once
END
check 'to sleep for no time' comes sh nothing COMPLETED
check 'is not to wait' prints 1 fact sh nothing attempts

# --- others are not held up ----------------------------------------------------------

task long <<'END'
spoolhand sleep 1h || exit
echo late
END
check 'one sleeps for long' until_true "$soon" holds sh blocked long
check 'why tells until when' eval \
	'spoolhand why sh/long | grep -E "BLOCKED \(sleep\).*sleeps until 20[0-9-]+T"'
task other <<'END'
echo meanwhile
END
check 'others run meanwhile' comes sh other COMPLETED
check 'no process waits for it' prints '' \
	cat "/proc/$agent_pid/task/$agent_pid/children"

# --- over a restart ------------------------------------------------------------------

until_before=$(grep -o '"until":[^,]*' "$desk/work/long/record.json")
kill -KILL "$agent_pid"
check 'the agent is killed' until_true "$soon" ended "$agent_pid"
start_agent sh
task alive <<<'echo here'
check 'another one begins' comes sh alive COMPLETED
check 'the task sleeps on' holds sh blocked long
check 'until the same time' grep -qF "$until_before" "$desk/work/long/record.json"
check 'a person wakes it' spoolhand retry sh/long
check 'it looks at the time and sleeps on' until_true "$soon" eval \
	'[ "$(grep -c "\"id\":\"long\".*\"to\":\"BLOCKED\"" "$desk/journal.jsonl")" -eq 2 ]'
check 'until the same time as before' until_true "$soon" \
	grep -qF "$until_before" "$desk/work/long/record.json"

# As after a reboot: the boot clock is another one, the wall clock tells.
kill -KILL "$agent_pid"
check 'the machine goes down' until_true "$soon" ended "$agent_pid"
now=$(millis)
for file in "$desk/work/long/record.json" "$desk/work/long/calls/0001/call.json"; do
	sed -i -E "s/(\"boot\":\t*)\"[^\"]*\"/\1\"another boot\"/
		s/(\"until\":\t*)[0-9]+/\1$((now + 200))/" "$file"
done
start_agent sh
check 'after a reboot it is woken by the wall clock' comes sh long COMPLETED
check 'and goes on' prints late out long

# --- once over, it is over ----------------------------------------------------------

task over <<'END'
spoolhand sleep 10ms || exit
[ -e again ] && exit
touch again
sed -i -E 's/("boot":\t*)"[^"]*"/\1"another boot"/
	s/("until":\t*)[0-9]+/\14102444800000/' calls/0001/call.json
exit 75
END
check 'a sleep that is over is not slept again, whatever the clock says' \
	comes sh over COMPLETED

task changed <<'END'
spoolhand sleep "${TASK_ATTEMPT}0ms" || exit
END
check 'another time in the next run' comes sh changed FAILED permanent
check 'is another call' grep -qF \
	"call 1 of this task was sleep '10ms', now it is sleep '20ms'" \
	"$desk/failed/changed/stderr"

task usage <<'END'
s() { spoolhand sleep "$@"; echo "$?"; }
s; s 5; s soon; s -- -1s; s 1s 2s; s 99999999d; s ''
END
check 'what is no time' comes sh usage COMPLETED
check 'is a matter of usage' prints "$(printf '64\n%.0s' {1..7})" out usage

# --- what comes after a wait is not done -----------------------------------------------

task stubborn <<'END'
spoolhand sleep 100ms
spoolhand step after -- bash -c 'echo x >>"$DID/after"; echo done'
exit 0
END
check 'a script that does not stop where it has to wait' comes sh stubborn COMPLETED
check 'does nothing more in that run' prints 2 fact sh stubborn attempts
check 'and it once in the next' prints 1 grep -c . "$DID/after"
check 'its result is that of the last run' prints 'done' out stubborn

check 'nothing is left of it all' until_true "$soon" at_rest sh
done_testing
