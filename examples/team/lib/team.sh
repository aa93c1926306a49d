# shellcheck shell=sh
# team.sh - what every role of the team shares.  Read with ". lib/team.sh".
#
# A role is an ordinary program.  It is started with
#	standard input	the task's body
#	$TASK_IN	a folder with the artifacts named in "inputs:"
#	$TASK_OUT	a folder; what is put there becomes the task's artifacts
#	$TASK_FD	the number of an open file, for lines of progress
# and says how it went by its exit status: 0 done, 65 the data is bad (do not
# try again), 75 try again later.
#
# Without these variables the roles read ./in and write ./out, so that each of
# them can be run and mended by hand, with no spool at all.

set -eu

# Bytes, not characters: fast, and the same result under every locale.  UTF-8
# passes through; lib/words.awk knows the little about it that matters here.
LC_ALL=C
export LC_ALL

TASK_IN=${TASK_IN:-in}
TASK_OUT=${TASK_OUT:-out}
mkdir -p "$TASK_OUT"

# The functions that the awk programs share, put in front of each of them.
# shellcheck disable=SC2034
WORDS_AWK=$(cat "$(dirname "$0")/../lib/words.awk")

# fail STATUS WORD... - one clear line on standard error, and out.
fail()
{
	fail_status=$1
	shift
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit "$fail_status"
}

# need FILE... - these inputs must be there.
need()
{
	for need_file
	do
		[ -r "$TASK_IN/$need_file" ] || fail 65 \
			"no input '$need_file': name it in the task's inputs:"
	done
}

# progress PERCENT MESSAGE - tell whoever watches.  A no-op outside a task.
# The message is plain text without quotes or backslashes.
#
# TEAM_PACE (seconds, default 0) makes every such line wait a little, so that
# people can watch the team work on a document that would take no time at all.
progress()
{
	case ${TASK_FD:-} in
	[3-9])
		eval "printf '{\"progress\":%d,\"message\":\"%s\"}\\n' \
			\"\$1\" \"\$2\" >&$TASK_FD" 2>/dev/null || : ;;
	esac
	case ${TEAM_PACE:-0} in
	0) ;;
	*) sleep "$TEAM_PACE" ;;
	esac
}
