export const inventoryCheck = ({inStock}) => async ({orderDetails}) => {
    // An article may be on several lines of an order.
    const wanted = new Map();
    for (const {name, quantity} of orderDetails.items) {
        wanted.set(name, (wanted.get(name) ?? 0) + quantity);
    }
    const missing = [];
    for (const [name, quantity] of wanted) {
        const available = await inStock(name);
        if (quantity > available) missing.push({name, wanted: quantity, available});
    }
    return {status: missing.length ? 'unavailable' : 'available', missing};
};
