"""What a condition needs: of each of some groups of leaves, one must occur in the text.

A leaf is a bit. A condition with a missing group is false; with all groups it may still be false.
"""

from collections.abc import Iterator, Mapping

from sandik.counting.tags.query_parser import (
    All,
    Any,
    Chain,
    Condition,
    Either,
    Not,
    Place,
    Short,
    Stands,
    leaves_of,
)

#: Groups of leaves, as bits.
Needs = tuple[int, ...]


def can_hold(needs: Needs, present: int) -> bool:
    """Return whether a condition with these needs can hold with these leaves."""
    for need in needs:  # noqa: SIM110 - three times as fast as `all`
        if not present & need:
            return False
    return True


def bits_in(bits: int) -> Iterator[int]:
    """Yield the numbers of the leaves in `bits`."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def bits_of(node: Condition | Place, numbers: Mapping[Place, int]) -> int:
    """Return the leaves of a condition."""
    bits = 0
    for leaf in leaves_of(node):
        bits |= 1 << numbers[leaf]
    return bits


def needs_of(node: Condition | Place, numbers: Mapping[Place, int]) -> Needs:
    """Return the groups of leaves of which a condition needs one each."""
    if node in numbers:
        return (1 << numbers[node],)  # type: ignore[index]
    if isinstance(node, Stands):
        return needs_of(node.place, numbers)
    if isinstance(node, (Not, Short)):
        return ()
    if isinstance(node, (All, Chain)):
        parts = node.parts if isinstance(node, All) else node.places
        return tuple(dict.fromkeys(need for part in parts for need in needs_of(part, numbers)))
    if isinstance(node, (Any, Either)):
        parts = node.parts if isinstance(node, Any) else node.places
        each = [needs_of(part, numbers) for part in parts]
        if not all(each):
            return ()
        joined = 0
        for needs in each:
            joined |= min(needs, key=int.bit_count)
        return (joined,)
    raise TypeError(node)
