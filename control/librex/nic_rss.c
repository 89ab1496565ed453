// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive side scaling: which queue a hash leads to, the hash's key and function, and which fields of a
 * flow it is made of. By ioctl: netlink can change these since Linux 6.17 only.
 */
#include <ctype.h>
#include <linux/ethtool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic_access.h"

/* ---- table, key, function ------------------------------------------------------------------------ */

static const char *const functions[] = { "toeplitz", "xor", "crc32" };

/* NULL with errno 0: the NIC has no RSS. */
static struct ethtool_rxfh *get(const struct nic *nic)
{
	struct ethtool_rxfh sizes = { .cmd = ETHTOOL_GRSSH }, *rss;
	size_t room;
	int err = nic_ioctl(nic, &sizes);

	errno = 0;
	if (err || (!sizes.indir_size && !sizes.key_size))
		return NULL;
	room = sizes.indir_size * sizeof(uint32_t) + sizes.key_size;
	rss = calloc(1, sizeof(*rss) + room);
	if (!rss) {
		errno = ENOMEM;
		return NULL;
	}
	*rss = (struct ethtool_rxfh){
		.cmd = ETHTOOL_GRSSH, .indir_size = sizes.indir_size, .key_size = sizes.key_size,
	};
	err = nic_ioctl(nic, rss);
	if (!err)
		return rss;
	free(rss);
	errno = err == -EOPNOTSUPP ? 0 : -err;
	return NULL;
}

static int add_table(struct nic_list *list, const struct ethtool_rxfh *rss)
{
	char *text = malloc(rss->indir_size * 11 + 1), *to = text;
	int err;

	if (!text)
		return rex_fail(-ENOMEM, "out of memory");
	*text = '\0';
	for (uint32_t i = 0; i < rss->indir_size; i++)
		to += sprintf(to, "%s%u", i ? "," : "", rss->rss_config[i]);
	err = nic_add(list, "rss", "table", "%s", text);
	free(text);
	return err;
}

static int add_key(struct nic_list *list, const struct ethtool_rxfh *rss)
{
	const uint8_t *key = (const uint8_t *)&rss->rss_config[rss->indir_size];
	char text[3 * 512 + 1] = "", *to = text;

	for (uint32_t i = 0; i < rss->key_size && i < 512; i++)
		to += sprintf(to, "%s%02x", i ? ":" : "", key[i]);
	return nic_add(list, "rss", "key", "%s", text);
}

static int read_rss(struct nic *nic, struct nic_list *list)
{
	struct ethtool_rxfh *rss = get(nic);
	int err = 0;

	if (!rss)
		return errno ? rex_fail(-errno, "cannot read the RSS of \"%s\": %s", nic->name,
					rex_strerror(errno)) : 0;
	if (rss->indir_size)
		err = add_table(list, rss);
	if (!err && rss->key_size)
		err = add_key(list, rss);
	for (size_t i = 0; !err && i < ARRAY_SIZE(functions); i++)
		if (rss->hfunc == 1u << i)
			err = nic_add(list, "rss", "function", "%s", functions[i]);
	free(rss);
	return err;
}

/* Whether the driver made @rss's table from the table that it has by default. */
static bool is_table(const struct nic *nic, const struct ethtool_rxfh *rss)
{
	struct ethtool_rxfh *now = get(nic);
	bool same = now && now->indir_size == rss->indir_size &&
		    !memcmp(now->rss_config, rss->rss_config, rss->indir_size * sizeof(uint32_t));

	free(now);
	return same;
}

/*
 * "default", "equal:4" or the queue of each place. The driver's default is tried first: a table that
 * was given stays when the number of queues changes, and the kernel does not say which it is.
 */
static int write_table(struct nic *nic, struct ethtool_rxfh *rss, const char *value)
{
	uint32_t size = rss->indir_size, i = 0;
	uint64_t number;
	char word[16];

	if (!strncmp(value, "equal:", 6)) {
		if (rex_word_number(value + 6, UINT32_MAX, &number) || !number)
			return rex_fail(-EINVAL, "rss table: \"%s\" is not equal:N", value);
		for (; i < size; i++)
			rss->rss_config[i] = i % number;
	} else if (strcmp(value, "default")) {
		for (const char *at = value; i < size; i++) {
			size_t len = strcspn(at, ",");

			snprintf(word, sizeof(word), "%.*s", (int)len, at);
			if (len >= sizeof(word) || rex_word_number(word, UINT32_MAX, &number) ||
			    !at[len] != (i + 1 == size))
				break;
			rss->rss_config[i] = number;
			at += len + 1;
		}
		if (i < size)
			return rex_fail(-EINVAL, "rss table: \"%.64s\" is not default, equal:N or %u numbers of "
					"queues with commas between", value, size);
	}
	rss->indir_size = 0;
	if (!nic_ioctl(nic, rss)) {
		rss->indir_size = size;
		if (!i || is_table(nic, rss))
			return 0;
	}
	rss->indir_size = i ? size : 0;
	return nic_ioctl(nic, rss);
}

