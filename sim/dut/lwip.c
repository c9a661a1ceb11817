/* SPDX-License-Identifier: ISC */
/*
 * The variant `lwip`: Debian's lwIP library, in process, under the virtual clock.
 *
 * lwIP is written for one stack in a program: its state is global. lib/plumbline-lwip.so (sim/dut/lwip/) wraps it, and this file loads
 * that object into linker namespaces of their own, where it finds its own copy of liblwip, and where its clock, random numbers and
 * memory come from the module instead of the C library. A namespace is a scarce thing: glibc gives a process about a dozen and never
 * takes back their thread-local storage. So a process keeps the few it loaded, and instances share them: each instance has an image of
 * the writable memory of module and library, which is put in place before a call of that instance when another one was there last.
 * As long as there are no more hosts than namespaces nothing is ever copied.
 */
#include "sim/dut/dut.h"
#include "sim/dut/lwip.h"
#include "sim/dut/lwip/module.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODULE "lib/plumbline-lwip.so"
#define MAX_NAMESPACES 8 /* leaves some for other modules */
#define MAX_REGIONS 4

struct region {
	char *start;
	size_t len;
};

struct instance;

/* A loaded copy of module and library. */
struct namespace
{
	const struct lwip_module *module;
	struct region regions[MAX_REGIONS]; /* their writable memory */
	unsigned n_regions;
	size_t image_len;
	char *pristine;           /* the image of a stack not yet created */
	struct instance *present; /* whose state is in place; NULL: nobody's */
	unsigned n_instances;
};

struct block {
	struct block *next, *previous;
};

struct instance {
	struct lwip_heap heap; /* first: the module's calls come back with a pointer to it */
	struct block blocks;   /* head of the ring of everything lwIP allocated */
	struct namespace *space;
	char *image; /* the state while another instance is in place */
};

/* Namespaces belong to the process, not to a world: see above. */
static struct {
	struct namespace spaces[MAX_NAMESPACES];
	unsigned n;
} loaded;

/* --- loading ---------------------------------------------------------------------------------- */

