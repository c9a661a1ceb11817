/* SPDX-License-Identifier: ISC */
/* Reading captures: libpcap reads the file formats, this makes every record an Ethernet frame and every error one line. */
#include "sim/pcap/capture.h"

#include "stack/wire/addr.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>

#define ETH_HDR_BYTES 14u
#define RECORD_MAX 262144u /* libpcap's bound for these link types */

enum link_format { FORMAT_ETHERNET, FORMAT_RAW, FORMAT_IP4, FORMAT_IP6, FORMAT_SLL, FORMAT_SLL2, FORMAT_NULL };

static const struct {
	int dlt;
	enum link_format format;
	const char *name;
} link_types[] = {
	{ DLT_EN10MB, FORMAT_ETHERNET, "Ethernet" },
	{ DLT_RAW, FORMAT_RAW, "raw IP" },
	{ DLT_IPV4, FORMAT_IP4, "raw IPv4" },
	{ DLT_IPV6, FORMAT_IP6, "raw IPv6" },
	{ DLT_LINUX_SLL, FORMAT_SLL, "Linux cooked" },
	{ DLT_LINUX_SLL2, FORMAT_SLL2, "Linux cooked v2" },
	{ DLT_NULL, FORMAT_NULL, "null" },
	{ DLT_LOOP, FORMAT_NULL, "loopback" },
};
#define N_LINK_TYPES (sizeof(link_types) / sizeof(link_types[0]))

struct capture_reader {
	pcap_t *pcap;
	char *path;
	unsigned link_type; /* index into link_types */
	uint64_t frames;
	uint8_t frame[ETH_HDR_BYTES + RECORD_MAX]; /* for made-up Ethernet headers */
};

/* What stands before the network packet of a record. */
struct link_header {
	size_t len;
	uint16_t ethertype; /* 0: none that this knows */
	uint8_t src[6];
};

/* One line: control characters of names and libraries' messages become spaces. */
__attribute__((format(printf, 2, 3))) static void complain(char error[CAPTURE_ERROR_MAX], const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(error, CAPTURE_ERROR_MAX, format, args);
	va_end(args);
	for (char *s = error; *s; s++) {
		if ((unsigned char)*s < ' ')
			*s = ' ';
	}
}

/* --- opening ------------------------------------------------------------------------------- */

static int find_link_type(struct capture_reader *r, char error[CAPTURE_ERROR_MAX])
{
	int dlt = pcap_datalink(r->pcap);
	for (unsigned i = 0; i < N_LINK_TYPES; i++) {
		if (link_types[i].dlt == dlt) {
			r->link_type = i;
			return 0;
		}
	}
	const char *name = pcap_datalink_val_to_name(dlt);
	complain(error, "%.120s: link type %s (%d) is not supported: Ethernet, raw IP, Linux cooked or null/loopback expected", r->path,
		name ? name : "unknown", dlt);
	return -EPROTONOSUPPORT;
}

struct capture_reader *capture_open_stream(FILE *file, const char *name, char error[CAPTURE_ERROR_MAX])
{
	char reason[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, reason);
	if (!pcap) {
		complain(error, "%.120s: pcap or pcapng capture expected: %s", name,
			strstr(reason, "truncated") ? "the file ends in its header" : reason);
		if (file != stdin)
			fclose(file);
		return NULL;
	}
	struct capture_reader *r = malloc(sizeof(*r));
	char *path = strdup(name);
	if (!r || !path) {
		complain(error, "%.120s: out of memory", name);
		pcap_close(pcap);
		free(r);
		free(path);
		return NULL;
	}
	r->pcap = pcap;
	r->path = path;
	r->frames = 0;
	if (find_link_type(r, error) < 0) {
		capture_close(r);
		return NULL;
	}
	return r;
}

struct capture_reader *capture_open(const char *path, char error[CAPTURE_ERROR_MAX])
{
	struct stat st;
	if (!strcmp(path, "-"))
		return capture_open_stream(stdin, "standard input", error);
	FILE *file = fopen(path, "rb");
	if (!file) {
		complain(error, "%.120s: %s", path, strerror(errno));
		return NULL;
	}
	bool known = fstat(fileno(file), &st) == 0;
	if (known && S_ISDIR(st.st_mode))
		complain(error, "%.120s: is a directory, pcap or pcapng capture expected", path);
	else if (known && S_ISREG(st.st_mode) && st.st_size == 0)
		complain(error, "%.120s: empty file, pcap or pcapng capture expected", path);
	else
		return capture_open_stream(file, path, error);
	fclose(file);
	return NULL;
}

const char *capture_link_type(const struct capture_reader *r)
{
	return link_types[r->link_type].name;
}

void capture_close(struct capture_reader *r)
{
	if (!r)
		return;
	pcap_close(r->pcap);
	free(r->path);
	free(r);
}

/* --- frames -------------------------------------------------------------------------------- */

static void raw_header(struct link_header *h, const uint8_t *p, size_t len)
{
	unsigned version = len ? p[0] >> 4 : 0;
	h->ethertype = version == 4 ? 0x0800 : version == 6 ? 0x86dd : 0;
}

