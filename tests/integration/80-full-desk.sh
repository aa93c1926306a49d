#!/bin/bash
# A desk that is full: 100 racers are never more than its limit, the others are
# told; or the oldest make room.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent

make_spool <<'END'
rescan: 1h
agents:
  w: {shell: cat, max_pending: 3}
  d:
    max_pending: 3
    on_full: drop_oldest
    retry: {base: 1h, cap: 1h}
    shell: |
      case $TASK_ID in
      held*) until [ -e "$OPEN" ]; do waitfor "${OPEN%/*}" 1000; done ;;
      later*) test "$TASK_ATTEMPT" -ge 2 || exit 75 ;;
      esac
END
export OPEN=$scratch/open/it
mkdir "$scratch/open"
# Racers wait at a FIFO, each for a line of its own.
mkfifo "$scratch/go"
exec 8<>"$scratch/go"

waiting() {
	echo $(($(count "$1" inbox) + $(count "$1" admit) +
		$(count "$1" pending) + $(count "$1" ready)))
}

# racers AGENT N - all at once; status.I, talk.I
racers() {
	local i n=$2 pids=()

	rm -f status.* talk.* ready.*
	for ((i = 0; i < n; i++)); do
		{
			touch "ready.$i"
			read -r _ <&8
			spoolhand -q submit "$1" --body "of $i" >/dev/null 2>"talk.$i"
			echo $? >"status.$i"
		} &
		pids+=($!)
	done
	all_ready() { [ "$(find . -name 'ready.*' | grep -c .)" -eq "$n" ]; }
	until_true "$soon" all_ready || return
	printf '\n%.0s' $(seq "$n") >&8
	wait "${pids[@]}"
}
statuses() { cat status.* | sort -n | uniq -c | awk '{ printf "%s%sx%s", s, $1, $2; s = " " }'; }

# Looks all along at NAME; the worst that it saw is its last word.  What moves
# from place to place meanwhile may be seen twice: only what is seen again in
# the next look counts.
sample() {
	local n last=0 worst=0

	while [ ! -e "$scratch/enough" ]; do
		n=$(waiting "$1" 2>/dev/null)
		[ "$n" -gt "$last" ] && { local t=$n; n=$last; last=$t; } || last=$n
		[ "$n" -le "$worst" ] || worst=$n
	done
	echo "$worst" >"$scratch/worst"
}
sampled() {
	touch "$scratch/enough"
	wait "$sampler"
	rm "$scratch/enough"
	[ "$(cat "$scratch/worst")" -le "$1" ] || { cat "$scratch/worst"; return 1; }
}
three_wait() { prints 3 waiting w; }

# --- reject ------------------------------------------------------------------

sample w &
sampler=$!
racers w 100
check 'three of 100 racers have room, with nothing running' \
	prints '3x0 97x75' statuses
check 'a sampler never saw four' sampled 3
check 'the others are told why' test "$(grep -lF \
	"the desk of 'w' is full: 3 tasks wait, max_pending is 3; submit again when some have ended" \
	talk.* | grep -c .)" -eq 97
check 'a desk that is full takes no batch' exits 75 \
	spoolhand submit w /dev/null /dev/null
mkdir -p "$root/agents/w/requests" && touch "$root/agents/w/requests/pause"
start_agent w
check 'its agent admits them' until_true "$soon" has w ready 3
sample w &
sampler=$!
racers w 100
check 'nobody of 100 has room' prints '100x75' statuses
check 'a sampler never saw four' sampled 3
spoolhand -q cancel "w/$(ids w ready | cut -d' ' -f1)"
check 'one is cancelled' until_true "$soon" has w failed 1
sample w &
sampler=$!
racers w 100
check 'one of 100 takes its room' prints '1x0 99x75' statuses
check 'a sampler never saw four' sampled 3
check 'three wait' until_true "$soon" three_wait
spoolhand -q cancel "w/$(ids w ready | cut -d' ' -f1)"
check 'another is cancelled' until_true "$soon" has w failed 2
echo x >one && echo y >two
check 'two have no room where there is one' exits 75 spoolhand submit w one two
check 'and none of them is there' prints 2 waiting w
check 'one has' exits 0 spoolhand -q submit w one

