//! `aws:wafv2/regexPatternSet:RegexPatternSet`. The id is `uuid/name/scope`.

use aws_sdk_wafv2::{operation::get_regex_pattern_set::GetRegexPatternSetOutput, types as sdk};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    SERIAL, birth_tags, calls, check_name, id, made, parts, retag, right_region, tags,
    twin::{Field, Word, twin},
};
use crate::{aws::kept, provider::*};

pub(super) struct RegexPatternSet;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 128, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    #[schemars(extend("replace" = true))]
    scope: Word<sdk::Scope>,
    description: Option<String>,
    /// Ten at most.
    regular_expressions: Option<Set<RegularExpression>>,
    #[serde(default)]
    tags: Tags,
}

twin! {
    RegularExpression = Regex {
        regex_string: String => regex_string, set_regex_string;
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    #[schemars(extend("volatile" = true))]
    lock_token: Option<String>,
}

impl Resource for RegexPatternSet {
    const TYPE: &'static str = "aws:wafv2/regexPatternSet:RegexPatternSet";
    const HELD: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name(&new.name)?;
        if new.regular_expressions.as_ref().is_some_and(|it| it.0.len() > 10) {
            return Err(Error::invalid("regularExpressions", "has at most 10"));
        }
        Ok(())
    }

    fn serial(_: &Inputs) -> Option<String> {
        Some(SERIAL.to_owned())
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        right_region(cx, &new.scope.0)?;
        let call = cx.aws.wafv2().create_regex_pattern_set().name(&new.name);
        let call = call.scope(new.scope.0.clone());
        let call = call.set_description(new.description.clone().filter(|it| !it.is_empty()));
        let expressions = new.regular_expressions.put()?.unwrap_or_default();
        let call = call.set_regular_expression_list(Some(expressions));
        let reply = call.set_tags(birth_tags(cx, &new.tags)?).send().await?;
        id(reply.summary.as_ref().and_then(|it| it.id()), &new.name, &new.scope.0)
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (_, name, scope) = parts(id)?;
        let Some(reply) = live(cx, id).await? else { return Ok(None) };
        let set = reply.regex_pattern_set.ok_or(Error::missing("RegexPatternSet"))?;
        let arn = set.arn.ok_or(Error::missing("ARN"))?;
        let inputs = Inputs {
            name: name.to_owned(),
            name_prefix: None,
            scope: Word(scope),
            description: set.description.filter(|it| !it.is_empty()),
            regular_expressions: Field::take(set.regular_expression_list.as_ref())?,
            tags: tags(cx, &arn).await?,
        };
        Ok(Some(Outputs { inputs, arn, lock_token: reply.lock_token }))
    }

    /// The call replaces the whole set: what the program never said is sent
    /// as it is.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let (uuid, name, scope) = parts(id)?;
        let reply = live(cx, id).await?.ok_or(Error::unseen("the pattern set"))?;
        let set = reply.regex_pattern_set.ok_or(Error::missing("RegexPatternSet"))?;
        if old.regular_expressions != new.regular_expressions || old.description != new.description
        {
            let wanted = kept(
                old.regular_expressions.put()?,
                new.regular_expressions.put()?,
                set.regular_expression_list,
            );
            let description =
                kept(old.description.clone(), new.description.clone(), set.description);
            let call = cx.aws.wafv2().update_regex_pattern_set().id(uuid).name(name).scope(scope);
            call.set_regular_expression_list(Some(wanted.unwrap_or_default()))
                .set_description(description.filter(|it| !it.is_empty()))
                .set_lock_token(reply.lock_token)
                .send()
                .await?;
        }
        retag(cx, &set.arn.ok_or(Error::missing("ARN"))?, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        delete(cx, id).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let scope = &inputs.scope.0;
        made(cx, listed(cx, scope).await?, scope, &inputs.name).await
    }
}

calls!(GetRegexPatternSetOutput: list_regex_pattern_sets regex_pattern_sets, get_regex_pattern_set, delete_regex_pattern_set);
