import asyncio
import threading

from nightschool.models.openai_http.background import Background


def test_jobs_are_cancelled_and_the_thread_ends():
    background, ended = Background(), []

    async def work(name):
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(name)

    async def last():
        ended.append("last")

    before = threading.active_count()
    one, _two = background.start(work("one")), background.start(work("two"))
    background.run(asyncio.sleep(0.05))
    one.cancel()
    background.run(asyncio.sleep(0.05))
    assert ended == ["one"]
    background.close(last())
    assert ended == ["one", "two", "last"]
    assert threading.active_count() == before
    background.close()


def test_results_and_errors_come_back():
    background = Background()

    async def work():
        return 42

    assert background.run(work()) == 42
    background.close()
