/* SPDX-License-Identifier: ISC */
/* The suites, bottom layer first. A new one is a folder of cases and a line here. */
#include "conformance/tester/case.h"

enum {
	UP_TO_ETHERNET = DUT_LAYER_ETHERNET,
	UP_TO_ARP = UP_TO_ETHERNET | DUT_LAYER_ARP,
	UP_TO_IPV4 = UP_TO_ARP | DUT_LAYER_IPV4,
	UP_TO_ICMPV4 = UP_TO_IPV4 | DUT_LAYER_ICMPV4, /* also below UDP and TCP: RFC 1122 section 3.1 wants IP and ICMP in every host */
};

const struct conform_suite conform_suites[] = {
	{ "ethernet", "Ethernet: RFC 894, RFC 1042, RFC 1122 section 2.3", DUT_LAYER_ETHERNET, UP_TO_ETHERNET, 0, true },
	{ "arp", "ARP: RFC 826, RFC 1122 section 2.3.2, RFC 5227", DUT_LAYER_ARP, UP_TO_ARP, 0, false },
	{ "ipv4", "IPv4: RFC 791, RFC 1122 section 3", DUT_LAYER_IPV4, UP_TO_IPV4, DUT_CAP_IPV4, true },
	{ "icmpv4", "ICMP: RFC 792, RFC 1122 section 3.2.2", DUT_LAYER_ICMPV4, UP_TO_ICMPV4, DUT_CAP_IPV4, true },
	{ "udp", "UDP: RFC 768, RFC 1122 section 4.1", DUT_LAYER_UDP, UP_TO_ICMPV4 | DUT_LAYER_UDP, DUT_CAP_IPV4 | DUT_CAP_UDP | DUT_CAP_SOCKETS,
		true },
	{ "tcp", "TCP: RFC 9293, RFC 1122 section 4.2", DUT_LAYER_TCP, UP_TO_ICMPV4 | DUT_LAYER_TCP, DUT_CAP_IPV4 | DUT_CAP_TCP | DUT_CAP_SOCKETS,
		true },
	{ 0 },
};
