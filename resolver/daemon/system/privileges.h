/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/privileges.h: changes from root to an unprivileged user for good.
 *
 * What needs root (sockets, directories) comes first, then tarn__privileges_drop(), then the threads:
 * capabilities belong to a thread, and a new thread inherits those of its creator.
 */
#ifndef TARN_DAEMON_SYSTEM_PRIVILEGES_H
#define TARN_DAEMON_SYSTEM_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/log/log.h"

/* The user that tarn becomes. */
struct tarn__identity {
	char name[64];
	uid_t uid;
	gid_t gid;
	bool is_other; /* differs from the user that starts tarn */
	bool is_root_for_want; /* root, because there is no user tarn */
};

/* Returns NULL, or a text if there is no user of that name. root needs no list of users. */
const char *tarn__privileges_user_fault(const char *user);
const char *tarn__privileges_group_fault(const char *group);

/*
 * user is the configured name; NULL: "tarn" if that user exists and root starts tarn, else the user that
 * starts it. TARN_EINVAL, logged: the user does not exist, or only root can become it.
 */
int tarn__privileges_find(const char *user, struct tarn__identity *out, struct tarn__log *);

/* Makes a directory for the files of that user; an existing one is left unchanged. TARN_ESYSTEM, logged. */
int tarn__privileges_make_directory(const struct tarn__identity *, const char *path,
				    struct tarn__log *);

/*
 * Becomes that user, with its groups, and gives up every capability except the one to bind ports below
 * 1024, which a reload may need, and, with has_interface (sockets are bound to an interface) and if the
 * kernel requires it, CAP_NET_RAW. For every user no_new_privs is set. The function verifies that root
 * cannot be regained. TARN_ESYSTEM, logged: the program must end, since it would run with more privileges
 * than intended.
 */
int tarn__privileges_drop(const struct tarn__identity *, bool has_interface, struct tarn__log *);

#endif
