/* SPDX-License-Identifier: ISC */
#include "sim/replay/replay.h"

#include <string.h>

#define LISTED 8 /* ports or frame numbers named before "and N more" */

static const char *const outcome_name[] = { [REPLAY_PASS] = "pass", [REPLAY_SKIP] = "skip", [REPLAY_ERROR] = "error" };

/* --- for people ------------------------------------------------------------------------------------ */

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void print_duration(FILE *out, uint64_t ns)
{
	if (ns < NS_PER_S)
		fprintf(out, "%.3f ms", (double)ns / 1e6);
	else
		fprintf(out, "%.3f s", (double)ns / 1e9);
}

static void print_ports(FILE *out, const char *name, const uint8_t *ports, bool (*is_open)(uint8_t))
{
	unsigned n = 0;
	for (unsigned port = 1; port < 65536; port++) {
		if (!is_open(ports[port]))
			continue;
		if (n < LISTED)
			fprintf(out, "%s%u", n ? ", " : name, port);
		n++;
	}
	if (n > LISTED)
		fprintf(out, " and %u more", n - LISTED);
}

static void print_place(FILE *out, const struct replay_result *r)
{
	const struct place *p = &r->place;
	char s[IP_STRLEN];
	fprintf(out, "  place     %s/%u", ip_str(&p->addrs[0], s), p->prefix_len);
	for (unsigned i = 1; i < p->n_addrs; i++)
		fprintf(out, ", %s", ip_str(&p->addrs[i], s));
	fprintf(out, ", gateway %s, MTU %u", ip_str(&p->gateway, s), p->mtu);
	if (r->tcp_open)
		print_ports(out, "; TCP ports open: ", p->tcp, place_tcp_open);
	if (r->udp_open)
		print_ports(out, "; UDP ports open: ", p->udp, place_udp_open);
	fputc('\n', out);
	if (r->not_open)
		fprintf(out, "  note      %u port%s the host must have had open could not be opened (%s)\n", r->not_open, plural(r->not_open),
			r->not_open_why);
}

static bool same_drop(const struct ledger_drop *a, const struct ledger_drop *b)
{
	return !strcmp(a->layer, b->layer) && !strcmp(a->reason, b->reason);
}

/* "checksum 12 (frames 3, 8, 11 …)": one reason of one layer, told where it first appears. */
static void print_reason(FILE *out, const struct ledger *l, size_t first)
{
	uint64_t n = 0, cut = 0, between = 0, listed = 0;
	for (size_t i = first; i < l->n_drops; i++) {
		if (!same_drop(&l->drops[i], &l->drops[first]))
			continue;
		n++;
		cut += l->drops[i].cut;
		between += !l->drops[i].frame;
	}
	fprintf(out, "%s %llu (", l->drops[first].reason, (unsigned long long)n);
	for (size_t i = first; i < l->n_drops && listed < LISTED; i++) {
		if (same_drop(&l->drops[i], &l->drops[first]) && l->drops[i].frame)
			fprintf(out, "%s%llu", listed++ ? ", " : n - between == 1 ? "frame " : "frames ", (unsigned long long)l->drops[i].frame);
	}
	if (n - between > listed)
		fprintf(out, " and %llu more", (unsigned long long)(n - between - listed));
	if (between)
		fprintf(out, "%s%llu by timers", listed ? "; " : "", (unsigned long long)between);
	if (cut)
		fprintf(out, "; %llu cut by the snap length", (unsigned long long)cut);
	fputc(')', out);
}

static void print_reasons(FILE *out, const struct ledger *l, const char *layer)
{
	const char *separator = "   ";
	for (size_t i = 0; i < l->n_drops; i++) {
		if (strcmp(l->drops[i].layer, layer))
			continue;
		bool told = false;
		for (size_t k = 0; k < i && !told; k++)
			told = same_drop(&l->drops[k], &l->drops[i]);
		if (told)
			continue;
		fputs(separator, out);
		print_reason(out, l, i);
		separator = ", ";
	}
}

