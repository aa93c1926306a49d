#!/bin/bash
# What can be no task comes back in rejected/ with one line that says why;
# nothing hangs on it, and nothing of it is run.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent
command -v python3 >/dev/null || skip_all 'python3 is not installed'

make_spool <<'END'
settle: 50ms
max_task_bytes: 1M
agents:
  pm: {shell: 'touch "$SPOOLHAND_TEST/ran-$TASK_ID"; cat'}
END
desk=$root/agents/pm
inbox=$desk/inbox
start_agent pm

# One line, and nothing in it that a terminal would act upon.
one_line() {
	[ "$(wc -l <"$1")" -eq 1 ] || { echo 'not one line'; return 1; }
	LC_ALL=C grep -q '[[:cntrl:]]' "$1" && { echo 'a control'; return 1; }
	return 0
}

was_rejected() {
	{ [ -e "$desk/rejected/$1" ] || [ -L "$desk/rejected/$1" ]; } &&
		[ -e "$desk/rejected/$1.why" ] &&
		[ "$(grep -c '"ev":"reject"' "$desk/journal.jsonl")" -eq "$n" ]
}

# comes_back NAME REGEX - it is in rejected/, with this reason, and told of.
comes_back() {
	local name=$1 why=$desk/rejected/$1.why

	until_true "$soon" was_rejected "$name" || return 1
	one_line "$why" && grep -E -- "$2" "$why" && return 0
	cat "$why"
	return 1
}

n=0
# refused TEXT NAME REGEX WHAT... - WHAT drops NAME, which comes back.
refused() {
	local text=$1 name=$2 regex=$3
	shift 3

	n=$((n + 1))
	"$@" || { check "$text" false; return; }
	check "$text" comes_back "$name" "$regex"
}

# --- what is no file ---------------------------------------------------------

echo 'not this' >secret.md
refused 'a symbolic link' link.md 'symbolic link' \
	ln -s "$scratch/secret.md" "$inbox/link.md"
refused 'a symbolic link to nowhere' gone.md 'symbolic link' \
	ln -s /nowhere "$inbox/gone.md"
refused 'a symbolic link to a folder' folder 'symbolic link' \
	ln -s "$scratch" "$inbox/folder"
refused 'a FIFO, which would block' fifo.md 'FIFO' mkfifo "$inbox/fifo.md"
refused 'a socket' socket.md 'socket' python3 -c '
import os, socket, sys
os.chdir(sys.argv[1])
socket.socket(socket.AF_UNIX).bind("socket.md")' "$inbox"
mknod "$scratch/null" c 1 3 2>/dev/null
if [ -c "$scratch/null" ]; then
	refused 'a device' null 'device' mv "$scratch/null" "$inbox/"
else
	echo '# no device can be made here'
fi

with_link() {
	mkdir withlink && echo body >withlink/task.md &&
		ln -s "$SPOOLHAND_TEST/elsewhere" withlink/passwd && mv withlink "$inbox/"
}
refused 'a folder with a link in it' withlink "passwd.*symbolic link" with_link

with_fifo() {
	mkdir withfifo && mkfifo withfifo/task.md && mv withfifo "$inbox/"
}
refused 'a folder whose task is a FIFO' withfifo 'FIFO' with_fifo

two_tasks() {
	mkdir two && echo a >two/a.md && echo b >two/b.md && mv two "$inbox/"
}
refused 'a folder without one task' two "task\\.md" two_tasks

deep() {
	mkdir -p "deep$(printf '/%s' {1..40})" && echo body >deep/task.md && mv deep "$inbox/"
}
refused 'a folder forty levels deep' deep 'too deep' deep

# --- names -------------------------------------------------------------------

long=$(printf 'x%.0s' {1..252}).md
long_name() {
	echo body >"$inbox/$long"
}
is_long_rejected() {
	local why

	for why in "$desk"/rejected/xxx*.why; do
		one_line "$why" && grep -q 'longer than' "$why" &&
			[ -e "${why%.why}" ] && return 0
	done
	return 1
}
n=$((n + 1))
long_name
check 'a name of 255 bytes' until_true "$soon" is_long_rejected

twice() {
	ln -s x "$inbox/link.md"
}
refused 'a name that was rejected before' link.md-2 'symbolic link' twice

# --- headers -----------------------------------------------------------------

header() {
	printf -- '---\n%b\n---\nbody\n' "$2" | put pm "$1"
}
refused 'an unknown key, with its place and the one that was meant' key.md \
	"^key\\.md:3:1: unknown key 'prioriti'; did you mean 'priority'\\?" \
	header key.md 'title: a\nprioriti: high'
