//! `aws:lambda/getFunction:getFunction`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    described,
    function::signing,
    function_parts::{
        DeadLetter, Durable, Environment, FileSystem, Logging, Storage, Tenancy, Tracing, Vpc,
    },
    invoke_arn, streaming_arn,
};
use crate::provider::*;

pub(super) struct GetFunction;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    function_name: String,
    qualifier: Option<String>,
    /// Told, not asked.
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    architectures: Vec<String>,
    arn: String,
    code_sha256: Option<String>,
    code_signing_config_arn: Option<String>,
    dead_letter_config: Option<DeadLetter>,
    description: String,
    durable_configs: Vec<Durable>,
    environment: Option<Environment>,
    ephemeral_storages: Vec<Storage>,
    file_system_configs: Vec<FileSystem>,
    function_name: String,
    handler: Option<String>,
    image_uri: Option<String>,
    invoke_arn: String,
    kms_key_arn: Option<String>,
    last_modified: Option<String>,
    layers: Vec<String>,
    logging_configs: Vec<Logging>,
    memory_size: i32,
    qualified_arn: String,
    qualified_invoke_arn: String,
    qualifier: Option<String>,
    region: String,
    reserved_concurrent_executions: i32,
    response_streaming_invoke_arn: String,
    role: String,
    runtime: Option<String>,
    signing_job_arn: Option<String>,
    signing_profile_version_arn: Option<String>,
    source_code_hash: Option<String>,
    source_code_size: i64,
    source_kms_key_arn: Option<String>,
    tags: Tags,
    tenancy_configs: Vec<Tenancy>,
    timeout: i32,
    tracing_config: Option<Tracing>,
    version: String,
    vpc_config: Option<Vpc>,
}

impl Function for GetFunction {
    const TOKEN: &'static str = "aws:lambda/getFunction:getFunction";
    const REFUSED: &'static [(&'static str, &'static str)] = &[(
        "capacityProviderConfigs",
        "is of functions on a capacity provider, and there is no such type here",
    )];
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        if !args.tags.0.is_empty() {
            return Err(Error::invalid(
                "tags",
                "are told by Lambda, and nothing is looked up by them",
            ));
        }
        let name = &args.function_name;
        let live = described(cx, name, args.qualifier.as_deref()).await?;
        let live = live.ok_or_else(|| Error::failed(format!("there is no function `{name}`")))?;
        let it = live.configuration.ok_or(Error::missing("Configuration"))?;
        let of_code = live.code.as_ref();
        let told = it.function_arn.ok_or(Error::missing("FunctionArn"))?;
        let version = it.version.unwrap_or_default();
        // Asked with a qualifier, the ARN has it already.
        let arn = match &args.qualifier {
            Some(qualifier) => {
                told.strip_suffix(&format!(":{qualifier}")).unwrap_or(&told).to_owned()
            }
            None => told,
        };
        let qualified_arn = match &args.qualifier {
            Some(qualifier) => format!("{arn}:{qualifier}"),
            None => format!("{arn}:{version}"),
        };
        let text = |it: Option<&String>| it.filter(|it| !it.is_empty()).cloned();
        let layers = it.layers.unwrap_or_default();
        let reserved = live.concurrency.and_then(|it| it.reserved_concurrent_executions);
        Ok(Output {
            id: name.clone(),
            architectures: it
                .architectures
                .unwrap_or_default()
                .iter()
                .map(|it| it.as_str().to_owned())
                .collect(),
            code_sha256: it.code_sha256.clone(),
            code_signing_config_arn: signing(cx, name).await?,
            dead_letter_config: it.dead_letter_config.and_then(DeadLetter::live),
            description: it.description.unwrap_or_default(),
            durable_configs: it.durable_config.and_then(Durable::live).into_iter().collect(),
            environment: it.environment.map(Environment::live).transpose()?.flatten(),
            ephemeral_storages: it.ephemeral_storage.iter().map(Storage::live).collect(),
            file_system_configs: it
                .file_system_configs
                .unwrap_or_default()
                .into_iter()
                .map(FileSystem::live)
                .collect(),
            function_name: it.function_name.unwrap_or_else(|| name.clone()),
            handler: it.handler.filter(|it| !it.is_empty()),
            image_uri: text(of_code.and_then(|it| it.image_uri.as_ref())),
            invoke_arn: invoke_arn(&cx.place, &arn),
            kms_key_arn: it.kms_key_arn.filter(|it| !it.is_empty()),
            last_modified: it.last_modified,
            layers: layers.into_iter().filter_map(|it| it.arn).collect(),
            logging_configs: it.logging_config.and_then(Logging::live).into_iter().collect(),
            memory_size: it.memory_size.unwrap_or_default(),
            qualified_invoke_arn: invoke_arn(&cx.place, &qualified_arn),
            qualified_arn,
            qualifier: args.qualifier.clone(),
            region: cx.place.region.clone(),
            reserved_concurrent_executions: reserved.unwrap_or(-1),
            response_streaming_invoke_arn: streaming_arn(&cx.place, &arn),
            role: it.role.unwrap_or_default(),
            runtime: it.runtime.map(|it| it.as_str().to_owned()).filter(|it| !it.is_empty()),
            signing_job_arn: it.signing_job_arn,
            signing_profile_version_arn: it.signing_profile_version_arn,
            source_code_hash: it.code_sha256,
            source_code_size: it.code_size,
            source_kms_key_arn: text(of_code.and_then(|it| it.source_kms_key_arn.as_ref())),
            tags: Tags::live(live.tags.unwrap_or_default()),
            tenancy_configs: it.tenancy_config.iter().map(Tenancy::live).collect(),
            timeout: it.timeout.unwrap_or_default(),
            tracing_config: it.tracing_config.and_then(Tracing::live),
            version,
            vpc_config: it.vpc_config.and_then(Vpc::live),
            arn,
        })
    }
}
