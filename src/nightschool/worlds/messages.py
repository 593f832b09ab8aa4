"""Short invented messages of the kind that a shop, a workshop or a hotel gets, with the facts that they carry.

Every template carries all of FIELDS, beside noise of its own: who signs, telephone numbers, times, other sums.
"""

from __future__ import annotations

from typing import NamedTuple

from nightschool.worlds.dice import Dice

FIELDS = {"name": "text", "date": "date", "amount": "amount", "city": "text", "order": "text"}
"""The fields by name, easiest first, and the kind of value that each is."""


class Message(NamedTuple):
    """A message, the number of its template, and its facts: `facts[field]` as the message writes it."""

    text: str
    template: int
    facts: dict[str, str]


def write_message(dice: Dice) -> Message:
    """Return a message with facts and noise rolled by `dice`."""
    facts = {
        "name": f"{dice.pick(_FIRST)} {dice.pick(_LAST)}",
        "date": _date(dice),
        "amount": _amount(dice),
        "city": dice.pick(_CITIES),
        "order": _order(dice),
    }
    template = dice.below(len(TEMPLATES))
    noise = {
        "agent": dice.pick(_AGENTS),
        "phone": f"0{dice.between(100, 999)} {dice.between(100_000, 999_999)}",
        "time": f"{dice.between(8, 19)}:{dice.pick(('00', '15', '30', '45'))}",
        "thing": dice.pick(_THINGS),
        "few": str(dice.between(2, 9)),
    }
    return Message(TEMPLATES[template].format(**facts, **noise), template, facts)


def _date(dice: Dice) -> str:
    day, month, year = dice.between(1, 28), dice.below(12), dice.between(2023, 2026)
    return dice.pick(
        (
            f"{day} {_MONTHS[month]} {year}",
            f"{_MONTHS[month]} {day}, {year}",
            f"{year}-{month + 1:02}-{day:02}",
            f"{day:02}.{month + 1:02}.{year}",
        )
    )


def _amount(dice: Dice) -> str:
    whole, cents = dice.between(5, 2_400), dice.pick((0, 50, 90, 95, 99, dice.below(100)))
    return dice.pick((f"€{whole}.{cents:02}", f"${whole:,}.{cents:02}", f"{whole}.{cents:02} EUR", f"£{whole}"))


def _order(dice: Dice) -> str:
    number = dice.between(10_000, 99_999)
    return dice.pick((f"A-{number}", f"ORD{number}", f"{dice.between(10, 99)}-{number}", f"K{number}X"))


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_FIRST = (
    "Anna", "Bruno", "Carla", "David", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kenji", "Lena", "Marco",
    "Nadia", "Oskar", "Priya", "Quentin", "Rosa", "Samuel", "Tamara", "Umar", "Vera", "Walter", "Xenia", "Yusuf",
    "Zoe", "Amara", "Boris", "Chloe", "Dmitri",
)  # fmt: skip
_LAST = (
    "Keller", "Rossi", "Novak", "Lindqvist", "Okafor", "Tanaka", "Moreau", "Silva", "Brandt", "Haddad", "Petrov",
    "Jansen", "Murphy", "Castillo", "Weiss", "Nowak", "Yilmaz", "Fischer", "Dubois", "Andersen", "Costa", "Meyer",
    "Ivanova", "Sato", "Baker", "Horvat", "Mensah", "Larsen", "Romano", "Schmidt",
)  # fmt: skip
_CITIES = (
    "Berlin", "Lyon", "Porto", "Krakow", "Oslo", "Turin", "Ghent", "Bristol", "Malaga", "Zurich", "Vienna", "Aarhus",
    "Dublin", "Leipzig", "Utrecht", "Nantes", "Bergen", "Split", "Basel", "Graz", "Tampere", "Cork", "Seville", "Brno",
)  # fmt: skip
_AGENTS = ("Tom", "Maria", "Chris", "Sofia", "Ben", "Julia", "Alex", "Nina")
_THINGS = (
    "lamp", "desk", "bicycle", "kettle", "printer", "carpet", "camera", "tent", "bookshelf", "coffee machine",
    "headset", "mattress",
)  # fmt: skip

