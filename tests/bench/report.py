# SPDX-License-Identifier: BSD-2-Clause
"""The results: as Markdown with a table for each workload, and as a plot."""

import datetime
import os
import platform
import re
import statistics
from xml.sax.saxutils import escape

import encrypted
import lists
import load
import shared
from servers import CPUS
from validation import DELAY_SEC, added, times

# Of the sections in a Markdown file.
ANSWERS, LISTS, VALIDATION = "make bench", "make bench, lists", "make bench, validation"
ENCRYPTED = "make bench, encrypted"
SHARED, FILE = "make bench, shared", "make bench, file"
NOTHING = "-"
BASE = "unbound"


def shown(value, form):
    return NOTHING if value is None else format(value, form)


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def median(samples, figure):
    """The median of all rounds; None if nothing was counted."""
    values = [getattr(sample, figure) for sample in samples.values()]
    return None if None in values else statistics.median(values)


def spread(samples, figure):
    """The range of the rounds, as a share of their median."""
    values = [getattr(sample, figure) for sample in samples.values()]
    return (max(values) - min(values)) / statistics.median(values)


def ratio(samples, base, figure):
    """The median of the ratios within each round, which changes between rounds do not affect."""
    pairs = [(getattr(samples[turn], figure), getattr(base[turn], figure))
             for turn in samples if turn in base]
    ratios = [value / other for value, other in pairs if value and other]
    return statistics.median(ratios) if ratios else None


def busy(samples, workload):
    """The share of its CPUs that the server used."""
    return (median(samples, "cpu_us") * median(samples, "queries_per_sec") / 1e6
            / min(workload.workers, len(CPUS)))


def percentile(seconds, share):
    """In microseconds."""
    if not seconds:
        return None
    return 1e6 * sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))]


def floor_of(bench, workload):
    """The reflector's hits over UDP, with as many workers."""
    for other in load.WORKLOADS:
        if other.has_floor and other.workers == workload.workers:
            return bench.samples[other, bench.floor.name]
    return {}


def workload_table(bench, workload):
    cost = "instructions" if bench.perf.program else "cpu_us"
    rows = []
    for peer in bench.servers:
        samples = bench.samples.get((workload, peer.name))
        if not samples:
            continue
        latencies = bench.latencies[workload, peer.name]
        base = bench.samples.get((workload, BASE), {})
        rows.append([
            peer.name,
            shown(median(samples, "queries_per_sec"), ",.0f"),
            shown(spread(samples, "queries_per_sec"), ".0%"),
            shown(ratio(samples, base, "queries_per_sec"), ".2f"),
            shown(busy(samples, workload), ".0%"),
            shown(median(samples, "instructions"), ",.0f"),
            shown(median(samples, "cpu_us"), ".2f"),
            shown(ratio(samples, floor_of(bench, workload), cost), ".2f"),
            shown(percentile(latencies, 0.5), ".0f"),
            shown(percentile(latencies, 0.99), ".0f"),
            shown(median(samples, "lost"), ".2%"),
            shown(median(samples, "upstream"), ".3f"),
            shown(median(samples, "rss") / 2**20, ".1f"),
        ])
    return table([workload.name, "queries/s", "spread", f"x {BASE}", "busy", "instructions",
                  "CPU, µs", "x floor", "p50, µs", "p99, µs", "lost", "upstream", "RSS, MiB"], rows)


def start_table(bench):
    rows = []
    for peer in bench.servers:
        start = bench.starts.get(peer.name)
        memory = bench.memory.get(peer.name)
        if start:
            rows.append([
                peer.name,
                shown(1e3 * min(start.seconds), ".1f"),
                shown(1e3 * statistics.median(start.seconds), ".1f"),
                shown(start.rss / 2**20, ".1f"),
                shown(memory and memory.per_answer, ".0f"),
                shown(memory and memory.known, ".0%"),
            ])
    return table(["", "start, ms, best", "median", "RSS, MiB", "octets per answer",
                  f"still known of {bench.options.names:,}"], rows)


