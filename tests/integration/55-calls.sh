#!/bin/bash
# Calls between agents: a script gives another agent a task, waits without
# holding its own, and gets output, outcome and artifacts; once, however often
# it is run.  The body of each task is its script.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent spoolhand

export DID=$scratch/did
mkdir "$DID"
make_spool <<'END'
durability: process
defaults: {retry: {base: 10ms}}
agents:
  sh: {command: [bash, -c, 'cat >script; exec bash ./script']}
  kid: {command: [bash, -c, 'cat >script; exec bash ./script']}
  full: {shell: cat, max_pending: 1}
END
desk=$root/agents/sh
kids=$root/agents/kid
start_agent sh
sh_pid=$agent_pid
start_agent kid

# task ID [HEADER] - drops a task at sh, its script on standard input.
task() {
	{
		printf -- '---\nid: %s\n%b\n---\n' "$1" "${2-}"
		cat
	} | put sh "$1.md"
}
out() {
	find "$desk/outbox/$1" "$desk/failed/$1" -name "${2-stdout}" \
		-exec cat {} + 2>/dev/null || :
}
says() {
	out "$1" stderr | grep -F -- "$2" || { out "$1" stderr; return 1; }
}
# kids_of ID - the ids of the children of a task that have ended
kids_of() {
	local path

	for path in "$kids"/{outbox,failed}/"$1"-c*; do
		[ -e "$path" ] && echo "${path##*/}"
	done
}
children() {
	local n
	n=$(kids_of "$1" | grep -c .)

	[ "$n" -eq "$2" ] || { echo "$1 has $n children, not $2"; return 1; }
}
# member FILE KEY - a member of a result.json
member() {
	sed -nE "s/^\t\"$2\":\t\"(.*)\",?\$/\1/p" "$1/result.json"
}
# inbox/ID.md of a child: what its header says
header() {
	sed -n '2,/^---$/{/^---$/d;p}' "$kids/outbox/$1/task" | grep -x -- "$2"
}

# --- output, outcome, artifacts --------------------------------------------------------