TEMPLATES = (
    # orders
    "Hello, this is {name} from {city}. I ordered a {thing} on {date} (order {order}) and paid {amount}. Where is it?",
    "Order {order} confirmed. Customer: {name}, {city}. Ordered on {date}. Total: {amount}. Thank you, {agent}",
    "Dear {name}, your {thing} (order {order}) leaves our store for {city} on {date}. We have charged {amount}.",
    "Hi {agent}, could you send order {order} to {city}? It is for {name}, placed {date}, {amount} in total. Thanks!",
    "New order {order}! {few} items, {amount} altogether, to be delivered to {name} in {city} by {date}.",
    "Please note that {name} changed the address of order {order} to {city}. The {amount} were paid on {date}.",
    # complaints and returns
    "The {thing} arrived broken. Order {order}, delivered to {city} on {date}. I want my {amount} back. {name}",
    "Complaint from {name} ({city}): waited {few} weeks for order {order} of {date}, worth {amount}. Call {phone}.",
    "We refunded {amount} to {name} for order {order}. The {thing} came back from {city} on {date}. Best, {agent}",
    "I am not happy. On {date} I paid {amount} and got the wrong {thing}. My order is {order}. {name}, {city}.",
    "Return label for {name}, {city}. Order {order}, bought {date}. Refund of {amount} within {few} days.",
    "Good morning, I am {name}. Order {order} never came to {city}, though {amount} left my account on {date}.",
    # invoices and payments
    "Invoice for {name}, {city}. Reference {order}. Please pay {amount} by {date}. Questions? {phone}",
    "Reminder: the invoice {order} for {amount} was due on {date}. {name}, {city}, please pay within {few} days.",
    "We received {amount} from {name} on {date} for {order}. Branch: {city}. Receipt written by {agent}.",
    "Payment failed. {name}, we could not take {amount} on {date} for order {order}. Your {city} team, {phone}",
    "To accounts: book {amount} to {order}, paid by {name} at the {city} counter on {date} at {time}. {agent}",
    "Deposit of {amount} received for the {thing}, order {order}. {name} will collect it in {city} on {date}.",
    # bookings and appointments
    "Booking {order}: {name}, {few} nights in {city} from {date}, {amount} including breakfast. Regards, {agent}",
    "Your table in {city} is reserved for {few} on {date} at {time}, {name}. Deposit {amount}, booking {order}.",
    "{name} has an appointment in {city} on {date} at {time}. Fee {amount}, file {order}. Please be on time!",
    "Train to {city}, {date}, departure {time}, seat {few}. Passenger {name}. Ticket {order}, price {amount}.",
    "Cancelled: the course in {city} on {date}. {name} gets {amount} back under booking {order}. Sorry! {agent}",
    "Concert in {city}! {few} tickets for {name}, {date}, doors at {time}. You paid {amount}. Code {order}.",
    # workshop and service
    "The {thing} of {name} is repaired. Job {order}, {amount}, ready in our {city} shop from {date}. {agent}",
    "Service visit on {date} between {time} and 20:00 in {city}: {name}, job {order}, estimate {amount}.",
    "Estimate {order} for {name}: new parts for the {thing}, {amount}. Valid until {date}. Workshop {city}, {phone}",
    "{agent} visited {name} in {city} on {date}. Worked {few} hours. Bill {amount}, job number {order}.",
    # subscriptions, donations, insurance
    "Thank you, {name}! Your gift of {amount} reached our {city} office on {date}. Receipt {order}. {agent}",
    "Contract {order} of {name}, {city}, renews on {date} for {amount} a year. To cancel, call {phone}.",
    "Claim {order}: {name} reported a stolen {thing} in {city} on {date}. We will pay {amount}. {agent}, claims",
    "Parcel {order} for {name} is waiting at the {city} depot until {date}. Customs of {amount} are to be paid.",
    "{name} won the auction! The {thing} is yours for {amount}. Pick it up in {city} on {date}. Lot {order}.",
    "Lost and found, {city}: the {thing} of {name}, handed in on {date}. Tag {order}. Storage fee {amount}.",
)