def list_table(bench):
    rows = []
    for peer in bench.servers:
        cost = bench.lists.costs.get(peer.name)
        if not cost:
            continue
        rows.append([
            peer.name,
            shown(cost.octets, ".1f"),
            shown(cost.load_sec, ".2f"),
            shown(cost.start_sec, ".2f"),
            shown(cost.again_sec, ".2f"),
            shown(statistics.median(cost.plain_us), ".2f"),
            shown(cost.extra_us(), "+.2f"),
            shown(statistics.median(cost.blocked_us), ".2f"),
            shown(cost.hosts_per_ms, ",.0f"),
            shown(cost.reload_sec, ".2f"),
            shown(cost.lost, ".2%"),
            shown(cost.longest_ms, ".1f"),
        ])
    return table([f"{bench.options.list_names:,} blocked names", "octets per name",
                  "load, s of CPU", "start, s", "again, s", "hit, µs", "list adds, µs",
                  "blocked, µs", "hosts lines/ms", "reload, s", "lost", "longest, ms"], rows)


def validation_rows(validation, figures):
    """figures(variant, base) are the columns; base is the program without validation."""
    rows = []
    for variant in validation.variants:
        base = next(other for other in validation.variants
                    if other.peer is variant.peer and not other.validates)
        rows.append([variant.name, *figures(variant.name, base.name)])
    return rows


def load_table(bench):
    validation = bench.validation
    hits, misses = validation.hit_us, validation.miss_us
    floor = hits[bench.floor.name]

    def figures(name, base):
        other = name.replace(bench.tarn.name, BASE)
        return [
            shown(statistics.median(hits[name]), ".2f"),
            shown(times(hits[name], hits[base]), ".2f"),
            shown(times(hits[name], floor), ".2f"),
            shown(validation.callgrind.get(name), ",.0f"),
            shown(statistics.median(misses[name]), ".1f"),
            shown(times(misses[name], misses[base]), ".2f"),
            shown(times(misses[name], misses[other]) if other in misses else None, ".2f"),
            shown(statistics.median(validation.miss_upstream[name]), ".3f"),
        ]
    rows = [[bench.floor.name, shown(statistics.median(floor), ".2f"), NOTHING, "1.00",
             *[NOTHING] * 5]]
    return table(["secure names", "hit, µs", "x without", "x floor", "instructions", "miss, µs",
                  "x without", f"x {BASE}", "upstream"],
                 rows + validation_rows(validation, figures))


def secure_start_table(bench):
    validation = bench.validation

    def figures(name, base):
        def both(samples, figure, form, unit=1):
            values, others = ([getattr(sample, figure) / unit for sample in samples[which]]
                              for which in (name, base))
            return [shown(statistics.median(values), form),
                    shown(added(values, others), "+" + form)]
        best, base_best = (min(start.first_ms for start in validation.starts[which])
                           for which in (name, base))
        return [shown(best, ".1f"), shown(best - base_best, "+.1f"),
                *both(validation.starts, "first_ms", ".1f"),
                *both(validation.starts, "cpu_ms", ".2f"),
                *both(validation.memory, "unasked", ".2f", 2**20),
                *both(validation.memory, "private", ".2f", 2**20),
                *both(validation.memory, "rss", ".1f", 2**20)]
    return table(["start", "first answer, ms, best", "adds", "median", "adds", "CPU, ms",
                  "adds", "private, unasked, MiB",
                  "adds", "private, MiB", "adds", "RSS, MiB", "adds"],
                 validation_rows(validation, figures))


def trips_table(bench):
    def figures(name, _base):
        def least(figure, form):
            return shown(min(getattr(first, figure) for first in bench.validation.first[name]),
                         form)
        return [least("early", ".0f"), least("messages", ".0f"), least("trips", ".2f"),
                least("next_messages", ".0f"), least("next_trips", ".2f")]
    return table(["cold cache", "questions before", "of the first answer", "round trips",
                  "of the next", "round trips"], validation_rows(bench.validation, figures))


# ---- encrypted DNS -------------------------------------------------------------------------------

def miss_table(bench):
    misses = bench.encrypted.miss_us
    rows = []
    for peer in bench.encrypted.peers:
        if not misses.get((peer.name, "TCP")):
            continue
        row = [peer.name]
        for over in encrypted.MODES:
            values = misses.get((peer.name, over), [])
            row.append(shown(encrypted.median(values), ".1f"))
            if over in ("TLS", "HTTPS"):
                row.append(shown(encrypted.ratio(values, misses[peer.name, "TCP"]), ".2f"))
        rows.append(row)
    return table(["miss over", "UDP, µs", "TCP, µs", "TLS, µs", "x TCP", "HTTPS, µs", "x TCP"], rows)


