/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What server, client and program of the stream tests agree on. Requests, all of known length:
 *
 *	get KEY\r\n			KEY: 8 digits
 *	set KEY LENGTH\r\n VALUE\r\n	LENGTH: 7 digits
 *
 * and their replies:
 *
 *	val KEY LENGTH\r\n VALUE\r\n
 *	STORED\r\n
 *
 * A value follows from its key. Nothing is stored: a set is only read. Keys that are a multiple of
 * 4 the program leaves to the server. Values have digits only: no request begins in the middle.
 */
#ifndef CSTREAM_H
#define CSTREAM_H

#define GET_LEN		14
#define SET_LEN		22	/* without value and end */
#define VAL_LEN		22
#define STORED		"STORED\r\n"
#define STORED_LEN	8

static inline unsigned int value_len(unsigned int key, unsigned int max)
{
	return key % 16 == 1 ? max : (key * 2654435761u >> 7) % (max / 16 + 1);
}

static inline void fill_value(char *to, unsigned int key, unsigned int from, unsigned int n)
{
	unsigned int digit = (key * 7 + from) % 10;

	while (n--) {
		*to++ = '0' + digit;
		digit = digit == 9 ? 0 : digit + 1;
	}
}

static inline void put_number(char *to, unsigned int value, int digits)
{
	while (digits--) {
		to[digits] = '0' + value % 10;
		value /= 10;
	}
}

/* -1: no number */
static inline int get_number(const char *from, int digits)
{
	int value = 0;

	for (; digits--; from++) {
		if (*from < '0' || *from > '9')
			return -1;
		value = 10 * value + *from - '0';
	}
	return value;
}

static inline void put_head(char *to, const char *word, unsigned int key, unsigned int len)
{
	to[0] = word[0];
	to[1] = word[1];
	to[2] = word[2];
	to[3] = ' ';
	put_number(to + 4, key, 8);
	to[12] = ' ';
	put_number(to + 13, len, 7);
	to[20] = '\r';
	to[21] = '\n';
}

/* The whole reply to a get. @to has room for VAL_LEN + value_len() + 2 bytes, which it gives. */
static inline unsigned int put_reply(char *to, unsigned int key, unsigned int max)
{
	unsigned int len = value_len(key, max);

	put_head(to, "val", key, len);
	fill_value(to + VAL_LEN, key, 0, len);
	to[VAL_LEN + len] = '\r';
	to[VAL_LEN + len + 1] = '\n';
	return VAL_LEN + len + 2;
}

#endif
