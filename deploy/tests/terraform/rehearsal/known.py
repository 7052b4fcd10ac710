"""Where moto answers differently from what it was told, so that a second plan wants to write it again."""

import re

# Address (the end of it, as a pattern) and the attributes that come back otherwise, each with what moto does.
DIFFERENCES = [
    (r"aws_vpc_security_group_(in|e)gress_rule\.(balancer|groups|clients)\[.+\]", ["description"], "keeps descriptions of rules about addresses, and not of rules about other groups"),
    (r"aws_ecs_service\.(rolling|switched)\[0\]", ["availability_zone_rebalancing"], "forgets it; AWS answers DISABLED, which is the provider's own default"),
]


def of_moto(address):
    """The attributes of a resource that moto does not give back."""
    attributes = set()
    for end, names, _ in DIFFERENCES:
        if re.search(end + r"$", address):
            attributes |= set(names)
    return attributes


def differing(change):
    """Names of the attributes that a planned change would change."""
    before, after = change["before"] or {}, change["after"] or {}
    unknown = {name for name, value in (change["after_unknown"] or {}).items() if value}
    named = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return named | {name for name in unknown if value_is_known_wholly(change["after_unknown"][name])}


def value_is_known_wholly(unknown):
    """Whether the whole value is unknown, not an inner part of it."""
    return unknown is True
