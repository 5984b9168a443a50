// POST /orders: checks an order and puts it into the queue. 202 says that it was
// taken; storing it is the process function's.

// More than this is a mistake, and still exact as a number.
const MOST = 1_000_000_000;

export const createOrder = ({send, newId, now}) => async event => {
    const read = order(event);
    if (read.wrong) return answer(400, {message: read.wrong});
    const orderId = newId();
    // What the queue does not take is a failure, which the alarm counts; the client
    // is told so, and an order whose number nobody was told is nobody's.
    await send(JSON.stringify({orderId, ...read, createdAt: now().toISOString()}));
    return answer(202, {orderId});
};

function order(event) {
    let body;
    try {
        const text = event.body ?? '';
        body = JSON.parse(event.isBase64Encoded ? Buffer.from(text, 'base64').toString() : text);
    } catch {
        return {wrong: 'The body is not JSON'};
    }
    if (body === null || typeof body !== 'object' || Array.isArray(body)) {
        return {wrong: 'The body is not an object'};
    }
    const {amount, currency} = body;
    // JSON has no infinity, but 1e999 is read as one.
    if (typeof amount !== 'number' || !(amount > 0 && amount <= MOST)) {
        return {wrong: `amount must be a number above 0 and up to ${MOST}`};
    }
    if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) {
        return {wrong: 'currency must be three capital letters, like EUR'};
    }
    // Nothing else that a client sends goes any further.
    return {amount, currency};
}

const answer = (statusCode, body) => ({
    statusCode,
    headers: {'content-type': 'application/json'},
    body: JSON.stringify(body),
});
