"""The system calls that untrusted code may not make, as a classic BPF program for `bwrap --seccomp`.

A list of what is denied: reaching into other processes, mounting, namespaces, kernel keys, BPF, io_uring, modules,
clocks, sockets that are not AF_UNIX (AF_VSOCK knows no network namespace), and memory that no resource limit counts
(System V shared memory, memfd). Calls newer than the list do not exist (ENOSYS), nor does clone3, whose flags a filter
cannot read: the C library falls back to clone. Another architecture's calls (x32, i386) kill the process.

Numbers are those of Linux's asm/unistd_64.h and asm-generic/unistd.h. Ref: kernel seccomp_filter.rst.
"""

from __future__ import annotations

import errno
import struct

_ARCHES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}  # AUDIT_ARCH_*, column below
_NEWEST = 450  # the highest number that the table was made with

_DENIED: dict[str, tuple[int | None, int | None]] = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "move_mount": (429, 429),
    "open_tree": (428, 428), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "quotactl": (179, 60), "quotactl_fd": (443, 443), "swapon": (167, 224),
    "swapoff": (168, 225), "unshare": (272, 97), "setns": (308, 268),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "io_setup": (206, 0), "io_submit": (209, 2), "vmsplice": (278, 75),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "reboot": (169, 142), "syslog": (103, 116), "acct": (163, 89),
    "lookup_dcookie": (212, 18), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262), "fanotify_mark": (301, 263),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    "sethostname": (170, 161), "setdomainname": (171, 162), "vhangup": (153, 58), "nfsservctl": (180, 42),
    "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None), "uselib": (134, None), "ustat": (136, None),
    "sysfs": (139, None), "_sysctl": (156, None), "personality": (135, 92),
    "shmget": (29, 194), "shmat": (30, 196), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
    "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "move_pages": (279, 239), "migrate_pages": (256, 238), "mbind": (237, 235), "set_mempolicy": (238, 237),
}  # fmt: skip
_CLONE, _CLONE3, _SOCKET, _SOCKETPAIR, _IOCTL = (56, 220), (435, 435), (41, 198), (53, 199), (16, 29)
_NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C  # both type into a terminal
_AF_UNIX = 1

_LOAD, _JEQ, _JGE, _JSET, _RET = 0x20, 0x15, 0x35, 0x45, 0x06
_NR, _ARCH, _ARG0, _ARG1 = 0, 4, 16, 24  # offsets into struct seccomp_data; the low half of a little-endian argument
_RETURNS = {
    "allow": 0x7FFF0000,
    "kill": 0x80000000,
    "denied": 0x00050000 | errno.EPERM,
    "missing": 0x00050000 | errno.ENOSYS,
    "family": 0x00050000 | errno.EAFNOSUPPORT,
}


def known(machine: str) -> bool:
    """Return whether there is a filter for this architecture, named as `platform.machine()` names it."""
    return machine in _ARCHES


def program(machine: str) -> bytes:
    """Return the filter as an array of `struct sock_filter`. Raises KeyError for an architecture without one."""
    arch, column = _ARCHES[machine]
    tail = ["clone", "socket", "ioctl", *_RETURNS]
    code: list[tuple[int, int, str | None, str | None]] = [  # operation, operand, label if true, label if false
        (_LOAD, _ARCH, None, None),
        (_JEQ, arch, None, "kill"),
        (_LOAD, _NR, None, None),
        (_JGE, 0x40000000, "kill", None),  # x32
        (_JGE, _NEWEST + 1, "missing", None),
        (_JEQ, _CLONE3[column], "missing", None),
        (_JEQ, _CLONE[column], "clone", None),
        (_JEQ, _SOCKET[column], "socket", None),
        (_JEQ, _SOCKETPAIR[column], "socket", None),
        (_JEQ, _IOCTL[column], "ioctl", None),
        *((_JEQ, n, "denied", None) for both in _DENIED.values() if (n := both[column]) is not None),
        (_RET, _RETURNS["allow"], None, None),
    ]
    blocks: dict[str, list[tuple[int, int, str | None, str | None]]] = {
        "clone": [(_LOAD, _ARG0, None, None), (_JSET, _NEW_NAMESPACES, "denied", "allow")],
        "socket": [(_LOAD, _ARG0, None, None), (_JEQ, _AF_UNIX, "allow", "family")],
        "ioctl": [
            (_LOAD, _ARG1, None, None),
            (_JEQ, _TIOCSTI, "denied", None),
            (_JEQ, _TIOCLINUX, "denied", "allow"),
        ],
        **{label: [(_RET, value, None, None)] for label, value in _RETURNS.items()},
    }
    places: dict[str, int] = {}
    for label in tail:
        places[label] = len(code)
        code += blocks[label]
    return b"".join(
        struct.pack("=HBBI", op, _jump(places, yes, at), _jump(places, no, at), operand)
        for at, (op, operand, yes, no) in enumerate(code)
    )


def _jump(places: dict[str, int], label: str | None, at: int) -> int:
    return 0 if label is None else places[label] - at - 1
