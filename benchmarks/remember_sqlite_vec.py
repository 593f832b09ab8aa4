"""What sqlite-vec takes to find a shortlist by bits, for `remember_scale`, which runs this with a Python that has it.

    PYTHON_WITH_SQLITE_VEC benchmarks/remember_sqlite_vec.py FOLDER DIMS LIMIT

FOLDER/bits: the signs of all vectors; FOLDER/cues: those of the cues. Prints the seconds of CPU of each cue as JSON.
pysqlite3 stands in for sqlite3, which in some builds of Python cannot load extensions.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pysqlite3
import sqlite_vec


def main() -> None:
    folder, dims, limit = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    size = dims // 8
    bits, cues = (folder.joinpath(name).read_bytes() for name in ("bits", "cues"))
    db = pysqlite3.connect(":memory:")
    db.enable_load_extension(True)
    sqlite_vec.load(db)
    db.execute(f"CREATE VIRTUAL TABLE v USING vec0(bits bit[{dims}])")
    rows = ((n, bits[n * size : (n + 1) * size]) for n in range(len(bits) // size))
    db.executemany("INSERT INTO v (rowid, bits) VALUES (?, vec_bit(?))", rows)
    spent = []
    for n in range(len(cues) // size):
        busy = time.process_time()
        sql = "SELECT rowid FROM v WHERE bits MATCH vec_bit(?) AND k = ?"
        found = db.execute(sql, (cues[n * size : (n + 1) * size], limit)).fetchall()
        spent.append(time.process_time() - busy)
        assert len(found) == limit
    print(json.dumps(spent))


if __name__ == "__main__":
    main()
