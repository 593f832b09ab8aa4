"""What untrusted code may use."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use; its wall time is said when it is run.

    memory_bytes: address space of each process, and the resident memory of all of them together, which is looked at
    twenty times a second; processes: processes and threads at once, the first included; disk_bytes: all files
    together; output_bytes: standard output and error together; open_files: of each process.
    """

    memory_bytes: int = 512 * MIB
    processes: int = 8
    disk_bytes: int = 16 * MIB
    output_bytes: int = MIB
    open_files: int = 64

    def rlimits(self, timeout_s: float) -> dict[str, int]:
        """Return the resource limits by name, without `RLIMIT_`: soft and hard limit are the same."""
        return {
            "AS": self.memory_bytes,
            "NPROC": self.processes + 1,  # the sandbox's own first process counts
            "CPU": int(timeout_s) + 2,  # of each process; the wall clock ends the run before that
            "FSIZE": self.disk_bytes,
            "NOFILE": self.open_files,
            "CORE": 0,
            "MEMLOCK": 0,
            "SIGPENDING": 64,
            "MSGQUEUE": 0,
        }
