// The way from Lambda to the handler: what it needs of AWS, and no decisions.

import {DynamoDBClient, PutItemCommand} from '@aws-sdk/client-dynamodb';
import {processOrders} from './handler.mjs';

const dynamodb = new DynamoDBClient();
const table = process.env.TABLE_NAME;

export const handler = processOrders({
    put: item => dynamodb.send(new PutItemCommand({TableName: table, ...item})),
});
