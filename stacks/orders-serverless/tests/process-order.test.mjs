import assert from 'node:assert/strict';
import {mock, test} from 'node:test';
import {aws, refused} from '../../../tests/lambdas/sdk.mjs';

process.env.TABLE_NAME = 'orders';
const {handler} = await import('../lambda/process-order/index.mjs');
mock.method(console, 'error', () => {});

const order = (orderId, more) =>
    JSON.stringify({orderId, amount: 5, currency: 'EUR', createdAt: '2026-01-02T03:04:05.678Z', ...more});
const batch = (...bodies) => ({Records: bodies.map((body, at) => ({messageId: `m${at}`, body}))});
const failed = async event => (await handler(event)).batchItemFailures.map(it => it.itemIdentifier);

// A table that keeps its condition as DynamoDB does.
const table = fails => {
    const items = new Map();
    let writes = 0;
    aws((call, {TableName, Item, ConditionExpression}) => {
        assert.equal(call, 'PutItem');
        assert.equal(TableName, 'orders');
        if (fails?.(Item)) throw refused('ProvisionedThroughputExceededException');
        const there = items.has(Item.PK.S);
        if (there && ConditionExpression === 'attribute_not_exists(PK)') {
            throw refused('ConditionalCheckFailedException');
        }
        items.set(Item.PK.S, {...Item, write: ++writes});
    });
    return items;
};

test('each order of a batch is stored at its key', async () => {
    const items = table();
    assert.deepEqual(await failed(batch(order('a'), order('b', {amount: 0.1}))), []);
    assert.deepEqual([...items.keys()], ['ORDER#a', 'ORDER#b']);
    assert.deepEqual(items.get('ORDER#b'), {
        PK: {S: 'ORDER#b'},
        SK: {S: 'ORDER#b'},
        amount: {N: '0.1'},
        currency: {S: 'EUR'},
        createdAt: {S: '2026-01-02T03:04:05.678Z'},
        write: items.get('ORDER#b').write,
    });
});

test('a second delivery is done, and changes nothing', async () => {
    const items = table();
    await handler(batch(order('a')));
    const {write} = items.get('ORDER#a');
    assert.deepEqual(await failed(batch(order('a', {amount: 6}), order('a'))), []);
    assert.equal(items.get('ORDER#a').write, write);
    assert.equal(items.get('ORDER#a').amount.N, '5');
});

test('only what failed comes again, and succeeds then', async () => {
    let down = true;
    const items = table(item => down && item.PK.S === 'ORDER#b');
    assert.deepEqual(await failed(batch(order('a'), order('b'), order('c'))), ['m1']);
    down = false;
    assert.deepEqual(await failed(batch(order('b'))), []);
    assert.deepEqual([...items.keys()].sort(), ['ORDER#a', 'ORDER#b', 'ORDER#c']);
});

for (const [what, body] of [
    ['no JSON', 'ORDER'],
    ['null', 'null'],
    ['no number', order('')],
    ['no amount', order('x', {amount: null})],
    ['no time', order('x', {createdAt: undefined})],
]) {
    test(`${what} goes to the dead letters, and holds nobody up`, async () => {
        const items = table();
        assert.deepEqual(await failed(batch(body, order('b'))), ['m0']);
        assert.deepEqual([...items.keys()], ['ORDER#b']);
    });
}
