/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/tls/test_ca_files.c: CA certificates come from a file, a folder, or the library's own store. */
#include "support/tls_world.h"
#include "support/unit.h"
#include "tls/ca_files.h"

#include <sys/stat.h>

/* Returns NULL with the reason in fault. */
static struct tarn__tls_client *read_from(const char *path, char fault[TARN__TLS_FAULT_MAX])
{
	fault[0] = '\0';
	return tarn__tls_client_new(&(struct tarn__tls_client_options){.ca = path}, fault);
}

/* Trusts the world's CA, or does not, for the reason. */
static void expect_trust(const char *path, const char *reason)
{
	char fault[TARN__TLS_FAULT_MAX];
	struct tarn__tls_client *client = read_from(path, fault);
	ck_assert_msg(client, "%s", fault);
	struct ends ends;
	open_ends_of(&ends, client, world.server, &dns_example, NULL);
	secure_ends(&ends);
	ck_assert_str_eq(tarn__tls_fault(ends.near), reason ? reason : "");
	close_ends(&ends);
	tarn__tls_client_put(client);
}

static void expect_refused(const char *path, const char *reason)
{
	char fault[TARN__TLS_FAULT_MAX], expected[TARN__TLS_FAULT_MAX];
	ck_assert_ptr_null(read_from(path, fault));
	snprintf(expected, sizeof(expected), "%s: %s", path, reason);
	ck_assert_str_eq(fault, expected);
}

static struct certificate *make_ca(const char *name)
{
	return certificate_new(&(struct certificate_plan){.is_ca = true, .common_name = name});
}

START_TEST(file_has_several_certificates)
{
	struct certificate *other = make_ca("Another CA");
	put_file("bundle.pem", "# Another CA\n");
	append_to_file("bundle.pem", certificate_pem(other));
	append_to_file("bundle.pem", "\n# Test CA\n");
	append_to_file("bundle.pem", certificate_pem(world.ca));
	/* The same one twice is no fault. */
	append_to_file("bundle.pem", certificate_pem(other));
	expect_trust(in_folder("bundle.pem"), NULL);
	put_file("bundle.pem", certificate_pem(other));
	expect_trust(in_folder("bundle.pem"),
		     "certificate is not signed by a trusted CA, but by Test CA");
	certificate_free(other);
}
END_TEST

START_TEST(file_that_cannot_be_read_is_named)
{
	expect_refused(in_folder("missing.pem"), "No such file or directory");
	put_file("empty.pem", "");
	expect_refused(in_folder("empty.pem"), "no certificate in it");
	put_file("words.pem", "no certificate\n");
	expect_refused(in_folder("words.pem"), "no certificate in it");
	put_file("key.pem", certificate_key_pem(world.ca));
	expect_refused(in_folder("key.pem"), "no certificate in it");
	/* It has been cut off. */
	put_file("cut.pem", certificate_pem(world.ca));
	char half[4096];
	snprintf(half, sizeof(half), "%.200s", certificate_pem(world.ca));
	append_to_file("cut.pem", half);
	expect_refused(in_folder("cut.pem"), "a certificate in it cannot be read");
	ck_assert_int_eq(mkfifo(in_folder("pipe"), 0600), 0);
	expect_refused(in_folder("pipe"), "not a file");
	/* 16 MB are more than any bundle. */
	put_file("large.pem", "");
	ck_assert_int_eq(truncate(in_folder("large.pem"), 16 * 1024 * 1024 + 1), 0);
	expect_refused(in_folder("large.pem"), "File too large");
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

/* In a folder that c_rehash has been in, only what it has named is trusted, as in the library. */
START_TEST(folder_is_read_by_hashes_or_whole)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s", in_folder("cas"));
	ck_assert_int_eq(mkdir(path, 0700), 0);
	expect_refused(path, "no certificate in it");
	put_file("cas/words.txt", "no certificate\n");
	put_file("cas/.hidden.pem", certificate_pem(world.ca));
	expect_refused(path, "no certificate in it");
	ck_assert_int_eq(mkdir(in_folder("cas/inner"), 0700), 0);
	put_file("cas/test.pem", certificate_pem(world.ca));
	expect_trust(path, NULL);
	struct certificate *other = make_ca("Another CA");
	put_file("cas/0123abcd.0", certificate_pem(other));
	expect_trust(path, "certificate is not signed by a trusted CA, but by Test CA");
	ck_assert_int_eq(symlink("test.pem", in_folder("cas/5ed36f99.1")), 0);
	expect_trust(path, NULL);
	certificate_free(other);
}
END_TEST

