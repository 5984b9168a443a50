"""The order producer, alone and as Lambda runs it."""

import importlib
import json
import os
import sys
import types
import unittest
from pathlib import Path
from unittest import mock

# The folder is what is uploaded: nothing is written into it.
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parents[1] / "lambda" / "order-producer"))

from order_producer import NotSent, Producer, orders  # noqa: E402

EVENT = {"id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "time": "2026-01-02T03:05:00Z"}


class Queue:
    """Takes batches as SQS does; `refuse` says what it fails on, and how."""

    def __init__(self, refuse=lambda entry, calls: None):
        self.refuse, self.bodies, self.calls = refuse, [], 0

    def send(self, entries):
        assert 1 <= len(entries) <= 10
        assert len({it["Id"] for it in entries}) == len(entries)
        self.calls += 1
        failed = []
        for entry in entries:
            fault = self.refuse(entry, self.calls)
            if fault is None:
                self.bodies.append(entry["MessageBody"])
            else:
                failed.append({"Id": entry["Id"], "Code": "Refused", "SenderFault": fault})
        return {"Successful": [], **({"Failed": failed} if failed else {})}

    def ids(self):
        return [json.loads(it)["orderId"] for it in self.bodies]


class Orders(unittest.TestCase):
    def test_an_order_adds_up(self):
        made = orders(EVENT, 200)
        for it in made:
            cents = sum(round(one["price"] * 100) * one["quantity"] for one in it["items"])
            self.assertEqual(round(it["total"] * 100), cents)
            self.assertTrue(it["items"])
            self.assertEqual(it["createdAt"], EVENT["time"])
        self.assertGreater(len({it["customerId"] for it in made}), 50)

    def test_every_order_has_a_number_of_its_own(self):
        self.assertEqual(len({it["orderId"] for it in orders(EVENT, 200)}), 200)
        other = orders({**EVENT, "id": "another"}, 200)
        self.assertFalse(
            {it["orderId"] for it in other} & {it["orderId"] for it in orders(EVENT, 200)}
        )

    def test_the_same_event_makes_the_same_orders(self):
        self.assertEqual(orders(EVENT, 5), orders(EVENT, 5))


class Sending(unittest.TestCase):
    def test_more_than_ten_go_in_batches(self):
        queue = Queue()
        self.assertEqual(Producer(queue.send, 23).run(EVENT), {"sent": 23})
        self.assertEqual(queue.calls, 3)
        self.assertEqual(len(set(queue.ids())), 23)

    def test_only_what_failed_is_sent_again(self):
        queue = Queue(lambda entry, calls: False if entry["Id"] == "1" and calls < 3 else None)
        Producer(queue.send, 3).run(EVENT)
        self.assertEqual(queue.calls, 3)
        self.assertEqual(sorted(queue.ids()), sorted(it["orderId"] for it in orders(EVENT, 3)))

    def test_what_keeps_failing_is_told(self):
        queue = Queue(lambda entry, calls: False)
        with self.assertRaisesRegex(NotSent, "Refused"):
            Producer(queue.send, 3).run(EVENT)
        self.assertEqual(queue.calls, 3)

    def test_what_will_never_be_taken_is_not_sent_again(self):
        queue = Queue(lambda entry, calls: True if entry["Id"] == "0" else None)
        with self.assertRaises(NotSent):
            Producer(queue.send, 3).run(EVENT)
        self.assertEqual(queue.calls, 1)

    def test_a_repeated_event_sends_nothing_new(self):
        queue = Queue()
        for _ in range(2):
            Producer(queue.send, 3).run(EVENT)
        self.assertEqual(len(queue.bodies), 6)
        self.assertEqual(len(set(queue.bodies)), 3)


class InLambda(unittest.TestCase):
    def test_it_sends_to_the_queue_of_its_environment(self):
        queue, urls = Queue(), []
        client = mock.Mock()
        client.send_message_batch = lambda QueueUrl, Entries: (
            urls.append(QueueUrl) or queue.send(Entries)
        )
        boto3 = types.SimpleNamespace(client=lambda service: {"sqs": client}[service])
        environment = {"QUEUE_URL": "https://sqs/orders", "ORDERS_PER_RUN": "2"}
        with mock.patch.dict(sys.modules, boto3=boto3), mock.patch.dict(os.environ, environment):
            answer = importlib.import_module("index").handler(EVENT, None)
        self.assertEqual(answer, {"sent": 2})
        self.assertEqual(urls, ["https://sqs/orders"])
        self.assertEqual(len(queue.bodies), 2)


if __name__ == "__main__":
    unittest.main()
