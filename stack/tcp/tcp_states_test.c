/* SPDX-License-Identifier: ISC */
/* RFC 9293 section 3.10: every state with every kind of segment and every user call. */
#include "stack/tcp/tcp_lab.h"

#define UNA (LAB_ISS + 1)
#define NXT lab_nxt(state)
#define RCV lab_rcv(state)

static bool fin_sent(enum tcp_state s)
{
	return s == TCP_STATE_FIN_WAIT_1 || s == TCP_STATE_FIN_WAIT_2 || s == TCP_STATE_CLOSING || s == TCP_STATE_LAST_ACK ||
	       s == TCP_STATE_TIME_WAIT;
}

static bool fin_got(enum tcp_state s)
{
	return s == TCP_STATE_CLOSE_WAIT || s == TCP_STATE_CLOSING || s == TCP_STATE_LAST_ACK || s == TCP_STATE_TIME_WAIT;
}

static uint32_t lab_nxt(enum tcp_state s)
{
	return LAB_ISS + 1 + fin_sent(s);
}

static uint32_t lab_rcv(enum tcp_state s)
{
	return PEER_ISS + 1 + fin_got(s);
}

/* Takes a fresh lab, by active open, to state. */
static void go(struct lab *lab, enum tcp_state state)
{
	struct tcp_config c = lab_config();
	c.delayed_ack = false;
	lab_init(lab, &c);
	if (state == TCP_STATE_SYN_SENT || state == TCP_STATE_SYN_RECEIVED) {
		lab_connect(lab);
		lab_expect(lab, TCP_SYN, LAB_ISS, 0, 0);
		if (state == TCP_STATE_SYN_RECEIVED) {
			lab_inject(lab, TCP_SYN, PEER_ISS, 0, "");
			lab_expect(lab, TCP_SYN | TCP_ACK, LAB_ISS, PEER_ISS + 1, 0);
		}
		return;
	}
	lab_establish_active(lab, 1460);
	bool peer_first = state == TCP_STATE_CLOSE_WAIT || state == TCP_STATE_LAST_ACK;
	if (peer_first) {
		lab_inject(lab, TCP_FIN | TCP_ACK, PEER_ISS + 1, UNA, "");
		lab_expect(lab, TCP_ACK, UNA, PEER_ISS + 2, 0);
	}
	if (fin_sent(state)) {
		ck_assert_int_eq(tcp_shutdown(lab->flow), 0);
		lab_expect(lab, TCP_FIN | TCP_ACK, UNA, PEER_ISS + 1 + peer_first, 0);
	}
	if (state == TCP_STATE_FIN_WAIT_2 || state == TCP_STATE_TIME_WAIT)
		lab_inject(lab, TCP_ACK, PEER_ISS + 1, UNA + 1, "");
	if (state == TCP_STATE_CLOSING || state == TCP_STATE_TIME_WAIT) {
		uint32_t ack = state == TCP_STATE_CLOSING ? UNA : UNA + 1;
		lab_inject(lab, TCP_FIN | TCP_ACK, PEER_ISS + 1, ack, "");
		lab_expect(lab, TCP_ACK, UNA + 1, PEER_ISS + 2, 0);
	}
	lab_expect_silence(lab);
	ck_assert_int_eq(lab_state(lab), state);
}

enum event {
	RST_EXACT,
	RST_IN_WINDOW,
	RST_OLD,
	SYN_IN_WINDOW,
	SYN_OLD,
	ACK_FUTURE,
	ACK_ANCIENT,
	NO_ACK,
	DATA,
	DATA_BEYOND,
	DATA_OLD,
	FIN,
	FIN_AGAIN,
	ACK_ALL,
	FIN_ACK_ALL,
	N_EVENTS
};

