// Makes one result of what the branches say. Branches answer in the order in which
// the workflow names them; when one fails, there is a failure in place of both.

export const handler = async ({orderId, startedAt, orderDetails, results, failure}) => {
    const order = {orderId, startedAt, orderDetails};
    if (failure) return {...order, failure: failure.Error, finalStatus: 'failed'};
    const [inventoryCheck, paymentProcessing] = results;
    const well = inventoryCheck.status === 'available' && paymentProcessing.status === 'reserved';
    return {...order, inventoryCheck, paymentProcessing, finalStatus: well ? 'completed' : 'rejected'};
};
