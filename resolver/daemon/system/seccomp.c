/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sandbox for system calls: a seccomp filter with three classes. Calls of tarn and its libraries are
 * allowed; calls that only an attacker would make end the process with SIGSYS; all others fail with ENOSYS,
 * as on a kernel without that call, which a C library that is newer than this list can handle.
 */
#include "config.h"

#include "daemon/system/seccomp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* On s390 the arguments of mmap() and clone() are at other positions than the rules expect. */
#if defined(HAVE_SECCOMP) && !defined(__s390__)
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Lists of names: not every architecture has each call, and not every libseccomp knows it. */
static const char *const allowed[] = {
	/* memory; mmap and mprotect are among the rules */
	"brk munmap mremap madvise",
	/* threads; clone is among the rules */
	"exit exit_group futex futex_time64 getpid gettid membarrier restart_syscall "
	"rseq sched_getaffinity sched_yield set_robust_list setpriority",
#ifndef __GLIBC__
	/* musl's raise() */
	"tkill",
#endif
	/* signals */
	"rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack sigreturn",
	/* time */
	"clock_getres clock_getres_time64 clock_gettime clock_gettime64 "
	"clock_nanosleep clock_nanosleep_time64 gettimeofday nanosleep time",
	/* waiting */
	"_newselect epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 "
	"epoll_wait eventfd2 inotify_add_watch inotify_init1 inotify_rm_watch pipe "
	"pipe2 poll ppoll ppoll_time64 pselect6 pselect6_time64 select timerfd_create "
	"timerfd_settime timerfd_settime64",
	/* files; Landlock decides which */
	"_llseek access close dup dup2 dup3 faccessat faccessat2 fcntl fcntl64 fstat "
	"fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 getcwd "
	"getdents getdents64 lseek lstat lstat64 newfstatat open openat pread64 "
	"pwrite64 read readlink readlinkat readv stat stat64 statx write writev",
	/* the control socket and the query log are created and removed */
	"chmod chown chown32 fchmod fchmodat fchown fchown32 fchownat lchown lchown32 "
	/* the file of the cache: one process has it, and its octets go to the disk steadily */
	"arm_sync_file_range flock sync_file_range sync_file_range2 "
	"link linkat rename renameat renameat2 umask unlink unlinkat",
	/* network; socket is among the rules */
	"accept accept4 bind connect getpeername getsockname getsockopt listen recv "
	"recvfrom recvmmsg recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto "
	"setsockopt shutdown",
	/* the process itself */
	"getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 "
	"getrandom getresgid getresgid32 getresuid getresuid32 getrlimit getrusage "
	"getuid getuid32 sysinfo ugetrlimit uname",
};

static const char *const deadly[] = {
	/* other programs */
	"execve execveat fork vfork",
	/* other processes */
	"kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace",
	/* mounts and roots */
	"chroot fsconfig fsmount fsopen fspick mount mount_setattr move_mount "
	"name_to_handle_at open_by_handle_at open_tree pivot_root setns umount "
	"umount2 unshare",
	/* privileges */
	"capset setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups "
	"setgroups32 setregid setregid32 setresgid setresgid32 setresuid "
	"setresuid32 setreuid setreuid32 setuid setuid32",
	/* the kernel */
	"acct bpf delete_module finit_module init_module ioperm iopl kexec_file_load "
	"kexec_load mknod mknodat perf_event_open quotactl reboot swapoff swapon "
	"syslog userfaultfd",
	/* calls that bypass the filter; personality() can make readable memory executable */
	"io_uring_enter io_uring_register io_uring_setup modify_ldt personality",
	/* the kernel's keys */
	"add_key keyctl request_key",
	/* the kernel's clock */
	"adjtimex clock_adjtime clock_adjtime64 clock_settime clock_settime64",
	"settimeofday stime",
};

/* Conditions on an argument, counted from 0. */
#define EQUAL(argument, value)                                                                     \
	{                                                                                          \
		argument, SCMP_CMP_EQ, value, 0                                                    \
	}
#define BITS(argument, mask, value)                                                                \
	{                                                                                          \
		argument, SCMP_CMP_MASKED_EQ, mask, value                                          \
	}

enum { SOCKET_TYPE = 0xf };