static void inject_event(struct lab *lab, enum tcp_state state, enum event e)
{
	switch (e) {
	case RST_EXACT:
		lab_inject(lab, TCP_RST, RCV, 0, "");
		break;
	case RST_IN_WINDOW:
		lab_inject(lab, TCP_RST, RCV + 1, 0, "");
		break;
	case RST_OLD:
		lab_inject(lab, TCP_RST, RCV - 1, 0, "");
		break;
	case SYN_IN_WINDOW:
		lab_inject(lab, TCP_SYN, RCV + 5, 0, "");
		break;
	case SYN_OLD:
		lab_inject(lab, TCP_SYN, RCV - 100, 0, "");
		break;
	case ACK_FUTURE:
		lab_inject(lab, TCP_ACK, RCV, NXT + 1, "");
		break;
	case ACK_ANCIENT:
		lab_inject(lab, TCP_ACK, RCV, UNA - 70000, "");
		break;
	case NO_ACK:
		lab_inject(lab, 0, RCV, 0, "data");
		break;
	case DATA:
		lab_inject(lab, TCP_ACK, RCV, UNA, "data");
		break;
	case DATA_BEYOND:
		lab_inject(lab, TCP_ACK, RCV + 100000, UNA, "data");
		break;
	case DATA_OLD:
		lab_inject(lab, TCP_ACK, RCV - 4, UNA, "data");
		break;
	case FIN:
		lab_inject(lab, TCP_FIN | TCP_ACK, RCV, UNA, "");
		break;
	case FIN_AGAIN:
		lab_inject(lab, TCP_FIN | TCP_ACK, RCV - 1, UNA, "");
		break;
	case ACK_ALL:
		lab_inject(lab, TCP_ACK, RCV, NXT, "");
		break;
	case FIN_ACK_ALL:
		lab_inject(lab, TCP_FIN | TCP_ACK, RCV, NXT, "");
		break;
	case N_EVENTS:
		break;
	}
}

enum reply { NONE, ACK, ACK_DATA, ACK_FIN, RST };

struct outcome {
	enum reply reply;
	enum tcp_state next;
};

#define SR TCP_STATE_SYN_RECEIVED
#define ES TCP_STATE_ESTABLISHED
#define F1 TCP_STATE_FIN_WAIT_1
#define F2 TCP_STATE_FIN_WAIT_2
#define CW TCP_STATE_CLOSE_WAIT
#define CG TCP_STATE_CLOSING
#define LA TCP_STATE_LAST_ACK
#define TW TCP_STATE_TIME_WAIT
#define CL TCP_STATE_CLOSED

static const enum tcp_state states[] = { SR, ES, F1, F2, CW, CG, LA, TW };
#define N_STATES 8

