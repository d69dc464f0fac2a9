"""Who may do what, as a table: a role is what its API keys carry. Pure.

Elasticsearch's ready-made privileges are wide (`manage` of an index, which an alias change needs, deletes it too), so
a loader's are spelled out as the actions that a load sends, found by loading with a key that had fewer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mappings.errors import InputError

# What a connection asks before anything else, and what tells whether an index is there.
GREET = ("cluster:monitor/main",)
READ = ("read", "view_index_metadata")
# Loading a generation: its index, its documents, its settings and its `_meta`, and the alias that brings it into
# service. A load never deletes an index; rolling back is an alias change too.
LOAD = (
    *READ,
    "create_index",
    "write",
    "maintenance",
    "monitor",
    "indices:admin/aliases",
    "indices:admin/mapping/put",
    "indices:admin/settings/update",
    "indices:admin/block/add",
    "indices:admin/resize",
)
# What `doctor` and a rolling restart request of the cluster. `cluster:monitor/health` is good for the health report
# too. Not `monitor`: the cluster state shows everybody's indices.
RUN = (
    *GREET,
    "cluster:monitor/health",
    "cluster:monitor/stats",
    "cluster:monitor/nodes/*",
    "cluster:monitor/settings",
    "cluster:monitor/allocation/*",
    "cluster:monitor/task*",
    "cluster:monitor/xpack/license/get",
    "cluster:admin/settings/update",
    "cluster:admin/reroute",
)


@dataclass(frozen=True)
class Role:
    """A row of the table: privileges for the cluster, and for the indices of one prefix."""

    name: str
    meaning: str
    cluster: tuple[str, ...]
    indices: tuple[str, ...]

    def descriptor(self, prefix: str) -> dict[str, Any]:
        """Return the role as Elasticsearch takes it.

        >>> ROLES["reader"].descriptor("linernotes")["indices"][0]["names"]
        ['linernotes', 'linernotes-*']
        """
        names = [prefix, f"{prefix}-*"]
        return {"cluster": list(self.cluster), "indices": [{"names": names, "privileges": list(self.indices)}]}


ROLES: Mapping[str, Role] = {
    role.name: role
    for role in (
        Role("reader", "searches, facets, statistics, exports", GREET, READ),
        Role(
            "loader",
            "reads; loads, updates, swaps and rolls back generations",
            (*GREET, "cluster:monitor/health"),
            LOAD,
        ),
        Role("operator", "loads; deletes indices of the prefix, looks after the cluster", RUN, ("all",)),
    )
}


def role(name: str) -> Role:
    """Return a role by name; raises InputError for one that isn't in the table."""
    if name not in ROLES:
        raise InputError(f"There is no role {name!r}.", f"The roles are: {', '.join(ROLES)}.")
    return ROLES[name]