def encrypted_hit_table(bench):
    hits = bench.encrypted.hits
    rows = []
    for peer in bench.encrypted.peers:
        if not hits.get((peer.name, "TCP")):
            continue
        row = [peer.name]
        for over in encrypted.MODES:
            samples = hits.get((peer.name, over), [])
            row.append(shown(encrypted.median([hit.cpu_us for hit in samples]), ".1f"))
            base = hits.get((BASE, over), [])
            row.append(shown(encrypted.ratio([hit.cpu_us for hit in samples],
                                             [hit.cpu_us for hit in base]), ".2f"))
            if over in ("TLS", "HTTPS"):
                row.append(shown(encrypted.median([hit.queries_per_sec for hit in samples]),
                                 ",.0f"))
        rows.append(row)
    unit = f"x {BASE}"
    return table(["hit over", "UDP, µs", unit, "TCP, µs", unit, "TLS, µs", unit, "queries/s",
                  "HTTPS, µs", unit, "queries/s"], rows)


def connection_table(bench):
    measured = bench.encrypted
    rows = []
    for peer in measured.peers:
        full, resumed = (measured.handshakes.get((peer.name, kind), [])
                         for kind in ("full", "resumed"))
        idle = [measured.idle.get((peer.name, over)) for over in ("TLS", "HTTPS")]
        if full or any(idle):
            rows.append([peer.name, shown(encrypted.median(full), ".0f"),
                         shown(encrypted.median(resumed), ".0f"),
                         *[shown(each and each / 1024, ".1f") for each in idle]])
    return table(["connections", "full handshake, µs", "resumed, µs", "idle over TLS, KiB",
                  "over HTTPS, KiB"], rows)


def encrypted_start_table(bench):
    rows = []
    for kind, starts in bench.encrypted.starts.items():
        base = bench.encrypted.starts["in the clear"]

        def both(figure, form, unit=1):
            values, others = ([getattr(start, figure) / unit for start in which]
                              for which in (starts, base))
            return [shown(statistics.median(values), form),
                    shown(added(values, others), "+" + form)]
        rows.append([kind, shown(min(start.first_ms for start in starts), ".1f"),
                     *both("first_ms", ".1f"), *both("cpu_ms", ".2f"),
                     *both("private", ".2f", 2**20), *both("rss", ".1f", 2**20)])
    return table(["tarn", "first answer, ms, best", "median", "adds", "CPU, ms", "adds",
                  "private, MiB", "adds", "RSS, MiB", "adds"], rows)


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        match = re.search(r"^(?:model name|Model)\s*:\s*(.+)", file.read(), re.M)
    return match[1] if match else platform.machine()


def circumstances(bench, peers):
    versions = ", ".join(f"{peer.name} {peer.version()}" for peer in peers)
    return (f"{datetime.date.today():%d %B %Y}; {len(CPUS)} CPUs ({cpu_model()}), Linux "
            f"{platform.release()}; {versions}. Others took {bench.strangers:.0%} of the CPUs "
            "meanwhile.")


def write(bench):
    """All but the lists."""
    options = bench.options
    parts = [
        circumstances(bench, [peer for peer in bench.servers if peer is not bench.floor]),
        f"Interleaved rounds: {options.rounds}, with {options.seconds:g} s for each load. Figures "
        "are medians of the rounds, ratios medians of those within a round; \"spread\" is from the "
        "slowest round to the fastest, \"busy\" how much of its CPUs the server used: far below "
        "100 %, queries/s say more about dnsperf than about the server. CPU time (user and system) "
        f"and instructions are the server's for each query; instructions: {bench.perf.note}. "
        f"\"x floor\" compares {'instructions' if bench.perf.program else 'CPU time'} with the "
        "reflector's for a hit over UDP. Latencies are those at "
        f"{load.LATENCY_RATE:,} queries a second. \"lost\" is what had no answer or not NOERROR, "
        "\"upstream\" how many questions went on for each that came.",
    ]
    parts += [workload_table(bench, workload) for workload in load.WORKLOADS]
    parts += [
        "From the start of the program to its first answer, for which it has to ask the upstream, "
        "and the RSS then: tarn with default options, the peers with one thread. What an answer "
        "costs is how much the RSS grows when so many names are asked once, with one worker.",
        start_table(bench),
    ]
    if bench.callgrind:
        parts.append("Instructions in user mode for each hit over UDP, as callgrind counts them: "
                     + ", ".join(f"{name} {count:,.0f}" for name, count in bench.callgrind.items())
                     + ".")
    return "\n\n".join(parts)