static void print_layers(FILE *out, const struct ledger *l)
{
	fprintf(out, "  %-12s %9s %9s %9s\n", "layer", "accepted", "answered", "dropped");
	for (size_t i = 0; i < l->n_layers; i++) {
		const struct ledger_layer *x = &l->layers[i];
		fprintf(out, "  %-12s %9llu %9llu %9llu", x->name, (unsigned long long)x->accepted, (unsigned long long)x->answered,
			(unsigned long long)x->dropped);
		print_reasons(out, l, x->name);
		fputc('\n', out);
	}
}

static void print_odd(FILE *out, uint64_t n, const char *what)
{
	if (n)
		fprintf(out, "  note      %llu frame%s %s\n", (unsigned long long)n, plural(n), what);
}

static void print_notes(FILE *out, const struct replay_request *q, const struct replay_result *r)
{
	const struct trace *t = q->trace;
	print_odd(out, t->unsupported, "skipped: neither IP nor ARP in a link type without Ethernet addresses");
	print_odd(out, t->oversize, "skipped: longer than a packet buffer");
	print_odd(out, t->too_short, "skipped: shorter than an Ethernet header");
	print_odd(out, r->injected_cut, "cut by the snap length, injected as captured");
	print_odd(out, t->tagged, "with 802.1Q tags, which were taken off");
	print_odd(out, t->backward, "stamped earlier than the one before, replayed at the same time as that");
	print_odd(out, t->gaps, "more than a day after the one before, replayed a day after it");
	if (r->addresses_left_out)
		fprintf(out, "  note      %u more address%s of this host left out: the stack takes one\n", r->addresses_left_out,
			r->addresses_left_out == 1 ? "" : "es");
	if (r->place.made_up_macs)
		fprintf(out, "  note      the capture has no MAC addresses for this host: made-up ones were used\n");
	if (r->bad_checksums > 3 && r->bad_checksums * 2 > r->injected)
		fprintf(out,
			"  note      most checksums are wrong: the capture was taken where these frames were sent, before an offload filled them in\n");
	if (r->resets && r->tcp_open)
		fprintf(out,
			"  note      open loop: peers acknowledge the recorded host's sequence numbers, not this stack's, so RST is a right answer\n");
	if (!r->ledger.counters)
		fprintf(out, "  note      this stack has no counters: \"harness\" tells what the frames themselves say, not what the stack did\n");
}

static void print_answers(FILE *out, const struct replay_request *q, const struct replay_result *r)
{
	const struct ledger *l = &r->ledger;
	fprintf(out, "  answers   %llu frame%s at once to %zu frame%s, %llu later by timers", (unsigned long long)l->answers, plural(l->answers),
		l->n_replies, plural(l->n_replies), (unsigned long long)l->later);
	if (r->resets)
		fprintf(out, "; %llu of them RST", (unsigned long long)r->resets);
	if (r->arp_asked)
		fprintf(out, "; %llu of %llu ARP request%s answered from recorded MACs", (unsigned long long)r->arp_answered,
			(unsigned long long)r->arp_asked, plural(r->arp_asked));
	fputc('\n', out);
	if (q->pcap)
		fprintf(out, "  pcap      %s\n", q->pcap);
}

void replay_print(FILE *out, const struct replay_title *title, const struct replay_request *q, const struct replay_result *r)
{
	char ip[IP_STRLEN], mac[MAC_STRLEN];
	fprintf(out, "%s: %s", title->file, q->stack->text);
	if (q->host)
		fprintf(out, " in the place of %s (%s), %s", ip_str(&q->host->addr, ip), mac_str(r->place.mac, mac), title->role);
	fputc('\n', out);
	if (r->outcome != REPLAY_PASS) {
		fprintf(out, "  %-9s %s\n", outcome_name[r->outcome], r->message);
		return;
	}
	const struct trace *t = q->trace;
	fprintf(out, "  capture   %llu frame%s, %s, ", (unsigned long long)t->records, plural(t->records), t->link_type);
	print_duration(out, t->frames[t->n_frames - 1].at_ns);
	fprintf(out, "; %llu sent to this host and injected\n", (unsigned long long)r->injected);
	print_place(out, r);
	print_layers(out, &r->ledger);
	print_answers(out, q, r);
	print_notes(out, q, r);
}

