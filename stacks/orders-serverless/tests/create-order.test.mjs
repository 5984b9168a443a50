import assert from 'node:assert/strict';
import {test} from 'node:test';
import {aws, refused} from '../../../tests/lambdas/sdk.mjs';
import {createOrder} from '../lambda/create-order/handler.mjs';

process.env.QUEUE_URL = 'https://sqs/orders';
const {handler} = await import('../lambda/create-order/index.mjs');

const good = {amount: 99.99, currency: 'EUR'};
const event = body => ({version: '2.0', body: typeof body === 'string' ? body : JSON.stringify(body)});

const setUp = () => {
    const sent = [];
    const handle = createOrder({
        send: async message => void sent.push(JSON.parse(message)),
        newId: () => 'id-1',
        now: () => new Date('2026-01-02T03:04:05.678Z'),
    });
    return {handle, sent};
};

test('an order is queued with its number, and answered with 202', async () => {
    const {handle, sent} = setUp();
    const answer = await handle(event(good));
    assert.equal(answer.statusCode, 202);
    assert.deepEqual(JSON.parse(answer.body), {orderId: 'id-1'});
    assert.deepEqual(sent, [{orderId: 'id-1', ...good, createdAt: '2026-01-02T03:04:05.678Z'}]);
});

test('a body in base64 is an order too', async () => {
    const {handle, sent} = setUp();
    const body = Buffer.from(JSON.stringify(good)).toString('base64');
    assert.equal((await handle({body, isBase64Encoded: true})).statusCode, 202);
    assert.equal(sent[0].amount, 99.99);
});

test('a client chooses neither the number nor the time, and adds nothing', async () => {
    const {handle, sent} = setUp();
    await handle(event({...good, orderId: 'mine', createdAt: 'never', admin: true}));
    assert.deepEqual(Object.keys(sent[0]).sort(), ['amount', 'createdAt', 'currency', 'orderId']);
    assert.equal(sent[0].orderId, 'id-1');
});

for (const [what, body] of [
    ['no body', undefined],
    ['no JSON', '{'],
    ['null', 'null'],
    ['a list', []],
    ['no amount', {currency: 'EUR'}],
    ['a text for an amount', {...good, amount: '99.99'}],
    ['nothing', {...good, amount: 0}],
    ['less than nothing', {...good, amount: -1}],
    ['more than there is', '{"amount": 1e999, "currency": "EUR"}'],
    ['too much', {...good, amount: 1_000_000_001}],
    ['no currency', {amount: 1}],
    ['small letters', {...good, currency: 'eur'}],
    ['four letters', {...good, currency: 'EURO'}],
    ['a line more', {...good, currency: 'EUR\n'}],
]) {
    test(`${what} is refused with a reason, and not queued`, async () => {
        const {handle, sent} = setUp();
        const answer = await handle(body === undefined ? {} : event(body));
        assert.equal(answer.statusCode, 400);
        assert.ok(JSON.parse(answer.body).message.length > 10);
        assert.deepEqual(sent, []);
    });
}

test('in Lambda: the message goes to the queue, each with a number of its own', async () => {
    const calls = [];
    aws((call, input) => void calls.push([call, input]));
    const ids = [];
    for (const _ of [1, 2]) ids.push(JSON.parse((await handler(event(good))).body).orderId);
    assert.equal(new Set(ids).size, 2);
    assert.deepEqual(
        calls.map(([call, {QueueUrl}]) => [call, QueueUrl]),
        Array(2).fill(['SendMessage', 'https://sqs/orders']),
    );
    assert.deepEqual(calls.map(([, it]) => JSON.parse(it.MessageBody).orderId), ids);
});

test('in Lambda: what the queue does not take is a failure, never a 202', async () => {
    aws(() => {
        throw refused('OverLimit');
    });
    await assert.rejects(handler(event(good)), {name: 'OverLimit'});
});
