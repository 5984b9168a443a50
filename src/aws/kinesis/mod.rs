//! Amazon Kinesis and Firehose.

mod delivery_parts;
mod firehose_delivery_stream;
mod stream;

use crate::{
    aws::twin::words,
    provider::{AnyFunction, AnyResource, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<firehose_delivery_stream::FirehoseDeliveryStream>(),
        resource::<stream::Stream>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    Vec::new()
}

const MISSING: &[&str] = &["ResourceNotFoundException"];

words! { aws_sdk_kinesis: EncryptionType StreamMode }

words! {
    aws_sdk_firehose:
    CompressionFormat Connectivity ContentEncoding HttpEndpointS3BackupMode KeyType OrcCompression
    OrcFormatVersion ParquetCompression ParquetWriterVersion ProcessorParameterName ProcessorType
    S3BackupMode
}

/// Names of both kinds of streams.
fn check_name(name: &str, longest: usize) -> crate::provider::Result<()> {
    let fits = |it: char| it.is_ascii_alphanumeric() || "_.-".contains(it);
    if name.is_empty() || name.len() > longest || !name.chars().all(fits) {
        let rule = format!("is 1 to {longest} letters, digits, `_`, `.` and `-`");
        return Err(crate::provider::Error::invalid("name", rule));
    }
    Ok(())
}
