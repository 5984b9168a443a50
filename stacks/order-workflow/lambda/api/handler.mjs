// POST /orders starts the workflow, GET /orders shows what is stored, latest first.

const LIMIT = {usual: 10, most: 100};

export const api = ({start, list, read}) => async event => {
    switch (event.httpMethod) {
        case 'POST':
            return create(start, event);
        case 'GET':
            return show(list, read, event.queryStringParameters ?? {});
        default:
            return answer(405, {message: `${event.httpMethod} is not for orders`});
    }
};

async function create(start, event) {
    let order;
    try {
        const text = event.body ?? '';
        order = JSON.parse(event.isBase64Encoded ? Buffer.from(text, 'base64').toString() : text);
    } catch {
        return answer(400, {message: 'The body is not JSON'});
    }
    // With a key of the client's, a repeated request is the same order.
    const header = Object.entries(event.headers ?? {}).find(([it]) => /^idempotency-key$/i.test(it));
    const key = header?.[1] ?? event.requestContext.requestId;
    if (!/^[\w-]{1,64}$/.test(key)) {
        return answer(400, {message: 'Idempotency-Key may have 64 letters, digits, - and _'});
    }
    const name = `execution-${key}`;
    try {
        const {executionArn} = await start({name, input: JSON.stringify(order)});
        return answer(202, {
            message: 'Order workflow started successfully',
            executionArn,
            executionName: name,
            workflowStatus: 'started',
            inputData: order,
        });
    } catch (error) {
        if (error.name !== 'ExecutionAlreadyExists') throw error;
        return answer(409, {message: 'This Idempotency-Key was used before, for another order or a finished one'});
    }
}

async function show(list, read, {limit = LIMIT.usual, after}) {
    const count = Number(limit);
    if (!Number.isInteger(count) || count < 1 || count > LIMIT.most) {
        return answer(400, {message: `limit is a number from 1 to ${LIMIT.most}`});
    }
    const keys = [];
    let ContinuationToken;
    do {
        const page = await list({Prefix: 'orders/', ContinuationToken});
        keys.push(...(page.Contents ?? []).map(it => it.Key));
        ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
    // S3 lists by name, hence by time, and the latest are wanted.
    keys.reverse();
    const rest = after ? keys.filter(it => it < after) : keys;
    const shown = rest.slice(0, count);
    const orders = await Promise.all(shown.map(async it => JSON.parse(await read(it))));
    const hasMore = rest.length > count;
    return answer(200, {
        message: 'Orders retrieved successfully',
        orders,
        totalCount: keys.length,
        pagination: {limit: count, hasMore, ...(hasMore && {after: shown.at(-1)})},
    });
}

const answer = (statusCode, body) => ({
    statusCode,
    headers: {'content-type': 'application/json'},
    body: JSON.stringify(body),
});
