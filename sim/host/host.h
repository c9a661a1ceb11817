/* SPDX-License-Identifier: ISC */
/*
 * A host: a stack under test living in a world. It carries frames between the DUT and its link ports, keeps the DUT's
 * deadline in the event queue, and tells socket owners when readiness changed. Scenario, replay and the tester all use it.
 */
#ifndef SIM_HOST_HOST_H
#define SIM_HOST_HOST_H

#include "sim/dut/dut.h"
#include "sim/link/link.h"

struct host;

/* Readiness of sock changed, level as of now (DUT_READABLE …). Runs from the event queue, never inside a DUT call. */
typedef void host_socket_fn(struct host *h, int sock, unsigned ready, void *arg);

/*
 * Creates the DUT. config->interfaces[i] is attached by host_attach(h, i, link).
 * 0; the variant's error, or -ENOSYS when it cannot run here, with *why (static text).
 */
int host_create(struct world *w, const struct dut_ops *ops, const struct dut_config *config, struct host **h, const char **why);
void host_destroy(struct host *h);
int host_attach(struct host *h, unsigned ifindex, struct link *l);
struct link_port *host_port(const struct host *h, unsigned ifindex);
const char *host_name(const struct host *h);
const struct dut_ops *host_ops(const struct host *h);
struct world *host_world(const struct host *h);

/* Calls fn whenever sock's readiness may have changed; NULL stops it. 0 or -ENOMEM. Cleared by close and abort. */
int host_watch(struct host *h, int sock, host_socket_fn *fn, void *arg);

/* The DUT's calls, with its clock moved to now first and its deadline rescheduled afterwards. */
int host_socket(struct host *h, uint8_t family, enum dut_socket_type type, unsigned number);
int host_bind(struct host *h, int sock, const struct dut_sockaddr *local);
int host_listen(struct host *h, int sock, unsigned backlog);
int host_accept(struct host *h, int sock, struct dut_sockaddr *peer);
int host_connect(struct host *h, int sock, const struct dut_sockaddr *peer);
long host_send(struct host *h, int sock, const void *bytes, size_t len, const struct dut_sockaddr *to);
long host_recv(struct host *h, int sock, void *bytes, size_t len, struct dut_sockaddr *from);
int host_shutdown(struct host *h, int sock);
int host_close(struct host *h, int sock);
int host_abort(struct host *h, int sock);
int host_set_option(struct host *h, int sock, enum dut_socket_option option, int64_t value);
unsigned host_ready(struct host *h, int sock);
int host_error(struct host *h, int sock);
int host_local_name(struct host *h, int sock, struct dut_sockaddr *local);
int host_tcp_info(struct host *h, int sock, struct dut_tcp_info *info);
void host_counters(struct host *h, dut_counter_fn *fn, void *arg);
/* Hands the DUT a frame as if it came from the link (replay). */
void host_frame_in(struct host *h, unsigned ifindex, const uint8_t *frame, size_t len);
/* Sees every frame the DUT sends, before the link does. Runs inside the DUT: fn may only record. NULL stops it. */
void host_on_frame(struct host *h, void (*fn)(unsigned ifindex, const uint8_t *frame, size_t len, void *arg), void *arg);

#endif
