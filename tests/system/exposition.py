# SPDX-License-Identifier: BSD-2-Clause
"""The text that Prometheus reads (its text format, version 0.0.4), read strictly."""

import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"')
NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


class Metric:
    """One metric: its type, its help and its samples, as {sorted pairs of labels: value}."""

    def __init__(self, name, help_text):
        self.name, self.help, self.type = name, help_text, None
        self.samples = {suffix: {} for suffix in ("", "_bucket", "_sum", "_count")}

    def value(self, suffix="", **labels):
        return self.samples[suffix][tuple(sorted(labels.items()))]

    def labels(self, name):
        """All values that this label has."""
        return {dict(labels)[name] for labels in self.samples[""]}


def unescape(text):
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], text)


def parse_labels(text):
    """The pairs between braces, which must contain nothing else."""
    labels, at = {}, 0
    while at < len(text):
        match = LABEL.match(text, at)
        assert match, f"no label: {text[at:]!r}"
        assert match[1] not in labels, f"twice: {match[1]}"
        labels[match[1]] = unescape(match[2])
        at = match.end()
        if at < len(text):
            assert text[at] == "," and at + 1 < len(text), f"no comma: {text[at:]!r}"
            at += 1
    return labels


def parse(text):
    """The metrics by name, in the order of the text."""
    assert text.endswith("\n")
    metrics, metric = {}, None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            name, help_text = line[7:].split(" ", 1)
            assert NAME.fullmatch(name) and name not in metrics, line
            metric = metrics[name] = Metric(name, help_text)
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            assert name == metric.name and metric.type is None and kind in SUFFIXES, line
            metric.type = kind
        else:
            match = re.fullmatch(r"([^{ ]+)(?:\{(.*)\})? (\S+)", line)
            assert match and NUMBER.fullmatch(match[3]), f"no sample: {line!r}"
            assert match[1].startswith(metric.name), f"among those of {metric.name}: {line}"
            suffix = match[1][len(metric.name):]
            assert suffix in SUFFIXES[metric.type], line
            labels = tuple(sorted(parse_labels(match[2] or "").items()))
            assert labels not in metric.samples[suffix], f"twice: {line}"
            metric.samples[suffix][labels] = float(match[3])
    for metric in metrics.values():
        check(metric)
    return metrics


def check(metric):
    """Asserts the rules for every metric of its type."""
    assert metric.help.endswith("."), metric.name
    assert metric.name.endswith("_total") == (metric.type == "counter"), metric.name
    if metric.type != "histogram":
        return
    series = {}
    for labels, value in metric.samples["_bucket"].items():
        labels = dict(labels)
        bound = float(labels.pop("le"))
        series.setdefault(tuple(sorted(labels.items())), []).append((bound, value))
    assert series.keys() == metric.samples["_sum"].keys() == metric.samples["_count"].keys()
    for labels, buckets in series.items():
        assert buckets == sorted(buckets), f"{metric.name}{labels}: bounds or counts go down"
        assert [count for _, count in buckets] == sorted(count for _, count in buckets)
        assert buckets[-1] == (float("inf"), metric.samples["_count"][labels])