static int write_key(struct nic *nic, struct ethtool_rxfh *rss, const char *value)
{
	uint8_t *key = (uint8_t *)rss->rss_config;	/* no table in front of it */
	const char *at = value;
	unsigned int byte;

	for (uint32_t i = 0; i < rss->key_size; i++, at += 3) {
		if (!isxdigit((unsigned char)at[0]) || !isxdigit((unsigned char)at[1]) ||
		    at[2] != (i + 1 < rss->key_size ? ':' : '\0') || sscanf(at, "%2x", &byte) != 1)
			return rex_fail(-EINVAL, "rss key: \"%.64s\" is not %u bytes, like 6d:5a:...", value,
					rss->key_size);
		key[i] = byte;
	}
	rss->indir_size = ETH_RXFH_INDIR_NO_CHANGE;
	return nic_ioctl(nic, rss);
}

static int write_function(struct nic *nic, struct ethtool_rxfh *rss, const char *value)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(functions) && strcmp(functions[i], value))
		i++;
	if (i == ARRAY_SIZE(functions))
		return rex_fail(-EINVAL, "rss function: \"%s\" is not toeplitz, xor or crc32", value);
	rss->indir_size = ETH_RXFH_INDIR_NO_CHANGE;
	rss->hfunc = 1u << i;
	return nic_ioctl(nic, rss);
}

static int write_rss(struct nic *nic, const char *key, const char *value)
{
	struct ethtool_rxfh *rss = get(nic);
	uint32_t key_size = rss ? rss->key_size : 0;
	int err;

	if (!rss)
		return rex_fail(-EOPNOTSUPP, "\"%s\" has no RSS that can be changed", nic->name);
	rss->cmd = ETHTOOL_SRSSH;
	rss->hfunc = 0;
	rss->key_size = 0;
	rex_fail(0, "%s", "");
	if (!strcmp(key, "table") && rss->indir_size) {
		err = write_table(nic, rss, value);
	} else if (!strcmp(key, "key") && key_size) {
		rss->key_size = key_size;
		err = write_key(nic, rss, value);
	} else if (!strcmp(key, "function")) {
		err = write_function(nic, rss, value);
	} else {
		err = rex_fail(-EINVAL, "rss of \"%s\" has no \"%s\": it has table, key and function, as far as "
			       "\"rexctl nic show\" shows them", nic->name, key);
	}
	free(rss);
	return err && !*rex_errmsg() ? nic_refuse(nic, err, "rss", key, value, rex_strerror(err)) : err;
}

const struct nic_group nic_group_rss = { "rss", read_rss, write_rss };

/* ---- which fields are hashed --------------------------------------------------------------------- */

static const struct {
	const char *name;
	uint32_t type;
} flows[] = {
	{ "tcp4", TCP_V4_FLOW }, { "udp4", UDP_V4_FLOW }, { "sctp4", SCTP_V4_FLOW },
	{ "tcp6", TCP_V6_FLOW }, { "udp6", UDP_V6_FLOW }, { "sctp6", SCTP_V6_FLOW },
};

/* ethtool's letters */
static const struct {
	char letter;
	uint32_t field;
} fields[] = {
	{ 'm', RXH_L2DA }, { 'v', RXH_VLAN }, { 't', RXH_L3_PROTO }, { 's', RXH_IP_SRC }, { 'd', RXH_IP_DST },
	{ 'f', RXH_L4_B_0_1 }, { 'n', RXH_L4_B_2_3 }, { 'r', RXH_DISCARD },
};

static int read_rss_hash(struct nic *nic, struct nic_list *list)
{
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(flows); i++) {
		struct ethtool_rxnfc hash = { .cmd = ETHTOOL_GRXFH, .flow_type = flows[i].type };
		char text[ARRAY_SIZE(fields) + 1] = "";
		size_t len = 0;

		if (nic_ioctl(nic, &hash))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(fields); k++)
			if (hash.data & fields[k].field)
				text[len++] = fields[k].letter;
		err = nic_add(list, "rss-hash", flows[i].name, "%s", len ? text : "none");
	}
	return err;
}

static int write_rss_hash(struct nic *nic, const char *key, const char *value)
{
	struct ethtool_rxnfc hash = { .cmd = ETHTOOL_SRXFH };
	int err;

	for (size_t i = 0; i < ARRAY_SIZE(flows); i++)
		if (!strcmp(flows[i].name, key))
			hash.flow_type = flows[i].type;
	if (!hash.flow_type)
		return rex_fail(-EINVAL, "rss-hash has no flow \"%s\": tcp4, udp4, sctp4, tcp6, udp6 or sctp6", key);
	for (const char *c = strcmp(value, "none") ? value : ""; *c; c++) {
		size_t k = 0;

		while (k < ARRAY_SIZE(fields) && fields[k].letter != *c)
			k++;
		if (k == ARRAY_SIZE(fields))
			return rex_fail(-EINVAL, "rss-hash %s: \"%s\" is not made of the letters of ethtool, like sd "
					"(addresses) or sdfn (addresses and ports)", key, value);
		hash.data |= fields[k].field;
	}
	err = nic_ioctl(nic, &hash);
	return err ? nic_refuse(nic, err, "rss-hash", key, value, rex_strerror(err)) : 0;
}

const struct nic_group nic_group_rss_hash = { "rss-hash", read_rss_hash, write_rss_hash };
