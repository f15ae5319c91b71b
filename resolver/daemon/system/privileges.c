/* SPDX-License-Identifier: BSD-2-Clause */
/* Drops root's privileges for good. */
#include "config.h"

#include "daemon/system/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef HAVE_LIBCAP
#include <sys/capability.h>
#endif

static const char default_user[] = "tarn";

static int fail(struct tarn__log *log, const char *what)
{
	tarn__log(log, TARN_LOG_ERR, "cannot drop privileges: %s: %s", what, strerror(errno));
	return TARN_ESYSTEM;
}

/* ---- the identity ---------------------------------------------------------------------------- */

/* If nothing is found, getpwnam() and getgrnam() leave errno unchanged or set ENOENT. */
static const char *lookup_fault(const void *entry, const char *missing)
{
	if (entry)
		return NULL;
	return errno == 0 || errno == ENOENT ? missing : strerror(errno);
}

const char *tarn__privileges_user_fault(const char *user)
{
	if (strcmp(user, "root") == 0)
		return NULL;
	errno = 0;
	return lookup_fault(getpwnam(user), "no such user");
}

const char *tarn__privileges_group_fault(const char *group)
{
	errno = 0;
	return lookup_fault(getgrnam(group), "no such group");
}

int tarn__privileges_find(const char *user, struct tarn__identity *out, struct tarn__log *log)
{
	struct tarn__identity self = {.uid = geteuid(), .gid = getegid()};
	/* Holds even without a list of users. */
	bool is_to_stay = user ? self.uid == 0 && strcmp(user, "root") == 0 : self.uid != 0;
	if (is_to_stay) {
		*out = self;
		return 0;
	}
	const struct passwd *entry = getpwnam(user ? user : default_user);
	if (!entry && user) {
		tarn__log(log, TARN_LOG_ERR, "--user %s: no such user", user);
		return TARN_EINVAL;
	}
	if (!entry) {
		self.is_root_for_want = true;
		*out = self;
		return 0;
	}
	if (self.uid != 0 && entry->pw_uid != self.uid) {
		tarn__log(log, TARN_LOG_ERR,
			  "--user %s: only root can become another user (start tarn as root, or "
			  "leave it out)",
			  user);
		return TARN_EINVAL;
	}
	struct tarn__identity found = {
		.uid = entry->pw_uid,
		.gid = entry->pw_gid,
		.is_other = entry->pw_uid != self.uid,
	};
	size_t len = strlen(entry->pw_name);
	if (len >= sizeof(found.name)) {
		tarn__log(log, TARN_LOG_ERR, "--user %s: the name is too long", user);
		return TARN_EINVAL;
	}
	memcpy(found.name, entry->pw_name, len);
	*out = found;
	return 0;
}

int tarn__privileges_make_directory(const struct tarn__identity *identity, const char *path,
				    struct tarn__log *log)
{
	if (mkdir(path, 0755) < 0) {
		if (errno == EEXIST)
			return 0;
		tarn__log(log, TARN_LOG_ERR, "cannot make %s: %s", path, strerror(errno));
		return TARN_ESYSTEM;
	}
	if (!identity->is_other || lchown(path, identity->uid, identity->gid) == 0)
		return 0;
	tarn__log(log, TARN_LOG_ERR, "cannot make %s the property of %s: %s", path, identity->name,
		  strerror(errno));
	rmdir(path);
	return TARN_ESYSTEM;
}

/* ---- capabilities ---------------------------------------------------------------------------- */

#ifdef HAVE_LIBCAP

/* The capabilities that stay: a subset of those that the process has. */
struct kept {
	cap_value_t values[2];
	int count;
};

static void keep(struct kept *kept, cap_t mine, cap_value_t value)
{
	cap_flag_value_t is_mine;
	if (cap_get_flag(mine, value, CAP_PERMITTED, &is_mine) == 0 && is_mine == CAP_SET)
		kept->values[kept->count++] = value;
}

