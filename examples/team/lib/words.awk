# words.awk - functions for the awk programs of the team.  Everything works on
# bytes (LC_ALL=C) and in any POSIX awk.

# The stop words: too common to say what a text is about.
function load_stop(stop,   i, n, w)
{
	n = split("a about above after again against all almost also although" \
	    " always am among an and another any are aren't around as at away" \
	    " back be became because become been before being below between" \
	    " both but by came can can't cannot come could couldn't did didn't" \
	    " do does doesn't doing don't done down during each either else" \
	    " enough even ever every few first for from further gave get gets" \
	    " give given gives go goes going gone got had hadn't has hasn't" \
	    " have haven't having he he's her here hers herself him himself his" \
	    " how however i i'd i'll i'm i've if in instead into is isn't it" \
	    " it's its itself just keep keeps kept last later least less let" \
	    " like likely long made make makes many may maybe me might mine" \
	    " more most much must my myself near need needs neither never next" \
	    " no none nor not nothing now of off often on once one ones only" \
	    " onto or other others otherwise our ours ourselves out over own" \
	    " per perhaps put quite rather really s said same say says see seen" \
	    " several shall she should shouldn't since so some something soon" \
	    " still such t take takes taken than that that's the their theirs" \
	    " them themselves then there there's these they they're they've" \
	    " thing things this those though through thus till to together too" \
	    " took toward towards two three under until up upon us use used" \
	    " uses using very was wasn't way ways we we're we've well went were" \
	    " weren't what whatever when where whether which while who whole" \
	    " whom whose why will with within without won't would wouldn't yes" \
	    " yet you you're your yours yourself", w, " ")
	for (i = 1; i <= n; i++)
		stop[w[i]] = 1
}

# fold - the word in lower case; also accented Latin, Greek and Cyrillic.
function fold(word,   i, n, c, out)
{
	if (word !~ /[\303\316\320]/)
		return tolower(word)
	if (word in fold_seen)
		return fold_seen[word]
	if (!fold_ready)
		fold_init()
	out = ""
	n = length(word)
	for (i = 1; i <= n; i++) {
		c = substr(word, i, 1)
		if (c ~ /[\303\316\320]/) {
			c = substr(word, i++, 2)
			if (c in fold_pair)
				c = fold_pair[c]
		}
		out = out tolower(c)
	}
	return fold_seen[word] = out
}

function fold_init()
{
	fold_range("\303", 128, 150, "\303", 160)	# A grave .. O diaeresis
	fold_range("\303", 152, 158, "\303", 184)	# O slash .. Thorn
	fold_range("\316", 145, 159, "\316", 177)	# Alpha .. Omicron
	fold_range("\316", 160, 169, "\317", 128)	# Pi .. Omega
	fold_range("\320", 128, 143, "\321", 144)	# Cyrillic Ie grave .. Dzhe
	fold_range("\320", 144, 159, "\320", 176)	# Cyrillic A .. Pe
	fold_range("\320", 160, 175, "\321", 128)	# Cyrillic Er .. Ya
	fold_ready = 1
}

function fold_range(lead, first, last, to, at,   i)
{
	for (i = first; i <= last; i++)
		fold_pair[sprintf("%s%c", lead, i)] = \
		    sprintf("%s%c", to, at + i - first)
}

# chars - how many characters a UTF-8 text has.
function chars(text)
{
	gsub(/[\200-\277]/, "", text)
	return length(text)
}

# clip - the text cut to about max bytes, at a space, and never inside a
# character; with an ellipsis where something was cut.
function clip(text, max,   cut, ticks)
{
	if (length(text) <= max)
		return text
	cut = substr(text, 1, max)
	if (cut ~ / /)
		sub(/ [^ ]*$/, "", cut)
	else {
		sub(/[\200-\277]+$/, "", cut)
		sub(/[\300-\377]$/, "", cut)
	}
	ticks = cut
	if (gsub(/`/, "", ticks) % 2)	# half a code span would eat the rest
		gsub(/`/, "", cut)
	sub(/[ ,;:]+$/, "", cut)
	return cut "\342\200\246"
}

# cell - the text, safe inside a Markdown table.
function cell(text)
{
	gsub(/\|/, "\\|", text)
	return text
}

# commas - 1234567 as 1,234,567.
function commas(n,   s, out)
{
	s = sprintf("%d", n)
	out = ""
	while (length(s) > 3) {
		out = "," substr(s, length(s) - 2) out
		s = substr(s, 1, length(s) - 3)
	}
	return s out
}

# many - "1 word", "2 words".
function many(n, noun)
{
	return commas(n) " " noun (n == 1 ? "" : "s")
}

# bar - a bar of n blocks; n is rounded, and something is never nothing.
function bar(n,   out)
{
	out = ""
	if (n > 0 && n < 1)
		n = 1
	for (n = int(n + 0.5); n > 0; n--)
		out = out "\342\226\210"
	return out
}
