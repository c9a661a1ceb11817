# SPDX-License-Identifier: ISC
"""tshark's view of a capture, and its comparison with wire's, field by field."""

import subprocess
from collections import Counter

LINK = ["eth.dst", "eth.src", "eth.type", "eth.len", "vlan.id", "vlan.priority", "vlan.dei", "vlan.etype"]
ARP = ["arp.hw.type", "arp.proto.type", "arp.hw.size", "arp.proto.size", "arp.opcode",
       "arp.src.hw_mac", "arp.src.proto_ipv4", "arp.dst.hw_mac", "arp.dst.proto_ipv4"]
IP = ["ip.version", "ip.hdr_len", "ip.dsfield", "ip.len", "ip.id", "ip.flags.rb", "ip.flags.df", "ip.flags.mf", "ip.frag_offset",
      "ip.ttl", "ip.proto", "ip.checksum", "ip.checksum.status", "ip.src", "ip.dst", "ip.opt.type"]
IPV6 = ["ipv6.version", "ipv6.tclass", "ipv6.flow", "ipv6.plen", "ipv6.nxt", "ipv6.hlim", "ipv6.src", "ipv6.dst"]
FRAGMENT = ["ipv6.fraghdr.nxt", "ipv6.fraghdr.offset", "ipv6.fraghdr.more", "ipv6.fraghdr.ident"]
ICMP = ["icmp.type", "icmp.code", "icmp.checksum", "icmp.checksum.status", "icmp.ident", "icmp.seq", "icmp.redir_gw", "icmp.mtu", "icmp.pointer"]
ICMPV6 = ["icmpv6.type", "icmpv6.code", "icmpv6.checksum", "icmpv6.checksum.status", "icmpv6.echo.identifier",
          "icmpv6.echo.sequence_number", "icmpv6.mtu", "icmpv6.nd.ns.target_address", "icmpv6.nd.na.target_address", "icmpv6.rd.na.destination_address"]
UDP = ["udp.srcport", "udp.dstport", "udp.length", "udp.checksum", "udp.checksum.status"]
TCP = ["tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.hdr_len", "tcp.flags", "tcp.window_size_value", "tcp.checksum",
       "tcp.checksum.status", "tcp.urgent_pointer", "tcp.len", "tcp.options.mss_val", "tcp.options.wscale.shift", "tcp.options.sack_perm",
       "tcp.options.timestamp.tsval", "tcp.options.timestamp.tsecr", "tcp.options.sack_le", "tcp.options.sack_re",
       "tcp.options.user_to_val", "tcp.options.tfo.cookie"]
LAYERS = {"arp": ARP, "ip": IP, "ipv6": IPV6, "ipv6.fraghdr": FRAGMENT, "icmp": ICMP, "icmpv6": ICMPV6, "udp": UDP, "tcp": TCP}
FIELDS = LINK + [f for layer in LAYERS.values() for f in layer]
SERVICE_TAG = {"ieee8021ad.id": "vlan.id", "ieee8021ad.priority": "vlan.priority", "ieee8021ad.dei": "vlan.dei"}
ABOUT = ["frame.number", "frame.protocols", "_ws.expert.message", "ip.cur_rt"] + list(SERVICE_TAG)

PREFERENCES = ["ip.check_checksum:TRUE", "tcp.check_checksum:TRUE", "udp.check_checksum:TRUE", "ip.defragment:FALSE", "ipv6.defragment:FALSE",
               "tcp.desegment_tcp_streams:FALSE", "tcp.relative_sequence_numbers:FALSE", "ip.tso_support:FALSE"]