/* The protocol field is an EtherType, except for hardware types that give it another meaning (netlink, radiotap, frame relay). */
static void cooked_header(struct link_header *h, uint16_t hardware, uint16_t protocol, unsigned addr_len, const uint8_t *addr)
{
	bool known = protocol == 0x0800 || protocol == 0x0806 || protocol == 0x86dd || protocol == 0x8100 || protocol == 0x88a8;
	if (known && hardware != 770 && hardware != 803 && hardware != 824)
		h->ethertype = protocol;
	if (addr_len == 6)
		memcpy(h->src, addr, 6);
}

static void sll_header(struct link_header *h, const uint8_t *p, size_t len)
{
	h->len = 16;
	if (len >= h->len)
		cooked_header(h, get_be16(p + 2), get_be16(p + 14), get_be16(p + 4), p + 6);
}

static void sll2_header(struct link_header *h, const uint8_t *p, size_t len)
{
	h->len = 20;
	if (len >= h->len)
		cooked_header(h, get_be16(p + 8), get_be16(p), p[11], p + 12);
}

/* An address family in the byte order of the machine that captured; AF_INET6 has a number of its own on each system. */
static void null_header(struct link_header *h, const uint8_t *p, size_t len)
{
	h->len = 4;
	if (len < h->len)
		return;
	uint32_t family = get_be32(p);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	if (family == 2)
		h->ethertype = 0x0800;
	else if (family == 10 || family == 24 || family == 28 || family == 30)
		h->ethertype = 0x86dd;
}

static void read_header(enum link_format format, struct link_header *h, const uint8_t *p, size_t len)
{
	memset(h, 0, sizeof(*h));
	switch (format) {
	case FORMAT_RAW:
		raw_header(h, p, len);
		break;
	case FORMAT_IP4:
		h->ethertype = 0x0800;
		break;
	case FORMAT_IP6:
		h->ethertype = 0x86dd;
		break;
	case FORMAT_SLL:
		sll_header(h, p, len);
		break;
	case FORMAT_SLL2:
		sll2_header(h, p, len);
		break;
	case FORMAT_NULL:
		null_header(h, p, len);
		break;
	case FORMAT_ETHERNET:
		break;
	}
}

/* Puts an Ethernet header in the place of the record's own. */
static void make_ethernet(struct capture_reader *r, struct capture_frame *f)
{
	struct link_header h;
	read_header(link_types[r->link_type].format, &h, f->bytes, f->len);
	if (!h.ethertype || f->len > RECORD_MAX) {
		f->unsupported = true;
		return;
	}
	memset(r->frame, 0, 6);
	memcpy(r->frame + 6, h.src, 6);
	put_be16(r->frame + 12, h.ethertype);
	memcpy(r->frame + ETH_HDR_BYTES, f->bytes + h.len, f->len - h.len);
	f->bytes = r->frame;
	f->len = f->len - h.len + ETH_HDR_BYTES;
	f->wire_len = f->wire_len - h.len + ETH_HDR_BYTES;
	f->synthetic_link = true;
}

/* Stamps come from the file unchecked. libpcap reads the seconds of a pcap file as signed, though they last until 2106. */
static uint64_t stamp_ns(const struct pcap_pkthdr *h)
{
	uint64_t ns, seconds = (uint64_t)h->ts.tv_sec, fraction = h->ts.tv_usec > 0 ? (uint64_t)h->ts.tv_usec : 0;
	if (h->ts.tv_sec < 0)
		seconds = (uint32_t)h->ts.tv_sec;
	if (__builtin_mul_overflow(seconds, UINT64_C(1000000000), &ns) || __builtin_add_overflow(ns, fraction, &ns))
		return UINT64_MAX;
	return ns;
}

static int bad_record(struct capture_reader *r, char error[CAPTURE_ERROR_MAX])
{
	const char *reason = pcap_geterr(r->pcap);
	bool cut = strstr(reason, "truncated") || strstr(reason, "only got");
	complain(error, "%.120s: frame %llu: %s (%s)", r->path, (unsigned long long)r->frames + 1,
		cut ? "the file ends in the middle of it" : "damaged file", reason);
	return -EBADMSG;
}

int capture_next(struct capture_reader *r, struct capture_frame *f, char error[CAPTURE_ERROR_MAX])
{
	struct pcap_pkthdr *h;
	const u_char *bytes;
	int got = pcap_next_ex(r->pcap, &h, &bytes);
	if (got == PCAP_ERROR_BREAK)
		return 0;
	if (got != 1)
		return bad_record(r, error);
	*f = (struct capture_frame){
		.number = ++r->frames,
		.time_ns = stamp_ns(h),
		.bytes = bytes,
		.len = h->caplen,
		.wire_len = h->len > h->caplen ? h->len : h->caplen,
	};
	if (link_types[r->link_type].format != FORMAT_ETHERNET)
		make_ethernet(r, f);
	return 1;
}
