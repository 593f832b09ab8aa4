from nightschool.asks import Propose
from nightschool.exam.late import Late
from nightschool.items import Noise, Prefix, Prompt, Sampling
from nightschool.models.scripted import Scripted
from support.local_runs import finish


def test_it_is_made_when_it_is_first_asked_and_once():
    made = []

    def make() -> Scripted:
        made.append(Scripted("yes\n"))
        return made[-1]

    late = Late("a model", "its identity", Scripted("no"), make)
    assert late.step().replies == ()
    assert late.count_tokens("some words") == Scripted("no").count_tokens("some words")
    late.cancel(["nothing"])
    assert not made
    for id in ("a", "b"):
        ask = Propose(id, Prefix(Prompt(text="?")), 1, Sampling(8, stop=("\n",)), Noise((1,)))
        assert finish(late, [ask])[id].draws[0].segment.text == "yes"
    assert len(made) == 1
    late.close()
    assert late.identity == "its identity"