/* Columns in the order of states[]. */
static const struct outcome table[N_EVENTS][N_STATES] = {
	/*                 SYN-RECEIVED   ESTABLISHED    FIN-WAIT-1     FIN-WAIT-2     CLOSE-WAIT   CLOSING      LAST-ACK     TIME-WAIT */
	[RST_EXACT] = { { NONE, CL }, { NONE, CL }, { NONE, CL }, { NONE, CL }, { NONE, CL }, { NONE, CL }, { NONE, CL }, { NONE, TW } },
	[RST_IN_WINDOW] = { { ACK, SR }, { ACK, ES }, { ACK, F1 }, { ACK, F2 }, { ACK, CW }, { ACK, CG }, { ACK, LA }, { ACK, TW } },
	[RST_OLD] = { { NONE, SR }, { NONE, ES }, { NONE, F1 }, { NONE, F2 }, { NONE, CW }, { NONE, CG }, { NONE, LA }, { NONE, TW } },
	[SYN_IN_WINDOW] = { { ACK, SR }, { ACK, ES }, { ACK, F1 }, { ACK, F2 }, { ACK, CW }, { ACK, CG }, { ACK, LA }, { ACK, TW } },
	[SYN_OLD] = { { ACK, SR }, { ACK, ES }, { ACK, F1 }, { ACK, F2 }, { ACK, CW }, { ACK, CG }, { ACK, LA }, { ACK, TW } },
	[ACK_FUTURE] = { { RST, SR }, { ACK, ES }, { ACK, F1 }, { ACK, F2 }, { ACK, CW }, { ACK, CG }, { ACK, LA }, { ACK, TW } },
	[ACK_ANCIENT] = { { RST, SR }, { ACK, ES }, { ACK, F1 }, { ACK, F2 }, { ACK, CW }, { ACK, CG }, { ACK, LA }, { ACK, TW } },
	[NO_ACK] = { { NONE, SR }, { NONE, ES }, { NONE, F1 }, { NONE, F2 }, { NONE, CW }, { NONE, CG }, { NONE, LA }, { NONE, TW } },
	[DATA] = { { ACK_DATA, ES }, { ACK_DATA, ES }, { ACK_DATA, F1 }, { ACK_DATA, F2 }, { NONE, CW }, { NONE, CG }, { NONE, LA }, { NONE, TW } },
	[DATA_BEYOND] = { { ACK, SR }, { ACK, ES }, { ACK, F1 }, { ACK, F2 }, { ACK, CW }, { ACK, CG }, { ACK, LA }, { ACK, TW } },
	[DATA_OLD] = { { ACK, SR }, { ACK, ES }, { ACK, F1 }, { ACK, F2 }, { ACK, CW }, { ACK, CG }, { ACK, LA }, { ACK, TW } },
	[FIN] = { { ACK_FIN, CW }, { ACK_FIN, CW }, { ACK_FIN, CG }, { ACK_FIN, TW }, { NONE, CW }, { NONE, CG }, { NONE, LA }, { ACK, TW } },
	[FIN_AGAIN] = { { ACK, SR }, { ACK, ES }, { ACK, F1 }, { ACK, F2 }, { ACK, CW }, { ACK, CG }, { ACK, LA }, { ACK, TW } },
	[ACK_ALL] = { { NONE, ES }, { NONE, ES }, { NONE, F2 }, { NONE, F2 }, { NONE, CW }, { NONE, TW }, { NONE, CL }, { NONE, TW } },
	[FIN_ACK_ALL] = { { ACK_FIN, CW }, { ACK_FIN, CW }, { ACK_FIN, TW }, { ACK_FIN, TW }, { NONE, CW }, { NONE, TW }, { NONE, CL }, { ACK, TW } },
};

START_TEST(every_segment_in_every_state)
{
	enum event e = (enum event)(_i / N_STATES);
	enum tcp_state state = states[_i % N_STATES];
	const struct outcome *want = &table[e][_i % N_STATES];
	struct lab lab;
	go(&lab, state);
	inject_event(&lab, state, e);
	switch (want->reply) {
	case NONE:
		break;
	case ACK:
		lab_expect(&lab, TCP_ACK, NXT, RCV, 0);
		break;
	case ACK_DATA:
		lab_expect(&lab, TCP_ACK, NXT, RCV + 4, 0);
		break;
	case ACK_FIN:
		lab_expect(&lab, TCP_ACK, NXT, RCV + 1, 0);
		break;
	case RST:
		lab_expect(&lab, TCP_RST, e == ACK_FUTURE ? NXT + 1 : UNA - 70000, 0, 0);
		break;
	}
	lab_expect_silence(&lab);
	ck_assert_msg(lab_state(&lab) == want->next, "event %d in state %d: now %d, expected %d", e, state, lab_state(&lab), want->next);
	if (want->next == CL && e == RST_EXACT)
		ck_assert_int_eq(lab.error, state == SR ? -ECONNREFUSED : -ECONNRESET);
	if (want->next == CL && e == ACK_ALL)
		ck_assert_int_eq(lab.error, 0);
	lab_fini(&lab);
}
END_TEST

/* --- user calls --------------------------------------------------------------------------------------------- */

static const struct {
	enum tcp_state state;
	int shutdown;        /* returns */
	enum tcp_state next; /* after it */
	bool fin;            /* a FIN is sent */
	bool abort_rst;      /* abort sends a RST */
	long write;          /* of one byte: 1 or an error */
} calls[] = {
	{ TCP_STATE_SYN_SENT, -ENOTCONN, TCP_STATE_SYN_SENT, false, false, -EAGAIN },
	{ SR, 0, SR, false, true, -EAGAIN },
	{ ES, 0, F1, true, true, 1 },
	{ F1, 0, F1, false, true, -EPIPE },
	{ F2, 0, F2, false, true, -EPIPE },
	{ CW, 0, LA, true, true, 1 },
	{ CG, 0, CG, false, false, -EPIPE },
	{ LA, 0, LA, false, false, -EPIPE },
	{ TW, 0, TW, false, false, -EPIPE },
};
#define N_CALLS 9

