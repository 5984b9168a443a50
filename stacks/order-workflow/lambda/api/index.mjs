// The way from Lambda to the handler: what it needs of AWS, and no decisions.

import {GetObjectCommand, ListObjectsV2Command, S3Client} from '@aws-sdk/client-s3';
import {SFNClient, StartExecutionCommand} from '@aws-sdk/client-sfn';
import {api} from './handler.mjs';

const s3 = new S3Client();
const sfn = new SFNClient();
const {BUCKET, STATE_MACHINE_ARN} = process.env;

export const handler = api({
    start: execution =>
        sfn.send(new StartExecutionCommand({stateMachineArn: STATE_MACHINE_ARN, ...execution})),
    list: page => s3.send(new ListObjectsV2Command({Bucket: BUCKET, ...page})),
    read: async Key =>
        (await s3.send(new GetObjectCommand({Bucket: BUCKET, Key}))).Body.transformToString(),
});
