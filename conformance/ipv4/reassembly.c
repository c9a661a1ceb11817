/* SPDX-License-Identifier: ISC */
/* Reassembly: RFC 791 section 3.2, RFC 815, RFC 1122 section 3.3.2. */
#include "conformance/ipv4/ipv4.h"

#include <errno.h>

CASE(ipv4, reassembles_in_order, MUST, "RFC 1122 section 3.3.2", "Incoming fragments are reassembled.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	FRAGMENT(t, 1, 0, 800, true);
	ipv4_dropped(t, sock);
	FRAGMENT(t, 1, 800, 1000, false);
	tester_delivered(t, sock, 1000);
}

CASE(ipv4, reassembles_in_any_order, MUST, "RFC 791 section 3.2", "Fragments may come in any order.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	static const uint8_t orders[][4] = { { 3, 2, 1, 0 }, { 1, 0, 3, 2 }, { 2, 0, 3, 1 }, { 0, 3, 1, 2 }, { 3, 0, 1, 2 }, { 1, 2, 3, 0 } };
	for (unsigned n = 0; n < sizeof(orders) / sizeof(orders[0]); n++) {
		for (unsigned i = 0; i < 4; i++) {
			unsigned part = orders[n][i];
			FRAGMENT(t, (uint16_t)(100 + n), part * 160, part == 3 ? 500 : part * 160 + 160, part < 3);
		}
		tester_delivered(t, sock, 500);
	}
}

CASE(ipv4, reassembles_576_bytes, MUST, "RFC 1122 section 3.3.2",
	"Datagrams of at least 576 bytes are reassembled, even when they came over a link of the smallest MTU, 68 (RFC 791 section 3.2).")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	for (unsigned at = 0; at < 556; at += 48) /* 68 less a header of 20: 48 bytes a fragment */
		FRAGMENT(t, 7, at, at + 48 < 556 ? at + 48 : 556, at + 48 < 556);
	tester_delivered(t, sock, 556);
}

CASE(ipv4, reassembles_interface_mtu, SHOULD, "RFC 1122 section 3.3.2",
	"The largest datagram that is reassembled is at least as large as the MTU of the attached network.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	FRAGMENT(t, 7, 0, 1000, true);
	FRAGMENT(t, 7, 1000, 1480, false);
	tester_delivered(t, sock, 1480);
}

CASE(ipv4, fragments_keyed_by_id, MUST, "RFC 791 section 3.2",
	"Fragments of different datagrams are never put together: identification tells them apart.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	FRAGMENT(t, 1, 0, 400, true);
	FRAGMENT(t, 2, 400, 600, false);
	ipv4_dropped(t, sock);
	FRAGMENT(t, 1, 400, 500, false);
	tester_delivered(t, sock, 500);
	FRAGMENT(t, 2, 0, 400, true);
	tester_delivered(t, sock, 600);
}

CASE(ipv4, fragments_keyed_by_source, MUST, "RFC 791 section 3.2", "Fragments from different sources are never put together.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	uint8_t tail[100];
	ipv4_pattern(tail, 400, sizeof(tail));
	FRAGMENT(t, 1, 0, 400, true);
	SEND(t, DGRAM(.src = IP(t->other_ip), .id = EQ(1), .offset = EQ(400)), PAYLOAD(BYTES(tail, sizeof(tail))));
	ipv4_dropped(t, sock);
	FRAGMENT(t, 1, 400, 500, false);
	tester_delivered(t, sock, 500);
}

CASE(ipv4, fragments_keyed_by_protocol, MUST, "RFC 791 section 3.2", "Fragments of different protocols are never put together.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	uint8_t tail[100];
	ipv4_pattern(tail, 400, sizeof(tail));
	FRAGMENT(t, 1, 0, 400, true);
	SEND(t, IP4(.protocol = EQ(254), .id = EQ(1), .offset = EQ(400)), PAYLOAD(BYTES(tail, sizeof(tail))));
	ipv4_dropped(t, sock);
	FRAGMENT(t, 1, 400, 500, false);
	tester_delivered(t, sock, 500);
}

CASE(ipv4, duplicate_fragment_harmless, MUST, "RFC 791 section 3.2", "A fragment that arrives twice does not harm its datagram.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	FRAGMENT(t, 1, 0, 400, true);
	FRAGMENT(t, 1, 0, 400, true);
	FRAGMENT(t, 1, 800, 900, false);
	FRAGMENT(t, 1, 800, 900, false);
	ipv4_dropped(t, sock);
	FRAGMENT(t, 1, 400, 800, true);
	tester_delivered(t, sock, 900);
}