def write_lists(bench):
    options = bench.options
    return "\n\n".join([
        circumstances(bench, [peer for peer in bench.servers if peer.name in bench.lists.costs]),
        "The names of the list, and all below them, are answered with NXDOMAIN; each server has "
        "the same names and one thread. Octets are of RSS, beside the same server without a list. "
        "\"start\" is the time to the first answer, \"again\" that of the next start, for which "
        f"tarn has the compiled list. CPU times are medians of {options.rounds} rounds of "
        f"{options.seconds:g} s: of a hit without the list, of what the list adds to it (the "
        "differences within the rounds), and of a blocked answer. Lines of a hosts file "
        f"(at most {lists.HOSTS_LINES:,}) are for each millisecond of CPU. The last columns are "
        f"about a list that is replaced, at {lists.RELOAD_RATE:,} queries a second: how long until "
        "a new name is blocked, what was lost, and the time of the slowest answer.",
        list_table(bench),
    ])


def write_validation(bench):
    options, validation = bench.options, bench.validation
    if not validation.upstream:
        return "Not measured: a program is missing."
    peers = {variant.peer.name: variant.peer for variant in validation.variants}
    return "\n\n".join([
        circumstances(bench, peers.values()),
        "The names have addresses in a zone that is signed with P-256, below two such zones; each "
        "server has one thread. CPU times are the server's for each query, medians of "
        f"{options.rounds} rounds: hits of {options.seconds:g} s, misses of "
        f"{options.secure_names:,} names, each asked for once after a new start, when the chain of "
        "trust is known. Ratios are medians of those within a round. \"without\" is the same "
        "program that does not validate. Instructions are those in user mode for each hit, "
        "as callgrind counts them.",
        load_table(bench),
        f"From the start of the program to the first answer, which is secure, {options.starts} "
        "times; and the memory of a server that has given it. \"unasked\" is before that answer. "
        "Differences are medians of those within a round, or of the best.",
        secure_start_table(bench),
        f"Questions to the upstream and the time until an answer, in round trips of "
        f"{1e3 * DELAY_SEC:g} ms: of the first name, and then of another one in its zone; the least "
        f"of {options.rounds} starts.",
        trips_table(bench),
    ])


def write_encrypted(bench):
    options, measured = bench.options, bench.encrypted
    if not measured.upstream:
        return "Not measured: a program is missing."
    parts = [
        circumstances(bench, measured.peers),
        "Each server has one thread and one CPU. Figures are its CPU time (user and system) for each "
        f"query, medians of {options.rounds} rounds; ratios are medians of those within a round.",
        f"A miss, asked for over UDP: {options.encrypted_names:,} new names, {encrypted.WINDOW} of "
        "them under way, and an upstream (unbound, which has an answer for any name) that is asked "
        "over each transport. \"x TCP\" is the same server's miss over TCP.",
        miss_table(bench),
        f"A hit, for {encrypted.CLIENTS} clients, {encrypted.WINDOW} questions under way, "
        f"{options.seconds:g} s of each: {load.HOT_NAMES:,} names, and over HTTPS one, by POST.",
        encrypted_hit_table(bench),
        f"Handshakes of TLS 1.3 (P-256, a chain of one), {options.handshakes} in each round, with "
        f"one question each; and what {options.connections} idle connections add to the RSS, each "
        "after one question.",
        connection_table(bench),
        f"From the start of tarn to its first answer, {options.starts} times, and the memory then: "
        "with nothing encrypted, with one encrypted server, and with listeners. \"adds\" is the "
        "median of the differences within a round.",
        encrypted_start_table(bench),
    ]
    if measured.callgrind:
        parts.append("Instructions in user mode for each query, as callgrind counts them: " +
                     ", ".join(f"{name} {count:,.0f}"
                               for name, count in measured.callgrind.items()) + ".")
    return "\n\n".join(parts)


# ---- a second level, and a file ------------------------------------------------------------------

def us(seconds, share):
    """A percentile of seconds."""
    return shown(percentile(seconds, share), ",.0f")


def ms(seconds, share):
    found = percentile(seconds, share)
    return NOTHING if found is None else f"{found / 1e3:.2f}"


