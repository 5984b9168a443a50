import assert from 'node:assert/strict';
import {test} from 'node:test';
import {aws, refused} from '../../../tests/lambdas/sdk.mjs';

process.env.BUCKET = 'bucket';
process.env.STATE_MACHINE_ARN = 'arn:machine';
const {handler} = await import('../lambda/api/index.mjs');

const order = {customerName: 'John Doe', items: [{name: 'Laptop', quantity: 1, price: 1200}], totalAmount: 1200};
const post = (body, headers = {}, more = {}) =>
    handler({httpMethod: 'POST', body, headers, requestContext: {requestId: 'r-1'}, ...more});
const get = async query => {
    const answer = await handler({httpMethod: 'GET', queryStringParameters: query ?? null});
    return {status: answer.statusCode, ...JSON.parse(answer.body)};
};

// Step Functions, as far as names go: the same name and input is the same execution.
const machine = () => {
    const executions = new Map();
    aws((call, {stateMachineArn, name, input}) => {
        assert.equal(call, 'StartExecution');
        assert.equal(stateMachineArn, 'arn:machine');
        const known = executions.get(name);
        if (known !== undefined && known !== input) throw refused('ExecutionAlreadyExists');
        executions.set(name, input);
        return {executionArn: `arn:execution:${name}`};
    });
    return executions;
};

// A bucket that lists two at a time, by name.
const bucket = orders => {
    const objects = new Map(orders.map(it => [`orders/2026-01-0${it}T00:00:00Z-order-${it}.json`, {orderId: `order-${it}`}]));
    const names = [...objects.keys()].sort();
    let reads = 0;
    aws((call, {Bucket, Prefix, ContinuationToken = 0, Key}) => {
        assert.equal(Bucket, 'bucket');
        if (call === 'GetObject') {
            reads += 1;
            return {Body: {transformToString: async () => JSON.stringify(objects.get(Key))}};
        }
        assert.equal(call, 'ListObjectsV2');
        assert.equal(Prefix, 'orders/');
        if (!names.length) return {};
        const next = ContinuationToken + 2;
        const Contents = names.slice(ContinuationToken, next).map(Key => ({Key}));
        return {Contents, NextContinuationToken: next < names.length ? next : undefined};
    });
    return {reads: () => reads};
};

test('POST starts the workflow with the order as it came', async () => {
    const executions = machine();
    const answer = await post(JSON.stringify(order));
    assert.equal(answer.statusCode, 202);
    assert.deepEqual(JSON.parse(answer.body), {
        message: 'Order workflow started successfully',
        executionArn: 'arn:execution:execution-r-1',
        executionName: 'execution-r-1',
        workflowStatus: 'started',
        inputData: order,
    });
    assert.deepEqual(JSON.parse(executions.get('execution-r-1')), order);
});

test('a repeated POST with its key is one order, another order with it is refused', async () => {
    const executions = machine();
    const key = {'idempotency-KEY': 'abc_1'};
    const first = await post(JSON.stringify(order), key);
    const again = await post(JSON.stringify(order), key, {requestContext: {requestId: 'r-2'}});
    assert.deepEqual(again, first);
    assert.equal(executions.size, 1);
    assert.equal((await post(JSON.stringify({...order, totalAmount: 1}), key)).statusCode, 409);
});

for (const [what, ...args] of [
    ['no JSON', '{'],
    ['nothing', null],
    ['a key with a space', '{}', {'Idempotency-Key': 'a b'}],
    ['a key that is too long', '{}', {'Idempotency-Key': 'a'.repeat(65)}],
    ['an empty key', '{}', {'Idempotency-Key': ''}],
]) {
    test(`POST refuses ${what}, and starts nothing`, async () => {
        const executions = machine();
        assert.equal((await post(...args)).statusCode, 400);
        assert.equal(executions.size, 0);
    });
}

test('POST takes a body in base64', async () => {
    const executions = machine();
    const body = Buffer.from(JSON.stringify(order)).toString('base64');
    assert.equal((await post(body, {}, {isBase64Encoded: true})).statusCode, 202);
    assert.deepEqual(JSON.parse(executions.get('execution-r-1')), order);
});

test('a workflow that cannot be started is a failure', async () => {
    aws(() => {
        throw refused('ServiceUnavailable');
    });
    await assert.rejects(post('{}'), {name: 'ServiceUnavailable'});
});

test('GET shows the latest first, page by page, and reads no more than it shows', async () => {
    const {reads} = bucket([1, 2, 3, 4, 5]);
    const seen = [];
    let after;
    for (const more of [true, true, false]) {
        const page = await get({limit: '2', ...(after && {after})});
        assert.equal(page.status, 200);
        assert.equal(page.totalCount, 5);
        assert.equal(page.pagination.hasMore, more);
        seen.push(...page.orders.map(it => it.orderId));
        ({after} = page.pagination);
    }
    assert.deepEqual(seen, ['order-5', 'order-4', 'order-3', 'order-2', 'order-1']);
    assert.equal(reads(), 5);
});

test('GET shows ten without being told, and nothing where nothing is', async () => {
    bucket([1, 2, 3]);
    assert.deepEqual((await get()).pagination, {limit: 10, hasMore: false});
    bucket([]);
    const {orders, totalCount} = await get();
    assert.deepEqual({orders, totalCount}, {orders: [], totalCount: 0});
});

for (const limit of ['0', '101', '1.5', 'many', '-1']) {
    test(`GET refuses the limit ${limit}`, async () => {
        bucket([1]);
        assert.equal((await get({limit})).status, 400);
    });
}

test('other methods are not for orders', async () => {
    assert.equal((await handler({httpMethod: 'DELETE'})).statusCode, 405);
});