refused 'a bad value' value.md '^value\.md:2:11: .*high' \
	header value.md 'priority: urgent'
refused 'a bad ref' ref.md '^ref\.md.*AGENT/ID' header ref.md 'after: [brief]'
refused 'a bad id' badid.md '^badid\.md:2:5' header badid.md 'id: ../../etc'
refused 'an output that leaves its folder' out.md '^out\.md.*\.\.' \
	header out.md 'outputs: [../x]'
refused 'bad YAML' yaml.md '^yaml\.md:2' header yaml.md 'title: "open'
refused 'a YAML alias bomb' bomb.md '^bomb\.md:' header bomb.md \
	'labels: &a {a: b}\ntitle: *a'
refused 'YAML nested a thousand deep' nested.md '^nested\.md:' \
	header nested.md "title: $(printf '[%.0s' {1..1000})"
refused 'bad UTF-8 in the header' utf8.md '^utf8\.md:' \
	header utf8.md 'title: caf\xe9'
unclosed() {
	printf -- '---\ntitle: a\nbody\n' | put pm unclosed.md
}
refused 'a header without an end' unclosed.md '^unclosed\.md:1:1: .*---' unclosed
bad_json() {
	echo '{"body": "x", }' | put pm bad.task.json
}
refused 'bad JSON' bad.task.json '^bad\.task\.json:1:' bad_json
deep_json() {
	printf '%*s' 100000 '' | tr ' ' '[' | put pm deep.task.json
}
refused 'JSON that only opens' deep.task.json '^deep\.task\.json:1:' deep_json

# --- sizes -------------------------------------------------------------------

too_big() {
	head -c 1048577 /dev/zero | put pm big.bin
}
refused 'more than max_task_bytes' big.bin 'max_task_bytes' too_big
giant() {
	truncate -s 1T giant.md && mv giant.md "$inbox/"
}
truncate -s 1T giant.md 2>/dev/null || truncate -s 15T giant.md 2>/dev/null ||
	echo '# no giant can be made here'
[ -e giant.md ] &&
	refused 'a sparse file of a terabyte' giant.md 'max_task_bytes' giant
many() {
	mkdir many && echo body >many/task.md &&
		head -c 600000 /dev/zero | tee many/a >many/b && mv many "$inbox/"
}
refused 'a folder that is too big in sum' many 'max_task_bytes' many

# --- what does not fit to what is there ---------------------------------------

header first.md 'id: mine'
check 'a task with an id of its own' comes pm mine COMPLETED
other() {
	printf -- '---\nid: mine\n---\nother\n' | put pm second.md
}
refused 'the same id with other content' second.md "id 'mine' is taken" other
refused 'a task after one of an unknown agent' after.md \
	"no agent 'nobody'" header after.md 'after: [nobody/x]'
refused 'an input of an unknown agent' input.md \
	"no agent 'nobody'" header input.md 'inputs: [nobody/x/y.md]'
refused 'a task that waits for itself' itself.md 'waits for itself' \
	header itself.md 'id: itself\nafter: [pm/itself]'

# --- what is odd but is a task ------------------------------------------------

odd=$'evil\nname\e[31m.md'
printf 'odd\n' >"$inbox/$odd"
check 'a name with a newline and an escape is made safe' \
	comes pm evil-name--31m COMPLETED
unseen() {
	! LC_ALL=C grep -n '[[:cntrl:]]' "$desk/journal.jsonl" \
		"$scratch/agent-pm.log"
}
check 'and is never shown as it was' unseen

# What runs is what was there when it was taken.
pause pm
check 'a pause' paused pm
echo 'as it was' >outside.md
ln outside.md "$inbox/shared.md"
check 'a file with a second name is taken' \
	until_true "$soon" holds pm ready shared
echo 'something else' >outside.md
unpause pm
check 'it is run' comes pm shared COMPLETED
check 'as it was, whatever was written to the second name' \
	prints 'as it was' cat "$desk/outbox/shared/stdout"

# --- in the end ---------------------------------------------------------------

echo fine >"$inbox/last.md"
check 'the agent still works' comes pm last COMPLETED
check 'it never stopped' prints "$agent_pid" desk_pid pm
check "$n came back, each with its reason" has pm rejected $((2 * n))
check 'the journal tells of each' prints "$n" \
	grep -c '"ev":"reject"' "$desk/journal.jsonl"
check 'only the good ones ran' \
	prints 'ran-evil-name--31m ran-last ran-mine ran-shared' \
	sh -c 'echo ran-*'
check 'nothing of the rest is left' at_rest pm
check 'what a link pointed at is as it was' prints 'not this' cat secret.md
done_testing
