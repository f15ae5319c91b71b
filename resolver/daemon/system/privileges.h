/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/privileges.h: from root to a user who may do little, once and for all.
 *
 * What needs root comes first (sockets, directories), then tarn__privileges_drop(), then threads:
 * capabilities are a thread's own, and a new thread has its maker's.
 */
#ifndef TARN_DAEMON_SYSTEM_PRIVILEGES_H
#define TARN_DAEMON_SYSTEM_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/log/log.h"

/* Who tarn is to be. */
struct tarn__identity {
	char name[64];
	uid_t uid;
	gid_t gid;
	bool is_other; /* than the one who started it */
	bool is_root_for_want; /* of a user tarn */
};

/* NULL, or why there is nobody of that name. root needs no list of users. */
const char *tarn__privileges_user_fault(const char *user);
const char *tarn__privileges_group_fault(const char *group);

/*
 * user is who was said; NULL: "tarn" where there is such a user and root starts tarn, else whoever
 * starts it. TARN_EINVAL, logged: no such user, or only root can become it.
 */
int tarn__privileges_find(const char *user, struct tarn__identity *out, struct tarn__log *);

/*
 * A directory for the files of that user; one that is there stays as it is. TARN_ESYSTEM, logged.
 */
int tarn__privileges_make_directory(const struct tarn__identity *, const char *path,
				    struct tarn__log *);

/*
 * Becomes that user, with his groups, and gives up every capability but the one to bind ports below
 * 1024, so that a reload can; and, where has_interface (sockets are to be bound to an interface) and
 * the kernel asks for it, CAP_NET_RAW. Whoever starts tarn: no new privileges from here on. That
 * there is no way back is tried. TARN_ESYSTEM, logged: who goes on would be more than was meant.
 */
int tarn__privileges_drop(const struct tarn__identity *, bool has_interface, struct tarn__log *);

#endif
