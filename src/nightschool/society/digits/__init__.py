"""Digits by analysis by synthesis: ten small networks draw them, a recogniser proposes, the log joint decides.

shapes      the generative networks, and the program that they make
guessing    the recogniser
schooling   how both learn, awake and asleep
search      looking for the best explanation, for as long as there is time
verdict     what a digit is, or that no model explains it
overlaid    two digits in one picture, and a recogniser of pairs
half_dreamt pages of one real digit and one that is dreamt, to learn from
leftover    a recogniser of what one digit leaves of a page to another
page        what two kinds draw on a page, and what they tell each other
pairing     looking for the two digits that explain a page
pictures    reading images and placing them
kept        all of it as one file
learning    from a folder of examples to that file
recognise   one picture, with every kind's try

Ref: schott2019.
"""
