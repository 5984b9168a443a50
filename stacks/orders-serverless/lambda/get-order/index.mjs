// The way from Lambda to the handler: what it needs of AWS, and no decisions.

import {DynamoDBClient, GetItemCommand} from '@aws-sdk/client-dynamodb';
import {getOrder} from './handler.mjs';

const dynamodb = new DynamoDBClient();
const table = process.env.TABLE_NAME;

export const handler = getOrder({
    get: async query => (await dynamodb.send(new GetItemCommand({TableName: table, ...query}))).Item,
});
