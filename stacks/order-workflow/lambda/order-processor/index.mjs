// The first step: checks what an order says, and prepares it for the others. The
// gateway has seen to its shape; this sees to its sense, and trusts nobody.

class InvalidOrder extends Error {
    name = 'InvalidOrder';
}

const check = (holds, what) => {
    if (!holds) throw new InvalidOrder(what);
};

const cents = amount => Math.round(amount * 100);
const text = it => typeof it === 'string' && it.trim() !== '';

export const handler = async ({order, execution, startedAt}) => {
    check(order !== null && typeof order === 'object', 'An order is an object');
    check(text(order.customerName), 'customerName is missing');
    check(Array.isArray(order.items) && order.items.length > 0, 'An order has items');
    const items = order.items.map((it, at) => {
        check(text(it?.name), `items[${at}].name is missing`);
        check(Number.isInteger(it.quantity) && it.quantity > 0, `items[${at}].quantity is not a count`);
        check(Number.isFinite(it.price) && it.price >= 0, `items[${at}].price is not a price`);
        return {name: it.name.trim(), quantity: it.quantity, price: it.price};
    });
    // In cents: 0.1 + 0.2 is not 0.3.
    const total = items.reduce((sum, it) => sum + it.quantity * cents(it.price), 0);
    check(Number.isSafeInteger(total), 'The items cost more than there is');
    check(
        Number.isFinite(order.totalAmount) && cents(order.totalAmount) === total,
        `totalAmount is ${order.totalAmount}, and the items cost ${total / 100}`,
    );
    // One execution is one order, however often this step is repeated.
    const orderId = execution.replace(/^execution-/, 'order-');
    const orderDetails = {customerName: order.customerName.trim(), items, totalAmount: total / 100};
    return {orderId, startedAt, orderDetails};
};