STATUS = {"0": "bad", "1": "good", "2": "unknown", "3": "absent"}
MANY = {"ip.opt.type", "tcp.options.sack_le", "tcp.options.sack_re"}  # all occurrences; of the tags the last, else the first
TEXT = {"eth.dst", "eth.src", "tcp.options.tfo.cookie"}
# Fields that messages of some types have; elsewhere tshark shows those of the quoted packet.
OF_TYPE = {"icmp.ident": ("icmp.type", "0 8 13 14".split()), "icmp.seq": ("icmp.type", "0 8 13 14".split()), "icmp.redir_gw": ("icmp.type", ["5"]),
           "icmp.pointer": ("icmp.type", ["12"]), "icmp.mtu": ("icmp.type", ["3"]), "icmpv6.mtu": ("icmpv6.type", ["2"]),
           "icmpv6.echo.identifier": ("icmpv6.type", ["128", "129"]), "icmpv6.echo.sequence_number": ("icmpv6.type", ["128", "129"])}
SEPARATOR = "\x1e"


def run_tshark(path):
    """(a dict of fields for each frame, tshark's complaint if it ended badly)."""
    command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=" + SEPARATOR]
    for p in PREFERENCES:
        command += ["-o", p]
    for f in ABOUT + FIELDS:
        command += ["-e", f]
    done = subprocess.run(command, capture_output=True, check=False)
    frames = []
    for line in done.stdout.decode(errors="replace").split("\n"):
        if line:
            frames.append(dict(zip(ABOUT + FIELDS, line.split("\t"))))
    lines = [s for s in done.stderr.decode(errors="replace").split("\n") if s and not s.startswith("Running as user")]
    return frames, " ".join(lines) if done.returncode else None


def layers_of(protocols):
    """Of tshark's list of protocols the outermost ones that wire knows: what stands behind a tunnel or in a quoted packet is left out."""
    found, network = [], None
    for p in protocols.split(":"):
        if network is None and p in ("ip", "ipv6", "arp"):
            network = p
            found.append(p)
        elif network is None:
            if p in ("eth", "vlan", "ieee8021ad"):
                found.append(p)
            elif p not in ("ethertype", "llc", "raw", "sll", "null"):
                break
        elif network == "ipv6" and (p.startswith("ipv6.") or p == "ah"):
            found.append(p)
        elif p in ("tcp", "udp") or (network, p) in (("ip", "icmp"), ("ipv6", "icmpv6")):
            found.append(p)
            break
        else:
            break
    return found


def pick(field, text):
    """tshark's text of a field in wire's form: decimal, lengths and offsets in bytes."""
    values = text.split(SEPARATOR)
    if field.startswith("vlan."):
        values = values[-1:]
    elif field not in MANY:
        values = values[:1]
    if field == "tcp.options.sack_perm":
        return "1"
    return ",".join(convert(field, v) for v in values)


def convert(field, value):
    if field.endswith(".status"):
        return STATUS.get(value, value)
    if field in TEXT or ":" in value or value.count(".") == 3:
        return value.replace(":", "") if field == "tcp.options.tfo.cookie" else value
    if value in ("True", "False"):
        return str(int(value == "True"))
    try:
        n = int(value, 0)
    except ValueError:
        return value
    return str(n * 8 if field in ("ip.frag_offset", "ipv6.fraghdr.offset") else n)


def tshark_fields(row, layers):
    wanted = (LINK if "eth" in layers else []) + [f for layer in layers if layer in LAYERS for f in LAYERS[layer]]
    found = {f: pick(f, row[f]) for f in wanted if row.get(f)}
    for field, (type_field, types) in OF_TYPE.items():
        if found.get(type_field) not in types:
            found.pop(field, None)
    if "ieee8021ad" in layers and "vlan" not in layers:
        found.update({ours: pick(ours, row[theirs]) for theirs, ours in SERVICE_TAG.items()})
    return found


def wire_fields(line):
    number, *pairs = line.split("\t")
    return int(number), dict(p.split("=", 1) for p in pairs)


def compare_frame(row, wire, rules):
    """The differences of one frame as text."""
    layers = layers_of(row["frame.protocols"])
    theirs = tshark_fields(row, layers)
    ours = {k: v for k, v in wire.items() if k in FIELDS}
    if "-synthetic" in wire:
        theirs = {k: v for k, v in theirs.items() if k not in LINK}
    found = []
    for field in FIELDS:
        a, b = ours.get(field), theirs.get(field)
        if a != b:
            rule = excuse(field, a, b, wire, row)
            if rule:
                rules[rule] += 1
            else:
                found.append(f"{field}: wire {a}, tshark {b}")
    return found


