# SPDX-License-Identifier: ISC
"""What wire emits, parsed by scapy: every header field and every checksum."""

import logging
import os
import struct
import subprocess

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import ARP, ICMP, IP, TCP, UDP, Dot1Q, Ether, IPv6, IPv6ExtHdrFragment, wrpcap  # noqa: E402
from scapy.layers import inet6  # noqa: E402


def fields_ethernet(p):
    yield from {"eth.dst": p[Ether].dst, "eth.src": p[Ether].src, "eth.type": p[Ether].type}.items()
    if Dot1Q in p:
        q = p[Dot1Q]
        yield from {"vlan.id": q.vlan, "vlan.priority": q.prio, "vlan.dei": q.id, "vlan.etype": q.type}.items()
    if ARP in p:
        a = p[ARP]
        yield from {"arp.hw.type": a.hwtype, "arp.proto.type": a.ptype, "arp.hw.size": a.hwlen, "arp.proto.size": a.plen, "arp.opcode": a.op,
                    "arp.src.hw_mac": a.hwsrc, "arp.src.proto_ipv4": a.psrc, "arp.dst.hw_mac": a.hwdst, "arp.dst.proto_ipv4": a.pdst}.items()


def checksum_status(p, layer, field):
    """Whether scapy, asked to compute the checksum itself, writes the same."""
    given = getattr(p[layer], field)
    fresh = p.copy()
    delattr(fresh[layer], field)
    computed = getattr(p.__class__(bytes(fresh))[layer], field)
    return "good" if given == computed else "bad"


def fields_ip(p):
    if IP in p:
        h = p[IP]
        yield from {"ip.version": h.version, "ip.hdr_len": h.ihl * 4, "ip.dsfield": h.tos, "ip.len": h.len, "ip.id": h.id,
                    "ip.flags.rb": int(h.flags.evil), "ip.flags.df": int(h.flags.DF), "ip.flags.mf": int(h.flags.MF),
                    "ip.frag_offset": h.frag * 8, "ip.ttl": h.ttl, "ip.proto": h.proto, "ip.checksum": h.chksum,
                    "ip.checksum.status": checksum_status(p, IP, "chksum"), "ip.src": h.src, "ip.dst": h.dst}.items()
        if h.options:
            yield "ip.opt.type", ",".join(str(bytes(o)[0]) for o in h.options)
    if IPv6 in p:
        h = p[IPv6]
        yield from {"ipv6.version": h.version, "ipv6.tclass": h.tc, "ipv6.flow": h.fl, "ipv6.plen": h.plen, "ipv6.nxt": h.nh,
                    "ipv6.hlim": h.hlim, "ipv6.src": h.src, "ipv6.dst": h.dst}.items()
    if IPv6ExtHdrFragment in p:
        h = p[IPv6ExtHdrFragment]
        yield from {"ipv6.fraghdr.nxt": h.nh, "ipv6.fraghdr.offset": h.offset * 8, "ipv6.fraghdr.more": h.m, "ipv6.fraghdr.ident": h.id}.items()


def fields_icmp(p):
    if ICMP in p:
        h = p[ICMP]
        yield from {"icmp.type": h.type, "icmp.code": h.code, "icmp.checksum": h.chksum,
                    "icmp.checksum.status": checksum_status(p, ICMP, "chksum")}.items()
        if h.type in (0, 8, 13, 14):
            yield from {"icmp.ident": h.id, "icmp.seq": h.seq}.items()
        elif h.type == 5:
            yield "icmp.redir_gw", h.gw
        elif (h.type, h.code) == (3, 4):
            yield "icmp.mtu", h.nexthopmtu
        elif h.type == 12:
            yield "icmp.pointer", h.ptr


