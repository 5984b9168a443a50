//! What a delivery stream delivers to, and what it does on the way. AWS has
//! three types for most of it: for a new stream, for a change and to tell.

use aws_sdk_firehose::types::{
    self as sdk, BufferingHints, EncryptionConfiguration, HttpEndpointBufferingHints,
    HttpEndpointRetryOptions, KmsEncryptionConfig, NoEncryptionConfig,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    aws::twin::{Field, Word, twin},
    model::Value,
    provider::{Error, Kind, Result, Secret, Set, int, yes},
};

/// What to send of a property: a change that is not told it keeps it.
fn told<T: Clone>(old: Option<&T>, new: Option<&T>, none: T) -> Option<T> {
    new.cloned().or_else(|| old.map(|_| none))
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::new(Kind::Broken, "", error.to_string())
}

twin! {
    Logging = sdk::CloudWatchLoggingOptions {
        enabled: Option<bool> => enabled, set_enabled;
        log_group_name: Option<String> => log_group_name, set_log_group_name;
        log_stream_name: Option<String> => log_stream_name, set_log_stream_name;
    }
}

impl Logging {
    fn off() -> Self {
        Self { enabled: Some(false), log_group_name: None, log_stream_name: None }
    }
}

twin! {
    Processing = sdk::ProcessingConfiguration {
        enabled: Option<bool> => enabled, set_enabled;
        processors: Option<Vec<Processor>> => processors, set_processors;
    }
}

twin! {
    Processor = sdk::Processor {
        parameters: Option<Set<Parameter>> => parameters, set_parameters;
        r#type: Word<sdk::ProcessorType> => r#type, set_type;
    }
}

twin! {
    Parameter = sdk::ProcessorParameter {
        parameter_name: Word<sdk::ProcessorParameterName> => parameter_name, set_parameter_name;
        parameter_value: String => parameter_value, set_parameter_value;
    }
}

impl Processing {
    fn off() -> Self {
        Self { enabled: Some(false), processors: Some(Vec::new()) }
    }
}

/// Parameters that AWS adds to a processor that is not told them.
const ADDED: [&str; 4] =
    ["BufferIntervalInSeconds", "BufferSizeInMBs", "NumberOfRetries", "RoleArn"];

/// Whether the live processors are the wanted ones but for what AWS added.
pub(super) fn same_processing(wanted: &Value, live: &Value) -> bool {
    fn list<'a>(it: &'a Value, name: &str) -> &'a [Value] {
        it.get(name).and_then(Value::as_list).unwrap_or_default()
    }
    let text = |it: &Value, name: &str| it.get(name).and_then(Value::as_str).map(str::to_owned);
    let pair = |it: &Value| (text(it, "parameterName"), text(it, "parameterValue"));
    let same = |(wanted, live): (&Value, &Value)| {
        let all: Vec<_> = list(wanted, "parameters").iter().map(pair).collect();
        let there: Vec<_> = list(live, "parameters").iter().map(pair).collect();
        let added =
            |it: &(Option<String>, _)| ADDED.iter().any(|name| it.0.as_deref() == Some(*name));
        text(wanted, "type") == text(live, "type")
            && all.iter().all(|it| there.contains(it))
            && there.iter().all(|it| all.contains(it) || added(it))
    };
    let on = |it: &Value| it.get("enabled").and_then(Value::as_bool).unwrap_or_default();
    let (wanted_all, live_all) = (list(wanted, "processors"), list(live, "processors"));
    on(wanted) == on(live)
        && wanted_all.len() == live_all.len()
        && wanted_all.iter().zip(live_all).all(same)
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct S3 {
    bucket_arn: String,
    /// In seconds.
    #[serde(default = "int::<300>")]
    #[schemars(range(max = 900))]
    buffering_interval: i32,
    /// In MB.
    #[serde(default = "int::<5>")]
    #[schemars(range(min = 1, max = 128))]
    buffering_size: i32,
    cloudwatch_logging_options: Option<Logging>,
    #[serde(default = "uncompressed")]
    compression_format: Word<sdk::CompressionFormat>,
    error_output_prefix: Option<String>,
    kms_key_arn: Option<String>,
    prefix: Option<String>,
    pub(super) role_arn: String,
}

