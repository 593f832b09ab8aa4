"""Nights behind names: whose weights answer, and who may see which nights."""

from __future__ import annotations

from pathlib import Path

import httpx

from nightschool import paths
from nightschool.items import Wording
from nightschool.mind import Mind, read_mind, write_mind
from nightschool.models.scripted import Scripted
from nightschool.sleep.nights.ledger import Ledger
from nightschool.surface.server.engine import Engine
from nightschool.surface.server.keys import Keys
from nightschool.surface.server.minds import Minds
from nightschool.surface.server.served import Served
from support.held_nights import hold, ledger
from support.serving import Running, get, minds_of, post, running

IDENTITY = "a" * 64


def of_space(space: str) -> Ledger:
    return Ledger(paths.data_folder() / "nights", space)


def said(here: Running, model: str, key: str = "") -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": "?"}]}
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return post(f"{here.url}/v1/chat/completions", json=body, headers=headers)


def content(reply: httpx.Response) -> str:
    return str(reply.json()["choices"][0]["message"]["content"])


def test_a_name_chooses_the_night(tmp_path: Path) -> None:
    first = hold(tmp_path, base=IDENTITY, model="m", weights="one")
    second = hold(tmp_path, base=IDENTITY, model="m", weights="two")
    adapters = {first.adapter: "first", second.adapter: "second"}
    ledger().switch(IDENTITY, second.name)
    model = Scripted("bare", adapters=adapters, identity=IDENTITY)
    with running(Served(minds_of({"m": lambda: model}, ledger=of_space))) as here:
        assert content(said(here, "m")) == "second"
        assert content(said(here, "m@none")) == "bare"
        assert content(said(here, f"m@night-{first.name}")) == "first"
        assert content(said(here, f"m@night-{second.name}+think(vote=3)")) == "second"
        assert said(here, "m@night-zzz").status_code == 404
        names = [model["id"] for model in get(f"{here.url}/v1/models").json()["data"]]
        assert names == ["m", f"m@night-{first.name}", f"m@night-{second.name}"]
        told = get(f"{here.url}/api/nights").json()["nights"]
        assert [night["in_force"] for night in told] == [False, True]
        one = get(f"{here.url}/api/nights/{first.name}").json()
        assert one["night"]["reason"] == "better"
        assert one["of"] == 0


def test_a_night_is_woken_and_put_back_to_sleep(tmp_path: Path) -> None:
    first = hold(tmp_path, base=IDENTITY, model="m", weights="one")
    second = hold(tmp_path, base=IDENTITY, model="m", weights="two")
    ledger().switch(IDENTITY, second.name)
    model = Scripted("bare", adapters={first.adapter: "first", second.adapter: "second"}, identity=IDENTITY)
    keys, owner = Keys().added("me", "default")
    keys, anna = keys.added("anna")
    with running(Served(minds_of({"m": lambda: model}, ledger=of_space), keys=keys)) as here:

        def wake(name: str, key: str = owner, model: str = "m") -> int:
            headers = {"Authorization": f"Bearer {key}"}
            url = f"{here.url}/api/nights/{name}/wake"
            return post(url, json={"model": model}, headers=headers).status_code

        assert content(said(here, "m", owner)) == "second"
        assert wake(first.name) == 200
        assert content(said(here, "m", owner)) == "first"
        assert wake("none") == 200
        assert content(said(here, "m", owner)) == "bare"
        assert wake(second.name, anna) == 404  # none of hers
        assert wake("zzz") == 404
        assert wake("none", model="other") == 404
        assert content(said(here, "m", owner)) == "bare"


def test_nobody_sees_the_nights_of_another(tmp_path: Path) -> None:
    mine = hold(tmp_path, base=IDENTITY, model="m", weights="mine")
    ledger().switch(IDENTITY, mine.name)
    hold(tmp_path, base=IDENTITY, model="m", weights="anna", space="anna")
    of_space("anna").switch(IDENTITY, of_space("anna").nights()[0].name)
    annas = of_space("anna").current(IDENTITY)
    assert annas is not None
    keys, anna = Keys().added("anna")
    keys, bert = keys.added("bert")
    keys, owner = keys.added("me", "default")
    model = Scripted("bare", adapters={mine.adapter: "mine", annas.adapter: "anna's"}, identity=IDENTITY)
    with running(Served(minds_of({"m": lambda: model}, ledger=of_space), keys=keys, reports=tmp_path)) as here:
        assert content(said(here, "m", anna)) == "anna's"
        assert content(said(here, "m", bert)) == "bare"
        assert content(said(here, "m", owner)) == "mine"
        for name in (mine.name, annas.name):
            assert said(here, f"m@night-{name}", bert).status_code == 404
        assert said(here, f"m@night-{mine.name}", anna).status_code == 404

        def nights(key: str) -> set[str]:
            told = get(f"{here.url}/api/nights", headers={"Authorization": f"Bearer {key}"}).json()["nights"]
            return {night["name"] for night in told}

        assert nights(bert) == set()
        assert nights(anna) == {annas.name}
        assert nights(owner) == {mine.name}

        def wake(name: str, key: str) -> int:
            headers = {"Authorization": f"Bearer {key}"}
            return post(f"{here.url}/api/nights/{name}/wake", json={"model": "m"}, headers=headers).status_code

        assert wake(annas.name, owner) == wake(mine.name, anna) == 404
        assert wake("none", anna) == 200  # her own lineage alone
        assert content(said(here, "m", anna)) == "bare"
        assert content(said(here, "m", owner)) == "mine"


def test_a_mind_file_answers_under_its_name(tmp_path: Path) -> None:
    wording = Wording("mind", "words", user="Double {x}")
    path = tmp_path / "doubler.toml"
    write_mind(Mind("m", wording, strategy="vote:n=3"), path)
    engines = {"m": Engine("m", lambda: Scripted({"Double 4": "8", "": "?"}))}
    with running(Served(Minds(engines, {"doubler": read_mind(path)}))) as here:
        reply = said(here, "doubler")
        assert content(reply) == "?"
        body = {"model": "doubler", "messages": [{"role": "user", "content": "4"}], "nightschool": {}}
        told = post(f"{here.url}/v1/chat/completions", json=body).json()
        assert told["choices"][0]["message"]["content"] == "8"
        assert told["nightschool"]["strategy"] == "vote:n=3"
        assert said(here, "doubler+think(vote=2)").status_code == 400