def away_table(measured):
    rows = []
    for peer in measured.peers:
        plain, there = (measured.latencies.get((peer.name, has)) for has in (False, True))
        if plain and there and plain.seconds and there.seconds:
            halves = [percentile(one.seconds, 0.5) for one in (there, plain)]
            rows.append([peer.name, us(plain.seconds, 0.5), us(plain.seconds, 0.99),
                         us(there.seconds, 0.5), us(there.seconds, 0.99),
                         f"{halves[0] / halves[1]:.2f}", f"{there.shared:.0%}"])
    return table(["a miss", "upstream, p50, µs", "p99, µs", "store, p50, µs", "p99, µs",
                  "x upstream", "from the store"], rows)


def difference(values, base):
    """The median of the differences within each round."""
    return statistics.median(value - other for value, other in zip(values, base))


def cost_table(measured):
    rows = []
    for peer in measured.peers:
        costs = measured.costs.get(peer.name)
        if costs and costs.store:
            rows.append([
                peer.name,
                *(f"{statistics.median(values):.2f}" for values in (costs.hit, costs.miss)),
                f"{statistics.median(costs.put):.2f}", f"{difference(costs.put, costs.miss):+.2f}",
                f"{statistics.median(costs.shared):.2f}",
                f"{difference(costs.shared, costs.hit):+.2f}",
                f"{encrypted.ratio(costs.shared, costs.miss):.2f}",
                f"{statistics.median(costs.store):.2f}"])
    return table(["CPU, µs", "hit", "miss", "miss, put", "adds", "shared", "adds to a hit",
                  "x miss", "the store's"], rows)


def outage_table(measured):
    rows = []
    for peer in measured.peers:
        for name in shared.PHASES:
            if phase := measured.phases.get((peer.name, name)):
                rows.append([f"{peer.name}, {name}", ms(phase.hits, 0.5), ms(phase.hits, 0.99),
                             ms(phase.misses, 0.5), ms(phase.misses, 0.99), f"{phase.sent:,}",
                             str(phase.lost), str(phase.failed)])
    return table(["the store", "hits, p50, ms", "p99, ms", "misses, p50, ms", "p99, ms", "asked",
                  "lost", "failed"], rows)


def fleet_table(bench):
    rows = [["shared" if shares else "not shared", f"{fleet.questions:.2f}", f"{fleet.asked:,}",
             str(fleet.lost), str(fleet.failed)]
            for shares, fleet in sorted(bench.shared.fleets.items())]
    return table([f"{bench.options.fleet} of tarn", "upstream questions a TTL", "asked", "lost",
                  "failed"], rows)


def medians_ms(rounds, share):
    """The median of the rounds' percentiles."""
    return statistics.median(percentile(seconds, share) for seconds in rounds) / 1e3


def file_tables(costs):
    entries = costs.entries
    file = table([f"{entries:,} answers", "file, MiB", "octets each", "save, s", "CPU, s", "load, s",
                  "CPU, s", "RSS, MiB", "RSS, loaded, MiB", "still known"],
                 [["tarn", f"{costs.octets / 2**20:.1f}", f"{costs.octets / entries:.0f}",
                   f"{costs.save_sec:.2f}", f"{costs.save_cpu_sec:.2f}", f"{costs.load_sec:.2f}",
                   f"{costs.load_cpu_sec:.2f}", f"{costs.rss / 2**20:.1f}",
                   f"{costs.rss_loaded / 2**20:.1f}", f"{costs.known:.1%}"]])
    hits = table(["hits", "p50, ms", "p99, ms", "p99.9, ms"],
                 [[name, *(f"{medians_ms(rounds, share):.2f}" for share in (0.5, 0.99, 0.999))]
                  for name, rounds in (("not saved", costs.idle), ("being saved", costs.saving))])
    starts = table(["first answer", "best, ms", "median, ms"],
                   [[name, f"{min(values):.1f}", f"{statistics.median(values):.1f}"]
                    for name, values in (("without a file", costs.first_without_ms),
                                         (f"with {entries:,} answers", costs.first_ms))])
    return file, hits, starts