CASE(ipv4, overlap_never_fills_a_hole, MUST, "RFC 791 section 3.2; RFC 815",
	"Overlapping fragments never make up for bytes that did not arrive: the datagram stays incomplete.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	FRAGMENT(t, 1, 0, 160, true);
	FRAGMENT(t, 1, 80, 240, true);   /* 80 bytes twice … */
	FRAGMENT(t, 1, 320, 400, false); /* … as many as are missing before this */
	ipv4_dropped(t, sock);
	ipv4_alive(t, sock);
}

CASE(ipv4, overlap_keeps_one_version, MUST, "RFC 791 section 3.2",
	"Where fragments disagree about the same bytes, the datagram is discarded or has one version of all of them, never a mixture.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	uint8_t other[160], got[TESTER_FRAME_MAX];
	memset(other, 0xee, sizeof(other));
	FRAGMENT(t, 1, 0, 160, true);
	SEND(t, DGRAM(.id = EQ(1), .mf = EQ(1), .offset = EQ(80)), PAYLOAD(BYTES(other, 160)));
	FRAGMENT(t, 1, 240, 320, false);
	long n = tester_dut_recv(t, sock, got, sizeof(got), NULL);
	if (n != -EAGAIN) {
		REQUIRE_EQ(t, "length of the datagram", n, 320);
		unsigned newer = 0;
		for (unsigned i = 80; i < 160; i++)
			newer += got[i] == 0xee && packet_pattern(i) != 0xee;
		REQUIRE(t, newer == 0 || newer == 80, "%u of the 80 bytes that came twice are from the later fragment, the others from the earlier",
			newer);
	}
	ipv4_alive(t, sock);
}

CASE(ipv4, conflicting_ends_never_delivered_long, MUST, "RFC 791 section 3.2",
	"Bytes behind the end that a last fragment set are never delivered as part of the datagram with bytes missing before them.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	FRAGMENT(t, 1, 400, 500, false);
	FRAGMENT(t, 1, 800, 900, false);
	FRAGMENT(t, 1, 0, 400, true);
	uint8_t got[TESTER_FRAME_MAX];
	long n = tester_dut_recv(t, sock, got, sizeof(got), NULL);
	REQUIRE(t, n == -EAGAIN || n == 500, "a datagram of %ld bytes was delivered, but bytes 500 to 800 never came", n);
	ipv4_alive(t, sock);
}

CASE(ipv4, ping_of_death_dropped, MUST, "RFC 791 section 3.1",
	"Fragments that would make a datagram of more than 65535 bytes are dropped without harm.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	FRAGMENT(t, 1, 0, 1400, true);
	FRAGMENT(t, 1, 65528, 65528 + 1400, false);
	ipv4_dropped(t, sock);
	for (unsigned at = 1400; at < 65528; at += 1400) /* and when everything before the bad end did come */
		FRAGMENT(t, 1, at, at + 1400 < 65528 ? at + 1400 : 65528, true);
	tester_run(t, SECONDS(1));
	ipv4_dropped(t, sock);
	ipv4_alive(t, sock);
}

CASE(ipv4, odd_fragment_never_completes, MUST, "RFC 791 section 3.1",
	"A fragment that is not the last and whose length is no multiple of 8 never leads to a datagram with bytes that did not arrive.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	FRAGMENT(t, 1, 0, 397, true);
	FRAGMENT(t, 1, 400, 500, false);
	ipv4_dropped(t, sock);
	ipv4_alive(t, sock);
}

CASE(ipv4, incomplete_datagram_expires, MUST, "RFC 1122 section 3.3.2",
	"An incomplete datagram is given up after a while: fragments of a later one are not added to it.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	FRAGMENT(t, 1, 0, 400, true);
	tester_run(t, MINUTES(5));
	tester_flush(t);
	FRAGMENT(t, 1, 400, 500, false);
	ipv4_dropped(t, sock);
	ipv4_alive(t, sock);
}

CASE(ipv4, slow_fragments_reassembled, SHOULD, "RFC 1122 section 3.3.2",
	"The reassembly time-out lies between 60 and 120 seconds: fragments 55 seconds apart still make a datagram.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	FRAGMENT(t, 1, 0, 400, true);
	tester_run(t, SECONDS(55));
	FRAGMENT(t, 1, 400, 500, false);
	tester_delivered(t, sock, 500);
}

CASE(ipv4, fragment_flood_bounded, MUST, "CVE-2018-5391 (FragmentSmack)",
	"Fragments that never complete do not keep a whole datagram from getting through.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	for (unsigned id = 1000; id < 6000; id++)
		FRAGMENT(t, (uint16_t)id, 0, 8, true);
	tester_flush(t); /* time exceeded for what had to make room is no fault */
	ipv4_alive(t, sock);
	FRAGMENT(t, 1, 0, 400, true);
	FRAGMENT(t, 1, 400, 500, false);
	tester_delivered(t, sock, 500);
}
