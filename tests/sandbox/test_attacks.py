"""What hostile code tries, and that it gets nowhere.

Every attack goes all the way: a candidate's code under the python-tests critic. `f` is expected to give a number that
cannot be guessed; an attack gives it only when it got what it was after, so a passed verdict is an escape. No attack
may be taken for the critic's own failure either, leave a process alive, or touch a file of the host.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import pytest

from nightschool.critics.judging import judge
from nightschool.critics.python_tests import PythonTests
from nightschool.items import Item, Verdict
from nightschool.ports import Outcome, Sandbox
from nightschool.sandbox import Bubblewrap, Warm
from nightschool.sandbox.life import Life
from nightschool.sandbox.zygote import Zygote

SECRET = 987_654_321
HOME, HERE = Path.home(), Path(__file__).parent
ATTEMPT = """
import os, sys
def f(x):
    try:
        escaped = attempt()
    except Exception as error:
        return repr(error)
    return SECRET if escaped else 0
""".replace("SECRET", str(SECRET))


@dataclass(frozen=True)
class Attack:
    """code: the candidate; feedback: what the verdict must say, where the way it ends is the point."""

    code: str
    feedback: str = ""
    limit_s: float = 20.0


def attempt(body: str, feedback: str = "", limit_s: float = 20.0) -> Attack:
    """Return an attack whose function `attempt` returns true when it has escaped."""
    lines = "\n".join("    " + line for line in body.strip("\n").splitlines())
    return Attack(f"{ATTEMPT}\ndef attempt():\n{lines}\n", feedback, limit_s)


def hangs(code: str) -> Attack:
    return Attack(code, "did not end within 3 s", 3.0)


SYSCALLS = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
"""

