# SPDX-License-Identifier: BSD-2-Clause
# The sources of resolver/dns.

dns_sources = \
	resolver/dns/aliases.c resolver/dns/aliases.h \
	resolver/dns/answer.c resolver/dns/answer.h \
	resolver/dns/cookie.c resolver/dns/cookie.h \
	resolver/dns/denial.c resolver/dns/denial.h \
	resolver/dns/duplicates.c resolver/dns/duplicates.h \
	resolver/dns/edns.c resolver/dns/edns.h \
	resolver/dns/dns64.c resolver/dns/dns64.h \
	resolver/dns/edit.c resolver/dns/edit.h \
	resolver/dns/filter.c resolver/dns/filter.h \
	resolver/dns/hosts.c resolver/dns/hosts.h \
	resolver/dns/join.c resolver/dns/join.h \
	resolver/dns/leases.c resolver/dns/leases.h \
	resolver/dns/lines.c resolver/dns/lines.h \
	resolver/dns/local.c resolver/dns/local.h \
	resolver/dns/match.c resolver/dns/match.h \
	resolver/dns/message.h \
	resolver/dns/name.c resolver/dns/name.h \
	resolver/dns/namelist.c resolver/dns/namelist.h \
	resolver/dns/namelist_adblock.c resolver/dns/namelist_adblock.h \
	resolver/dns/namelist_compile.c resolver/dns/namelist_compile.h \
	resolver/dns/namelist_form.c resolver/dns/namelist_form.h \
	resolver/dns/namelist_fuse.c resolver/dns/namelist_fuse.h \
	resolver/dns/namelist_items.c resolver/dns/namelist_items.h \
	resolver/dns/namelist_line.c resolver/dns/namelist_line.h \
	resolver/dns/namelist_octets.h \
	resolver/dns/namelist_pile.c resolver/dns/namelist_pile.h \
	resolver/dns/namelist_rule.h \
	resolver/dns/namelist_text.c resolver/dns/namelist_text.h \
	resolver/dns/namelist_words.c resolver/dns/namelist_words.h \
	resolver/dns/namelist_write.c resolver/dns/namelist_write.h \
	resolver/dns/notify.c resolver/dns/notify.h \
	resolver/dns/pack.c resolver/dns/pack.h \
	resolver/dns/query.c resolver/dns/query.h \
	resolver/dns/rdata.c resolver/dns/rdata.h \
	resolver/dns/rdata_field.c resolver/dns/rdata_field.h \
	resolver/dns/rdata_parse.c resolver/dns/rdata_parse.h \
	resolver/dns/rdata_text.c resolver/dns/rdata_text.h \
	resolver/dns/record.c resolver/dns/record.h \
	resolver/dns/reply.c resolver/dns/reply.h \
	resolver/dns/response.c resolver/dns/response.h \
	resolver/dns/rpz.c resolver/dns/rpz.h \
	resolver/dns/rpz_prefix.c resolver/dns/rpz_prefix.h \
	resolver/dns/rrsets.c resolver/dns/rrsets.h \
	resolver/dns/soa.h \
	resolver/dns/stored.c resolver/dns/stored.h \
	resolver/dns/svc_params.c resolver/dns/svc_params.h \
	resolver/dns/text.c resolver/dns/text.h \
	resolver/dns/tsig.c resolver/dns/tsig.h \
	resolver/dns/tsig_key.c resolver/dns/tsig_key.h \
	resolver/dns/ttl.c resolver/dns/ttl.h \
	resolver/dns/type.c resolver/dns/type.h \
	resolver/dns/type_bitmap.c resolver/dns/type_bitmap.h \
	resolver/dns/wire.h \
	resolver/dns/word.c resolver/dns/word.h \
	resolver/dns/xfr.c resolver/dns/xfr.h \
	resolver/dns/zone_entry.c resolver/dns/zone_entry.h \
	resolver/dns/zonefile.c resolver/dns/zonefile.h
