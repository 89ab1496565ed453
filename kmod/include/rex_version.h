/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/* The version of Rex: of rex.ko, rexc and what it builds, librex and every command. Said here only. */
#ifndef _REX_VERSION_H
#define _REX_VERSION_H

#define REX_VERSION	"0.1.0"

#endif /* _REX_VERSION_H */