START_TEST(shutdown_in_every_state)
{
	enum tcp_state state = calls[_i].state;
	struct lab lab;
	go(&lab, state);
	ck_assert_int_eq(tcp_shutdown(lab.flow), calls[_i].shutdown);
	if (calls[_i].fin)
		lab_expect(&lab, TCP_FIN | TCP_ACK, NXT, RCV, 0);
	lab_expect_silence(&lab);
	ck_assert_int_eq(lab_state(&lab), calls[_i].next);
	lab_fini(&lab);
}
END_TEST

START_TEST(abort_in_every_state)
{
	enum tcp_state state = calls[_i].state;
	struct lab lab;
	go(&lab, state);
	tcp_abort(lab.flow);
	if (calls[_i].abort_rst)
		lab_expect(&lab, TCP_RST, NXT, 0, 0);
	lab_expect_silence(&lab);
	ck_assert_int_eq(lab_state(&lab), CL);
	ck_assert_int_eq(lab.closed, 1);
	ck_assert_int_eq(lab.error, state == TW ? 0 : -ECONNABORTED);
	tcp_release(lab.flow);
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 0);
	lab_fini(&lab);
}
END_TEST

START_TEST(write_in_every_state)
{
	enum tcp_state state = calls[_i].state;
	struct lab lab;
	go(&lab, state);
	ck_assert_int_eq(tcp_write(lab.flow, "x", 1), calls[_i].write);
	if (calls[_i].write == 1)
		lab_expect(&lab, TCP_ACK, NXT, RCV, 1);
	lab_expect_silence(&lab);
	lab_fini(&lab);
}
END_TEST

/* A released flow ends by itself within two hours of silence, whatever its state. */
START_TEST(release_in_every_state)
{
	enum tcp_state state = calls[_i].state;
	struct lab lab;
	go(&lab, state);
	tcp_release(lab.flow);
	if (calls[_i].fin)
		lab_expect(&lab, TCP_FIN | TCP_ACK, NXT, RCV, 0);
	net_run(&lab.net, 7200 * SEC);
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 0);
	ck_assert_int_eq(lab.closed, state == TW); /* told before the release, never after it */
	lab_fini(&lab);
}
END_TEST

/* --- SYN-SENT: section 3.10.7.3 ------------------------------------------------------------------------------ */

static const struct {
	uint16_t flags;
	uint32_t ack;
	bool rst; /* a RST answers */
	enum tcp_state next;
} syn_sent[] = {
	{ TCP_ACK, LAB_ISS, true, TCP_STATE_SYN_SENT },
	{ TCP_ACK, LAB_ISS + 2, true, TCP_STATE_SYN_SENT },
	{ TCP_SYN | TCP_ACK, LAB_ISS + 2, true, TCP_STATE_SYN_SENT },
	{ TCP_RST | TCP_ACK, LAB_ISS + 2, false, TCP_STATE_SYN_SENT },
	{ TCP_RST | TCP_ACK, LAB_ISS + 1, false, CL },
	{ TCP_RST, 0, false, TCP_STATE_SYN_SENT },
	{ TCP_ACK, LAB_ISS + 1, false, TCP_STATE_SYN_SENT },
	{ TCP_FIN, 0, false, TCP_STATE_SYN_SENT },
	{ 0, 0, false, TCP_STATE_SYN_SENT },
};

START_TEST(segments_in_syn_sent)
{
	struct lab lab;
	go(&lab, TCP_STATE_SYN_SENT);
	lab_inject(&lab, syn_sent[_i].flags, PEER_ISS, syn_sent[_i].ack, "");
	if (syn_sent[_i].rst)
		lab_expect(&lab, TCP_RST, syn_sent[_i].ack, 0, 0);
	lab_expect_silence(&lab);
	ck_assert_int_eq(lab_state(&lab), syn_sent[_i].next);
	ck_assert_int_eq(lab.error, syn_sent[_i].next == CL ? -ECONNREFUSED : 0);
	lab_fini(&lab);
}
END_TEST

