#!/bin/bash
# Limits over several agents: a lane is never fuller than it may be, whoever
# dies, and nobody waits in it for ever.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent spoolhand-gm

agents=20
each=3

# What holds a task until it is let go: a file with its name.
hold() {
	cat <<-'END'
		until [ -e "$OPEN/$TASK_AGENT-$TASK_ID" ]; do
		        waitfor "$OPEN" 1000
		      done
	END
}
let_go() { touch "$OPEN/$1-$2"; }

# configure RUNNING - 20 agents that share a lane, and some that share others.
configure() {
	local i

	cat <<-END
		rescan: 1h
		lanes:
		  llm: {running: $1}
		  slow: {per_minute: 2}
		  one: {running: 1}
		  warm: {running: 1, per_minute: 2}
		defaults:
		  grace: 1s
		agents:
		  p:
		    lane: one
		    shell: |
		      $(hold)
		  q: {lane: one, shell: cat}
		  k:
		    lane: one
		    shell: |
		      test "\$TASK_ATTEMPT" -eq 1 || exit 0
		      setsid sh -c 'echo \$\$ >"\$SURVIVOR.new"
		        mv "\$SURVIVOR.new" "\$SURVIVOR"; exec sleep 1000' &
		      exec sleep 1000
		  s: {lane: slow, shell: cat}
		  w: {lane: warm, mode: stream, command: ['false']}
		  x: {lane: warm, shell: cat}
	END
	for ((i = 0; i < agents; i++)); do
		cat <<-END
			  a$i:
			    lane: llm
			    shell: |
			      test "\$TASK_ID" = held || exit 0
			      $(hold)
		END
	done
}
export OPEN=$scratch/open SURVIVOR=$scratch/survivor
mkdir "$OPEN"
configure 3 | make_spool

running() {
	find "$root"/agents/a*/{running,saving} -mindepth 1 2>/dev/null |
		grep -c . || :
}

# --- never more than three ---------------------------------------------------

start_gm
all_up() {
	local i

	for ((i = 0; i < agents; i++)); do
		desk_held "a$i" || return
	done
}
check '20 agents run' until_true "$soon" all_up

# One after the other is looked at, and one may begin while another ends: what
# two looks have in common did run at the same time, between them.
who_runs() {
	find "$root"/agents/a*/{running,saving} -mindepth 1 2>/dev/null |
		sed -E 's,/(running|saving)/,/,' | sort -u
}
# Looks all along; the worst that it saw is its last word.
sample() {
	local n worst=0 before='' now

	while [ ! -e "$scratch/enough" ]; do
		now=$(who_runs)
		n=$(comm -12 <(echo "$before") <(echo "$now") | grep -c .)
		before=$now
		[ "$n" -le "$worst" ] || worst=$n
	done
	echo "$worst" >"$scratch/worst"
}
sample &
sampler=$!
for ((i = 0; i < agents; i++)); do
	for ((k = 0; k < each; k++)); do
		spoolhand -q submit "a$i" --id "t$k" --body x >/dev/null
	done &
	pids[i]=$!
done
for pid in "${pids[@]}"; do wait "$pid"; done
all_done() {
	[ "$(find "$root"/agents/a*/outbox -mindepth 1 -maxdepth 1 |
		grep -c .)" -eq $((agents * each)) ]
}
check 'all tasks of all agents end' until_true "$soon" all_done
touch "$scratch/enough"
wait "$sampler"
at_most() { [ "$(cat "$scratch/worst")" -le "$1" ]; }
check 'a sampler never saw four' at_most 3
diag "it saw $(cat "$scratch/worst")"

