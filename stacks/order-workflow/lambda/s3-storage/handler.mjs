// Stores a result, once. The time comes first in its name, so that the bucket lists
// orders in the order in which they came.
export const store = ({put}) => async result => {
    try {
        await put({
            Key: `orders/${result.startedAt}-${result.orderId}.json`,
            Body: JSON.stringify(result),
            ContentType: 'application/json',
            IfNoneMatch: '*',
        });
    } catch (error) {
        // It is there: this step is repeated, and stored it before.
        if (error.name !== 'PreconditionFailed') throw error;
    }
    return result;
};
