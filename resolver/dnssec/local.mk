# SPDX-License-Identifier: BSD-2-Clause
# dnssec/: what is true: signatures, denials, trust of zones. Pure functions.

dnssec_sources = \
	resolver/dnssec/anchors.c resolver/dnssec/anchors.h \
	resolver/dnssec/canonical.c resolver/dnssec/canonical.h \
	resolver/dnssec/check.c resolver/dnssec/check.h \
	resolver/dnssec/check_rrset.c resolver/dnssec/check_rrset.h \
	resolver/dnssec/denial_proof.c resolver/dnssec/denial_proof.h \
	resolver/dnssec/denial_rules.c resolver/dnssec/denial_rules.h \
	resolver/dnssec/dnskey.c resolver/dnssec/dnskey.h \
	resolver/dnssec/limits.c resolver/dnssec/limits.h \
	resolver/dnssec/nsec.c resolver/dnssec/nsec.h \
	resolver/dnssec/nsec3.c resolver/dnssec/nsec3.h \
	resolver/dnssec/rrsig.c resolver/dnssec/rrsig.h \
	resolver/dnssec/security.c resolver/dnssec/security.h \
	resolver/dnssec/trust.c resolver/dnssec/trust.h \
	resolver/dnssec/verify.c resolver/dnssec/verify.h \
	resolver/dnssec/zone_keys.c resolver/dnssec/zone_keys.h
