/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/names/local_files.c: which files there are, when they are read, and what becomes of their names. */

#include "config.h"

#include "daemon/names/local_files.h"

#include <fcntl.h>

#include "dns/text.h"
#include "dns/type.h"
#include "support/folder.h"
#include "support/log.h"
#include "support/unit.h"

enum { NOW_S = 1000 };

static struct tarn__local_files *files;
static struct tarn__local_data *data;
static uint64_t now_ms;

static void set_up(void)
{
	make_folder();
	open_log();
	files = NULL;
	data = NULL;
	now_ms = 1000000;
}

static void tear_down(void)
{
	tarn__local_files_free(files);
	tarn__local_data_put(data);
	close_log();
	remove_folder();
}

#define LIST(...)                                                                                  \
	{                                                                                          \
		(const char *const[]){__VA_ARGS__},                                                \
			sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)                \
	}

static void use(struct tarn__local_files_options options)
{
	options.ttl = 60;
	files = tarn__local_files_new(&options, &test_log);
	ck_assert_ptr_nonnull(files);
}

/* Returns true if there was something new. */
static bool look(void)
{
	if (!tarn__local_files_look(files, now_ms, false))
		return false;
	tarn__local_data_put(data);
	data = tarn__local_files_build(files);
	ck_assert_ptr_nonnull(data);
	return true;
}

static enum tarn__local_kind find(const char *text, uint16_t type, struct tarn__local_found *out)
{
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name);
	ck_assert_uint_gt(len, 0);
	return tarn__local_data_find(data, name, len, type, NOW_S, out);
}

static bool has(const char *text)
{
	struct tarn__local_found found;
	return find(text, TARN__TYPE_A, &found) == TARN__LOCAL_RECORDS;
}

/* ---- hosts files ------------------------------------------------------------------------- */

START_TEST(names_of_a_hosts_file_are_found_with_its_path_and_line)
{
	put_file("hosts", "# mine\n192.0.2.1 nas.lan nas\n");
	use((struct tarn__local_files_options){.hosts = LIST(in_folder("hosts"))});
	ck_assert(look());
	struct tarn__local_found found;
	ck_assert_int_eq(find("NAS.lan", TARN__TYPE_A, &found), TARN__LOCAL_RECORDS);
	ck_assert_str_eq(found.source, in_folder("hosts"));
	ck_assert_uint_eq(found.line, 2);
	ck_assert_uint_eq(found.ttl, 60);
	ck_assert(has("nas"));
	ck_assert_str_eq(logged(), "|");
}
END_TEST

START_TEST(line_that_is_removed_is_gone)
{
	put_file("hosts", "192.0.2.1 a.lan\n192.0.2.2 b.lan\n");
	use((struct tarn__local_files_options){.hosts = LIST(in_folder("hosts"))});
	ck_assert(look());
	ck_assert(has("a.lan") && has("b.lan"));
	replace_file("hosts", "192.0.2.2 b.lan\n");
	ck_assert(look());
	ck_assert(!has("a.lan") && has("b.lan"));
}
END_TEST

START_TEST(file_of_before_is_not_read_again)
{
	put_file("hosts", "192.0.2.1 a.lan\n");
	const struct timespec old[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};
	ck_assert_int_eq(utimensat(AT_FDCWD, in_folder("hosts"), old, 0), 0);
	use((struct tarn__local_files_options){.hosts = LIST(in_folder("hosts"))});
	ck_assert(look());
	ck_assert_uint_eq(tarn__local_files_octets(files), 16);
	ck_assert(!look());
	ck_assert_uint_eq(tarn__local_files_octets(files), 16);
	/* By request it is. */
	ck_assert(tarn__local_files_look(files, now_ms, true));
	ck_assert_uint_eq(tarn__local_files_octets(files), 32);
}
END_TEST

START_TEST(file_that_was_written_just_now_is_read_again)
{
	/* The second of two changes within the resolution of the times of files. */
	put_file("hosts", "192.0.2.1 a.lan\n");
	use((struct tarn__local_files_options){.hosts = LIST(in_folder("hosts"))});
	ck_assert(look());
	put_file("hosts", "192.0.2.1 b.lan\n");
	ck_assert(look());
	ck_assert(!has("a.lan") && has("b.lan"));
}
END_TEST

