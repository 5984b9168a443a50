// The way from Lambda to the handler: what it needs of AWS, and no decisions.

import {PutObjectCommand, S3Client} from '@aws-sdk/client-s3';
import {store} from './handler.mjs';

const s3 = new S3Client();
const bucket = process.env.BUCKET;

export const handler = store({
    put: object => s3.send(new PutObjectCommand({Bucket: bucket, ...object})),
});
