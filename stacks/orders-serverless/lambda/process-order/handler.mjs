// Stores the orders of the queue. SQS delivers at least once and Lambda repeats a
// batch, so an order is written only if it is not there yet.

export const processOrders = ({put}) => async event => {
    const outcomes = await Promise.allSettled(event.Records.map(it => store(put, it)));
    const failed = event.Records.filter((record, at) => {
        const {reason} = outcomes[at];
        if (reason) console.error('Not stored', {messageId: record.messageId, error: String(reason)});
        return reason;
    });
    // These become visible again, and end in the dead letter queue; the others are done.
    return {batchItemFailures: failed.map(it => ({itemIdentifier: it.messageId}))};
};

async function store(put, record) {
    const {orderId, amount, currency, createdAt} = JSON.parse(record.body);
    const texts = [orderId, currency, createdAt];
    if (texts.some(it => typeof it !== 'string' || !it) || !Number.isFinite(amount)) {
        throw new Error('not an order');
    }
    try {
        await put({
            Item: {
                PK: {S: `ORDER#${orderId}`},
                SK: {S: `ORDER#${orderId}`},
                amount: {N: String(amount)},
                currency: {S: currency},
                createdAt: {S: createdAt},
            },
            ConditionExpression: 'attribute_not_exists(PK)',
        });
    } catch (error) {
        // It is there: an earlier delivery stored it.
        if (error.name !== 'ConditionalCheckFailedException') throw error;
    }
}