# By the journals: +1 where one starts, -1 where it ends, in order of time.
journals_agree() {
	cat "$root"/agents/a*/journal.jsonl |
		sed -nE 's/^\{"n":[0-9]+,"t":([0-9]+).*"ev":"move".*"to":"RUNNING".*/\1 1/p
		s/^\{"n":[0-9]+,"t":([0-9]+).*"ev":"end".*/\1 -1/p' |
		sort -k1,1n -k2,2n | awk -v most="$1" '
			{ n += $2; seen += $2 > 0; if (n > max) max = n }
			END { print max, seen
			exit !(max <= most && n == 0 && seen > 0) }'
}
check 'the journals say the same' journals_agree 3

# --- what `why` says, and a limit that is changed ----------------------------

for ((i = 0; i < 5; i++)); do
	spoolhand -q submit "a$i" --id held --body x >/dev/null
done
three() { [ "$(running)" -eq 3 ] && [ "$(count_waiting)" -eq 2 ]; }
count_waiting() {
	find "$root"/agents/a*/ready -mindepth 1 | grep -c . || :
}
check 'three of five run' until_true "$soon" three
waiting=$(find "$root"/agents/a*/ready -mindepth 1 | head -n 1)
waiting=${waiting#"$root/agents/"}
says() { spoolhand why "${waiting%%/*}/held" | grep -E "$1"; }
check 'why says what keeps the others' \
	says 'READY and next in line; lane llm is full: 3 of 3 run \(a[0-9]+/held, '
check 'fsck finds nothing' spoolhand -q fsck

configure 2 >"$root/spoolhand.yaml.new" &&
	mv "$root/spoolhand.yaml.new" "$root/spoolhand.yaml"
one=$(find "$root"/agents/a*/running -mindepth 1 | head -n 1)
one=${one#"$root/agents/"}
let_go "${one%%/*}" held
two() { [ "$(running)" -eq 2 ] && [ "$(count_waiting)" -eq 2 ]; }
check 'with a lower limit none takes the place of one that ends' \
	until_true "$soon" two
check 'why tells of the new limit' says 'lane llm is full: 2 of 2 run'
for ((i = 0; i < 5; i++)); do let_go "a$i" held; done
five() {
	[ "$(find "$root"/agents/a*/outbox -name held | grep -c .)" -eq 5 ]
}
check 'in the end all have run' until_true "$soon" five

# --- so many a minute --------------------------------------------------------

for i in 1 2 3; do
	spoolhand -q submit s --id "s$i" --body x >/dev/null
done
check 'the first two of a minute' until_true "$soon" has s outbox 2
late() { spoolhand why s/s3 | grep -E "$1"; }
check 'the third waits, and why says until when' until_true "$soon" late \
	'lane slow has begun 2 in the last minute; the next at [0-9]{2}:[0-9]{2}:[0-9]{2}'
check 'it is READY' has s ready 1

# A new agent knows of the starts of the old one.
restart() {
	local old
	old=$(desk_pid s)

	kill -9 "$old"
	changed() { desk_held s && [ "$(desk_pid s)" != "$old" ]; }
	until_true "$soon" changed
}
check 'its agent is killed, and started again' restart
check 'what is left of the minute counts' late 'lane slow has begun 2'
check 'it is still READY' has s ready 1

# --- nobody waits for ever ---------------------------------------------------

spoolhand -q submit p --id first --body x >/dev/null
check 'one has the only place' until_true "$soon" has p running 1
spoolhand -q submit q --id other --body x >/dev/null
check 'another waits' until_true "$soon" has q ready 1
for i in 1 2 3; do
	spoolhand -q submit p --id "more$i" --body x >/dev/null
done
in_line() { [ -e "$root/lanes/one/wait.q" ]; }
check 'it stands in line' until_true "$soon" in_line
let_go p first
check 'whoever had the place does not take it again at once' comes q other COMPLETED
check 'that one goes on after it' until_true "$soon" has p running 1
has_run() { [ "$(count p outbox)" -ge 1 ] && [ "$(count p ready)" -ge 2 ]; }
check 'in its turn' has_run
for i in 1 2 3; do let_go p "more$i"; done
check 'and ends' until_true "$soon" has p outbox 4

# A paused agent is in nobody's way.
spoolhand -q submit p --id hold --body x >/dev/null
check 'one has the place' until_true "$soon" has p running 1
spoolhand -q submit q --id waits --body x >/dev/null
check 'another stands in line' until_true "$soon" in_line
pause q
out_of_line() { [ ! -e "$root/lanes/one/wait.q" ]; }
check 'until it is paused' until_true "$soon" out_of_line
let_go p hold
check 'the place is free' comes p hold COMPLETED
unpause q
check 'it goes on when it may' comes q waits COMPLETED

# --- a stream worker that is not there ----------------------------------------

spoolhand -q submit w --id idle --body x >/dev/null
dies() { spoolhand why w/idle | grep -E 'its worker died ([4-9]|..+) times'; }
check 'one whose worker dies has a task' until_true "$soon" has w ready 1
check 'and tries, now and then' until_true "$soon" dies
untouched() { ! find "$root/lanes/warm" -name 'slot*' -o -name starts | grep .; }
check 'it takes no place in the lane, and counts as no start' untouched
spoolhand -q submit x --id other --body x >/dev/null
check 'another may start' comes x other COMPLETED

# --- a killed agent ----------------------------------------------------------

spoolhand -q submit k --id killed --body x >/dev/null
check 'one with a child that is hard to get rid of' \
	until_true "$soon" test -e "$SURVIVOR"
survivor=$(cat "$SURVIVOR")
slot_says() { grep -qx "$1" "$root"/lanes/one/slot.0; }
check 'the slot says who has it' slot_says k/killed
spoolhand -q submit q --id after --body x >/dev/null
check 'another waits for the place' until_true "$soon" has q ready 1
check 'the orchestrator is gone' kill -9 "$gm_pid"
wait "$gm_pid" 2>/dev/null
kill -9 "$(desk_pid k)"
gone() { ! desk_held k; }
check 'its agent is killed' until_true "$soon" gone
check 'what it started lives' kill -0 "$survivor"
check 'and keeps the place' has q ready 1
taken() { spoolhand why q/after | grep -F 'lane one is full: 1 of 1 run (k/killed)'; }
check 'as why says' taken
kill -9 "$survivor"
check 'with its end the place is free' comes q after COMPLETED
start_agent k
check 'the killed one is run again' comes k killed COMPLETED

# --- mistakes ----------------------------------------------------------------

faulty() {
	mkdir "$scratch/faulty" 2>/dev/null
	cat >"$scratch/faulty/spoolhand.yaml"
	spoolhand-agent --root "$scratch/faulty" a
}
check 'an unknown lane is refused' exits 78 faulty <<'END'
lanes: {llm: {running: 3}}
agents:
  a: {shell: cat, lane: lmm}
END
check 'with a guess' said "spoolhand.yaml:3:25: lane: there is no lane 'lmm'; did you mean 'llm'?"
check 'and one that limits nothing' exits 78 faulty <<'END'
lanes: {llm: {}}
agents: {a: {shell: cat}}
END
check 'with the remedy' said "lane 'llm' limits nothing; give it running or per_minute"
check 'and a key that is none' exits 78 faulty <<'END'
lanes: {llm: {runing: 3}}
agents: {a: {shell: cat}}
END
check 'with a guess' said "unknown key 'runing'; did you mean 'running'?"
check 'fsck finds nothing' spoolhand -q fsck
done_testing