fn uncompressed() -> Word<sdk::CompressionFormat> {
    Word(sdk::CompressionFormat::Uncompressed)
}

/// With a key, without one, or as it is.
fn encryption(
    old: Option<&String>,
    new: Option<&String>,
) -> Result<Option<EncryptionConfiguration>> {
    let config = EncryptionConfiguration::builder();
    Ok(match (old, new) {
        (_, Some(key)) => {
            let key = KmsEncryptionConfig::builder().awskms_key_arn(key).build().map_err(broken)?;
            Some(config.kms_encryption_config(key).build())
        }
        (Some(_), None) => {
            Some(config.no_encryption_config(NoEncryptionConfig::NoEncryption).build())
        }
        (None, None) => None,
    })
}

fn key(live: Option<&EncryptionConfiguration>) -> Option<String> {
    Some(live?.kms_encryption_config.as_ref()?.awskms_key_arn.clone())
}

/// The fields that all the builders for S3 have.
macro_rules! to_s3 {
    ($builder:expr, $old:expr, $it:expr) => {{
        let (old, it): (Option<&_>, &_) = ($old, $it);
        let hints = BufferingHints::builder()
            .size_in_mbs(it.buffering_size)
            .interval_in_seconds(it.buffering_interval);
        let logging = told(
            old.and_then(|it| it.cloudwatch_logging_options.as_ref()),
            it.cloudwatch_logging_options.as_ref(),
            Logging::off(),
        );
        $builder
            .bucket_arn(&it.bucket_arn)
            .buffering_hints(hints.build())
            .set_cloud_watch_logging_options(logging.put()?)
            .compression_format(it.compression_format.0.clone())
            .set_error_output_prefix(told(
                old.and_then(|it| it.error_output_prefix.as_ref()),
                it.error_output_prefix.as_ref(),
                String::new(),
            ))
            .set_encryption_configuration(encryption(
                old.and_then(|it| it.kms_key_arn.as_ref()),
                it.kms_key_arn.as_ref(),
            )?)
            .set_prefix(told(
                old.and_then(|it| it.prefix.as_ref()),
                it.prefix.as_ref(),
                String::new(),
            ))
            .role_arn(&it.role_arn)
    }};
}

fn some(text: Option<String>) -> Option<String> {
    text.filter(|it| !it.is_empty())
}

impl S3 {
    fn configuration(&self) -> Result<sdk::S3DestinationConfiguration> {
        let none: Option<&Self> = None;
        to_s3!(sdk::S3DestinationConfiguration::builder(), none, self).build().map_err(broken)
    }

    fn update(&self, old: Option<&Self>) -> Result<sdk::S3DestinationUpdate> {
        Ok(to_s3!(sdk::S3DestinationUpdate::builder(), old, self).build())
    }

