/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/netlink.c: which messages are changes of the network, in a network namespace. If the system
 * does not allow one, nothing is tested here, and the system tests report it.
 */

#include "config.h"

#include "daemon/system/netlink.h"

#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "support/net.h"
#include "support/unit.h"

static struct ev_loop *loop;
static struct tarn__log quiet;
static struct tarn__netlink netlink;
static int control;
static int told;
static bool has_network;

static void on_changed(void *data)
{
	(void)data;
	told++;
}

static void request(unsigned long number, struct ifreq *interface)
{
	strcpy(interface->ifr_name, "lo");
	ck_assert_int_eq(ioctl(control, number, interface), 0);
}

static void set_up_link(bool is_up)
{
	struct ifreq interface = {0};
	request(SIOCGIFFLAGS, &interface);
	interface.ifr_flags =
		(short)(is_up ? interface.ifr_flags | IFF_UP : interface.ifr_flags & ~IFF_UP);
	request(SIOCSIFFLAGS, &interface);
}

static void set_address(const char *text)
{
	struct ifreq interface = {0};
	struct tarn_address address = parse_address(text);
	memcpy(&interface.ifr_addr, &address.in4, sizeof(address.in4));
	request(SIOCSIFADDR, &interface);
}

static void set_up(void)
{
	has_network = unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
	control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	tarn__log_init(&quiet, -1, TARN_LOG_ERR);
	loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	told = 0;
	if (has_network)
		set_up_link(true);
	tarn__netlink_start(&netlink, loop, on_changed, NULL, &quiet);
	has_network &= netlink.loop != NULL;
}

static void tear_down(void)
{
	tarn__netlink_stop(&netlink);
	tarn__netlink_stop(&netlink);
	ev_loop_destroy(loop);
	tarn__log_fini(&quiet);
	close(control);
}

static bool has_message(void *arg)
{
	(void)arg;
	return ev_is_active(&netlink.timer);
}

static bool has_settled(void *arg)
{
	(void)arg;
	return !ev_is_active(&netlink.timer);
}

/* Returns the number of changes reported once the messages about them have been read. */
static int count_told(void)
{
	run_until(loop, has_message, NULL);
	run_until(loop, has_settled, NULL);
	run_dry(loop);
	int count = told;
	told = 0;
	return count;
}

START_TEST(link_that_goes_and_comes_is_told)
{
	if (!has_network)
		return;
	set_up_link(false);
	ck_assert_int_eq(count_told(), 1);
	set_up_link(true);
	ck_assert_int_eq(count_told(), 1);
}
END_TEST

START_TEST(new_address_is_told)
{
	if (!has_network)
		return;
	set_address("192.0.2.1");
	ck_assert_int_eq(count_told(), 1);
}
END_TEST

START_TEST(new_route_is_told)
{
	if (!has_network)
		return;
	struct rtentry route = {.rt_flags = RTF_UP, .rt_dev = (char[]){"lo"}};
	struct sockaddr_in net = {.sin_family = AF_INET};
	memcpy(&route.rt_genmask, &net, sizeof(net));
	memcpy(&route.rt_dst, &net, sizeof(net));
	ck_assert_int_eq(ioctl(control, SIOCADDRT, &route), 0);
	ck_assert_int_eq(count_told(), 1);
}
END_TEST

START_TEST(message_without_a_change_is_not_told)
{
	if (!has_network)
		return;
	struct ifreq interface = {.ifr_mtu = 9000};
	request(SIOCSIFMTU, &interface);
	ck_assert_int_eq(count_told(), 0);
}
END_TEST

START_TEST(more_messages_than_there_is_room_for_are_told)
{
	if (!has_network)
		return;
	int size = 1;
	ck_assert_int_eq(setsockopt(netlink.io.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	for (int i = 0; i < 20; i++) {
		struct ifreq interface = {.ifr_mtu = 9000 + i};
		request(SIOCSIFMTU, &interface);
	}
	ck_assert_int_eq(count_told(), 1);
}
END_TEST

START_TEST(quiet_network_needs_no_timer)
{
	run_dry(loop);
	ck_assert(!ev_is_active(&netlink.timer));
	ck_assert_int_eq(told, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("network");
	TCase *tcase = tcase_create("network");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, link_that_goes_and_comes_is_told);
	tcase_add_test(tcase, new_address_is_told);
	tcase_add_test(tcase, new_route_is_told);
	tcase_add_test(tcase, message_without_a_change_is_not_told);
	tcase_add_test(tcase, more_messages_than_there_is_room_for_are_told);
	tcase_add_test(tcase, quiet_network_needs_no_timer);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