START_TEST(own_store_of_the_library_is_the_default)
{
	put_file("default.pem", certificate_pem(world.ca));
	setenv("SSL_CERT_FILE", in_folder("default.pem"), 1);
	setenv("SSL_CERT_DIR", in_folder("missing"), 1);
	expect_trust(NULL, NULL);
	setenv("SSL_CERT_FILE", in_folder("missing"), 1);
	ck_assert_int_eq(mkdir(in_folder("store"), 0700), 0);
	put_file("store/5ed36f99.0", certificate_pem(world.ca));
	setenv("SSL_CERT_DIR", in_folder("store"), 1);
	expect_trust(NULL, NULL);
	/* Pins need none; all others are refused. */
	setenv("SSL_CERT_DIR", in_folder("missing"), 1);
	expect_trust(NULL, "certificate is not signed by a trusted CA "
			   "(there are no CA certificates here)");
}
END_TEST

/* Whoever reads them again can keep what was there before. */
START_TEST(same_certificates_make_an_equal_client)
{
	char fault[TARN__TLS_FAULT_MAX];
	struct certificate *other = make_ca("Other CA");
	put_file("one.pem", certificate_pem(world.ca));
	put_file("copy.pem", certificate_pem(world.ca));
	put_file("other.pem", certificate_pem(other));
	struct tarn__tls_client *one = read_from(in_folder("one.pem"), fault);
	struct tarn__tls_client *copy = read_from(in_folder("copy.pem"), fault);
	struct tarn__tls_client *another = read_from(in_folder("other.pem"), fault);
	struct tarn__tls_client *lenient =
		tarn__tls_client_new(&(struct tarn__tls_client_options){.ca = in_folder("one.pem"),
									.lenient_until_sec = 1},
				     fault);
	ck_assert(tarn__tls_client_is_equal(one, copy));
	ck_assert(!tarn__tls_client_is_equal(one, another));
	ck_assert(!tarn__tls_client_is_equal(one, lenient));
	tarn__tls_client_put(one);
	tarn__tls_client_put(copy);
	tarn__tls_client_put(another);
	tarn__tls_client_put(lenient);
	certificate_free(other);
}
END_TEST

START_TEST(files_are_not_opened_again)
{
	char fault[TARN__TLS_FAULT_MAX];
	put_file("gone.pem", certificate_pem(world.ca));
	struct tarn__tls_client *client = read_from(in_folder("gone.pem"), fault);
	ck_assert_ptr_nonnull(client);
	ck_assert_int_eq(unlink(in_folder("gone.pem")), 0);
	struct ends ends;
	open_ends_of(&ends, client, world.server, &dns_example, NULL);
	secure_ends(&ends);
	expect_open(&ends);
	close_ends(&ends);
	tarn__tls_client_put(client);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ca_files");
	TCase *files = tcase_create("files");
	tcase_add_checked_fixture(files, make_world, end_world);
	tcase_add_test(files, file_has_several_certificates);
	tcase_add_test(files, file_that_cannot_be_read_is_named);
	tcase_add_test(files, folder_is_read_by_hashes_or_whole);
	tcase_add_test(files, own_store_of_the_library_is_the_default);
	tcase_add_test(files, same_certificates_make_an_equal_client);
	tcase_add_test(files, files_are_not_opened_again);
	suite_add_tcase(suite, files);
	return unit_run(suite);
}
