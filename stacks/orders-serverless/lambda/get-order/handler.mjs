// GET /orders/{id}: what is known of an order. One that waits in the queue is not
// known yet.

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const getOrder = ({get}) => async event => {
    const orderId = event.pathParameters?.id?.toLowerCase() ?? '';
    // The table need not be asked for what no order can be called.
    const item = UUID.test(orderId) ? await get({Key: key(orderId)}) : undefined;
    if (!item) return answer(404, {message: 'There is no such order'});
    return answer(200, {
        orderId,
        amount: Number(item.amount.N),
        currency: item.currency.S,
        createdAt: item.createdAt.S,
    });
};

const key = orderId => ({PK: {S: `ORDER#${orderId}`}, SK: {S: `ORDER#${orderId}`}});

const answer = (statusCode, body) => ({
    statusCode,
    headers: {'content-type': 'application/json'},
    body: JSON.stringify(body),
});