    fn live(it: sdk::S3DestinationDescription) -> Result<Self> {
        let hints = it.buffering_hints.unwrap_or_else(|| BufferingHints::builder().build());
        Ok(Self {
            bucket_arn: it.bucket_arn,
            buffering_interval: hints.interval_in_seconds.unwrap_or_default(),
            buffering_size: hints.size_in_mbs.unwrap_or_default(),
            cloudwatch_logging_options: Field::take(it.cloud_watch_logging_options.as_ref())?,
            compression_format: Word(it.compression_format),
            error_output_prefix: some(it.error_output_prefix),
            kms_key_arn: key(it.encryption_configuration.as_ref()),
            prefix: some(it.prefix),
            role_arn: it.role_arn,
        })
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExtendedS3 {
    bucket_arn: String,
    /// In seconds.
    #[serde(default = "int::<300>")]
    #[schemars(range(max = 900))]
    buffering_interval: i32,
    /// In MB; 64 or more with dynamic partitioning.
    #[serde(default = "int::<5>")]
    #[schemars(range(min = 1, max = 128))]
    buffering_size: i32,
    cloudwatch_logging_options: Option<Logging>,
    #[serde(default = "uncompressed")]
    compression_format: Word<sdk::CompressionFormat>,
    #[serde(default = "utc")]
    custom_time_zone: String,
    data_format_conversion_configuration: Option<Conversion>,
    dynamic_partitioning_configuration: Option<Partitioning>,
    error_output_prefix: Option<String>,
    file_extension: Option<String>,
    kms_key_arn: Option<String>,
    prefix: Option<String>,
    processing_configuration: Option<Processing>,
    pub(super) role_arn: String,
    s3_backup_configuration: Option<S3>,
    #[serde(default = "no_backup")]
    s3_backup_mode: Word<sdk::S3BackupMode>,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn no_backup() -> Word<sdk::S3BackupMode> {
    Word(sdk::S3BackupMode::Disabled)
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Partitioning {
    /// For good: AWS changes it for a new stream only.
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    enabled: bool,
    /// In seconds.
    #[serde(default = "int::<300>")]
    #[schemars(range(max = 7200))]
    retry_duration: i32,
}

impl Partitioning {
    fn sdk(&self) -> sdk::DynamicPartitioningConfiguration {
        let retry = sdk::RetryOptions::builder().duration_in_seconds(self.retry_duration);
        let part = sdk::DynamicPartitioningConfiguration::builder().enabled(self.enabled);
        if self.enabled { part.retry_options(retry.build()).build() } else { part.build() }
    }

    fn live(it: sdk::DynamicPartitioningConfiguration) -> Self {
        let retry = it.retry_options.and_then(|it| it.duration_in_seconds);
        Self {
            enabled: it.enabled.unwrap_or_default(),
            retry_duration: retry.unwrap_or_else(int::<300>),
        }
    }
}

twin! {
    /// Of JSON to a format in columns.
    Conversion = sdk::DataFormatConversionConfiguration {
        #[serde(default = "yes")]
        enabled: bool => enabled, set_enabled;
        input_format_configuration: InputFormat
            => input_format_configuration, set_input_format_configuration;
        output_format_configuration: OutputFormat
            => output_format_configuration, set_output_format_configuration;
        schema_configuration: Schema => schema_configuration, set_schema_configuration;
    }
}

twin! {
    InputFormat = sdk::InputFormatConfiguration {
        deserializer: Deserializer => deserializer, set_deserializer;
    }
}

twin! {
    Deserializer = sdk::Deserializer {
        hive_json_ser_de: Option<HiveJson> => hive_json_ser_de, set_hive_json_ser_de;
        open_x_json_ser_de: Option<OpenXJson> => open_x_json_ser_de, set_open_x_json_ser_de;
    }
}

twin! {
    HiveJson = sdk::HiveJsonSerDe {
        timestamp_formats: Option<Vec<String>> => timestamp_formats, set_timestamp_formats;
    }
}

twin! {
    OpenXJson = sdk::OpenXJsonSerDe {
        case_insensitive: Option<bool> => case_insensitive, set_case_insensitive;
        column_to_json_key_mappings: Option<std::collections::BTreeMap<String, String>>
            => column_to_json_key_mappings, set_column_to_json_key_mappings;
        convert_dots_in_json_keys_to_underscores: Option<bool>
            => convert_dots_in_json_keys_to_underscores,
            set_convert_dots_in_json_keys_to_underscores;
    }
}

twin! {
    OutputFormat = sdk::OutputFormatConfiguration {
        serializer: Serializer => serializer, set_serializer;
    }
}

twin! {
    Serializer = sdk::Serializer {
        orc_ser_de: Option<Orc> => orc_ser_de, set_orc_ser_de;
        parquet_ser_de: Option<Parquet> => parquet_ser_de, set_parquet_ser_de;
    }
}

twin! {
    Orc = sdk::OrcSerDe {
        block_size_bytes: Option<i32> => block_size_bytes, set_block_size_bytes;
        bloom_filter_columns: Option<Vec<String>>
            => bloom_filter_columns, set_bloom_filter_columns;
        bloom_filter_false_positive_probability: Option<f64>
            => bloom_filter_false_positive_probability,
            set_bloom_filter_false_positive_probability;
        compression: Option<Word<sdk::OrcCompression>> => compression, set_compression;
        dictionary_key_threshold: Option<f64>
            => dictionary_key_threshold, set_dictionary_key_threshold;
        enable_padding: Option<bool> => enable_padding, set_enable_padding;
        format_version: Option<Word<sdk::OrcFormatVersion>> => format_version, set_format_version;
        padding_tolerance: Option<f64> => padding_tolerance, set_padding_tolerance;
        row_index_stride: Option<i32> => row_index_stride, set_row_index_stride;
        stripe_size_bytes: Option<i32> => stripe_size_bytes, set_stripe_size_bytes;
    }
}

twin! {
    Parquet = sdk::ParquetSerDe {
        block_size_bytes: Option<i32> => block_size_bytes, set_block_size_bytes;
        compression: Option<Word<sdk::ParquetCompression>> => compression, set_compression;
        enable_dictionary_compression: Option<bool>
            => enable_dictionary_compression, set_enable_dictionary_compression;
        max_padding_bytes: Option<i32> => max_padding_bytes, set_max_padding_bytes;
        page_size_bytes: Option<i32> => page_size_bytes, set_page_size_bytes;
        writer_version: Option<Word<sdk::ParquetWriterVersion>>
            => writer_version, set_writer_version;
    }
}

twin! {
    /// Where AWS Glue keeps the columns.
    Schema = sdk::SchemaConfiguration {
        catalog_id: Option<String> => catalog_id, set_catalog_id;
        database_name: String => database_name, set_database_name;
        region: Option<String> => region, set_region;
        role_arn: String => role_arn, set_role_arn;
        table_name: String => table_name, set_table_name;
        version_id: Option<String> => version_id, set_version_id;
    }
}

/// The fields that both builders for extended S3 have beyond those of S3.
macro_rules! to_extended_s3 {
    ($builder:expr, $old:expr, $it:expr) => {{
        let (old, it): (Option<&ExtendedS3>, &ExtendedS3) = ($old, $it);
        let processing = told(
            old.and_then(|it| it.processing_configuration.as_ref()),
            it.processing_configuration.as_ref(),
            Processing::off(),
        );
        let converted = old.and_then(|it| it.data_format_conversion_configuration.as_ref());
        let unconverted = sdk::DataFormatConversionConfiguration::builder().enabled(false).build();
        let conversion = it.data_format_conversion_configuration.put()?;
        let extension = old.and_then(|it| it.file_extension.as_ref());
        to_s3!($builder, old, it)
            .custom_time_zone(&it.custom_time_zone)
            .set_data_format_conversion_configuration(
                conversion.or_else(|| converted.map(|_| unconverted)),
            )
            .set_dynamic_partitioning_configuration(
                it.dynamic_partitioning_configuration.as_ref().map(Partitioning::sdk),
            )
            .set_file_extension(told(extension, it.file_extension.as_ref(), String::new()))
            .set_processing_configuration(processing.put()?)
            .s3_backup_mode(it.s3_backup_mode.0.clone())
    }};
}

impl ExtendedS3 {
    pub(super) fn check(&self) -> Result<()> {
        let at = |name: &str| format!("extendedS3Configuration.{name}");
        let backs_up = self.s3_backup_mode.0 == sdk::S3BackupMode::Enabled;
        if backs_up != self.s3_backup_configuration.is_some() {
            let rule = "goes together with `s3BackupMode: Enabled`";
            return Err(Error::invalid(&at("s3BackupConfiguration"), rule));
        }
        let parts = self.dynamic_partitioning_configuration.as_ref().is_some_and(|it| it.enabled);
        let converts =
            self.data_format_conversion_configuration.as_ref().is_some_and(|it| it.enabled);
        if (parts || converts) && self.buffering_size < 64 {
            let rule = "is 64 or more with dynamic partitioning and with the conversion of formats";
            return Err(Error::invalid(&at("bufferingSize"), rule));
        }
        if converts && self.compression_format != uncompressed() {
            let rule = "is that of `outputFormatConfiguration` when formats are converted";
            return Err(Error::invalid(&at("compressionFormat"), rule));
        }
        if let Some(it) = &self.data_format_conversion_configuration {
            let from = &it.input_format_configuration.deserializer;
            let to = &it.output_format_configuration.serializer;
            let at = at("dataFormatConversionConfiguration");
            if from.hive_json_ser_de.is_some() == from.open_x_json_ser_de.is_some() {
                let rule = "has either `hiveJsonSerDe` or `openXJsonSerDe`";
                return Err(Error::invalid(&format!("{at}.inputFormatConfiguration"), rule));
            }
            if to.orc_ser_de.is_some() == to.parquet_ser_de.is_some() {
                let rule = "has either `orcSerDe` or `parquetSerDe`";
                return Err(Error::invalid(&format!("{at}.outputFormatConfiguration"), rule));
            }
        }
        Ok(())
    }

    pub(super) fn configuration(&self) -> Result<sdk::ExtendedS3DestinationConfiguration> {
        let backup = self.s3_backup_configuration.as_ref().map(S3::configuration).transpose()?;
        to_extended_s3!(sdk::ExtendedS3DestinationConfiguration::builder(), None, self)
            .set_s3_backup_configuration(backup)
            .build()
            .map_err(broken)
    }

    pub(super) fn update(&self, old: Option<&Self>) -> Result<sdk::ExtendedS3DestinationUpdate> {
        let was = old.and_then(|it| it.s3_backup_configuration.as_ref());
        let backup = self.s3_backup_configuration.as_ref().map(|it| it.update(was)).transpose()?;
        Ok(to_extended_s3!(sdk::ExtendedS3DestinationUpdate::builder(), old, self)
            .set_s3_backup_update(backup)
            .build())
    }

    pub(super) fn live(it: sdk::ExtendedS3DestinationDescription) -> Result<Self> {
        let hints = it.buffering_hints.unwrap_or_else(|| BufferingHints::builder().build());
        // Told without a schema when it is off.
        let conversion = it.data_format_conversion_configuration;
        let conversion = conversion.filter(|it| it.schema_configuration.is_some());
        Ok(Self {
            bucket_arn: it.bucket_arn,
            buffering_interval: hints.interval_in_seconds.unwrap_or_default(),
            buffering_size: hints.size_in_mbs.unwrap_or_default(),
            cloudwatch_logging_options: Field::take(it.cloud_watch_logging_options.as_ref())?,
            compression_format: Word(it.compression_format),
            custom_time_zone: it.custom_time_zone.unwrap_or_else(utc),
            data_format_conversion_configuration: Field::take(conversion.as_ref())?,
            dynamic_partitioning_configuration: it
                .dynamic_partitioning_configuration
                .map(Partitioning::live),
            error_output_prefix: some(it.error_output_prefix),
            file_extension: some(it.file_extension),
            kms_key_arn: key(it.encryption_configuration.as_ref()),
            prefix: some(it.prefix),
            processing_configuration: Field::take(it.processing_configuration.as_ref())?,
            role_arn: it.role_arn,
            s3_backup_configuration: it.s3_backup_description.map(S3::live).transpose()?,
            s3_backup_mode: it.s3_backup_mode.map_or_else(no_backup, Word),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct HttpEndpoint {
    /// AWS tells it to nobody: after an import it must be given again.
    #[schemars(extend("writeOnly" = true))]
    access_key: Option<Secret<String>>,
    /// In seconds.
    #[serde(default = "int::<300>")]
    #[schemars(range(max = 900))]
    buffering_interval: i32,
    /// In MB.
    #[serde(default = "int::<5>")]
    #[schemars(range(min = 1, max = 64))]
    buffering_size: i32,
    cloudwatch_logging_options: Option<Logging>,
    name: Option<String>,
    processing_configuration: Option<Processing>,
    request_configuration: Option<Request>,
    /// In seconds.
    #[serde(default = "int::<300>")]
    #[schemars(range(max = 7200))]
    retry_duration: i32,
    pub(super) role_arn: Option<String>,
    #[serde(default = "failed_only")]
    s3_backup_mode: Word<sdk::HttpEndpointS3BackupMode>,
    pub(super) s3_configuration: S3,
    secrets_manager_configuration: Option<SecretsManager>,
    url: String,
}

fn failed_only() -> Word<sdk::HttpEndpointS3BackupMode> {
    Word(sdk::HttpEndpointS3BackupMode::FailedDataOnly)
}

twin! {
    Request = sdk::HttpEndpointRequestConfiguration {
        common_attributes: Option<Vec<Attribute>> => common_attributes, set_common_attributes;
        content_encoding: Option<Word<sdk::ContentEncoding>>
            => content_encoding, set_content_encoding;
    }
}

twin! {
    Attribute = sdk::HttpEndpointCommonAttribute {
        name: String => attribute_name, set_attribute_name;
        value: String => attribute_value, set_attribute_value;
    }
}

twin! {
    SecretsManager = sdk::SecretsManagerConfiguration {
        #[serde(default)]
        enabled: bool => enabled, set_enabled;
        role_arn: Option<String> => role_arn, set_role_arn;
        secret_arn: Option<String> => secret_arn, set_secret_arn;
    }
}

/// The fields that both builders for HTTP have.
macro_rules! to_http {
    ($builder:expr, $old:expr, $it:expr) => {{
        let (old, it): (Option<&HttpEndpoint>, &HttpEndpoint) = ($old, $it);
        let hints = HttpEndpointBufferingHints::builder()
            .size_in_mbs(it.buffering_size)
            .interval_in_seconds(it.buffering_interval);
        let retry = HttpEndpointRetryOptions::builder().duration_in_seconds(it.retry_duration);
        let logging = told(
            old.and_then(|it| it.cloudwatch_logging_options.as_ref()),
            it.cloudwatch_logging_options.as_ref(),
            Logging::off(),
        );
        let processing = told(
            old.and_then(|it| it.processing_configuration.as_ref()),
            it.processing_configuration.as_ref(),
            Processing::off(),
        );
        let plain = Request {
            common_attributes: Some(Vec::new()),
            content_encoding: Some(Word(sdk::ContentEncoding::None)),
        };
        let request = told(
            old.and_then(|it| it.request_configuration.as_ref()),
            it.request_configuration.as_ref(),
            plain,
        );
        let no_secret = SecretsManager { enabled: false, role_arn: None, secret_arn: None };
        let secret = told(
            old.and_then(|it| it.secrets_manager_configuration.as_ref()),
            it.secrets_manager_configuration.as_ref(),
            no_secret,
        );
        $builder
            .endpoint_configuration(it.endpoint()?)
            .buffering_hints(hints.build())
            .set_cloud_watch_logging_options(logging.put()?)
            .set_processing_configuration(processing.put()?)
            .set_request_configuration(request.put()?)
            .retry_options(retry.build())
            .set_role_arn(it.role_arn.clone())
            .s3_backup_mode(it.s3_backup_mode.0.clone())
            .set_secrets_manager_configuration(secret.put()?)
    }};
}

impl HttpEndpoint {
    pub(super) fn check(&self) -> Result<()> {
        let at = "httpEndpointConfiguration.secretsManagerConfiguration";
        let secret = self.secrets_manager_configuration.as_ref().filter(|it| it.enabled);
        if secret.is_some_and(|it| it.secret_arn.is_none()) {
            return Err(Error::invalid(at, "needs the `secretArn` that holds the access key"));
        }
        if secret.is_some() && self.access_key.is_some() {
            return Err(Error::invalid(at, "excludes `accessKey`: it comes out of the secret"));
        }
        Ok(())
    }

    fn endpoint(&self) -> Result<sdk::HttpEndpointConfiguration> {
        let key = self.access_key.as_ref().map(|it| it.0.clone());
        let endpoint = sdk::HttpEndpointConfiguration::builder().url(&self.url);
        endpoint.set_name(self.name.clone()).set_access_key(key).build().map_err(broken)
    }

    pub(super) fn configuration(&self) -> Result<sdk::HttpEndpointDestinationConfiguration> {
        Ok(to_http!(sdk::HttpEndpointDestinationConfiguration::builder(), None, self)
            .s3_configuration(self.s3_configuration.configuration()?)
            .build())
    }

    pub(super) fn update(&self, old: Option<&Self>) -> Result<sdk::HttpEndpointDestinationUpdate> {
        let s3 = self.s3_configuration.update(old.map(|it| &it.s3_configuration))?;
        let update = sdk::HttpEndpointDestinationUpdate::builder();
        Ok(to_http!(update, old, self).s3_update(s3).build())
    }

    pub(super) fn live(it: sdk::HttpEndpointDestinationDescription) -> Result<Self> {
        let endpoint = it.endpoint_configuration.ok_or(Error::missing("EndpointConfiguration"))?;
        let s3 = it.s3_destination_description.ok_or(Error::missing("S3DestinationDescription"))?;
        let hints =
            it.buffering_hints.unwrap_or_else(|| HttpEndpointBufferingHints::builder().build());
        let retry = it.retry_options.and_then(|it| it.duration_in_seconds);
        Ok(Self {
            access_key: None,
            buffering_interval: hints.interval_in_seconds.unwrap_or_default(),
            buffering_size: hints.size_in_mbs.unwrap_or_default(),
            cloudwatch_logging_options: Field::take(it.cloud_watch_logging_options.as_ref())?,
            name: endpoint.name,
            processing_configuration: Field::take(it.processing_configuration.as_ref())?,
            request_configuration: Field::take(it.request_configuration.as_ref())?,
            retry_duration: retry.unwrap_or_default(),
            role_arn: it.role_arn,
            s3_backup_mode: it.s3_backup_mode.map_or_else(failed_only, Word),
            s3_configuration: S3::live(s3)?,
            secrets_manager_configuration: Field::take(it.secrets_manager_configuration.as_ref())?,
            url: endpoint.url.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_aws_adds_to_a_processor_is_no_change() {
        let lambda = |parameters: serde_json::Value| {
            let processors = json!([{ "type": "Lambda", "parameters": parameters }]);
            Value::from_json(&json!({ "enabled": true, "processors": processors }))
        };
        let one = json!([{ "parameterName": "LambdaArn", "parameterValue": "arn:a" }]);
        let more = json!([
            { "parameterName": "LambdaArn", "parameterValue": "arn:a" },
            { "parameterName": "NumberOfRetries", "parameterValue": "3" },
        ]);
        let other = json!([{ "parameterName": "LambdaArn", "parameterValue": "arn:b" }]);
        assert!(same_processing(&lambda(one.clone()), &lambda(more.clone())));
        assert!(!same_processing(&lambda(more), &lambda(one.clone())));
        assert!(!same_processing(&lambda(other), &lambda(one)));
    }
}
