"""The shares of the run that a text gives its phases: `10%`, `until 80%`."""

from __future__ import annotations

from lrdsl.check.notes import Chain
from lrdsl.expr.exact import Exact
from lrdsl.syntax import nodes

#: The shapes and combinators whose levels go by the share of their length alone, and those that take no time or have the lengths of their phases.
_OF_A_LENGTH = ("warmup", "hold", "linear", "cosine", "poly", "one_minus_sqrt", "onecycle", "multistep")
_OF_PHASES = ("drop", "restarts", "repeat", "bounce", "min", "max", "clip", "sum")


def goes_by_shares(tree: nodes.Node) -> bool:
    """Whether every time in a text is written as a share of the run, or is the rest of it: what the text says does not go by how long the run is."""
    parts = list(nodes.walk(tree))
    return any(map(_is_share, parts)) and all(map(_scales, parts))


def _scales(node: nodes.Node) -> bool:
    """Whether the times that a node itself gives are shares of the run."""
    if isinstance(node, nodes.Quantity):
        return node.unit in ("%", "x")
    if isinstance(node, nodes.Call):
        length = next((a.value for i, a in enumerate(node.arguments) if a.name in ("n", "milestones") or (i == 0 and not a.name)), None)
        return node.name in _OF_PHASES or (node.name in _OF_A_LENGTH and (length is None or _is_of_run(length)))
    if isinstance(node, nodes.Until):
        return all(map(_is_of_run, node.conditions))
    if isinstance(node, nodes.Limited):
        return _is_of_run(node.length)
    return not isinstance(node, nodes.Binding | nodes.Function | nodes.Use | nodes.Setting)


def _is_of_run(length: nodes.Node) -> bool:
    """Whether a length is a share of the run, the rest of it, the whole, or a list of such lengths."""
    if isinstance(length, nodes.List):
        return all(map(_is_of_run, length.items))
    return _is_share(length) or (isinstance(length, nodes.Name) and length.id in ("rest", "total"))


def shares_of(item: nodes.Node) -> list[nodes.Quantity]:
    """The length of a phase, if it is written as a share of the run, as `10%`."""
    if isinstance(item, nodes.Restart):
        return shares_of(item.body)
    if isinstance(item, nodes.Limited):
        return [item.length] if _is_share(item.length) and isinstance(item.length, nodes.Quantity) else []
    if not isinstance(item, nodes.Call) or not item.arguments:
        return []
    first = item.arguments[0].value
    return [first] if isinstance(first, nodes.Quantity) and _is_share(first) and item.arguments[0].name in ("", "n") else []


def end_of_shares(chain: Chain) -> Exact | None:
    """The share of the run at which a sequence ends that has a time, in percent, as the text writes it: `hold until 80% then cosine(30%)` ends at 110.

    None if it has no such time, or if a phase after the last one is not written as a share.
    """
    end: Exact | None = None
    for item in chain.items:
        body = item.body if isinstance(item, nodes.Restart) else item
        times = [time.value for time in body.conditions if isinstance(time, nodes.Quantity) and _is_share(time)] if isinstance(body, nodes.Until) else []
        shares = shares_of(item)
        if isinstance(body, nodes.Until) and len(times) == len(body.conditions):
            end = min(times)
        elif end is not None:
            end = end + shares[0].value if shares else None
    return end


def leaves_no_rest(chain: Chain) -> nodes.Node | None:
    """The phase of a sequence that takes the rest of the run, if shares before it are the whole run; else None."""
    whole = sum(q.value for item in chain.items for q in shares_of(item))
    for item in chain.items if whole == 100 else ():
        body = item.body if isinstance(item, nodes.Restart) else item
        length = body.length if isinstance(body, nodes.Limited) else body.arguments[0].value if isinstance(body, nodes.Call) and body.arguments else None
        if isinstance(length, nodes.Name) and length.id == "rest":
            return item
    return None


def _is_share(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Quantity) and node.unit == "%"