START_TEST(files_of_a_folder_are_read_by_name)
{
	ck_assert_int_eq(mkdir(in_folder("d"), 0700), 0);
	ck_assert_int_eq(mkdir(in_folder("d/folder"), 0700), 0);
	put_file("d/2", "192.0.2.2 x.lan\n");
	put_file("d/1", "192.0.2.1 x.lan\n");
	put_file("d/.hidden", "192.0.2.3 hidden.lan\n");
	put_file("d/1~", "192.0.2.3 backup.lan\n");
	put_file("d/folder/3", "192.0.2.3 below.lan\n");
	use((struct tarn__local_files_options){.hosts = LIST(in_folder("d"))});
	ck_assert(look());
	struct tarn__local_found found;
	ck_assert_int_eq(find("x.lan", TARN__TYPE_A, &found), TARN__LOCAL_RECORDS);
	ck_assert_str_eq(found.source, in_folder("d/1"));
	ck_assert(!has("hidden.lan") && !has("backup.lan") && !has("below.lan"));
	put_file("d/0", "192.0.2.4 new.lan\n");
	ck_assert(look());
	ck_assert(has("new.lan"));
}
END_TEST

START_TEST(file_that_goes_from_a_folder_vanishes)
{
	ck_assert_int_eq(mkdir(in_folder("d"), 0700), 0);
	put_file("d/1", "192.0.2.1 a.lan\n");
	put_file("d/2", "192.0.2.2 b.lan\n");
	use((struct tarn__local_files_options){.hosts = LIST(in_folder("d"))});
	ck_assert(look());
	ck_assert_int_eq(unlink(in_folder("d/1")), 0);
	look();
	ck_assert(has("a.lan"));
	now_ms += TARN__LOCAL_VANISHED_MS;
	ck_assert(look());
	ck_assert(!has("a.lan") && has("b.lan"));
}
END_TEST

/* ---- files that cannot be read ------------------------------------------------------------ */

START_TEST(vanished_file_keeps_its_names_for_five_seconds)
{
	put_file("hosts", "192.0.2.1 a.lan\n");
	use((struct tarn__local_files_options){.hosts = LIST(in_folder("hosts"))});
	ck_assert(look());
	ck_assert_uint_eq(tarn__local_files_due_ms(files), UINT64_MAX);
	ck_assert_int_eq(unlink(in_folder("hosts")), 0);
	ck_assert(!look());
	ck_assert_uint_eq(tarn__local_files_due_ms(files), now_ms + TARN__LOCAL_VANISHED_MS);
	now_ms += TARN__LOCAL_VANISHED_MS - 1;
	ck_assert(!look());
	ck_assert(has("a.lan"));
	ck_assert_str_eq(logged(), "|");
	now_ms++;
	ck_assert(look());
	ck_assert(!has("a.lan"));
	ck_assert_ptr_nonnull(strstr(logged(), "hosts is gone"));
	ck_assert_uint_eq(tarn__local_files_due_ms(files), UINT64_MAX);
	put_file("hosts", "192.0.2.1 a.lan\n");
	ck_assert(look());
	ck_assert(has("a.lan"));
}
END_TEST

START_TEST(file_that_comes_back_in_time_was_never_gone)
{
	put_file("hosts", "192.0.2.1 a.lan\n");
	use((struct tarn__local_files_options){.hosts = LIST(in_folder("hosts"))});
	ck_assert(look());
	ck_assert_int_eq(unlink(in_folder("hosts")), 0);
	look();
	now_ms += TARN__LOCAL_VANISHED_MS - 1;
	put_file("hosts", "192.0.2.1 a.lan\n");
	ck_assert(look());
	now_ms += TARN__LOCAL_VANISHED_MS;
	look();
	ck_assert(has("a.lan"));
	ck_assert_str_eq(logged(), "|");
}
END_TEST

START_TEST(file_that_was_never_there_is_said_once)
{
	use((struct tarn__local_files_options){.hosts = LIST(in_folder("hosts"))});
	ck_assert(look());
	ck_assert(!look());
	const char *text = logged();
	const char *line = strstr(text, "there is no file");
	ck_assert_ptr_nonnull(line);
	ck_assert_ptr_null(strstr(line + 1, "there is no file"));
}
END_TEST

/* A pipe in its place: root reads files of any mode. */
START_TEST(unreadable_file_keeps_its_names)
{
	put_file("hosts", "192.0.2.1 a.lan\n");
	use((struct tarn__local_files_options){.hosts = LIST(in_folder("hosts"))});
	ck_assert(look());
	ck_assert_int_eq(unlink(in_folder("hosts")), 0);
	ck_assert_int_eq(mkfifo(in_folder("hosts"), 0600), 0);
	ck_assert(!look());
	now_ms += 10 * TARN__LOCAL_VANISHED_MS;
	ck_assert(!look());
	ck_assert(has("a.lan"));
	ck_assert_ptr_nonnull(strstr(logged(), "a pipe; its names stay"));
}
END_TEST

