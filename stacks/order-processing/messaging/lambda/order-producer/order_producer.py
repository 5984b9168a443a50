"""Makes sample orders, as customers would, and puts them into the queue."""

import json
import random
import uuid

ARTICLES = {"Keyboard": 49.9, "Laptop": 1200.0, "Monitor": 279.0, "Mouse": 24.9, "Webcam": 59.5}

# SQS takes ten messages at a time.
BATCH = 10

TRIES = 3


class NotSent(Exception):
    """Raised so that EventBridge asks again, with the same event."""


def orders(event, count):
    """The orders of an event. The same event makes the same orders, so that a
    repeated one makes none that the consumer has not seen."""
    of = uuid.uuid5(uuid.NAMESPACE_URL, event["id"])
    chance = random.Random(of.int)
    return [order(uuid.uuid5(of, str(number)), chance, event["time"]) for number in range(count)]


def order(order_id, chance, time):
    items = [
        {"name": name, "quantity": chance.randint(1, 3), "price": ARTICLES[name]}
        for name in chance.sample(sorted(ARTICLES), chance.randint(1, 3))
    ]
    return {
        "orderId": str(order_id),
        "customerId": f"customer-{chance.randint(1, 500)}",
        "items": items,
        "total": round(sum(it["quantity"] * it["price"] for it in items), 2),
        "createdAt": time,
    }


class Producer:
    """`send` takes entries of a batch and answers as SQS does."""

    def __init__(self, send, count):
        self.send, self.count = send, count

    def run(self, event):
        entries = [
            {"Id": str(number), "MessageBody": json.dumps(it)}
            for number, it in enumerate(orders(event, self.count))
        ]
        for start in range(0, len(entries), BATCH):
            self.send_all(entries[start : start + BATCH])
        return {"sent": len(entries)}

    def send_all(self, entries):
        """An answer of SQS may be a failure for some of the entries only."""
        for _ in range(TRIES):
            failed = {it["Id"]: it for it in self.send(entries).get("Failed", [])}
            entries = [it for it in entries if it["Id"] in failed]
            if not entries:
                return
            if all(it["SenderFault"] for it in failed.values()):
                break
        raise NotSent(json.dumps(list(failed.values())))
