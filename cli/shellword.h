/*
 * shellword.h - a text as one word of a command that a person may copy.
 */
#ifndef CLI_SHELLWORD_H
#define CLI_SHELLWORD_H

/* As it is if no shell would change it, else in single quotes.  To free. */
char *shellword(const char *text);

#endif