START_TEST(file_of_more_than_64_mib_is_not_read)
{
	put_file("hosts", "192.0.2.1 a.lan\n");
	ck_assert_int_eq(truncate(in_folder("hosts"), TARN__LOCAL_FILE_MAX), 0);
	use((struct tarn__local_files_options){.hosts = LIST(in_folder("hosts"))});
	ck_assert(look());
	ck_assert(has("a.lan"));
	logged();
	ck_assert_int_eq(truncate(in_folder("hosts"), TARN__LOCAL_FILE_MAX + 1), 0);
	ck_assert(!look());
	ck_assert_ptr_nonnull(strstr(logged(), "64 MiB"));
	ck_assert(has("a.lan"));
}
END_TEST

START_TEST(sixty_four_files_are_read)
{
	ck_assert_int_eq(mkdir(in_folder("d"), 0700), 0);
	for (int i = 0; i <= TARN__LOCAL_FILES_MAX; i++) {
		char name[16], line[32];
		snprintf(name, sizeof(name), "d/%02d", i);
		snprintf(line, sizeof(line), "192.0.2.1 h%d.lan\n", i);
		put_file(name, line);
	}
	use((struct tarn__local_files_options){.hosts = LIST(in_folder("d"))});
	ck_assert(look());
	ck_assert(has("h63.lan") && !has("h64.lan"));
	ck_assert_ptr_nonnull(strstr(logged(), "more than 64 files"));
	look();
	ck_assert_str_eq(logged(), "|");
}
END_TEST

START_TEST(faults_are_counted_and_five_are_logged_with_their_lines)
{
	put_file("hosts", "192.0.2.1 a.lan\n1\n2\n3\n4\n5\n6\n7 x\n192.0.2.2 b.lan\n");
	use((struct tarn__local_files_options){.hosts = LIST(in_folder("hosts"))});
	ck_assert(look());
	ck_assert(has("a.lan") && has("b.lan"));
	const char *text = logged();
	ck_assert_ptr_nonnull(strstr(text, "/hosts:2: "));
	ck_assert_ptr_nonnull(strstr(text, "/hosts:6: "));
	ck_assert_ptr_null(strstr(text, "/hosts:7: "));
	ck_assert_ptr_nonnull(strstr(text, "hosts: 2 faults more"));
	/* Once for each time that the file is read. */
	tarn__local_data_put(data);
	data = tarn__local_files_build(files);
	ck_assert_str_eq(logged(), "|");
}
END_TEST

/* ---- leases ------------------------------------------------------------------------------ */

START_TEST(leases_of_dnsmasq_are_read_anew_each_time)
{
	put_file("leases", "2000 02:00:00:00:00:01 192.0.2.1 laptop *\n");
	use((struct tarn__local_files_options){.leases = LIST(in_folder("leases")),
					       .domain = "lan"});
	ck_assert(look());
	ck_assert(has("laptop") && has("laptop.lan"));
	put_file("leases", "2000 02:00:00:00:00:02 192.0.2.2 phone *\n");
	ck_assert(look());
	ck_assert(!has("laptop") && has("phone"));
}
END_TEST

#define KEA_HEAD                                                                                   \
	"address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,"     \
	"state,user_context,pool_id\n"

START_TEST(of_a_kea_file_that_has_grown_the_rest_is_read)
{
	static const char more[] = "192.0.2.2,02:00:00:00:00:02,,3600,5000,1,0,0,phone,0,,0\n";
	put_file("leases.csv",
		 KEA_HEAD "192.0.2.1,02:00:00:00:00:01,,3600,5000,1,0,0,laptop,0,,0\n");
	use((struct tarn__local_files_options){.leases = LIST(in_folder("leases.csv"))});
	ck_assert(look());
	ck_assert(has("laptop"));
	uint64_t octets = tarn__local_files_octets(files);
	/* A line that comes in two parts. */
	write_octets("leases.csv", "a", more, 20);
	look();
	write_octets("leases.csv", "a", more + 20, strlen(more) - 20);
	ck_assert(look());
	ck_assert(has("laptop") && has("phone"));
	ck_assert_uint_eq(tarn__local_files_octets(files) - octets, strlen(more));
	append_to_file("leases.csv", "192.0.2.1,02:00:00:00:00:01,,3600,5000,1,0,0,laptop,2,,0\n");
	ck_assert(look());
	ck_assert(!has("laptop") && has("phone"));
}
END_TEST

