// The way from Lambda to the handler: what it needs of AWS, and no decisions.

import {randomUUID} from 'node:crypto';
import {SQSClient, SendMessageCommand} from '@aws-sdk/client-sqs';
import {createOrder} from './handler.mjs';

const sqs = new SQSClient();
const queue = process.env.QUEUE_URL;

export const handler = createOrder({
    send: message => sqs.send(new SendMessageCommand({QueueUrl: queue, MessageBody: message})),
    newId: randomUUID,
    now: () => new Date(),
});