/* --- LISTEN and CLOSED: sections 3.10.7.1 and 3.10.7.2 -------------------------------------------------------- */

START_TEST(segments_in_listen)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	lab_init(&lab, &c);
	lab_listen(&lab);
	lab_inject(&lab, TCP_RST, PEER_ISS, 0, "");
	lab_inject(&lab, TCP_RST | TCP_SYN, PEER_ISS, 0, "");
	lab_inject(&lab, 0, PEER_ISS, 0, "x");
	lab_inject(&lab, TCP_FIN, PEER_ISS, 0, "");
	lab_expect_silence(&lab);
	lab_inject(&lab, TCP_ACK, PEER_ISS, 77, "");
	lab_expect(&lab, TCP_RST, 77, 0, 0);
	lab_inject(&lab, TCP_SYN | TCP_ACK, PEER_ISS, 78, "");
	lab_expect(&lab, TCP_RST, 78, 0, 0);
	lab_expect_silence(&lab);
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 0);
	lab_fini(&lab);
}
END_TEST

START_TEST(segments_in_closed)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	lab_init(&lab, &c);
	lab_inject(&lab, TCP_RST | TCP_ACK, 5, 6, "");
	lab_expect_silence(&lab);
	lab_inject(&lab, TCP_SYN, 100, 0, "");
	lab_expect(&lab, TCP_RST | TCP_ACK, 0, 101, 0);
	lab_inject(&lab, TCP_FIN, 100, 0, "abc");
	lab_expect(&lab, TCP_RST | TCP_ACK, 0, 104, 0);
	lab_inject(&lab, TCP_ACK, 100, 55, "abc");
	lab_expect(&lab, TCP_RST, 55, 0, 0);
	lab_expect_silence(&lab);
	lab_fini(&lab);
	c.reset_unclaimed = false;
	lab_init(&lab, &c);
	lab_inject(&lab, TCP_SYN, 100, 0, "");
	lab_expect_silence(&lab);
	lab_fini(&lab);
}
END_TEST

/* --- passive SYN-RECEIVED -------------------------------------------------------------------------------------- */

static void syn_received(struct lab *lab)
{
	struct tcp_config c = lab_config();
	lab_init(lab, &c);
	lab_listen(lab);
	lab_inject(lab, TCP_SYN, PEER_ISS, 0, "");
	lab_expect(lab, TCP_SYN | TCP_ACK, LAB_ISS, PEER_ISS + 1, 0);
	ck_assert_uint_eq(tcp_direct_flows(lab->tcp), 1);
}

/* MUST-11: a RST or a SYN returns it to LISTEN without a word, and LISTEN still works. */
START_TEST(passive_open_returns_to_listen)
{
	struct lab lab;
	syn_received(&lab);
	lab_inject(&lab, _i ? TCP_SYN : TCP_RST, PEER_ISS + 1, 0, "");
	lab_expect_silence(&lab);
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 0);
	ck_assert_int_eq(lab.accepted, 0);
	lab_inject(&lab, TCP_SYN, PEER_ISS + 50, 0, "");
	lab_expect(&lab, TCP_SYN | TCP_ACK, LAB_ISS, PEER_ISS + 51, 0);
	lab_inject(&lab, TCP_ACK, PEER_ISS + 51, LAB_ISS + 1, "");
	ck_assert_int_eq(lab.accepted, 1);
	lab_fini(&lab);
}
END_TEST

/* The peer's SYN again means that our SYN,ACK was lost. */
START_TEST(a_repeated_syn_is_answered_again)
{
	struct lab lab;
	syn_received(&lab);
	lab_inject(&lab, TCP_SYN, PEER_ISS, 0, "");
	lab_expect(&lab, TCP_SYN | TCP_ACK, LAB_ISS, PEER_ISS + 1, 0);
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 1);
	lab_fini(&lab);
}
END_TEST

/* --- openings and closings that cross ---------------------------------------------------------------------------- */