START_TEST(kea_file_that_was_cleaned_has_its_older_leases_beside_it)
{
	put_file("leases.csv",
		 KEA_HEAD "192.0.2.1,02:00:00:00:00:01,,3600,5000,1,0,0,laptop,0,,0\n");
	use((struct tarn__local_files_options){.leases = LIST(in_folder("leases.csv"))});
	ck_assert(look());
	ck_assert_int_eq(rename(in_folder("leases.csv"), in_folder("leases.csv.1")), 0);
	replace_file("leases.csv",
		     KEA_HEAD "192.0.2.2,02:00:00:00:00:02,,3600,5000,1,0,0,phone,0,,0\n");
	ck_assert(look());
	ck_assert(has("laptop") && has("phone"));
	/* Merged. */
	ck_assert_int_eq(rename(in_folder("leases.csv.1"), in_folder("leases.csv.2")), 0);
	ck_assert(tarn__local_files_look(files, now_ms, true));
	look();
	ck_assert(has("laptop") && has("phone"));
}
END_TEST

START_TEST(isc_file_that_is_written_anew_is_read_anew)
{
	put_file("leases", "lease 192.0.2.1 {\n  ends never;\n  binding state active;\n"
			   "  client-hostname \"laptop\";\n}\n");
	use((struct tarn__local_files_options){.leases = LIST(in_folder("leases"))});
	ck_assert(look());
	ck_assert(has("laptop"));
	append_to_file("leases", "lease 192.0.2.2 {\n  ends never;\n  binding state active;\n"
				 "  client-hostname \"phone\";\n}\n");
	ck_assert(look());
	ck_assert(has("laptop") && has("phone"));
	/* Longer than before, in its place: not what has grown. */
	put_file("leases", "lease 192.0.2.3 {\n  ends never;\n  binding state active;\n"
			   "  client-hostname \"printer\";\n}\n# and a comment that is as long as "
			   "the leases were that have been here before this was written anew, and "
			   "then some, for it has to be longer than both of them together\n");
	ck_assert(look());
	ck_assert(!has("laptop") && !has("phone") && has("printer"));
}
END_TEST

START_TEST(leases_of_networkd_are_read)
{
	put_file("eth0", "{\"BootID\":\"00\",\"Leases\":[{\"ClientId\":[1,2,0,0,0,0,1],"
			 "\"Address\":[192,0,2,1],\"Hostname\":\"laptop\","
			 "\"ExpirationRealtimeUSec\":2000000000}]}\n");
	use((struct tarn__local_files_options){.leases = LIST(in_folder("eth0"))});
	ck_assert(look());
	struct tarn__local_found found;
	ck_assert_int_eq(find("laptop", TARN__TYPE_A, &found), TARN__LOCAL_RECORDS);
	replace_file("eth0", "[{\"ClientId\":[1],\"Address\":[192,0,2,2],"
			     "\"Hostname\":\"phone\"},{\"ClientId\":[1]}]\n");
	ck_assert(look());
	ck_assert(!has("laptop") && has("phone"));
	ck_assert_ptr_nonnull(strstr(logged(), "/eth0:2: a lease without an address"));
	put_file("eth0", "[{\"ClientId\":");
	ck_assert(look());
	ck_assert_ptr_nonnull(strstr(logged(), "/eth0:1: "));
	ck_assert(has("phone"));
	replace_file("eth0", "[]");
	ck_assert(look());
	ck_assert(!has("phone"));
}
END_TEST

START_TEST(lease_has_no_name_that_a_hosts_file_has)
{
	put_file("hosts", "192.0.2.9 nas\n");
	put_file("leases", "2000 02:00:00:00:00:01 192.0.2.1 nas *\n"
			   "2000 02:00:00:00:00:02 192.0.2.2 wpad *\n");
	use((struct tarn__local_files_options){.hosts = LIST(in_folder("hosts")),
					       .leases = LIST(in_folder("leases"))});
	ck_assert(look());
	struct tarn__local_found found;
	ck_assert_int_eq(find("nas", TARN__TYPE_A, &found), TARN__LOCAL_RECORDS);
	ck_assert_str_eq(found.source, in_folder("hosts"));
	ck_assert_uint_eq(found.end - found.first, 1);
	ck_assert(!has("wpad"));
	ck_assert_str_eq(logged(), "|");
}
END_TEST

