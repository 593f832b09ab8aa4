from __future__ import annotations

import errno
import struct

import pytest

from nightschool.sandbox import seccomp

ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


def run(machine: str, number: int, args: tuple[int, ...] = (), arch: int | None = None) -> int:
    """Interpret the program as the kernel does, on a struct seccomp_data."""
    data = struct.pack("=IIQ6Q", number, ARCH[machine] if arch is None else arch, 0, *(*args, *[0] * (6 - len(args))))
    program = list(struct.iter_unpack("=HBBI", seccomp.program(machine)))
    at = accumulator = 0
    for _ in range(len(program)):
        code, yes, no, operand = program[at]
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, operand)
        elif code == 0x06:
            return operand
        else:
            met = {0x15: accumulator == operand, 0x35: accumulator >= operand, 0x45: bool(accumulator & operand)}[code]
            at += yes if met else no
    raise AssertionError("the program does not end")


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_a_program_is_small_and_its_jumps_land_inside(machine: str) -> None:
    program = list(struct.iter_unpack("=HBBI", seccomp.program(machine)))
    assert len(program) < 256
    for at, (code, yes, no, _) in enumerate(program):
        assert code == 0x06 or at + 1 + max(yes, no) < len(program)


@pytest.mark.parametrize(
    ("machine", "read", "ptrace", "mount", "bpf", "unshare", "keyctl", "clone", "socket", "ioctl"),
    [("x86_64", 0, 101, 165, 321, 272, 250, 56, 41, 16), ("aarch64", 63, 117, 40, 280, 97, 219, 220, 198, 29)],
)
def test_what_is_allowed_and_what_is_not(
    machine: str, read: int, ptrace: int, mount: int, bpf: int, unshare: int, keyctl: int, clone: int, socket: int,
    ioctl: int,
) -> None:  # fmt: skip
    assert run(machine, read) == ALLOW
    for denied in (ptrace, mount, bpf, unshare, keyctl):
        assert run(machine, denied) == ERRNO | errno.EPERM
    assert run(machine, clone, (0x01200011,)) == ALLOW  # fork
    assert run(machine, clone, (0x3D0F00,)) == ALLOW  # a thread
    for namespace in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert run(machine, clone, (namespace | 17,)) == ERRNO | errno.EPERM
    assert run(machine, 435) == ERRNO | errno.ENOSYS  # clone3
    assert run(machine, 451) == run(machine, 999) == ERRNO | errno.ENOSYS
    assert run(machine, socket, (1,)) == ALLOW
    for family in (2, 10, 16, 17, 38, 40):  # inet, inet6, netlink, packet, alg, vsock
        assert run(machine, socket, (family,)) == ERRNO | errno.EAFNOSUPPORT
    assert run(machine, ioctl, (0, 0x5401)) == ALLOW
    assert run(machine, ioctl, (0, 0x5412)) == ERRNO | errno.EPERM


def test_calls_of_another_architecture_kill() -> None:
    assert run("x86_64", 0, arch=0x40000003) == KILL  # i386
    assert run("x86_64", 0x40000000) == KILL  # x32


def test_an_architecture_without_a_filter_is_known_to_have_none() -> None:
    assert seccomp.known("x86_64")
    assert not seccomp.known("riscv64")
    with pytest.raises(KeyError):
        seccomp.program("riscv64")
