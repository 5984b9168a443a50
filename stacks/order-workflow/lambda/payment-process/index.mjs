// Reserves what the order costs. There is no payment provider behind this system:
// what the configuration allows is reserved, and the rest is declined.

import {createHash} from 'node:crypto';
import {paymentProcess} from './handler.mjs';

const limit = Number(process.env.PAYMENT_LIMIT);

export const handler = paymentProcess({
    // A provider gives one reservation for one key, however often it is asked.
    reserve: async ({key, amount}) =>
        amount <= limit
            ? {reservation: `pay-${createHash('sha256').update(key).digest('hex').slice(0, 16)}`}
            : {declined: `more than ${limit}`},
});