/* ---- records and zones ------------------------------------------------------------------- */

START_TEST(records_and_zones_of_the_configuration_are_there)
{
	use((struct tarn__local_files_options){
		.zones = LIST("lan"),
		.records = LIST("nas.lan 300 IN A 192.0.2.1", "*.apps.lan A 192.0.2.2")});
	ck_assert(look());
	ck_assert(!look());
	struct tarn__local_found found;
	ck_assert_int_eq(find("nas.lan", TARN__TYPE_A, &found), TARN__LOCAL_RECORDS);
	ck_assert_uint_eq(found.ttl, 300);
	ck_assert(has("x.apps.lan"));
	ck_assert_int_eq(find("nothing.lan", TARN__TYPE_A, &found), TARN__LOCAL_NXDOMAIN);
	ck_assert_int_eq(find("nas.lan", TARN__TYPE_MX, &found), TARN__LOCAL_NODATA);
}
END_TEST

START_TEST(record_that_is_none_is_logged_and_the_others_are_taken)
{
	use((struct tarn__local_files_options){
		.records = LIST("nas.lan A 192.0.2.256", "nas.lan CH A 192.0.2.1",
				"x.lan A 192.0.2.1", "x.lan CNAME nas.lan")});
	ck_assert(look());
	ck_assert(has("x.lan") && !has("nas.lan"));
	const char *text = logged();
	ck_assert_ptr_nonnull(strstr(text, "\"nas.lan A 192.0.2.256\""));
	ck_assert_ptr_nonnull(strstr(text, "\"nas.lan CH A 192.0.2.1\""));
	ck_assert_ptr_nonnull(strstr(text, "\"x.lan CNAME nas.lan\""));
}
END_TEST

START_TEST(options_that_are_equal_are_recognised)
{
	const struct tarn__local_files_options options = {
		.hosts = LIST("/a", "/b"), .domain = "lan", .ttl = 60};
	struct tarn__local_files_options other = options;
	use(options);
	ck_assert(tarn__local_files_has(files, &options));
	other.hosts.count = 1;
	ck_assert(!tarn__local_files_has(files, &other));
	other = options;
	other.domain = NULL;
	ck_assert(!tarn__local_files_has(files, &other));
	other = options;
	other.ttl = 61;
	ck_assert(!tarn__local_files_has(files, &other));
	other = options;
	other.leases = options.hosts;
	ck_assert(!tarn__local_files_has(files, &other));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("local_files");
	TCase *tcase = tcase_create("files");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, names_of_a_hosts_file_are_found_with_its_path_and_line);
	tcase_add_test(tcase, line_that_is_removed_is_gone);
	tcase_add_test(tcase, file_of_before_is_not_read_again);
	tcase_add_test(tcase, file_that_was_written_just_now_is_read_again);
	tcase_add_test(tcase, files_of_a_folder_are_read_by_name);
	tcase_add_test(tcase, file_that_goes_from_a_folder_vanishes);
	tcase_add_test(tcase, vanished_file_keeps_its_names_for_five_seconds);
	tcase_add_test(tcase, file_that_comes_back_in_time_was_never_gone);
	tcase_add_test(tcase, file_that_was_never_there_is_said_once);
	tcase_add_test(tcase, unreadable_file_keeps_its_names);
	tcase_add_test(tcase, file_of_more_than_64_mib_is_not_read);
	tcase_add_test(tcase, sixty_four_files_are_read);
	tcase_add_test(tcase, faults_are_counted_and_five_are_logged_with_their_lines);
	tcase_add_test(tcase, leases_of_dnsmasq_are_read_anew_each_time);
	tcase_add_test(tcase, of_a_kea_file_that_has_grown_the_rest_is_read);
	tcase_add_test(tcase, kea_file_that_was_cleaned_has_its_older_leases_beside_it);
	tcase_add_test(tcase, isc_file_that_is_written_anew_is_read_anew);
	tcase_add_test(tcase, leases_of_networkd_are_read);
	tcase_add_test(tcase, lease_has_no_name_that_a_hosts_file_has);
	tcase_add_test(tcase, records_and_zones_of_the_configuration_are_there);
	tcase_add_test(tcase, record_that_is_none_is_logged_and_the_others_are_taken);
	tcase_add_test(tcase, options_that_are_equal_are_recognised);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