void replay_print_hosts(FILE *out, const char *file, const struct trace *t, const struct hosts *hs)
{
	const struct replay_host *any = hosts_choose(hs, REPLAY_BUSIEST);
	const struct replay_host *client = hosts_choose(hs, REPLAY_CLIENT), *server = hosts_choose(hs, REPLAY_SERVER);
	fprintf(out, "%s: %llu frame%s, %s\n", file, (unsigned long long)t->records, plural(t->records), t->link_type);
	fprintf(out, "  %-39s %-17s %9s %9s %9s %9s %9s\n", "host", "MAC", "sent", "received", "asked", "as client", "as server");
	for (size_t i = 0; i < hs->n; i++) {
		const struct replay_host *h = hs->list[i];
		char ip[IP_STRLEN], mac[MAC_STRLEN];
		if (!h->sent && !h->received)
			continue;
		const char *unfit = hosts_unfit(h);
		fprintf(out, "  %-39s %-17s %9llu %9llu %9llu %9llu %9llu%s%s%s%s%s%s\n", ip_str(&h->addr, ip),
			h->mac_weight ? mac_str(h->mac, mac) : "-", (unsigned long long)h->sent, (unsigned long long)h->received,
			(unsigned long long)h->asked, (unsigned long long)h->as_client, (unsigned long long)h->as_server, h == any ? "  chosen" : "",
			h == server ? "  --as server" : "", h == client ? "  --as client" : "", unfit ? "  cannot be replaced (" : "",
			unfit ? unfit : "", unfit ? ")" : "");
	}
}

/* --- for programs ------------------------------------------------------------------------------------ */

static json_t *layers_json(const struct ledger *l)
{
	json_t *array = json_array();
	for (size_t i = 0; i < l->n_layers; i++) {
		const struct ledger_layer *x = &l->layers[i];
		json_array_append_new(array, json_pack("{s:s, s:I, s:I, s:I}", "layer", x->name, "accepted", (json_int_t)x->accepted, "answered",
						     (json_int_t)x->answered, "dropped", (json_int_t)x->dropped));
	}
	return array;
}

static json_t *drops_json(const struct ledger *l)
{
	json_t *array = json_array();
	for (size_t i = 0; i < l->n_drops; i++) {
		const struct ledger_drop *d = &l->drops[i];
		json_array_append_new(array, json_pack("{s:I, s:s, s:s}", "frame", (json_int_t)d->frame, "layer", d->layer, "reason", d->reason));
	}
	return array;
}

static json_t *replies_json(const struct ledger *l)
{
	json_t *array = json_array();
	for (size_t i = 0; i < l->n_replies; i++)
		json_array_append_new(
			array, json_pack("{s:I, s:I}", "frame", (json_int_t)l->replies[i].frame, "answers", (json_int_t)l->replies[i].answers));
	return array;
}

json_t *replay_json(const struct replay_title *title, const struct replay_request *q, const struct replay_result *r)
{
	char ip[IP_STRLEN];
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "kind", "replay", "id", title->id, "file", title->file, "stack",
		q->stack->text, "as", q->host ? ip_str(&q->host->addr, ip) : title->role, "mode", "open", "outcome", outcome_name[r->outcome], "seed",
		(json_int_t)q->seed, "frames", (json_int_t)(q->trace ? q->trace->records : 0));
	if (!o)
		return NULL;
	if (r->message[0])
		json_object_set_new(o, "message", json_string(r->message));
	json_object_set_new(o, "injected", json_integer((json_int_t)r->injected));
	json_object_set_new(o, "answers", json_integer((json_int_t)(r->ledger.answers + r->ledger.later)));
	json_object_set_new(o, "virtual_ns", json_integer((json_int_t)r->virtual_ns));
	if (q->pcap && r->outcome == REPLAY_PASS)
		json_object_set_new(o, "pcap", json_string(q->pcap));
	json_object_set_new(o, "rerun", json_string(title->rerun));
	json_object_set_new(o, "layers", layers_json(&r->ledger));
	json_object_set_new(o, "drops", drops_json(&r->ledger));
	json_object_set_new(o, "reply_frames", replies_json(&r->ledger));
	return o;
}