ATTACKS = {
    # more than its share
    "fork bomb": hangs("import os\ndef f(x):\n    while True:\n        try: os.fork()\n        except OSError: pass"),
    "fork bomb while loading": hangs("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"),
    "thread bomb": attempt("""
import threading, time
for _ in range(1000): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
return True"""),
    "memory at once": attempt("return len(bytearray(4 << 30))"),
    "memory of many processes": Attack("""
import os, time
def f(x):
    for _ in range(7):
        if not os.fork():
            block = b"x" * (150 << 20)
            time.sleep(60)
    time.sleep(60)
""", "used more than"),
    "memory that nobody counts": attempt("""
kept = []
for n in range(64): kept.append(os.memfd_create("x")); os.write(kept[-1], b"x" * (16 << 20))
return True"""),
    "system V shared memory": attempt(SYSCALLS + "return libc.shmget(0, 1 << 30, 0o1600) >= 0"),
    "shared memory files": attempt("""
for name in ("/dev/shm/x", "/dev/x", "/x", "/run/x", "/var/tmp/x"):
    try: open(name, "w").write("x"); return True
    except OSError: pass"""),
    "fill the disk": attempt("""
for n in range(1000): open(f"/tmp/{n}", "wb").write(b"x" * (1 << 20))
return True"""),
    "a sparse file": attempt("open('/tmp/x', 'wb').truncate(1 << 40); return True"),
    "output flood": Attack("while True: print('x' * 10_000)", "wrote too much output"),
    "error flood": Attack("import sys\nwhile True: sys.stderr.write('x' * 10_000)", "wrote too much output"),
    "result flood": Attack("def f(x): return 'x' * 3_000_000", "wrote too much output"),
    "sleep for ever": hangs("import time\ndef f(x): time.sleep(10**6)"),
    "a loop that swallows everything": hangs("def f(x):\n    while True:\n        try:\n            while True: pass\n"
                                             "        except BaseException: pass"),
    "stopping itself": hangs("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"),
    "ignoring signals": hangs("import signal, time\nfor n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n"
                              "    except (OSError, ValueError): pass\nwhile True: time.sleep(1)"),
    "a huge int": hangs("def f(x): return 10 ** 10 ** 10 ** 10"),
    "a pattern that never ends": hangs("import re\ndef f(x): return re.match('(a|aa)+$', 'a' * 1000 + '!')"),
    "deep recursion": Attack("def f(x): return f(x + 1)", "RecursionError"),
    "deep recursion in C": Attack("import sys\nsys.setrecursionlimit(10**6)\ndef f(x): return list(map(f, [x]))"),
    "raising its own limits": attempt("""
import resource
for kind in (resource.RLIMIT_NPROC, resource.RLIMIT_AS, resource.RLIMIT_CPU):
    try: resource.setrlimit(kind, (resource.RLIM_INFINITY,) * 2); return True
    except (OSError, ValueError): pass"""),
    # the host's files
    "the password file": attempt("return open('/etc/passwd').read()"),
    "the shadow file": attempt("return open('/etc/shadow').read()"),
    "the home folder": attempt(f"""
hidden = [name for name in os.listdir({str(HOME)!r}) if name not in {sys.base_prefix!r}]
return hidden"""),
    "this repository": attempt(f"return os.listdir({str(HERE)!r})"),
    "a file of the test": attempt("return open('CANARY').read()"),
    "a symbolic link": attempt("""
os.symlink("/etc/passwd", "/tmp/link"); os.symlink("CANARY", "/tmp/canary")
for name in ("/tmp/link", "/tmp/canary", "/tmp/../etc/passwd"):
    try: return open(name).read()
    except OSError: pass"""),
    "climbing out of the root": attempt("""
os.chdir("/")
for _ in range(50): os.chdir("..")
return "boot" in os.listdir(".") or "proc" in os.listdir(".") or "home" in os.listdir(".")"""),
    "leaving a chroot": attempt("os.mkdir('/tmp/c'); os.chroot('/tmp/c'); return True"),
    "writing to the library": attempt("""
for path in (os.__file__, sys.executable, os.path.dirname(os.__file__) + "/x.py", "/usr/lib/x", "/etc/ld.so.preload"):
    try: open(path, "ab").close(); return True
    except OSError: pass"""),
    "devices": attempt("""
for name in ("/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda", "/dev/kvm", "/dev/fuse", "/dev/tty", "/dev/vsock"):
    try: os.open(name, os.O_RDONLY); return True
    except OSError: pass
os.mknod("/tmp/null", 0o20666, os.makedev(1, 1))
return True"""),
    "descriptors left open": attempt("""
for fd in range(3, 64):
    try: path = os.fstat(fd)
    except OSError: continue
    try: os.listdir(fd); return True
    except OSError: pass
    try: os.fchdir(fd); return True
    except OSError: pass"""),
    # other processes
    "the process table": attempt("return os.listdir('/proc')"),
    "mounting a process table": attempt(SYSCALLS + """
os.mkdir("/tmp/p")
return libc.mount(b"proc", b"/tmp/p", b"proc", 0, None) == 0"""),
    "killing its parents": Attack("import os, signal\nos.kill(os.getppid(), 9)\nos.kill(1, 9)\nos.kill(-1, 9)"),
    "signals to every number": attempt("""
for pid in range(10, 40_000):
    try: os.kill(pid, 0); return True
    except OSError: pass"""),
    "a daemon that lives on": Attack("""
import os, time
if not os.fork():
    os.setsid()
    if not os.fork():
        while True: time.sleep(1)
    os._exit(0)
def f(x): return 0
"""),
    "a daemon without a name": Attack("""
import os, time, signal
for n in range(3):
    if not os.fork():
        os.setsid(); os.closerange(0, 64)
        while True: time.sleep(1)
os._exit(0)
""", "ended the program before"),
    "tracing its parent": attempt(SYSCALLS + "return libc.ptrace(16, os.getppid(), 0, 0) == 0"),
    "reading its parent's memory": attempt(SYSCALLS + """
number = 310 if os.uname().machine == "x86_64" else 270
return libc.syscall(number, os.getppid(), 0, 0, 0, 0, 0) >= 0"""),
    # the kernel
    "new namespaces": attempt(SYSCALLS + "return libc.unshare(0x10000000) == 0 or libc.unshare(0x00020000) == 0"),
    "a clone into a new namespace": attempt(SYSCALLS + """
pid = libc.syscall(56 if os.uname().machine == "x86_64" else 220, 0x10000000 | 17, 0, 0, 0, 0)
if pid == 0: os._exit(0)
return pid > 0"""),
    "the 32-bit door": attempt(SYSCALLS + """
import mmap
if os.uname().machine != "x86_64": return False
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3")  # mov eax, getpid; int 0x80; ret
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
return ctypes.CFUNCTYPE(ctypes.c_int)(address)() > 0"""),
    "keys, bpf, io_uring, userfaultfd, perf": attempt(SYSCALLS + """
numbers = (248, 250, 321, 425, 323, 298) if os.uname().machine == "x86_64" else (217, 219, 280, 425, 282, 241)
return any(libc.syscall(n, 0, 0, 0, 0, 0) >= 0 or ctypes.get_errno() not in (1, 38) for n in numbers)"""),
    "becoming root": attempt("""
for become in (os.setuid, os.setgid, os.seteuid):
    try: become(0); return True
    except OSError: pass
return os.getuid() == 0 or os.geteuid() == 0"""),
    "the clock": attempt("import time; time.clock_settime(time.CLOCK_REALTIME, 0); return True"),
    "typing into the terminal": attempt("""
import fcntl
for fd in (0, 1, 2, os.open("/dev/null", os.O_RDWR)):
    try: fcntl.ioctl(fd, 0x5412, b"x"); return True
    except OSError as error:
        if error.errno != 1: return True"""),
    "a crash": Attack("import ctypes\ndef f(x): return ctypes.string_at(0)", "ended by signal 11"),
    # the network
    "the internet": attempt("import socket; socket.create_connection(('1.1.1.1', 53), 2); return True"),
    "a server on this machine": attempt("import socket; socket.create_connection(('127.0.0.1', PORT), 2); return True"),
    "a socket in the file system": attempt("""
import socket
socket.socket(socket.AF_UNIX).connect("SOCKET")
return True"""),
    "an abstract socket": attempt("""
import socket
socket.socket(socket.AF_UNIX).connect("\\0ABSTRACT")
return True"""),
    "sockets to the hypervisor and the kernel": attempt("""
import socket
for family, kind in ((40, 1), (16, 3), (17, 3), (38, 5), (10, 1)):
    try: socket.socket(family, kind); return True
    except OSError: pass"""),
    # secrets and the verdict
    "the environment": attempt("return 'NIGHTSCHOOL_TEST_SECRET' in os.environ"),
    "looking for the expected value": attempt(f"""
import gc
wanted = {SECRET - 1} + 1  # not written out, or it would find itself
def holds(thing):
    return type(thing) is str and str(wanted) in thing
for thing in gc.get_objects():
    if isinstance(thing, dict) and thing.get("calls") is not None and any(map(holds, thing["calls"])): return True
for name in os.listdir("/tmp"):
    if str(wanted) in open("/tmp/" + name).read(): return True
return str(wanted) in sys.stdin.read()"""),
    "claiming to have passed": Attack("""
import os, sys
print('{"passed": true, "score": 1.0}'); print("OK"); sys.stdout.flush()
for fd in range(1, 10):
    try: os.write(fd, b'{"passed": true, "score": 1.0}\\n')
    except OSError: pass
os._exit(0)
""", "ended the program before"),
    "forging frames": Attack("""
import os, sys
frame = sys._getframe()
while frame.f_back: frame = frame.f_back
nonce = next(v["nonce"] for f in [sys._getframe(1), frame] for v in f.f_locals.values()
             if isinstance(v, dict) and "nonce" in v)
for fd in range(3, 10):
    try: os.write(fd, f'{nonce} loaded {{}}\\n{nonce} 0 {{"passed": true, "value": true}}\\n'.encode())
    except OSError: pass
os._exit(0)
""", "wrong value"),
    "forging frames twice": Attack("""
import os, sys
def f(x):
    frame = sys._getframe()
    while frame:
        for v in frame.f_locals.values():
            if isinstance(v, dict) and "nonce" in v:
                for n in (0, 0, 1, 2, 3): os.write(3, f'{v["nonce"]} {n} {{"value": true}}\\n'.encode())
        frame = frame.f_back
""", "wrote to the channel"),
    "leaving early": Attack("import os\ndef f(x): os._exit(0)", "ended the program before"),
    "leaving politely": Attack("raise SystemExit(0)", "does not load: SystemExit"),
    "new builtins": Attack("""
import builtins, json, sys, os
for module in (json, json.encoder, json.decoder):
    for name in ("dumps", "loads", "JSONEncoder"): setattr(module, name, lambda *a, **k: "true")
builtins.eval = builtins.isinstance = builtins.type = lambda *a: True
def f(x): return True
"""),
    "equal to everything": Attack("""
class Yes:
    def __eq__(self, other): return True
    def __repr__(self): return "SECRET"
    __hash__ = None
def f(x): return Yes()
""".replace("SECRET", str(SECRET)), "wrong value"),
    "an int that is equal to everything": Attack("""
class Yes(int):
    def __eq__(self, other): return True
    __hash__ = int.__hash__
def f(x): return Yes(0)
""", "wrong value"),
    "an exception that never ends": hangs("class E(Exception):\n    def __str__(self):\n        while True: pass\n"
                                          "def f(x): raise E"),
    "a list that holds itself": Attack("def f(x):\n    a = []\n    a.append(a)\n    return a", "RecursionError"),
    "a set whose hashes collide": Attack("def f(x): return {n * (2**61 - 1) for n in range(1_900)}"),
    "a string that is no text": Attack("def f(x): return '\\ud800\\x1b[2J' * 100", "wrong value"),
    "code with null bytes": Attack("def f(x): return 1\0", "does not load"),
    "a fork bomb of new sessions": hangs("import os\ndef f(x):\n    while True:\n        try:\n"
                                         "            if not os.fork(): os.setsid()\n        except OSError: pass"),
    "a fork bomb of programs": hangs("import os, sys\ndef f(x):\n    while True:\n        try: os.posix_spawn("
                                     "sys.executable, ['p', '-c', 'while True: pass'], {})\n"
                                     "        except OSError: pass"),
    "busy children": hangs("import os\nfor _ in range(6):\n    if not os.fork(): break\nwhile True: pass"),
    "memory that a family shares": Attack("""
import mmap, os, time
def f(x):
    for _ in range(6):
        if not os.fork():
            page = mmap.mmap(-1, 150 << 20)
            for n in range(0, len(page), 4096): page[n] = 1
            time.sleep(60)
    time.sleep(60)
""", "used more than"),
    "memory that is never given back": attempt(SYSCALLS + "return libc.mlockall(7) == 0"),
    "descriptors without end": attempt("""
kept = []
for _ in range(100): kept.append(os.pipe())
return True"""),
    "a flood of children": Attack("""
import os
for _ in range(5):
    if not os.fork(): break
while True: os.write(2, b"x" * 10_000)
""", "wrote too much output"),
    "a pipe that nobody writes to": hangs("import os\nos.mkfifo('/tmp/p')\ndef f(x): return open('/tmp/p').read()"),
    "first in every queue": attempt("""
for ahead in (lambda: os.nice(-20), lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))):
    try: ahead(); return True
    except OSError: pass"""),
    # more of the host's files
    "a hard link to the library": attempt("os.link(os.__file__, '/tmp/x'); return True"),
    "moving what is there": attempt("""
for path in ("/usr", "/dev", "/lib", "/tmp"):
    try: os.rename(path, "/moved"); return True
    except OSError: pass"""),
    "removing what is there": attempt("""
import shutil
shutil.rmtree(os.path.dirname(os.__file__), ignore_errors=True)
return not os.path.exists(os.__file__)"""),
    "touching what is there": attempt("""
for touch in (lambda: os.utime(os.__file__), lambda: os.chmod("/dev/null", 0), lambda: os.chown("/dev/null", 1, 1)):
    try: touch(); return True
    except OSError: pass"""),
    "opening the root again": attempt(SYSCALLS + """
return libc.mount(None, b"/", None, 32 | 4096, None) == 0 or libc.umount2(b"/tmp", 2) == 0"""),
    "another root": attempt(SYSCALLS + """
os.mkdir("/tmp/r")
return libc.syscall(155 if os.uname().machine == "x86_64" else 41, b"/tmp/r", b"/tmp/r") == 0"""),
    "mounts of the new kind": attempt(SYSCALLS + """
return libc.syscall(430, b"tmpfs", 0) >= 0 or libc.syscall(428, -100, b"/", 1) >= 0"""),
    "files by their handles": attempt(SYSCALLS + """
import struct
handle = ctypes.create_string_buffer(struct.pack("Ii", 8, 1) + struct.pack("Q", 2))
number = 304 if os.uname().machine == "x86_64" else 265
return libc.syscall(number, os.open("/", os.O_RDONLY), handle, 0) >= 0 or ctypes.get_errno() != 1"""),
    "the system's own files": attempt("""
for path in ("/sys", "/sys/fs/cgroup", "/proc/sys/kernel", "/run", "/var", "/root", "/etc/ssl", "/opt"):
    try: os.listdir(path); return True
    except OSError: pass"""),
    "a program that becomes its owner": attempt("""
open("/tmp/s", "w").write("#!" + sys.executable + " -ISc\\n")
os.chmod("/tmp/s", 0o6777)
return os.stat("/tmp/s").st_uid != os.getuid() or os.geteuid() == 0"""),
    # more of other processes
    "what can be read of the first process": attempt("""
for path in ("/proc/1/environ", "/proc/self/environ", "/proc/self/mem", "/proc/1/root", "/proc/self/fd"):
    try: os.stat(path); return True
    except OSError: pass"""),
    "killing its group": Attack("import os\nos.killpg(0, 9)", "ended by signal 9"),
    "killing all that it may": Attack("import os, signal\nfor n in (15, 9, 19, 2): os.kill(-1, n)\ndef f(x): return 0"),
    "interrupting the first process": attempt("""
import signal, time
for _ in range(50):
    for number in range(1, 32):
        try: os.kill(1, number)
        except OSError: pass
time.sleep(0.2)
return False"""),
    "descriptors of other processes": attempt(SYSCALLS + """
try: fd = os.pidfd_open(os.getppid())
except (OSError, AttributeError): return False
return any(libc.syscall(438, fd, n, 0) >= 0 for n in range(10))"""),
    "writing into its parent's memory": attempt(SYSCALLS + """
number = 311 if os.uname().machine == "x86_64" else 271
return libc.syscall(number, os.getppid(), 0, 0, 0, 0, 0) >= 0"""),
    "tracing its own child": attempt(SYSCALLS + """
import time
child = os.fork()
if not child: time.sleep(5); os._exit(0)
return libc.ptrace(16, child, 0, 0) == 0"""),
    "orphans without end": attempt("""
import time
end = time.monotonic() + 1
while time.monotonic() < end:
    try: child = os.fork()
    except OSError: continue
    if not child:
        try: os.fork()
        except OSError: pass
        os._exit(0)
return False"""),
    # more of the kernel
    "capabilities": attempt(SYSCALLS + """
held = (ctypes.c_uint32 * 6)(*[1] * 6)
libc.capget((ctypes.c_uint32 * 2)(0x20080522, 0), held)
full = (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)
return any(held) or libc.capset((ctypes.c_uint32 * 2)(0x20080522, 0), full) == 0"""),
    "namespaces of its parent": attempt(SYSCALLS + """
try: fd = os.pidfd_open(os.getppid())
except (OSError, AttributeError): return False
return libc.setns(fd, 0x10000000 | 0x20000) == 0"""),
    "a clone of the third kind": attempt(SYSCALLS + """
import struct
wish = ctypes.create_string_buffer(struct.pack("11Q", 0x10000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0))
return libc.syscall(435, wish, 88) >= 0"""),
    "the x32 door": Attack("""
import ctypes, os
if os.uname().machine == "x86_64": ctypes.CDLL(None).syscall(0x40000000 + 39)
else: os.kill(os.getpid(), 31)
""", "ended by signal 31"),
    "another layout of memory": attempt(SYSCALLS + "return libc.personality(0x0040000) >= 0"),
    "the clock by other names": attempt(SYSCALLS + """
import struct
when = ctypes.create_string_buffer(struct.pack("qq", 1, 0))
change = ctypes.create_string_buffer(struct.pack("I", 0x100) + bytes(300))
return libc.settimeofday(when, None) == 0 or libc.clock_adjtime(0, change) >= 0"""),
    "the name of the machine": attempt("import socket; socket.sethostname('owned'); return True"),
    "the pool of randomness": attempt("""
import fcntl
fd = os.open("/dev/urandom", os.O_RDONLY)
for number in (0x5206, 0x5204):
    try: fcntl.ioctl(fd, number); return True
    except OSError: pass"""),
    # more of the network
    "looking a name up": attempt("import socket; return socket.getaddrinfo('example.com', 80)"),
    "a message to everybody": attempt("""
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    one.sendto(b"x", ("255.255.255.255", 9))
    return True"""),
    "a server of its own": attempt("import socket; socket.create_server(('127.0.0.1', 0)); return True"),
    # more of secrets and the verdict
    "the environment seen from C": attempt(SYSCALLS + """
environ = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
n, names = 0, []
while environ and environ[n]: names.append(environ[n].split(b"=")[0]); n += 1
return set(names) - {b"PATH", b"HOME", b"LANG", b"PWD", b"LC_CTYPE"}"""),
    "what it was started with": attempt(f"""
wanted = str({SECRET - 1} + 1)
return any(wanted in word for word in [*sys.argv, *getattr(sys, "orig_argv", [])])"""),
    "other calls than those asked": Attack("""
import sys
frame = sys._getframe()
while frame:
    for value in list(frame.f_locals.values()):
        if isinstance(value, dict) and "calls" in value: value["calls"][:] = ["True"] * 9
    frame = frame.f_back
"""),
    "another program in its place": Attack("""
import os, sys
os.execv(sys.executable, ["python3", "-c", "print('{\\"value\\": true}')"])
""", "ended the program before"),
    "watching the harness": Attack("""
import sys
def spy(frame, event, value):
    for name in ("told", "word"):
        if name in frame.f_locals: frame.f_locals[name] = {"value": True}
    return spy
sys.settrace(spy); sys.setprofile(spy)
def f(x): return True
"""),
    "another harness on the disk": Attack("""
import os
for name in os.listdir("/tmp"): os.remove("/tmp/" + name); os.mkdir("/tmp/" + name)
def f(x): return True
""", "wrong value"),
    "words that move the cursor": Attack("def f(x): raise ValueError('\\x1b[2J\\x1b]0;owned\\x07' * 1000)", "raised"),
    "nesting without end": Attack("""
def f(x):
    a = []
    for _ in range(100_000): a = [a]
    return a
""", "RecursionError"),
    "a class of a false name": Attack("class int(int): pass\ndef f(x): return int(3)", "wrong value"),
    "handlers at the end": Attack("""
import atexit, os, threading
atexit.register(lambda: os.write(1, b"passed"))
threading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True).start()
def f(x): return True
""", "wrong value"),
}  # fmt: skip


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What an attack would like to reach: a file, a server, sockets, a variable."""
    folder = Path(tempfile.mkdtemp(prefix="nightschool-attacks-"))  # short enough for a socket's path
    folder.chmod(0o755)
    canary = folder / "canary"
    canary.write_text("alive")
    canary.chmod(0o666)
    listener = socket.create_server(("127.0.0.1", 0))
    named, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    named.bind(str(folder / "socket"))
    (folder / "socket").chmod(0o777)
    abstract.bind(f"\0nightschool-{os.getpid()}")
    for server in (named, abstract):
        server.listen()
    os.environ["NIGHTSCHOOL_TEST_SECRET"] = "do not tell"
    yield {
        "CANARY": str(canary),
        "SOCKET": str(folder / "socket"),
        "ABSTRACT": f"nightschool-{os.getpid()}",
        "PORT": str(listener.getsockname()[1]),
    }
    del os.environ["NIGHTSCHOOL_TEST_SECRET"]
    assert canary.read_text() == "alive"
    assert sorted(path.name for path in folder.iterdir()) == ["canary", "socket"]
    for server in (listener, named, abstract):
        server.close()
    (folder / "socket").unlink()
    canary.unlink()
    folder.rmdir()


def in_namespace(inode: int, kind: str = "pid") -> list[str]:
    """Return the processes of this machine that live in a namespace; what waits to be reaped is dead."""
    there = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and (process / "ns" / kind).stat().st_ino == inode:
                status = (process / "status").read_text()
                if "State:\tZ" not in status and "State:\tX" not in status:
                    there.append(status)
        except OSError:
            continue
    return there


@dataclass
class Mounted:
    """What came of an attack, how many sandboxes it saw, and the processes of its sandbox that are still there."""

    verdict: Verdict
    sandboxes: int
    survivors: list[str]


def mount(attack: Attack, sandbox: Sandbox, host: dict[str, str]) -> Mounted:
    code = attack.code
    for word, value in host.items():
        code = code.replace(word, value)
    here.fresh, here.left, here.used = [], [], 0
    critic = PythonTests(limit_s=attack.limit_s, sandbox=sandbox)
    verdict = judge(critic, Item("i", {}, f"f(1) == {SECRET}", "k"), code)
    for space in here.fresh:
        here.left += survivors(space, "pid", 0)
    return Mounted(verdict, here.used, here.left)


here = threading.local()
"""used: how many sandboxes this thread's attack saw; fresh: namespaces of fresh ones, held open; left: survivors."""


