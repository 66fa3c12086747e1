"""How a workload describes one measured peer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class System:
    """One row: `module` is run as `python -m module *args` with BENCH_THREADS=threads; it needs all of `peers`."""

    title: str
    module: str
    args: tuple = ()
    threads: int = 2
    peers: tuple = ()
    group: str = "default"
    seconds: float = 3.0
    orders: tuple = (1,)  # workloads with cells: highest derivatives it has

    @property
    def key(self):
        """A name for results.json that stays when titles are reworded."""
        return "-".join([self.module.rsplit(".", 1)[1], *self.args, f"t{self.threads}"])