START_TEST(simultaneous_open)
{
	struct lab lab;
	go(&lab, SR);
	lab_inject(&lab, TCP_SYN | TCP_ACK, PEER_ISS, LAB_ISS + 1, "");
	lab_expect(&lab, TCP_ACK, LAB_ISS + 1, PEER_ISS + 1, 0); /* a peer that follows the text to the letter waits for it */
	ck_assert_int_eq(lab_state(&lab), ES);
	ck_assert_int_eq(lab.connected, 1);
	lab_fini(&lab);
}
END_TEST

START_TEST(closed_in_syn_received_sends_fin_once_established)
{
	struct lab lab;
	go(&lab, SR);
	ck_assert_int_eq(tcp_shutdown(lab.flow), 0);
	lab_inject(&lab, TCP_ACK, PEER_ISS + 1, LAB_ISS + 1, "");
	lab_expect(&lab, TCP_FIN | TCP_ACK, LAB_ISS + 1, PEER_ISS + 1, 0);
	ck_assert_int_eq(lab_state(&lab), F1);
	lab_fini(&lab);
}
END_TEST

/* Text and FIN on a SYN wait until the handshake is done. */
START_TEST(text_and_fin_on_a_syn)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	char text[8];
	lab_init(&lab, &c);
	lab_listen(&lab);
	lab_inject(&lab, TCP_SYN | TCP_FIN, PEER_ISS, 0, "early");
	lab_expect(&lab, TCP_SYN | TCP_ACK, LAB_ISS, PEER_ISS + 1, 0);
	lab_inject(&lab, TCP_ACK, PEER_ISS + 7, LAB_ISS + 1, "");
	lab_expect(&lab, TCP_ACK, LAB_ISS + 1, PEER_ISS + 7, 0);
	ck_assert_int_eq(lab.accepted, 1);
	ck_assert_int_eq(lab_state(&lab), CW);
	ck_assert_int_eq(tcp_read(lab.flow, text, sizeof(text)), 5);
	ck_assert_mem_eq(text, "early", 5);
	ck_assert_int_eq(tcp_read(lab.flow, text, sizeof(text)), 0);
	lab_fini(&lab);
}
END_TEST

/* Half-close: after our FIN the peer goes on sending, after its FIN so do we. */
START_TEST(half_close_both_ways)
{
	struct lab lab;
	char text[8];
	go(&lab, F2);
	lab_inject(&lab, TCP_ACK, PEER_ISS + 1, UNA + 1, "more");
	lab_expect(&lab, TCP_ACK, UNA + 1, PEER_ISS + 5, 0);
	ck_assert_int_eq(tcp_read(lab.flow, text, sizeof(text)), 4);
	lab_fini(&lab);
	go(&lab, CW);
	ck_assert_int_eq(tcp_write(lab.flow, "reply", 5), 5);
	lab_expect(&lab, TCP_ACK, UNA, PEER_ISS + 2, 5);
	lab_inject(&lab, TCP_ACK, PEER_ISS + 2, UNA + 5, "");
	ck_assert_int_eq(lab_state(&lab), CW);
	lab_fini(&lab);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tcp_states");
	TCase *tc = tcase_create("states");
	tcase_add_loop_test(tc, every_segment_in_every_state, 0, N_EVENTS * N_STATES);
	tcase_add_loop_test(tc, shutdown_in_every_state, 0, N_CALLS);
	tcase_add_loop_test(tc, abort_in_every_state, 0, N_CALLS);
	tcase_add_loop_test(tc, write_in_every_state, 0, N_CALLS);
	tcase_add_loop_test(tc, release_in_every_state, 0, N_CALLS);
	tcase_add_loop_test(tc, segments_in_syn_sent, 0, 9);
	tcase_add_test(tc, segments_in_listen);
	tcase_add_test(tc, segments_in_closed);
	tcase_add_loop_test(tc, passive_open_returns_to_listen, 0, 2);
	tcase_add_test(tc, a_repeated_syn_is_answered_again);
	tcase_add_test(tc, simultaneous_open);
	tcase_add_test(tc, closed_in_syn_received_sends_fin_once_established);
	tcase_add_test(tc, text_and_fin_on_a_syn);
	tcase_add_test(tc, half_close_both_ways);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
