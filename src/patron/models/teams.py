"""Teams: workers that grow trees together, each on its share of the examples, over LightGBM's own sockets.

Each holds its share alone; what goes between them are sums of gradients by bin, so that all come to the same trees.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

__all__ = ["ALONE", "Team"]

SILENCE = 2  # minutes in which the others have to come, or else the work ends
PLACES = re.compile(r"^\[(local_listen_port|machines|time_out|num_threads): .*\]$\n", re.MULTILINE)
Share = TypeVar("Share")


@dataclass(frozen=True)
class Team:
    """Who grows trees together, as one of them sees it.

    Args:
        rank: which of the workers this is, from 0.
        machines: where each worker listens, such as "10.0.0.7:41021", by rank.
        threads: of this worker, 0 for what the model says.

    >>> Team(1, ("10.0.0.7:41021", "10.0.0.8:40003")).share(["a", "b", "c", "d"])
    ['b', 'd']
    """

    rank: int
    machines: tuple[str, ...]
    threads: int = 0

    def share(self, whole: Sequence[Share]) -> list[Share]:
        """Return what of a whole is this worker's, by turns."""
        return list(whole[self.rank :: max(len(self.machines), 1)])

    @property
    def parameters(self) -> dict[str, Any]:
        """What LightGBM is told of the others; nothing where there are none."""
        threads = {"num_threads": self.threads} if self.threads else {}
        if len(self.machines) < 2:
            return threads
        port = int(self.machines[self.rank].rpartition(":")[2])
        others = {"machines": ",".join(self.machines), "num_machines": len(self.machines), "time_out": SILENCE}
        return {"tree_learner": "data", "local_listen_port": port} | others | threads

    def without_places(self, text: str) -> str:
        """Return a model without where its workers listened, which is another place each time."""
        return PLACES.sub("", text) if len(self.machines) > 1 else text


ALONE = Team(0, ())
