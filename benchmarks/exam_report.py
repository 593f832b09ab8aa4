"""How long a report of many items takes: `python benchmarks/exam_report.py [--items 10000] [--json]`.

Writes a report of three ways over so many items, opens its page in a headless Chromium (found on the path; playwright
drives it), and tells both times. Exit code 1 where the page takes more than two seconds to open.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from nightschool.exam import ExamReport, Question, Record, Row
from nightschool.exam.report import write
from nightschool.surface.exams.shown import page_of

LIMIT_S = 2.0


def report_of(items: int) -> ExamReport:
    def row(name: str) -> Row:
        records = tuple(
            Record(f"i{i}", f"Sort these numbers: {i} {i + 1} {i - 7}.", (f"{i - 7}, {i}, {i + 1}",),
                   float(i % 3 > 0), "" if i % 3 else "The numbers are not in order.", 12)
            for i in range(items)
        )  # fmt: skip
        return Row(name, "zero-shot", 2 / 3, 0.65, 0.68, items, tokens=12 * items, recommendable=True, records=records)

    questions = tuple(
        Question(f"i{i}", {"numbers": f"{i} {i + 1} {i - 7}"}, f"{i - 7}, {i}, {i + 1}") for i in range(items)
    )
    rows = tuple(map(row, ("zero-shot", "zero-shot/other", "few-shot/k=3")))
    return ExamReport("sorting", "scripted", "a" * 64, None, 0, "exam", rows, questions)


def opened(page: Path) -> float:
    """Return the seconds until the page is there."""
    from playwright.sync_api import sync_playwright

    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as play:
        window = play.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        began = time.perf_counter()
        window.new_page().goto(page.as_uri())
        took = time.perf_counter() - began
        window.close()
    return took


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        page = write(Path(folder) / "report", page_of(report_of(args.items)))
        wrote, took, size = time.process_time() - began, opened(page), page.stat().st_size / 1e6
    if args.json:
        print(json.dumps({"items": args.items, "write_cpu_seconds": wrote, "open_seconds": took, "megabytes": size}))
    else:
        print(f"{args.items:,} items: written in {wrote:.1f} CPU seconds, {size:.1f} MB, open in {took:.1f} s")
    return 0 if took < LIMIT_S else 1


if __name__ == "__main__":
    sys.exit(main())
