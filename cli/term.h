/*
 * term.h - is a person looking, and how much can he see?
 *
 * Text that came from a file or from somebody else goes through
 * term_add_shown() before it is printed: it then holds no tab, no newline and
 * nothing that could move a cursor, change a colour or turn the direction of
 * writing.
 */
#ifndef CLI_TERM_H
#define CLI_TERM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define TERM_BOLD        "\033[1m"
#define TERM_DIM         "\033[2m"
#define TERM_RED         "\033[31m"
#define TERM_GREEN       "\033[32m"
#define TERM_YELLOW      "\033[33m"
#define TERM_CYAN        "\033[36m"
#define TERM_PLAIN       "\033[0m"
#define TERM_HIDE_CURSOR "\033[?25l"
#define TERM_SHOW_CURSOR "\033[?25h"
#define TERM_CLEAR_LINE  "\033[K"
#define TERM_CLEAR_DOWN  "\033[J"
#define TERM_CLEAR_ALL   "\033[H\033[J"

/* Colours: on a terminal that has them, unless NO_COLOR is set. */
bool term_colours(int fd);

/* Columns and lines; false (and 0, 0) when it is no terminal. */
bool term_size(int fd, size_t *columns, size_t *lines);

/* Add `text` as it may be shown; UTF-8 stays, what is not is escaped. */
void term_add_shown(struct str *out, const char *text);

#endif
