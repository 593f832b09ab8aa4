import pytest

from nightschool.errors import Leak, UnknownName
from nightschool.items import Item, Message, Split, Wording
from nightschool.prompts.render import render


def item(number, split, target="t"):
    """Return an item of `split`, the `number`th whose key falls there."""
    found = (Item(f"q{i}", {"q": f"q{i}"}, target, f"key {i}") for i in range(10_000))
    return [i for i in (next(found) for _ in range(200)) if i.split is split][number]


CHAT = Wording("c", "words", user="Q: {q}", system="Be brief.", prefill="A:", example=" {target}!")
PAGE = Wording("d", "code", document=">>> {q}\n", system="# head", prefill="[", example="{target}]", separator="\n")


def test_a_chat_has_its_examples_as_turns_and_the_item_last():
    asked, shown = item(0, Split.EXAM), item(0, Split.PRACTICE)
    prompt = render(CHAT, asked, [shown])
    assert prompt.messages == (
        Message("system", "Be brief."),
        Message("user", f"Q: {shown.id}"),
        Message("assistant", "A: t!"),
        Message("user", f"Q: {asked.id}"),
    )
    assert prompt.prefill == "A:"
    assert prompt.keys == {shown.key}


def test_a_document_has_its_examples_as_blocks_of_the_same_form():
    asked, shown = item(0, Split.EXAM), item(0, Split.PRACTICE)
    prompt = render(PAGE, asked, [shown])
    assert prompt.text == f"# head\n>>> {shown.id}\n[t]\n>>> {asked.id}\n"
    assert prompt.prefill == "["


def test_without_an_example_template_the_target_is_the_answer():
    prompt = render(Wording("c", "words", user="{q}"), item(0, Split.EXAM), [item(0, Split.PRACTICE)])
    assert prompt.messages[1] == Message("assistant", "t")
    assert not prompt.messages[0].content.startswith("system")


@pytest.mark.parametrize("split", [Split.EXAM, Split.TUNE])
def test_only_practice_items_are_shown(split):
    with pytest.raises(Leak, match=f"an item of {split}"):
        render(CHAT, item(0, Split.PRACTICE), [item(0, split)])


def test_an_item_is_not_its_own_example():
    asked = item(0, Split.PRACTICE)
    with pytest.raises(Leak, match="give away"):
        render(CHAT, asked, [asked])


def test_an_example_needs_its_truth():
    with pytest.raises(Leak, match="no truth"):
        render(CHAT, item(0, Split.EXAM), [item(0, Split.PRACTICE).blind()])


def test_a_field_that_the_item_lacks_is_named():
    with pytest.raises(UnknownName, match="no field called 'query'"):
        render(Wording("c", "words", user="{query}"), item(0, Split.EXAM))