def write_shared(bench):
    options, measured = bench.options, bench.shared
    if not measured.peers:
        return "Not measured: a program is missing."
    return "\n\n".join([
        circumstances(bench, measured.peers),
        "One miss at a time: of an upstream that is 1 ms away, and, with the same upstream, of a "
        f"store on this host ({os.path.basename(measured.program)}) that another server has put "
        f"the answers into; {options.rounds} rounds of new names at {shared.LONELY_RATE} a "
        "second, each server with its default wait for the store.",
        away_table(measured),
        f"CPU time (user and system) of the server for each answer, {shared.WINDOW} of "
        f"{options.shared_names:,} new names under way, medians of {options.rounds} rounds: a "
        "hit, a miss without a second level, one that the store does not have and that is put "
        "there, and one that it has. \"adds\" are medians of the differences within a round.",
        cost_table(measured),
        f"A store that is stopped (SIGSTOP) and goes on: {shared.OUTAGE_RATE} questions a second, "
        f"{shared.OUTAGE_MISSES:.0%} of them new, and the upstream 1 ms away.",
        outage_table(measured),
        f"Fleets with one thread and one cache each: one name, TTL {options.fleet_ttl} s, asked "
        f"{shared.FLEET_RATE} times a second of each machine for {options.fleet_ttls:g} TTLs; the "
        f"upstream is {shared.FLEET_AWAY_US / 1e3:g} ms away.",
        fleet_table(bench),
    ])


def write_file(bench):
    file, hits, starts = file_tables(bench.cache_file.costs)
    return "\n\n".join([
        circumstances(bench, [bench.tarn]),
        "The cache in a file: saved by tarnctl, and loaded at the next start; CPU time of the load "
        "is all that the process has used until it is idle, and what is known was asked for then.",
        file,
        f"Hits, {bench.cache_file.costs.rate:,.0f} a second, with "
        f"{shared.WINDOW} under way, medians of {bench.options.rounds} rounds.",
        hits,
        f"From the start of the program to the first answer, {bench.options.starts} times.",
        starts,
    ])


WRITERS = {ANSWERS: write, LISTS: write_lists, VALIDATION: write_validation,
           ENCRYPTED: write_encrypted, SHARED: write_shared, FILE: write_file}


def put_between_marks(path, section, text):
    """Replaces the text between the section's marks; the rest of the file stays as it is."""
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    before, after = "", ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            before = file.read()
        if begin in before and end in before:
            before, rest = before.split(begin, 1)
            after = rest.split(end, 1)[1]
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}{begin}\n\n{text}\n\n{end}{after or chr(10)}")


# ---- the plot ------------------------------------------------------------------------------------

BAR, GAP, LABEL, WIDTH = 13, 34, 100, 260
PANELS = [("queries_per_sec", "queries/s", ",.0f"), ("cpu_us", "CPU for each query, µs", ".1f")]


def plot(bench, path):
    """A group of bars for each workload; on the left more is better, on the right less."""
    panel_width = WIDTH + 70
    shapes, y = [], 10
    for workload in load.WORKLOADS:
        rows = [(peer, bench.samples[workload, peer.name]) for peer in bench.servers
                if bench.samples.get((workload, peer.name))]
        if not rows:
            continue
        y += GAP
        for index, (figure, title, form) in enumerate(PANELS):
            x = LABEL + index * panel_width
            shapes.append(f'<text x="{x}" y="{y - 6}" class="h">'
                          f"{escape(workload.name)}: {title}</text>")
            most = max(median(samples, figure) for _, samples in rows) or 1
            for row, (peer, samples) in enumerate(rows):
                value, top = median(samples, figure), y + row * BAR
                kind = peer.name if peer in (bench.floor, bench.tarn) else "peer"
                shapes.append(f'<rect x="{x}" y="{top}" width="{WIDTH * value / most:.1f}" '
                              f'height="{BAR - 3}" class="{kind}"/>')
                shapes.append(f'<text x="{x + 4 + WIDTH * value / most:.1f}" y="{top + BAR - 4}">'
                              f"{value:{form}}</text>")
                if index == 0:
                    shapes.append(f'<text x="{LABEL - 6}" y="{top + BAR - 4}" class="n">'
                                  f"{escape(peer.name)}</text>")
        y += len(rows) * BAR
    width, height = LABEL + len(PANELS) * panel_width, y + 10
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
                   f'width="{width}" height="{height}">\n'
                   "<style>text { font: 10px sans-serif } "
                   ".h { font-weight: bold; font-size: 11px } .n { text-anchor: end } "
                   ".tarn { fill: #1b6ca8 } .reflector { fill: #999 } .peer { fill: #c9d6df }"
                   "</style>\n"
                   f'<rect width="{width}" height="{height}" fill="white"/>\n'
                   + "\n".join(shapes) + "\n</svg>\n")