# wire's reason for not taking a header → the layer whose first fields tshark shows all the same, and tshark's own objection to it.
REFUSED = {
    "IPv4 version is not 4": ("ip.", "Bogus IPv4 version"),                            # RFC 1122 section 3.2.1.1
    "IPv4 header length below 20": ("ip.", "Bogus IP header length"),                  # RFC 791 section 3.1, IHL
    "IPv6 header cut short": ("ipv6.", "IPv6 header must be exactly 40 bytes"),        # RFC 8200 section 3
    "TCP data offset below 5": ("tcp.", "Bogus TCP header length"),                    # RFC 9293 section 3.1, DOffset
    "TCP data offset past the end": ("tcp.", "Short segment"),
    "TCP header cut short": ("tcp.", "Malformed Packet"),
}


def excuse(field, ours, theirs, wire, row):
    """The rule that settles a difference, or None. Each asks both sides for what makes it apply."""
    objections, error = row["_ws.expert.message"], wire.get("-error")
    layer, objection = REFUSED.get(error, (None, None))
    if layer and ours is None and field.startswith(layer) and objection in objections:
        return "a header that cannot be one is not taken; tshark objects too, and shows its fields"
    # RFC 791 section 3.1: the total length is that of the datagram. What is missing of it cannot be summed.
    if field.endswith(".checksum.status") and ours == "unknown" and theirs in ("good", "bad") and "-truncated" in wire \
            and "length exceeds packet length" in objections:
        return "the IP length goes past the frame: wire gives no verdict, tshark sums what there is"
    # RFC 826: what follows hrd, pro, hln and pln is theirs to define.
    if error == "ARP for something other than IPv4 over Ethernet" and ours is None and field in ARP[5:] \
            and [wire[f] for f in ARP[:4]] != ["1", "2048", "6", "4"]:
        return "ARP of a kind other than IPv4 over Ethernet: tshark shows the addresses that look like it"
    # IEEE 802.3 section 3.2.6: up to 1500 it is a length.
    if (field, ours, theirs) in (("eth.type", None, "0"), ("eth.len", "0", None)):
        return "an 802.3 length of 0: tshark takes it for a type"
    # RFC 791 section 3.1: the address in the header is where a source-routed packet goes next.
    if field == "ip.dst" and ours == row["ip.cur_rt"] and {"131", "137"} & set(wire["ip.opt.type"].split(",")):
        return "a source route: tshark calls the end of the route the destination, and the header's address the current one"
    # wire has the type behind a tag of either kind; tshark has no field for it behind a service tag.
    if field == "vlan.etype" and theirs is None and "ieee8021ad" in row["frame.protocols"].split(":"):
        return "the EtherType behind a service tag has no field in tshark"
    return None


def compare_capture(ours, theirs, complaint):
    lines = ours.stdout.split("\n")[:-1]
    rules, differences, notes, skipped = Counter(), [], [], 0
    if len(lines) != len(theirs) and not complaint and ours.returncode == 0:
        differences.append(f"wire reads {len(lines)} frames, tshark {len(theirs)}")
    if ours.returncode == 2:
        notes.append("reading ends early: " + ours.stderr.strip())
    for line, row in zip(lines, theirs):
        number, wire = wire_fields(line)
        if number != int(row["frame.number"]):
            differences.append(f"frame {number}: tshark counts {row['frame.number']}")
        elif "-unsupported" in wire:
            skipped += 1
        else:
            differences += [f"frame {number}, {d}" for d in compare_frame(row, wire, rules)]
    if skipped:
        notes.append(f"{skipped} not IP nor ARP on a link without Ethernet addresses")
    return differences, notes, rules, len(lines) - skipped
