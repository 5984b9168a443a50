// Stands in for the AWS SDK that Lambda's runtime brings, so that a function is
// tested whole, with nothing installed: what it sends comes to `aws`.

import {register} from 'node:module';

const EXPORTS = {
    '@aws-sdk/client-dynamodb': ['DynamoDBClient', 'GetItemCommand', 'PutItemCommand'],
    '@aws-sdk/client-s3': ['S3Client', 'GetObjectCommand', 'ListObjectsV2Command', 'PutObjectCommand'],
    '@aws-sdk/client-sfn': ['SFNClient', 'StartExecutionCommand'],
    '@aws-sdk/client-sqs': ['SQSClient', 'SendMessageCommand'],
};

const source = names =>
    names
        .map(name => {
            const call = name.replace(/Command$/, '');
            return name.endsWith('Client')
                ? `export class ${name} { send(it) { return globalThis.aws(it.call, it.input); } }`
                : `export class ${name} { constructor(input) { this.call = '${call}'; this.input = input; } }`;
        })
        .join('\n');

const modules = Object.entries(EXPORTS).map(([name, names]) => [
    name,
    `data:text/javascript,${encodeURIComponent(source(names))}`,
]);

register(
    `data:text/javascript,${encodeURIComponent(`
        const modules = new Map(${JSON.stringify(modules)});
        export const resolve = (name, context, next) =>
            modules.has(name) ? {url: modules.get(name), shortCircuit: true} : next(name, context);
    `)}`,
);

/** What AWS is until the test says otherwise: `(call, input) => answer`. */
export const aws = answer => {
    globalThis.aws = async (call, input) => answer(call, input);
};

/** An error as the SDK throws it. */
export const refused = name => Object.assign(new Error(`${name} was refused`), {name});
