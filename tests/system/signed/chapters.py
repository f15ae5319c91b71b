# SPDX-License-Identifier: BSD-2-Clause
"""All chapters of the signed world."""

from signed import zones_added, zones_broken, zones_keys, zones_lied, zones_names
from signed.world import World

CHAPTERS = [
    zones_keys.tree, zones_keys.algorithms, zones_keys.digests, zones_keys.key_sets,
    zones_keys.signatures,
    zones_names.denial, zones_names.aliases, zones_names.delegations, zones_names.deep,
    zones_names.knot,
    zones_broken.rrsets, zones_broken.dnskeys, zones_broken.denials,
    zones_lied.stripped, zones_lied.replayed,
    zones_added.forged, zones_added.more, zones_added.online,
]


def make_world(directory):
    """The whole world, not yet started."""
    world = World(directory)
    for chapter in CHAPTERS:
        chapter(world)
    return world
