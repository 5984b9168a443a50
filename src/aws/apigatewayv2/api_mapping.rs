//! `aws:apigatewayv2/apiMapping:ApiMapping`. The id is `mapping/domain`;
//! programs read the mapping's own.

use aws_sdk_apigatewayv2::types::ApiMapping as Live;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, every, said, split, text};
use crate::{aws::error::absent, provider::*};

pub(super) struct ApiMapping;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    api_id: String,
    #[schemars(extend("replace" = true))]
    domain_name: String,
    stage: String,
    /// The path below the domain; absent for the domain itself.
    api_mapping_key: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for ApiMapping {
    const TYPE: &'static str = "aws:apigatewayv2/apiMapping:ApiMapping";
    const KEY: &'static [&'static str] = &["domainName", "apiMappingKey"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let key = new.api_mapping_key.as_deref().unwrap_or_default();
        if key.starts_with('/') || key.ends_with('/') || key.contains("//") {
            let rule = "neither begins nor ends with `/`, and has no two together";
            return Err(Error::invalid("apiMappingKey", rule));
        }
        Ok(())
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("apigw-domain:{}", inputs.domain_name))
    }

    fn shown_id(id: &str) -> &str {
        id.split('/').next().unwrap_or(id)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.apigatewayv2().create_api_mapping().domain_name(&new.domain_name);
        let call = call.api_id(&new.api_id).stage(&new.stage);
        let made = call.set_api_mapping_key(new.api_mapping_key.clone()).send().await?;
        let id = made.api_mapping_id.ok_or(Error::missing("ApiMappingId"))?;
        Ok(format!("{id}/{}", new.domain_name))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (own, domain) = split(id)?;
        let all = mappings(cx, domain).await?;
        let live = all.into_iter().find(|it| it.api_mapping_id.as_deref() == Some(own));
        Ok(live.map(|it| Outputs {
            inputs: Inputs {
                api_id: it.api_id.unwrap_or_default(),
                domain_name: domain.to_owned(),
                stage: it.stage.unwrap_or_default(),
                api_mapping_key: said(it.api_mapping_key),
            },
        }))
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let (own, domain) = split(id)?;
        let call = cx.aws.apigatewayv2().update_api_mapping().domain_name(domain);
        call.api_mapping_id(own)
            .api_id(&new.api_id)
            .stage(&new.stage)
            .set_api_mapping_key(text(old.api_mapping_key.as_ref(), new.api_mapping_key.as_ref()))
            .send()
            .await?;
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (own, domain) = split(id)?;
        let call = cx.aws.apigatewayv2().delete_api_mapping().domain_name(domain);
        absent(call.api_mapping_id(own).send().await, MISSING).map(drop)
    }

    /// A domain has no two mappings of one key; ours is as it was sent.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let ours = |it: &Live| {
            it.api_id.as_ref() == Some(&inputs.api_id)
                && it.stage.as_ref() == Some(&inputs.stage)
                && said(it.api_mapping_key.clone()) == said(inputs.api_mapping_key.clone())
        };
        let found = mappings(cx, &inputs.domain_name).await?.into_iter().find(ours);
        let id = found.and_then(|it| it.api_mapping_id);
        Ok(id.map(|it| format!("{it}/{}", inputs.domain_name)))
    }
}

async fn mappings(cx: &Cx, domain: &str) -> Result<Vec<Live>> {
    let all: Option<Vec<Live>> =
        every!(cx.aws.apigatewayv2().get_api_mappings().domain_name(domain));
    Ok(all.unwrap_or_default())
}
