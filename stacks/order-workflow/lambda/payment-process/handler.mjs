// Reserves, and does not charge: the stock is checked at the same time, and a
// reservation for what is not there lapses.
export const paymentProcess = ({reserve}) => async ({orderId, orderDetails}) => {
    const amount = orderDetails.totalAmount;
    // This step may be repeated; the key keeps it from being paid twice.
    const {reservation, declined} = await reserve({key: orderId, amount});
    if (declined) return {status: 'declined', amount, reason: declined};
    return {status: 'reserved', amount, reservation};
};