/* Before Linux 5.7 only holders of CAP_NET_RAW may bind a socket to an interface. */
static bool needs_raw(cap_t mine)
{
	static const cap_value_t raw = CAP_NET_RAW;
	cap_t without = cap_dup(mine);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_refused = false;
	if (fd >= 0 && without && cap_set_flag(without, CAP_EFFECTIVE, 1, &raw, CAP_CLEAR) == 0 &&
	    cap_set_proc(without) == 0) {
		is_refused =
			setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) < 0 && errno == EPERM;
		cap_set_proc(mine);
	}
	if (fd >= 0)
		close(fd);
	cap_free(without);
	return is_refused;
}

static struct kept choose_kept(bool has_interface)
{
	struct kept kept = {.count = 0};
	cap_t mine = cap_get_proc();
	if (!mine)
		return kept;
	keep(&kept, mine, CAP_NET_BIND_SERVICE);
	if (has_interface && needs_raw(mine))
		keep(&kept, mine, CAP_NET_RAW);
	cap_free(mine);
	return kept;
}

/*
 * Empties the bounding set, which limits programs that are executed. This needs CAP_SETPCAP, which root
 * has.
 */
static void drop_bounds(const struct kept *kept)
{
	for (cap_value_t value = 0; prctl(PR_CAPBSET_READ, value) >= 0; value++) {
		bool is_kept = false;
		for (int i = 0; i < kept->count; i++)
			is_kept |= kept->values[i] == value;
		if (!is_kept && prctl(PR_CAPBSET_DROP, value) < 0)
			return;
	}
}

static int set_capabilities(const struct kept *kept)
{
	cap_t caps = cap_init();
	if (!caps)
		return -1;
	int result = -1;
	if (kept->count == 0)
		result = cap_set_proc(caps);
	else if (cap_set_flag(caps, CAP_PERMITTED, kept->count, kept->values, CAP_SET) == 0 &&
		 cap_set_flag(caps, CAP_EFFECTIVE, kept->count, kept->values, CAP_SET) == 0)
		result = cap_set_proc(caps);
	int error = errno;
	cap_free(caps);
	errno = error;
	return result;
}

#else

struct kept {
	int count;
};

static struct kept choose_kept(bool has_interface)
{
	(void)has_interface;
	return (struct kept){.count = 0};
}

static void drop_bounds(const struct kept *kept)
{
	(void)kept;
}

/* A process that stops being root loses them all. */
static int set_capabilities(const struct kept *kept)
{
	(void)kept;
	return 0;
}

#endif

/* ---- the drop -------------------------------------------------------------------------------- */

/* With no capability to keep, the kernel clears them all when the user changes. */
static int become(const struct tarn__identity *identity, const struct kept *kept,
		  struct tarn__log *log)
{
	if (prctl(PR_SET_KEEPCAPS, kept->count > 0) < 0 ||
	    initgroups(identity->name, identity->gid) < 0 ||
	    setresgid(identity->gid, identity->gid, identity->gid) < 0 ||
	    setresuid(identity->uid, identity->uid, identity->uid) < 0)
		return fail(log, identity->name);
	return 0;
}

static bool can_return(const struct tarn__identity *identity)
{
	return (identity->uid != 0 && setresuid((uid_t)-1, 0, (uid_t)-1) == 0) ||
	       (identity->gid != 0 && setresgid((gid_t)-1, 0, (gid_t)-1) == 0);
}

int tarn__privileges_drop(const struct tarn__identity *identity, bool has_interface,
			  struct tarn__log *log)
{
	struct kept kept = choose_kept(has_interface);
	drop_bounds(&kept);
	if (identity->is_other && become(identity, &kept, log) < 0)
		return TARN_ESYSTEM;
	if (set_capabilities(&kept) < 0)
		return fail(log, "capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(log, "no new privileges");
	if (identity->is_root_for_want)
		tarn__log(log, TARN_LOG_INFO, "running as root: there is no user %s", default_user);
	if (!identity->is_other)
		return 0;
	if (can_return(identity)) {
		tarn__log(log, TARN_LOG_ERR, "cannot drop privileges: %s could become root again",
			  identity->name);
		return TARN_ESYSTEM;
	}
	/* A change of user disables core dumps; tarn's do not contain the cache. */
	prctl(PR_SET_DUMPABLE, 1);
	tarn__log(log, TARN_LOG_DEBUG, "running as %s", identity->name);
	return 0;
}
