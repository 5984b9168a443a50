"""The way from Lambda to the producer: what it needs of AWS, and no decisions."""

import os

import boto3

from order_producer import Producer

sqs = boto3.client("sqs")
producer = Producer(
    send=lambda entries: sqs.send_message_batch(QueueUrl=os.environ["QUEUE_URL"], Entries=entries),
    count=int(os.environ["ORDERS_PER_RUN"]),
)


def handler(event, _context):
    return producer.run(event)