def survivors(space: int, kind: str, ours: int, patience_s: float = 30.0) -> list[str]:
    """Return the statuses of what still runs in an open namespace once the kernel had time to bury the killed.

    ours: how many may live on there.
    """
    inode, limit = os.fstat(space).st_ino, time.monotonic() + patience_s
    while len(there := in_namespace(inode, kind)) > ours and time.monotonic() < limit:
        time.sleep(0.1)
    os.close(space)
    return there[ours:]


def kept(first: int, kind: str) -> int:
    return os.open(f"/proc/{first}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)


@pytest.fixture(scope="module")
def noting() -> Iterator[None]:
    """Note the namespaces that each thread's runs live in: a fresh sandbox's own, or the users of a warm one."""
    learn, run = Life.learn, Zygote.run

    def learn_and_note(life: Life) -> None:
        learn(life)
        if life.first is not None and not here.warm:
            here.used += 1
            here.fresh.append(kept(life.first, "pid"))

    def run_and_note(zygote: Zygote, argv: Sequence[str], **how: Any) -> Outcome:
        assert zygote._life.first is not None
        space = kept(zygote._life.first, "user")
        here.used += 1
        outcome = run(zygote, argv, **how)
        # where it lives on, three live in it that are its own: see zygote_inside
        here.left += survivors(space, "user", 3 if zygote.alive and zygote._waits() else 0)
        return outcome

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Life, "learn", learn_and_note)
        patch.setattr(Zygote, "run", run_and_note)
        yield