def fields_icmp6(p):
    h = p[IPv6].payload
    if not isinstance(h, (inet6._ICMPv6, inet6._ICMPv6Error)) or isinstance(h, inet6.ICMPv6Unknown):
        return
    yield from {"icmpv6.type": h.type, "icmpv6.code": h.code, "icmpv6.checksum": h.cksum,
                "icmpv6.checksum.status": checksum_status(p, type(h), "cksum")}.items()
    if h.type in (128, 129):
        yield from {"icmpv6.echo.identifier": h.id, "icmpv6.echo.sequence_number": h.seq}.items()
    elif h.type == 2:
        yield "icmpv6.mtu", h.mtu
    elif h.type == 135:
        yield "icmpv6.nd.ns.target_address", h.tgt
    elif h.type == 136:
        yield "icmpv6.nd.na.target_address", h.tgt
    elif h.type == 137:
        yield from {"icmpv6.rd.na.target_address": h.tgt, "icmpv6.rd.na.destination_address": h.dst}.items()


def fields_transport(p):
    if UDP in p:
        h = p[UDP]
        yield from {"udp.srcport": h.sport, "udp.dstport": h.dport, "udp.length": h.len, "udp.checksum": h.chksum,
                    "udp.checksum.status": checksum_status(p, UDP, "chksum")}.items()
    if TCP in p:
        h = p[TCP]
        yield from {"tcp.srcport": h.sport, "tcp.dstport": h.dport, "tcp.seq_raw": h.seq, "tcp.ack_raw": h.ack, "tcp.hdr_len": h.dataofs * 4,
                    "tcp.flags": h.reserved << 9 | int(h.flags), "tcp.window_size_value": h.window, "tcp.checksum": h.chksum,
                    "tcp.checksum.status": checksum_status(p, TCP, "chksum"), "tcp.urgent_pointer": h.urgptr,
                    "tcp.len": len(h.payload.original if h.payload else b"")}.items()
        yield from fields_tcp_options(h.options)


def fields_tcp_options(options):
    for name, value in options:
        if name == "MSS":
            yield "tcp.options.mss_val", value
        elif name == "WScale":
            yield "tcp.options.wscale.shift", value
        elif name == "SAckOK":
            yield "tcp.options.sack_perm", 1
        elif name == "Timestamp":
            yield from {"tcp.options.timestamp.tsval": value[0], "tcp.options.timestamp.tsecr": value[1]}.items()
        elif name == "SAck":
            yield from {"tcp.options.sack_le": ",".join(map(str, value[0::2])), "tcp.options.sack_re": ",".join(map(str, value[1::2]))}.items()
        elif name == "UTO":
            yield "tcp.options.user_to_val", value
        elif name == "TFO" and value:
            # scapy takes a cookie of 8 bytes for two numbers
            yield "tcp.options.tfo.cookie", (struct.pack("!2I", *value) if isinstance(value, tuple) else value).hex()


def scapy_fields(p):
    found = dict(fields_ethernet(p))
    found.update(fields_ip(p))
    found.update(fields_icmp(p))
    if IPv6 in p:
        found.update(fields_icmp6(p))
    found.update(fields_transport(p))
    return {k: str(v) for k, v in found.items()}


def check(dissect, build):
    """([(group, frames, differences)], captures of the frames emitted and of those of the unit tests)."""
    lines = subprocess.run([dissect, "--emit"], capture_output=True, text=True, check=True).stdout.split("\n")[:-1]
    groups, packets = {}, []
    for line in lines:
        group, frame, *pairs = line.split("\t")
        said = dict(p.split("=", 1) for p in pairs)
        packet = Ether(bytes.fromhex(frame))
        packets.append(packet)
        n, differences = groups.setdefault(group, (0, []))
        parsed = scapy_fields(packet)
        for field in sorted(said.keys() | parsed.keys()):
            if said.get(field) != parsed.get(field):
                differences.append(f"frame {len(packets)}, {field}: wire {said.get(field)}, scapy {parsed.get(field)}")
        groups[group] = (n + 1, differences)
    golden = subprocess.run([dissect, "--golden"], capture_output=True, text=True, check=True).stdout.split()
    captures = [os.path.join(build, "emitted.pcap"), os.path.join(build, "golden.pcap")]
    wrpcap(captures[0], packets)
    wrpcap(captures[1], [Ether(bytes.fromhex(frame)) for frame in golden], linktype=1)
    return [(name, n, differences) for name, (n, differences) in groups.items()], captures