task simple 'user: ann\ndevice: desk 1' <<'END'
echo "$TASK_ATTEMPT $TRACEPARENT" >>"$DID/simple"
got=$(spoolhand call kid --body 'echo "$TASK_ATTEMPT" >>"$DID/kid"
	echo "$TRACEPARENT" >"$DID/kid-trace"
	echo from the child; echo x >"$TASK_OUT/x"; mkdir "$TASK_OUT/d"
	echo y >"$TASK_OUT/d/y"' --into "$TASK_OUT/got") || exit
echo "[$got]"
END
check 'a task that calls another comes to its end' comes sh simple COMPLETED
check 'with what the other wrote' prints '[from the child]' out simple
check 'the other ran once' prints 1 cat "$DID/kid"
check 'the one that called ran twice' prints 2 grep -c . "$DID/simple"
check 'it was BLOCKED meanwhile' \
	journaled sh '"id":"simple".*"to":"BLOCKED","reason":"child"'
check 'the artifacts of the child are there' \
	prints $'x\ny' cat "$desk/outbox/simple/out/got/x" \
	"$desk/outbox/simple/out/got/d/y"
child=$(kids_of simple)
check 'there is one child' children simple 1
check 'it is called after its parent' grep -qE '^simple-c1-[0-9a-f]{16}$' <<<"$child"
check 'it says who its parent is' header "$child" "parent: sh/simple"
check 'so does its result' prints sh/simple member "$kids/outbox/$child" parent
check 'who asked is handed on' header "$child" 'user: ann'
check 'and from where' header "$child" 'device: "*desk 1"*'
trace=$(cut -d- -f2 <"$DID/kid-trace")
check 'parent and child are one trace' \
	prints "$trace $trace" eval 'echo $(cut -d- -f2 "$DID/simple")'

task input <<'END'
printf 'cat <<E\nby a file\nE\n' >job.md
spoolhand call kid job.md || exit
echo 'echo by a pipe' | spoolhand call kid - || exit
echo 'echo by standard input' | spoolhand call kid || exit
spoolhand call kid --body 'echo $TASK_REF' --priority high --label job=7 \
	--title 'a title' --timeout 10m --retries 0 | sed 's/-[^-]*$//' || exit
END
check 'a task comes by a file, a pipe, an option' comes sh input COMPLETED
check 'each in its place' \
	prints $'by a file\nby a pipe\nby standard input\nkid/input-c4' out input
fourth=$(kids_of input | grep -- -c4-)
check 'with what the options say' header "$fourth" 'title: "*a title"*'
check 'of its class' prints high member "$kids/outbox/$fourth" priority

task fails 'retries: 0' <<'END'
spoolhand call kid --body 'echo half; echo gone wrong >&2; exit 78'
status=$?
echo "status $status"
exit "$status"
END
check 'a child that fails gives status 1' comes sh fails FAILED exit
check 'and what it wrote' prints $'half\nstatus 1' out fails
check 'its reason is told' says fails "/$(kids_of fails) FAILED (permanent)"

task handled 'retries: 2' <<'END'
spoolhand call kid --body 'exit 78' || spoolhand call kid --body 'echo instead' || exit
echo "run" >>"$DID/handled"
[ "$(grep -c . "$DID/handled")" -eq 2 ]
END
check 'what is done about it is replayed, too' comes sh handled COMPLETED
check 'with no third child' children handled 2
check 'and the same output' prints 'instead' out handled

# --- never twice -------------------------------------------------------------------------

task again 'retries: 3' <<'END'
spoolhand call kid --body 'echo "$TASK_ID" >>"$DID/again"; echo "$TASK_ID"' || exit
spoolhand call kid --body 'echo "$TASK_ID" >>"$DID/again"; echo "$TASK_ID"' || exit
[ "$TASK_ATTEMPT" -ge 5 ]
END
check 'two calls of the same are two' comes sh again COMPLETED
check 'and never more, however often the script runs' children again 2
check 'each ran once' prints 2 eval 'sort -u "$DID/again" | grep -c .'
check 'in the order of the calls' prints "$(cat "$DID/again")" out again

# As if the helper had been killed when the child was dropped, and nothing
# had noted that.
task lost 'retries: 3' <<'END'
if [ "$TASK_ATTEMPT" -eq 2 ]; then
	rm calls/0001/dropped || exit 99
fi
spoolhand call kid --body 'echo "$TASK_ID" >>"$DID/lost"; echo fine' || exit
END
check 'a note that was lost' comes sh lost COMPLETED
check 'does not make a second child' prints 1 grep -c . "$DID/lost"

check 'begun again by a person' spoolhand retry sh/fails
check 'it comes to the same end' until_true "$soon" children fails 2
check 'with another child, since it is a new start' \
	prints 2 eval 'kids_of fails | sort -u | grep -c .'

task changed 'retries: 2' <<'END'
spoolhand call kid --body "echo attempt $TASK_ATTEMPT" || exit
END
check 'a call whose task is another in the next run' \
	comes sh changed FAILED permanent
check 'is refused and told' says changed \
	"call 1 of this task, call 'kid', is not as in the run before: its task, its options or --detach changed"

task folder <<'END'
spoolhand call kid --body 'echo next' || exit
spoolhand call kid --body 'touch "$TASK_OUT/a"; echo one >"$TASK_OUT/b"' --into kept || exit
rm kept/a || exit
spoolhand call kid --body 'echo two >"$TASK_OUT/b"' --into kept || exit
ls kept && cat kept/b
END
check 'several calls into one folder' comes sh folder COMPLETED
check 'add to it; the last one is right' prints $'next\nb\ntwo' out folder

task nowhere <<'END'
spoolhand call kid --body : --into no/such
echo "status $?"
END
check 'a folder that cannot be made' comes sh nowhere COMPLETED
check 'is not one that cannot be found' prints 'status 73' out nowhere
check 'and is named' says nowhere "cannot make 'no/such'"

# The result of a child goes before its parent has come to its end.
task outlives 'retries: 1' <<'END'
spoolhand call kid --body 'echo kept' || exit
[ "$TASK_ATTEMPT" -ge 3 ] || { rm -r "$SPOOLHAND_ROOT"/agents/kid/outbox/outlives-c1-*; exit 3; }
END
check 'a result that was removed meanwhile' comes sh outlives COMPLETED
check 'is replayed all the same' prints kept out outlives

task vanished <<'END'
if [ "$TASK_ATTEMPT" -eq 2 ]; then
	rm -r "$SPOOLHAND_ROOT"/agents/kid/outbox/vanished-c1-*
fi
spoolhand call kid --body 'echo never seen'
status=$?
echo "status $status"
exit $((status == 1 ? 0 : status))
END
check 'one that was removed before it was seen' comes sh vanished COMPLETED
check 'is told' says vanished 'is neither at work nor has it a result'

# --- alone, and among themselves -----------------------------------------------------

task itself <<'END'
spoolhand call sh --body 'echo "inner $TASK_AGENT"' || exit
echo outer
END
check 'an agent that calls itself comes to an end' comes sh itself COMPLETED
check 'both were done, one after the other' prints $'inner sh\nouter' out itself

cat >"$scratch/down" <<'END'
n=$(cat "$DID/depth" 2>/dev/null || echo 0)
[ -e "$TASK_WORK/mine" ] || { echo $((n + 1)) >"$DID/depth"; echo "$n" >"$TASK_WORK/mine"; }
[ "$(cat "$TASK_WORK/mine")" -ge 5 ] && { echo bottom; exit 0; }
spoolhand call kid "$SPOOLHAND_TEST/down" || exit
cat "$TASK_WORK/mine"
END
task deep <<'END'
spoolhand call kid "$SPOOLHAND_TEST/down" || exit
END
check 'calls of calls of calls' comes sh deep COMPLETED
check 'each gets what is its own' prints $'bottom\n4\n3\n2\n1\n0' out deep

cat >"$scratch/endless" <<'END'
spoolhand call kid "$SPOOLHAND_TEST/endless"
status=$?
[ "$status" -ne 65 ] || echo "too deep" >>"$DID/endless"
exit "$status"
END
task endless <<'END'
spoolhand call kid "$SPOOLHAND_TEST/endless"
END
check 'a call without an end comes to one' ends sh endless 120
check 'as a failure' prints 'FAILED exit' outcome sh endless
check 'at a depth of 100' children endless 100
check 'once' prints 'too deep' cat "$DID/endless"

task detached <<'END'
ref=$(spoolhand call kid --detach --body 'echo "$TASK_REF" >>"$DID/detached"') || exit
echo "$TASK_ATTEMPT $ref"
END
check 'one that is not waited for' comes sh detached COMPLETED
check 'does not block' prints 1 fact sh detached attempts
check 'its ref is printed' grep -qE '^1 kid/detached-c1-[0-9a-f]{16}$' \
	"$desk/outbox/detached/stdout"
check 'it runs' until_true "$soon" test -s "$DID/detached"

task detached-again 'retries: 1' <<'END'
ref=$(spoolhand call kid --detach --body 'echo "$TASK_REF" >>"$DID/detached-again"') || exit
[ "$TASK_ATTEMPT" -ge 2 ] && echo "$ref"
END
check 'run again, the ref is the same' comes sh detached-again COMPLETED
check 'and the child is one' until_true "$soon" \
	cmp "$desk/outbox/detached-again/stdout" "$DID/detached-again"

task fan <<'END'
echo "$TRACEPARENT" >>"$DID/fan"
for n in 1 2 3 4 5 6 7 8; do
	spoolhand call kid --detach --body 'echo "$TRACEPARENT" >>"$DID/fan"
		for n in 1 2 3 4 5 6 7 8; do
			spoolhand call kid --detach \
				--body "echo \"\$TRACEPARENT\" >>\"$DID/fan\"" || exit
		done' || exit
done
END
all_traced() {
	prints 73 grep -c . "$DID/fan"
}
check 'a task calls eight, and each of them eight' until_true "$soon" all_traced
check 'all are one trace' prints 1 eval 'cut -d- -f2 "$DID/fan" | sort -u | grep -c .'
check 'in 73 spans' prints 73 eval 'cut -d- -f3 "$DID/fan" | sort -u | grep -c .'

# --- what cannot be called ----------------------------------------------------------

task nobody 'retries: 0' <<'END'
for agent in kidd nobody ''; do
	spoolhand call "$agent" --body x
	echo "$?"
done
END
check 'an agent that is not there' comes sh nobody COMPLETED
check 'is not found' prints $'3\n3\n3' out nobody
check 'the one that was meant is named' says nobody "did you mean 'kid'?"

task crowd 'retries: 0' <<'END'
spoolhand call full --detach --body one >/dev/null || exit
spoolhand call full --detach --body two >/dev/null
echo "status $?"
END
check 'an agent whose desk is full' comes sh crowd COMPLETED
check 'is to be called later' prints 'status 75' out crowd

task usage <<'END'
c() { spoolhand call "$@" </dev/null; echo "$?"; }
c; c kid a b; c kid --into d --detach --body x; c kid --into '' --body x
c kid file --body x; c kid --id x --body x; c kid no-such-file
c kid --timeout soon --body x; c kid --input no/such/x --body x
printf -- '---\nid: own\n---\nx\n' >own.md; c kid own.md
printf -- '---\npriorty: low\n---\nx\n' >bad.md; c kid bad.md
END
check 'what is no call' comes sh usage COMPLETED
check 'is a matter of usage, or bad data' \
	prints $'64\n64\n64\n64\n64\n64\n65\n64\n3\n65\n65' out usage
check 'an id of its own is refused' says usage "own.md: 'id' is made from the task that calls"

# A parent whose agent dies while the child is at work.
task crash 'retries: 0' <<'END'
echo >>"$DID/crash-runs"
spoolhand call kid --body 'cat "$DID/hold"; echo "$TASK_ID" >>"$DID/crash"; echo late' || exit
END
mkfifo "$DID/hold"
check 'a parent waits' until_true "$soon" holds sh blocked crash
kill -KILL "$sh_pid"
check 'its agent is killed' until_true "$soon" ended "$sh_pid"
echo >"$DID/hold"
check 'its child ends meanwhile' until_true "$soon" children crash 1
start_agent sh
check 'the next agent takes it up' comes sh crash COMPLETED
check 'with what the child wrote' prints $'\nlate' out crash
check 'which ran once' prints 1 grep -c . "$DID/crash"

check 'nothing is left of it all' until_true "$soon" at_rest sh
check 'nor of the children' until_true "$soon" at_rest kid

# --- the example ----------------------------------------------------------------------

stop_all
root=$scratch/example
export SPOOLHAND_ROOT=$root
check 'the example' cp -r "$SPOOLHAND_SRC/examples/durable" "$root"
mkdir "$root/files"
echo hello >"$root/files/hello.txt"
start_agent release
start_agent tester
check 'is given two releases' spoolhand submit release --id first --body v1
check 'one after the other' spoolhand submit release --id second --body v2
check 'each asks' until_true "$soon" holds release questions first second
check 'what the tester has found' grep -qF \
	'Release v1? The tester found: 1 files' "$root/agents/release/questions/first"
echo changed >"$root/files/hello.txt"
echo no >"$root/agents/release/answers/second"
check 'without a yes' comes release second COMPLETED
check 'nothing is released' prints 'v2 was not released' \
	cat "$root/agents/release/outbox/second/stdout"
echo yes >"$root/agents/release/answers/first"
check 'with one' comes release first COMPLETED
check 'it is, as it was when it was packed' prints hello \
	tar -xOf "$root/released/v1.tar" ./hello.txt
check 'with what the tester left' grep -qx './hello.txt' \
	"$root/agents/release/outbox/first/out/list"
check 'the tester was called once for each' has tester outbox 2
done_testing