@pytest.fixture(scope="module")
def mounted(
    request: pytest.FixtureRequest, sandbox: Bubblewrap, host: dict[str, str], noting: None
) -> Iterator[dict[tuple[str, str], Future[Mounted]]]:
    """The attacks that were selected, four at a time: most of those that hang do nothing while they do."""
    warm = Warm(sandbox.limits)

    def attack(name: str, how: str) -> Mounted:
        here.warm = how == "warm"
        return mount(ATTACKS[name], warm if here.warm else sandbox, host)

    selected = [item.callspec.params for item in request.session.items if is_attack(item)]
    with ThreadPoolExecutor(4) as pool:
        pairs = [(str(each["name"]), str(each["how"])) for each in selected]
        yield {pair: pool.submit(attack, *pair) for pair in pairs}
    warm.close()
    assert warm.cold is None


def is_attack(item: pytest.Item) -> TypeGuard[pytest.Function]:
    return isinstance(item, pytest.Function) and item.function is test_attack


@pytest.mark.parametrize("how", ["fresh", "warm"])
@pytest.mark.parametrize("name", ATTACKS)
def test_attack(name: str, how: str, mounted: dict[tuple[str, str], Future[Mounted]]) -> None:
    attack, came = ATTACKS[name], mounted[name, how].result()
    assert not came.verdict.passed, "it escaped"
    assert came.verdict.score == 0
    assert came.verdict.error is None, "the critic was brought down"
    assert attack.feedback in came.verdict.feedback
    assert came.verdict.feedback.replace("\n", "").isprintable()
    assert came.sandboxes == 1
    assert came.survivors == []


def test_there_are_a_hundred() -> None:
    assert len(ATTACKS) >= 100


@pytest.mark.parametrize("how", ["fresh", "warm"])
def test_an_attempt_that_succeeds_would_be_seen(how: str, sandbox: Bubblewrap, noting: None) -> None:
    here.warm = how == "warm"
    warm = Warm(sandbox.limits)
    came = mount(attempt("return True"), warm if here.warm else sandbox, {})
    warm.close()
    assert came.verdict.passed
    assert came.sandboxes == 1


def test_processes_of_a_namespace_are_found() -> None:
    assert in_namespace(Path("/proc/self/ns/pid").stat().st_ino)
