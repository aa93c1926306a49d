#!/bin/bash
# An attempt that gives no sign of life for too long is told of, or stopped,
# though it be stopped itself; one that writes or reports now and then is not.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent

# Those that speak do so three times as often as they have to.
make_spool <<'END'
defaults:
  shell: eval "$(cat)"
  grace: 200ms
agents:
  tell: {stall: 900ms}
  stop: {stall: 900ms, on_stall: stop}
  again: {stall: 900ms, on_stall: stop, retry: {max: 1, base: 10ms}}
  off: {}
END

submit() {
	spoolhand -q submit "$1" --id "$2" --body "$3" >/dev/null
}

worker_of() {
	cut -d' ' -f1 "$root/agents/$1/work/$2/alive"
}

stalls() {
	journaled "$1" "\"ev\":\"stall\",\"id\":\"$2\",.*${3-}"
}

# has_begun AGENT ID - it has said so, and who it is is known.
has_begun() {
	[ -s "$root/agents/$1/work/$2/stdout" ] &&
		[ -s "$root/agents/$1/work/$2/alive" ]
}

start_agent tell
submit tell silent 'echo begun; exec sleep 1000'
check 'one runs' until_true "$soon" has_begun tell silent
kill -STOP "$(worker_of tell silent)"
check 'stopped, it is stalled' until_true "$soon" stalls tell silent
check 'which the journal tells as such' stalls tell silent '"reason":"tell"'
check 'with the time' stalls tell silent 'no output or progress for'
check 'the log says what to do' \
	grep -F 'stop it with: spoolhand cancel tell/silent' agent-tell.log
check 'so does why' sh -c 'spoolhand why tell/silent |
	grep "no output or progress for .*; stop it with: spoolhand cancel"'
check 'status shows it' sh -c 'spoolhand status tell | grep stalled'
check 'and tells it' sh -c 'spoolhand status tell/silent --json |
	grep "\"stalled\":[0-9]*,\"quiet\":[0-9]"'
check 'it is told once' prints 1 sh -c \
	'grep -c "\"ev\":\"stall\"" "$SPOOLHAND_ROOT/agents/tell/journal.jsonl"'
check 'nothing is done to it' has tell running 1
echo 'a word' >>"$root/agents/tell/work/silent/stdout"
check 'as soon as it writes it is not shown any more' sh -c \
	'spoolhand status tell/silent --json | grep "\"stalled\":null"'
spoolhand -q cancel tell/silent
check 'cancelled, it is ended though it is stopped' \
	comes tell silent FAILED cancelled

# A word each 0.3 s, for two seconds; what the time is for is the pause.
every='for i in 1 2 3 4 5 6 7; do SAY; sleep 0.3; done'
start_agent stop
said=0
for say in 'echo $i' 'echo $i >&2' 'spoolhand progress 10 same' \
	'echo "{}" >&$TASK_FD'; do
	id=says-$((++said))
	submit stop "$id" "${every/SAY/"$say"}"
	check "who does that goes on: $say" comes stop "$id" COMPLETED
	check_not 'nothing is told of it' stalls stop "$id"
done

submit stop dead 'echo begun; exec sleep 1000'
check 'one runs' until_true "$soon" has_begun stop dead
pid=$(worker_of stop dead)
kill -STOP "$pid"
check 'stopped, it is ended' comes stop dead FAILED stalled
check 'and dead' ended "$pid"
check 'the journal has it' stalls stop dead '"reason":"stop"'
check 'the result says why' grep 'neither wrote nor reported' \
	"$root/agents/stop/failed/dead/result.json"
check 'so does why' sh -c 'spoolhand why stop/dead | grep -i "stalled"'

start_agent again
submit again twice '[ "$TASK_ATTEMPT" -eq 2 ] && exec echo done
	exec sleep 1000'
check 'it is tried again like one that took too long' \
	comes again twice COMPLETED
check 'twice' prints 2 fact again twice attempts

start_agent off
submit off quiet 'echo begun; exec sleep 1.5'
check 'where nobody minds it may be silent' comes off quiet COMPLETED
check_not 'nothing is told' stalls off quiet
done_testing