static const struct rule {
	uint32_t action;
	int number;
	struct scmp_arg_cmp when[2];
} rules[] = {
/*
 * No memory becomes executable, including that of files: a page that is mapped writable at one address
 * could be mapped executable at another. All libraries are loaded by now (sandbox.c). Where mmap2() exists,
 * C libraries call only that, and mmap() may be i386's, whose arguments are in memory, which a filter
 * cannot read.
 */
#ifdef SYS_mmap2
	{SCMP_ACT_ALLOW, SCMP_SYS(mmap2), {BITS(2, PROT_EXEC, 0)}},
#else
	{SCMP_ACT_ALLOW, SCMP_SYS(mmap), {BITS(2, PROT_EXEC, 0)}},
#endif
	{SCMP_ACT_ALLOW, SCMP_SYS(mprotect), {BITS(2, PROT_EXEC, 0)}},
	/*
	 * Threads are allowed, processes are not. A filter cannot read the arguments of clone3(), so that
	 * it fails with ENOSYS.
	 */
	{SCMP_ACT_ALLOW, SCMP_SYS(clone), {BITS(0, CLONE_THREAD, CLONE_THREAD)}},
	{SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), {BITS(0, CLONE_THREAD, 0)}},
	{SCMP_ACT_ALLOW, SCMP_SYS(prctl), {EQUAL(0, PR_SET_NAME)}},
	/* A reload may raise the limit of files. */
	{SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), {EQUAL(0, 0)}},
	/* Sockets of IPv4, IPv6, Unix and rtnetlink. */
	{SCMP_ACT_ALLOW, SCMP_SYS(socket), {EQUAL(0, AF_INET), BITS(1, SOCKET_TYPE, SOCK_DGRAM)}},
	{SCMP_ACT_ALLOW, SCMP_SYS(socket), {EQUAL(0, AF_INET), BITS(1, SOCKET_TYPE, SOCK_STREAM)}},
	{SCMP_ACT_ALLOW, SCMP_SYS(socket), {EQUAL(0, AF_INET6), BITS(1, SOCKET_TYPE, SOCK_DGRAM)}},
	{SCMP_ACT_ALLOW, SCMP_SYS(socket), {EQUAL(0, AF_INET6), BITS(1, SOCKET_TYPE, SOCK_STREAM)}},
	{SCMP_ACT_ALLOW, SCMP_SYS(socket), {EQUAL(0, AF_UNIX)}},
	{SCMP_ACT_ALLOW, SCMP_SYS(socketpair), {EQUAL(0, AF_UNIX)}},
	{SCMP_ACT_ALLOW, SCMP_SYS(socket), {EQUAL(0, AF_NETLINK), EQUAL(2, NETLINK_ROUTE)}},
	/* The index of an interface's name and the reverse, the number of octets to read, and isatty(). */
	{SCMP_ACT_ALLOW, SCMP_SYS(ioctl), {EQUAL(1, SIOCGIFINDEX)}},
	{SCMP_ACT_ALLOW, SCMP_SYS(ioctl), {EQUAL(1, SIOCGIFNAME)}},
	{SCMP_ACT_ALLOW, SCMP_SYS(ioctl), {EQUAL(1, FIONREAD)}},
	{SCMP_ACT_ALLOW, SCMP_SYS(ioctl), {EQUAL(1, TCGETS)}},
};

static int add_all(scmp_filter_ctx filter, uint32_t action, const char *const *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (const char *at = rows[i]; *at; at += strspn(at, " ")) {
			char name[32];
			size_t len = strcspn(at, " ");
			snprintf(name, sizeof(name), "%.*s", (int)len, at);
			at += len;
			int number = seccomp_syscall_resolve_name(name);
			int error = number == __NR_SCMP_ERROR
					    ? 0
					    : seccomp_rule_add(filter, action, number, 0);
			if (error < 0)
				return error;
		}
	}
	return 0;
}

static int add_rules(scmp_filter_ctx filter)
{
	int error = 0;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]) && error == 0; i++) {
		const struct rule *rule = &rules[i];
		unsigned count = rule->when[1].op ? 2 : 1;
		error = seccomp_rule_add_array(filter, rule->action, rule->number, count,
					       rule->when);
	}
	/* abort() */
	if (error == 0)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
					 (struct scmp_arg_cmp)EQUAL(0, (scmp_datum_t)getpid()));
	return error;
}

static int set_attributes(scmp_filter_ctx filter)
{
	int error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (error == 0)
		error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	/* Older kernels would otherwise slow the process down, as a mitigation for untrusted code. */
	if (error == 0)
		error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
	/* A tree: the cost of a call does not depend on its position in the list. */
	if (error == 0)
		error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return error;
}

static int enter(void)
{
	enum { ALLOWED = sizeof(allowed) / sizeof(allowed[0]) };
	enum { DEADLY = sizeof(deadly) / sizeof(deadly[0]) };
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	if (!filter)
		return -ENOMEM;
	int error = set_attributes(filter);
	if (error == 0)
		error = add_all(filter, SCMP_ACT_ALLOW, allowed, ALLOWED);
	if (error == 0)
		error = add_all(filter, SCMP_ACT_KILL_PROCESS, deadly, DEADLY);
	if (error == 0)
		error = add_rules(filter);
	if (error == 0)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return error;
}

#else

static int enter(void)
{
	return -ENOSYS;
}

#endif

int tarn__seccomp_enter(struct tarn__log *log)
{
	int error = enter();
	if (error == 0)
		return 0;
	tarn__log(log, TARN_LOG_INFO, "no system call filter: %s", strerror(-error));
	return TARN_ESYSTEM;
}
