// The steps of the workflow, each alone and all in a row.

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {aws, refused} from '../../../tests/lambdas/sdk.mjs';
import {inventoryCheck} from '../lambda/inventory-check/handler.mjs';
import {paymentProcess} from '../lambda/payment-process/handler.mjs';

Object.assign(process.env, {BUCKET: 'bucket', UNITS_IN_STOCK: '10', PAYMENT_LIMIT: '1000'});
const step = async name => (await import(`../lambda/${name}/index.mjs`)).handler;
const processor = await step('order-processor');
const inventory = await step('inventory-check');
const payment = await step('payment-process');
const merge = await step('merge-results');
const storage = await step('s3-storage');

const startedAt = '2026-01-02T03:04:05.678Z';
const good = {
    customerName: ' John Doe ',
    items: [
        {name: 'Laptop', quantity: 1, price: 500},
        {name: 'Mouse', quantity: 3, price: 0.1},
    ],
    totalAmount: 500.3,
};
const begin = order => processor({order, execution: 'execution-abc', startedAt});

const bucket = () => {
    const objects = new Map();
    aws((call, {Bucket, Key, Body, IfNoneMatch}) => {
        assert.deepEqual([call, Bucket], ['PutObject', 'bucket']);
        if (IfNoneMatch === '*' && objects.has(Key)) throw refused('PreconditionFailed');
        objects.set(Key, Body);
    });
    return objects;
};

// As the state machine passes things on.
const run = async order => {
    const begun = await begin(order);
    const results = await Promise.all([inventory(begun), payment(begun)]);
    return storage(await merge({...begun, results}));
};

test('an order goes through, and is stored with all that was found', async () => {
    const objects = bucket();
    const result = await run(good);
    assert.equal(result.finalStatus, 'completed');
    assert.equal(result.orderId, 'order-abc');
    assert.deepEqual(result.inventoryCheck, {status: 'available', missing: []});
    assert.equal(result.paymentProcessing.status, 'reserved');
    assert.equal(result.orderDetails.customerName, 'John Doe');
    const [[key, body]] = objects;
    assert.equal(key, `orders/${startedAt}-order-abc.json`);
    assert.deepEqual(JSON.parse(body), result);
});

test('a run that is repeated stores the same, once, and pays once', async () => {
    const objects = bucket();
    const first = await run(good);
    assert.deepEqual(await run(good), first);
    assert.equal(objects.size, 1);
});

test('what is not there is rejected, and told', async () => {
    bucket();
    const lines = [
        {name: 'Mouse', quantity: 6, price: 1},
        {name: 'Mouse', quantity: 5, price: 1},
    ];
    const result = await run({...good, items: lines, totalAmount: 11});
    assert.equal(result.finalStatus, 'rejected');
    assert.deepEqual(result.inventoryCheck.missing, [{name: 'Mouse', wanted: 11, available: 10}]);
});

test('what is not paid is rejected, and nothing is reserved', async () => {
    bucket();
    const result = await run({...good, items: [{name: 'Car', quantity: 1, price: 1000.01}], totalAmount: 1000.01});
    assert.equal(result.finalStatus, 'rejected');
    assert.equal(result.paymentProcessing.status, 'declined');
    assert.equal(result.paymentProcessing.reservation, undefined);
});

test('a branch that fails makes a failed order, which is stored', async () => {
    const objects = bucket();
    const begun = await begin(good);
    const merged = await merge({...begun, failure: {Error: 'States.Timeout', Cause: '{}'}});
    assert.deepEqual([merged.finalStatus, merged.failure], ['failed', 'States.Timeout']);
    await storage(merged);
    assert.equal(objects.size, 1);
});

test('storage that does not answer is a failure, for the workflow to repeat', async () => {
    aws(() => {
        throw refused('SlowDown');
    });
    await assert.rejects(storage(await merge({...(await begin(good)), failure: {Error: 'x'}})), {name: 'SlowDown'});
});

test('the provider is asked with the order as its key', async () => {
    const asked = [];
    const pay = paymentProcess({reserve: async it => void asked.push(it) ?? {reservation: 'p'}});
    await pay(await begin(good));
    assert.deepEqual(asked, [{key: 'order-abc', amount: 500.3}]);
});

test('each article is asked for once', async () => {
    const asked = [];
    const check = inventoryCheck({inStock: async name => (asked.push(name), 5)});
    const items = ['a', 'b', 'a'].map(name => ({name, quantity: 2}));
    assert.equal((await check({orderDetails: {items}})).status, 'available');
    assert.deepEqual(asked, ['a', 'b']);
});

for (const [what, order] of [
    ['nothing', null],
    ['no customer', {...good, customerName: ' '}],
    ['no items', {...good, items: [], totalAmount: 0}],
    ['items that are no list', {...good, items: {length: 1}}],
    ['an item without a name', {...good, items: [{quantity: 1, price: 1}], totalAmount: 1}],
    ['half a mouse', {...good, items: [{name: 'Mouse', quantity: 0.5, price: 2}], totalAmount: 1}],
    ['less than no mouse', {...good, items: [{name: 'Mouse', quantity: -1, price: -1}], totalAmount: 1}],
    ['a price that is a text', {...good, items: [{name: 'Mouse', quantity: 1, price: '1'}], totalAmount: 1}],
    ['a total that is wrong', {...good, totalAmount: 500.31}],
    ['no total', {...good, totalAmount: undefined}],
    ['more than numbers can tell', {...good, items: [{name: 'a', quantity: 1e15, price: 1e15}], totalAmount: 1e30}],
]) {
    test(`${what} is an InvalidOrder, which the workflow does not repeat`, async () => {
        await assert.rejects(begin(order), {name: 'InvalidOrder'});
    });
}
