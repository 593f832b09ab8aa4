"""Plans against the optimum found by dynamic programming: a windy grid, and the tiger behind one of two doors."""

import itertools

import numpy as np
import pytest
import torch

from nightschool.errors import UsageError
from nightschool.items import Noise
from nightschool.society.infer import Importance
from nightschool.society.lanes import Lanes
from nightschool.society.plan import Policy, plan
from nightschool.society.potentials import exactly
from nightschool.society.primitives import bernoulli, categorical
from nightschool.society.program import program

SIDE, STEPS, SLIP = 4, 7, 0.2
MOVES = ((0, 1), (0, -1), (1, 0), (-1, 0))
GOAL, PIT = SIDE * SIDE - 1, (5, 10)


def grid_tables():
    """Return next[state, action], which stays at the goal and in a pit."""
    table = np.zeros((SIDE * SIDE, 4), dtype=np.int64)
    for state in range(SIDE * SIDE):
        for action, (dy, dx) in enumerate(MOVES):
            y, x = min(max(state // SIDE + dy, 0), SIDE - 1), min(max(state % SIDE + dx, 0), SIDE - 1)
            table[state, action] = state if state == GOAL or state in PIT else y * SIDE + x
    return table


NEXT = torch.tensor(grid_tables())


def grid(policy):
    return walk(policy)


@program
def walk(policy):
    state = torch.zeros(1, dtype=torch.int64)
    for t in range(STEPS):
        situation = yield f"situation{t}", exactly(t * SIDE * SIDE + state)
        action = yield f"act{t}", policy.decide(situation)
        slips = yield f"slips{t}", bernoulli(SLIP)
        blown = yield f"blown{t}", categorical(torch.zeros(4, dtype=torch.float64))
        state = NEXT[state.expand(len(action)), torch.where(slips, blown, action)]
    yield "goal", bernoulli((state == GOAL).double())


def grid_value(choose):
    """Return the probability of the goal from the start, by backward induction; choose: action of (t, values)."""
    value = np.zeros(SIDE * SIDE)
    value[GOAL] = 1.0
    for t in reversed(range(STEPS)):
        blown = value[NEXT.numpy()].mean(1)
        after = (1 - SLIP) * value[NEXT.numpy()] + SLIP * blown[:, None]
        value = choose(t, after)
    return value[0]


def test_a_windy_grid_is_crossed_as_well_as_can_be():
    best = grid_value(lambda t, after: after.max(1))
    found = plan(grid, {"goal": True}, Policy.idle(STEPS * SIDE * SIDE, 4), Noise(("grid",)), 12, by=Importance(5000))
    actions = found.policy.logits.argmax(1).reshape(STEPS, -1).numpy()
    got = grid_value(lambda t, after: after[np.arange(SIDE * SIDE), actions[t]])
    assert got >= 0.99 * best
    assert found.goal[-1] > found.goal[0] + 1


HEARS = 0.85
UTILITY = {"found": 1.0, "listened": 0.47, "eaten": 0.0}  # in [0, 1]: what a goal that pays so much is worth
TURNS = 3


def heard_before(t):
    """Return how many situations lie before turn t: one for each history of what was heard."""
    return 2**t - 1


@program
def tiger(policy):
    behind = yield "tiger", bernoulli(0.5)
    history = torch.zeros(1, dtype=torch.int64)
    over, utility = torch.zeros(1, dtype=torch.bool), torch.full((1,), UTILITY["listened"], dtype=torch.float64)
    for t in range(TURNS):
        situation = yield f"situation{t}", exactly(heard_before(t) + history)
        action = yield f"act{t}", policy.decide(situation)  # 0 listens, 1 opens left, 2 opens right
        opens = (action > 0) & ~over
        paid = torch.where((action == 2) == behind, UTILITY["eaten"], UTILITY["found"]).double()
        utility, over = torch.where(opens, paid, utility), over | opens
        heard = yield f"heard{t}", bernoulli(torch.where(behind, HEARS, 1 - HEARS).double())
        history = 2 * history + heard.long()
    yield "goal", bernoulli(utility)


def tiger_value(actions):
    """Return the expected utility of actions[situation], over all that may be heard."""
    total = 0.0
    for behind in (0, 1):
        for heard in itertools.product((0, 1), repeat=TURNS):
            p, history, utility = 0.5, 0, UTILITY["listened"]
            for word in heard:
                p *= HEARS if word == behind else 1 - HEARS
            for t in range(TURNS):
                action = actions[heard_before(t) + history]
                if action:
                    utility = UTILITY["eaten"] if (action == 2) == bool(behind) else UTILITY["found"]
                    break
                history = 2 * history + heard[t]
            total += p * utility
    return total


def test_a_tiger_is_listened_for():
    situations = heard_before(TURNS)
    best = max(tiger_value(actions) for actions in itertools.product(range(3), repeat=situations))
    found = plan(tiger, {"goal": True}, Policy.idle(situations, 3), Noise(("tiger",)), 12, by=Importance(5000))
    assert tiger_value(found.policy.logits.argmax(1).tolist()) >= 0.99 * best


def test_a_program_that_decides_nothing_is_refused():
    @program
    def fate(policy):
        yield "goal", bernoulli(0.5)

    with pytest.raises(UsageError, match="fate decides nothing"):
        plan(fate, {"goal": True}, Policy.idle(1, 2), Noise(("fate",)))


def test_a_greedy_policy_does_the_likeliest():
    policy = Policy(torch.tensor([[0.1, 0.3], [2.0, 0.0]], dtype=torch.float64)).greedy()
    call = policy.decide(torch.tensor([0, 1, 1]))
    assert call.model.simulate(call.args, Lanes.of(Noise(("greedy",)), 3)).value.tolist() == [1, 0, 0]