/* Looks for MODULE beside the program and in every folder above it. */
static bool find_module(char path[PATH_MAX])
{
	char dir[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	if (n < 0)
		return false;
	dir[n] = '\0';
	for (char *slash; (slash = strrchr(dir, '/'));) {
		*slash = '\0';
		if (snprintf(path, PATH_MAX, "%s/" MODULE, dir) < PATH_MAX && access(path, R_OK) == 0)
			return true;
	}
	return false;
}

/* Adds the part of a loaded object that stays writable: its PT_LOAD with PF_W, less what the linker made read-only after relocation. */
static bool add_regions(struct namespace *ns, const struct link_map *map)
{
	const char *base = (const char *)map->l_addr;
	const ElfW(Ehdr) *elf = (const void *)base;
	const ElfW(Phdr) *ph = (const void *)(base + elf->e_phoff);
	size_t page = (size_t)sysconf(_SC_PAGESIZE), read_only_end = 0;
	for (unsigned i = 0; i < elf->e_phnum; i++) {
		if (ph[i].p_type == PT_GNU_RELRO)
			read_only_end = (ph[i].p_vaddr + ph[i].p_memsz) & ~(page - 1);
	}
	for (unsigned i = 0; i < elf->e_phnum; i++) {
		size_t start = ph[i].p_vaddr, end = start + ph[i].p_memsz;
		if (ph[i].p_type != PT_LOAD || !(ph[i].p_flags & PF_W))
			continue;
		if (start < read_only_end)
			start = read_only_end;
		if (start >= end)
			continue;
		if (ns->n_regions == MAX_REGIONS)
			return false;
		ns->regions[ns->n_regions++] = (struct region){ (char *)map->l_addr + start, end - start };
		ns->image_len += end - start;
	}
	return true;
}

static bool find_regions(struct namespace *ns, void *handle)
{
	struct link_map *map;
	bool library = false;
	if (dlinfo(handle, RTLD_DI_LINKMAP, &map) < 0 || !add_regions(ns, map))
		return false;
	for (map = map->l_next; map; map = map->l_next) {
		const char *name = strrchr(map->l_name, '/');
		if (!strncmp(name ? name + 1 : map->l_name, "liblwip.so", 10)) {
			library = true;
			if (!add_regions(ns, map))
				return false;
		}
	}
	return library;
}

static void save(const struct namespace *ns, char *image)
{
	for (unsigned i = 0; i < ns->n_regions; i++) {
		memcpy(image, ns->regions[i].start, ns->regions[i].len);
		image += ns->regions[i].len;
	}
}

static void restore(const struct namespace *ns, const char *image)
{
	for (unsigned i = 0; i < ns->n_regions; i++) {
		memcpy(ns->regions[i].start, image, ns->regions[i].len);
		image += ns->regions[i].len;
	}
}

static const char *load(struct namespace *ns)
{
	char path[PATH_MAX];
	if (!find_module(path))
		return MODULE " is not beside this program or above it (`make programs` builds it)";
	void *handle = dlmopen(LM_ID_NEWLM, path, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return MODULE " cannot be loaded: is the package liblwip0 installed?";
	*ns = (struct namespace){ .module = dlsym(handle, LWIP_MODULE_SYMBOL) };
	if (!ns->module || ns->module->ops->abi != DUT_ABI || !find_regions(ns, handle) || !(ns->pristine = malloc(ns->image_len))) {
		dlclose(handle);
		return MODULE " is of another build: run `make programs`";
	}
	save(ns, ns->pristine);
	return NULL;
}

/* A namespace for one more instance: an empty one, else a new one, else the least used. NULL with *why when none can be loaded. */
static struct namespace *choose_namespace(const char **why)
{
	struct namespace *least = NULL;
	for (unsigned i = 0; i < loaded.n; i++) {
		if (!least || loaded.spaces[i].n_instances < least->n_instances)
			least = &loaded.spaces[i];
	}
	if (least && (least->n_instances == 0 || loaded.n == MAX_NAMESPACES))
		return least;
	const char *problem = load(&loaded.spaces[loaded.n]);
	if (!problem)
		return &loaded.spaces[loaded.n++];
	*why = problem;
	return least;
}

/* --- memory ------------------------------------------------------------------------------------ */

static void *heap_alloc(struct lwip_heap *heap, size_t size)
{
	struct instance *in = (struct instance *)heap;
	struct block *b = size < SIZE_MAX - sizeof(*b) ? malloc(sizeof(*b) + size) : NULL;
	if (!b)
		return NULL;
	b->previous = &in->blocks;
	b->next = in->blocks.next;
	b->next->previous = b;
	in->blocks.next = b;
	return b + 1;
}

static void heap_free(struct lwip_heap *heap, void *block)
{
	(void)heap;
	struct block *b = (struct block *)block - 1;
	b->previous->next = b->next;
	b->next->previous = b->previous;
	free(b);
}

/* --- the variant ------------------------------------------------------------------------------- */

/* Puts the instance's state in place. */
static const struct dut_ops *enter(void *dut)
{
	struct instance *in = dut;
	struct namespace *ns = in->space;
	if (ns->present != in) {
		if (ns->present)
			save(ns, ns->present->image);
		restore(ns, in->image);
		ns->present = in;
	}
	return ns->module->ops;
}

static void lwip_destroy(void *dut)
{
	struct instance *in = dut;
	/* lwIP cannot be torn down. It needs no goodbye either: its state is an image, its memory a heap. */
	for (struct block *b = in->blocks.next, *next; b != &in->blocks; b = next) {
		next = b->next;
		free(b);
	}
	if (in->space->present == in)
		in->space->present = NULL;
	in->space->n_instances--;
	free(in->image);
	free(in);
}

static int lwip_create(const struct dut_config *config, const struct dut_host *host, void **dut, const char **why)
{
	*why = "out of memory";
	struct namespace *ns = choose_namespace(why);
	if (!ns)
		return -ENOSYS;
	struct instance *in = calloc(1, sizeof(*in));
	if (!in || !(in->image = malloc(ns->image_len))) {
		free(in);
		return -ENOMEM;
	}
	in->heap = (struct lwip_heap){ .alloc = heap_alloc, .free = heap_free };
	in->blocks.next = in->blocks.previous = &in->blocks;
	in->space = ns;
	ns->n_instances++;
	memcpy(in->image, ns->pristine, ns->image_len);
	const struct dut_ops *ops = enter(in);
	ns->module->set_heap(&in->heap);
	void *ignored;
	int err = ops->create(config, host, &ignored, why);
	if (err < 0) {
		lwip_destroy(in);
		return err;
	}
	*dut = in;
	return 0;
}

static const char *lwip_unavailable(void)
{
	const char *why = NULL;
	return choose_namespace(&why) ? NULL : why;
}

static const char *lwip_version(void)
{
	return loaded.n || !lwip_unavailable() ? loaded.spaces[0].module->ops->version() : "";
}

static unsigned lwip_capabilities(void)
{
	return loaded.n || !lwip_unavailable() ? loaded.spaces[0].module->ops->capabilities() : 0;
}

static void lwip_frame_in(void *dut, unsigned ifindex, const uint8_t *frame, size_t len)
{
	enter(dut)->frame_in(dut, ifindex, frame, len);
}

static uint64_t lwip_deadline(void *dut)
{
	return enter(dut)->deadline(dut);
}

static void lwip_advance(void *dut, uint64_t now_ns)
{
	enter(dut)->advance(dut, now_ns);
}

static int lwip_socket(void *dut, uint8_t family, enum dut_socket_type type, unsigned number)
{
	return enter(dut)->socket(dut, family, type, number);
}

static int lwip_bind(void *dut, int sock, const struct dut_sockaddr *local)
{
	return enter(dut)->bind(dut, sock, local);
}

static int lwip_listen(void *dut, int sock, unsigned backlog)
{
	return enter(dut)->listen(dut, sock, backlog);
}

static int lwip_accept(void *dut, int sock, struct dut_sockaddr *peer)
{
	return enter(dut)->accept(dut, sock, peer);
}

static int lwip_connect(void *dut, int sock, const struct dut_sockaddr *peer)
{
	return enter(dut)->connect(dut, sock, peer);
}

static long lwip_send(void *dut, int sock, const void *bytes, size_t len, const struct dut_sockaddr *to)
{
	return enter(dut)->send(dut, sock, bytes, len, to);
}

static long lwip_recv(void *dut, int sock, void *bytes, size_t len, struct dut_sockaddr *from)
{
	return enter(dut)->recv(dut, sock, bytes, len, from);
}

static int lwip_shutdown(void *dut, int sock)
{
	return enter(dut)->shutdown(dut, sock);
}

static int lwip_close(void *dut, int sock)
{
	return enter(dut)->close(dut, sock);
}

static int lwip_abort(void *dut, int sock)
{
	return enter(dut)->abort(dut, sock);
}

static int lwip_set_option(void *dut, int sock, enum dut_socket_option option, int64_t value)
{
	return enter(dut)->set_option(dut, sock, option, value);
}

static unsigned lwip_ready(void *dut, int sock)
{
	return enter(dut)->ready(dut, sock);
}

static int lwip_error(void *dut, int sock)
{
	return enter(dut)->error(dut, sock);
}

static int lwip_local_name(void *dut, int sock, struct dut_sockaddr *local)
{
	return enter(dut)->local_name(dut, sock, local);
}

static int lwip_tcp_info(void *dut, int sock, struct dut_tcp_info *info)
{
	return enter(dut)->tcp_info(dut, sock, info);
}

const struct dut_ops dut_lwip = {
	.abi = DUT_ABI,
	.name = "lwip",
	.description = "lwIP, Debian's library in process",
	.unavailable = lwip_unavailable,
	.version = lwip_version,
	.capabilities = lwip_capabilities,
	.create = lwip_create,
	.destroy = lwip_destroy,
	.frame_in = lwip_frame_in,
	.deadline = lwip_deadline,
	.advance = lwip_advance,
	.socket = lwip_socket,
	.bind = lwip_bind,
	.listen = lwip_listen,
	.accept = lwip_accept,
	.connect = lwip_connect,
	.send = lwip_send,
	.recv = lwip_recv,
	.shutdown = lwip_shutdown,
	.close = lwip_close,
	.abort = lwip_abort,
	.set_option = lwip_set_option,
	.ready = lwip_ready,
	.error = lwip_error,
	.local_name = lwip_local_name,
	.tcp_info = lwip_tcp_info,
};