# By hand there is no refusal, and nothing is taken beyond the limit.
for i in 1 2 3; do echo "$i" >"hand$i.md" && mv "hand$i.md" "$root/agents/w/inbox/"; done
check 'drops by hand stay where they are' prints 'hand1.md hand2.md hand3.md' \
	ids w inbox
spoolhand -q sync --timeout 1s w 2>/dev/null
check 'three are READY, no more' has w ready 3
# most NAME N - by the journal, never more than N were PENDING or READY at
# once.
most() {
	sed -nE 's/.*"ev":"admit",.*/1/p
		s/.*"ev":"move",.*"from":"READY","to":"RUNNING".*/-1/p
		s/.*"ev":"move",.*"from":"BLOCKED","to":"READY".*/1/p
		s/.*"ev":"end",.*"from":"(PENDING|READY)".*/-1/p' \
		"$root/agents/$1/journal.jsonl" | awk -v most="$2" '
			{ n += $1; if (n > max) max = n }
			END { print max; exit !(NR && n == 0 && max <= most) }'
}
unpause w
check 'all come in as others end' until_true "$soon" at_rest w
check 'by the journal there were never more than three' most w 3
check 'and are done' has w outbox 6

# Submitters at a desk that works: each is either told, or done.
racers w 100
accepted=$(grep -lx 0 status.* | grep -c .)
refused=$(grep -lx 75 status.* | grep -c .)
check 'each of 100 is accepted or told' test $((accepted + refused)) -eq 100
check 'at least three are accepted' test "$accepted" -ge 3
check 'all that are accepted are done' until_true "$soon" has w outbox $((6 + accepted))

# --- drop_oldest -------------------------------------------------------------

start_agent d
submit() { spoolhand -q submit d --id "$1" --body x "${@:2}" >/dev/null; }
submit held1
check 'one runs' until_true "$soon" has d running 1
submit high --priority high
submit low1 --priority low
submit low2 --priority low
check 'three wait' until_true "$soon" holds d ready high low1 low2
check 'a newcomer is accepted' submit new1
check 'the oldest of the least urgent makes room' comes d low1 WITHDRAWN dropped
check 'and no other' until_true "$soon" holds d ready high new1 low2
check 'why says for whom' spoolhand why d/low1
check 'and how it can come back' said \
	"is WITHDRAWN (dropped): the desk was full (max_pending: 3) when 'd/new1' came; begin it again with: spoolhand retry d/low1"
check 'the journal says it' journaled d '"ev":"end","id":"low1".*"to":"WITHDRAWN","reason":"dropped","why":"the desk was full'
check 'a file by hand is a newcomer, too' eval 'echo x | put d hand.md'
check 'it comes in' comes d low2 WITHDRAWN dropped
check 'before the rest' until_true "$soon" holds d ready high new1 hand
submit least --priority low
rejected() { grep -F 'full (max_pending: 3) of tasks that are more urgent' \
	"$root/agents/d/rejected/"*least*.why; }
check 'one that is less urgent than all that wait comes back with a reason' \
	until_true "$soon" rejected
check 'nothing was dropped for it' holds d ready high new1 hand
submit waits --after d/nothing
check 'one that is PENDING waits, too' comes d new1 WITHDRAWN dropped
submit new2
check 'the oldest is dropped' comes d hand WITHDRAWN dropped
submit new3
check 'PENDING or READY' comes d waits WITHDRAWN dropped
check 'HIGH is still there' until_true "$soon" holds d ready high new2 new3

# What has run keeps its place: a task that was BLOCKED is not thrown away.
touch "$OPEN"
check 'all are done' until_true "$soon" at_rest d
rm "$OPEN"
for i in 1 2 3; do submit "later$i"; done
check 'three are BLOCKED' until_true "$soon" has d blocked 3
submit held2
check 'one runs' until_true "$soon" has d running 1
spoolhand -q retry d/later1 d/later2 d/later3
check 'they come back to READY' until_true "$soon" has d ready 3
submit new4
check 'a newcomer does not push them out' until_true "$soon" has d inbox 1
check 'they are still there' holds d ready later1 later2 later3
check 'and nothing was dropped' has d failed 5
racers d 100
touch "$OPEN"
check 'all of 100 are accepted' prints '100x0' statuses
check 'all end, done or dropped' until_true "$soon" at_rest d
check 'by the journal there were never more than three' most d 3
check 'fsck finds nothing' spoolhand -q fsck
done_testing
