import assert from 'node:assert/strict';
import {test} from 'node:test';
import {aws, refused} from '../../../tests/lambdas/sdk.mjs';

process.env.TABLE_NAME = 'orders';
const {handler} = await import('../lambda/get-order/index.mjs');

const id = '0a1b2c3d-1111-4222-8333-444455556666';
const Item = {
    PK: {S: `ORDER#${id}`},
    SK: {S: `ORDER#${id}`},
    amount: {N: '99.99'},
    currency: {S: 'EUR'},
    createdAt: {S: '2026-01-02T03:04:05.678Z'},
};
const get = id => handler({version: '2.0', pathParameters: {id}});

test('an order is answered as it was stored', async () => {
    aws((call, {TableName, Key}) => {
        assert.equal(call, 'GetItem');
        assert.equal(TableName, 'orders');
        assert.deepEqual(Key, {PK: Item.PK, SK: Item.SK});
        return {Item};
    });
    for (const asked of [id, id.toUpperCase()]) {
        const answer = await get(asked);
        assert.equal(answer.statusCode, 200);
        const {createdAt, ...rest} = JSON.parse(answer.body);
        assert.deepEqual(rest, {orderId: id, amount: 99.99, currency: 'EUR'});
        assert.equal(createdAt, '2026-01-02T03:04:05.678Z');
    }
});

test('what is not there is not found', async () => {
    aws(() => ({}));
    assert.equal((await get(id)).statusCode, 404);
});

test('what no order can be called costs no read', async () => {
    aws(() => assert.fail('the table was asked'));
    for (const asked of [undefined, '', 'x', `${id}0`, `ORDER#${id}`, `${id}\n`]) {
        assert.equal((await get(asked)).statusCode, 404);
    }
    assert.equal((await handler({})).statusCode, 404);
});

test('a table that cannot be read is a failure, not a missing order', async () => {
    aws(() => {
        throw refused('InternalServerError');
    });
    await assert.rejects(get(id), {name: 'InternalServerError'});
});
