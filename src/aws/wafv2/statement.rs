//! Statements: what a rule of a web ACL or rule group looks for.

use aws_sdk_wafv2::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    managed::{ManagedRuleGroupStatement, RuleActionOverride},
    twin::{Bytes, One, Twin, Unit, Word, twin},
};
use crate::provider::{Result, Set};

twin! {
    /// Exactly one of these.
    Statement = Statement {
        and_statement: Option<AndStatement> => and_statement, set_and_statement;
        asn_match_statement: Option<AsnMatchStatement>
            => asn_match_statement, set_asn_match_statement;
        byte_match_statement: Option<ByteMatchStatement>
            => byte_match_statement, set_byte_match_statement;
        geo_match_statement: Option<GeoMatchStatement>
            => geo_match_statement, set_geo_match_statement;
        ip_set_reference_statement: Option<IpSetReferenceStatement>
            => ip_set_reference_statement, set_ip_set_reference_statement;
        label_match_statement: Option<LabelMatchStatement>
            => label_match_statement, set_label_match_statement;
        managed_rule_group_statement: Option<ManagedRuleGroupStatement>
            => managed_rule_group_statement, set_managed_rule_group_statement;
        not_statement: Option<NotStatement> => not_statement, set_not_statement;
        or_statement: Option<OrStatement> => or_statement, set_or_statement;
        rate_based_statement: Option<RateBasedStatement>
            => rate_based_statement, set_rate_based_statement;
        regex_match_statement: Option<RegexMatchStatement>
            => regex_match_statement, set_regex_match_statement;
        regex_pattern_set_reference_statement: Option<RegexPatternSetReferenceStatement>
            => regex_pattern_set_reference_statement, set_regex_pattern_set_reference_statement;
        rule_group_reference_statement: Option<RuleGroupReferenceStatement>
            => rule_group_reference_statement, set_rule_group_reference_statement;
        size_constraint_statement: Option<SizeConstraintStatement>
            => size_constraint_statement, set_size_constraint_statement;
        sqli_match_statement: Option<SqliMatchStatement>
            => sqli_match_statement, set_sqli_match_statement;
        xss_match_statement: Option<XssMatchStatement>
            => xss_match_statement, set_xss_match_statement;
    }
}

twin! {
    AndStatement = AndStatement {
        #[serde(default)]
        statements: Vec<Statement> => statements, set_statements;
    }
}

twin! {
    OrStatement = OrStatement {
        #[serde(default)]
        statements: Vec<Statement> => statements, set_statements;
    }
}

/// A web ACL says it as it is, a rule group as a list of one: what is live is
/// told in both ways.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NotStatement {
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<Box<Statement>>,
    #[schemars(length(max = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    statements: Option<Vec<Statement>>,
}

impl NotStatement {
    fn negated(&self) -> Option<&Statement> {
        let listed = || self.statements.as_ref().and_then(|it| it.first());
        self.statement.as_deref().or_else(listed)
    }
}

impl PartialEq for NotStatement {
    fn eq(&self, other: &Self) -> bool {
        self.negated() == other.negated()
    }
}

impl Twin for NotStatement {
    type Sdk = sdk::NotStatement;

    fn to_sdk(&self) -> Result<Self::Sdk> {
        let statement = self.negated().map(Twin::to_sdk).transpose()?;
        Ok(sdk::NotStatement::builder().set_statement(statement.map(Box::new)).build())
    }

    fn from_sdk(sdk: &Self::Sdk) -> Result<Self> {
        let statement = sdk.statement.as_deref().map(Statement::from_sdk).transpose()?;
        let statements = statement.clone().map(|it| vec![it]);
        Ok(Self { statement: statement.map(Box::new), statements })
    }
}

twin! {
    AsnMatchStatement = AsnMatchStatement {
        asn_lists: Set<i64> => asn_list, set_asn_list;
        forwarded_ip_config: Option<ForwardedIpConfig>
            => forwarded_ip_config, set_forwarded_ip_config;
    }
}

twin! {
    /// Which header tells the client's address behind a proxy.
    ForwardedIpConfig = ForwardedIpConfig {
        fallback_behavior: Word<sdk::FallbackBehavior> => fallback_behavior, set_fallback_behavior;
        header_name: String => header_name, set_header_name;
    }
}

twin! {
    ByteMatchStatement = ByteMatchStatement {
        field_to_match: Option<FieldToMatch> => field_to_match, set_field_to_match;
        positional_constraint: Word<sdk::PositionalConstraint>
            => positional_constraint, set_positional_constraint;
        search_string: Bytes => search_string, set_search_string;
        pre_parse_text_transformations: Option<Set<PreParseTextTransformation>>
            => pre_parse_text_transformations, set_pre_parse_text_transformations;
        #[serde(default)]
        text_transformations: Set<TextTransformation>
            => text_transformations, set_text_transformations;
    }
}

twin! {
    GeoMatchStatement = GeoMatchStatement {
        country_codes: Set<Word<sdk::CountryCode>> => country_codes, set_country_codes;
        forwarded_ip_config: Option<ForwardedIpConfig>
            => forwarded_ip_config, set_forwarded_ip_config;
    }
}

twin! {
    IpSetReferenceStatement = IpSetReferenceStatement {
        arn: String => arn, set_arn;
        ip_set_forwarded_ip_config: Option<IpSetForwardedIpConfig>
            => ip_set_forwarded_ip_config, set_ip_set_forwarded_ip_config;
    }
}

twin! {
    IpSetForwardedIpConfig = IpSetForwardedIpConfig {
        fallback_behavior: Word<sdk::FallbackBehavior> => fallback_behavior, set_fallback_behavior;
        header_name: String => header_name, set_header_name;
        position: Word<sdk::ForwardedIpPosition> => position, set_position;
    }
}

twin! {
    LabelMatchStatement = LabelMatchStatement {
        key: String => key, set_key;
        scope: Word<sdk::LabelMatchScope> => scope, set_scope;
    }
}

twin! {
    RegexMatchStatement = RegexMatchStatement {
        field_to_match: Option<FieldToMatch> => field_to_match, set_field_to_match;
        regex_string: String => regex_string, set_regex_string;
        pre_parse_text_transformations: Option<Set<PreParseTextTransformation>>
            => pre_parse_text_transformations, set_pre_parse_text_transformations;
        #[serde(default)]
        text_transformations: Set<TextTransformation>
            => text_transformations, set_text_transformations;
    }
}

twin! {
    RegexPatternSetReferenceStatement = RegexPatternSetReferenceStatement {
        arn: String => arn, set_arn;
        field_to_match: Option<FieldToMatch> => field_to_match, set_field_to_match;
        pre_parse_text_transformations: Option<Set<PreParseTextTransformation>>
            => pre_parse_text_transformations, set_pre_parse_text_transformations;
        #[serde(default)]
        text_transformations: Set<TextTransformation>
            => text_transformations, set_text_transformations;
    }
}

twin! {
    RuleGroupReferenceStatement = RuleGroupReferenceStatement {
        arn: String => arn, set_arn;
        excluded_rules: Option<Vec<ExcludedRule>> => excluded_rules, set_excluded_rules;
        rule_action_overrides: Option<Vec<RuleActionOverride>>
            => rule_action_overrides, set_rule_action_overrides;
    }
}

twin! {
    ExcludedRule = ExcludedRule {
        name: String => name, set_name;
    }
}

twin! {
    SizeConstraintStatement = SizeConstraintStatement {
        comparison_operator: Word<sdk::ComparisonOperator>
            => comparison_operator, set_comparison_operator;
        field_to_match: Option<FieldToMatch> => field_to_match, set_field_to_match;
        size: i64 => size, set_size;
        pre_parse_text_transformations: Option<Set<PreParseTextTransformation>>
            => pre_parse_text_transformations, set_pre_parse_text_transformations;
        #[serde(default)]
        text_transformations: Set<TextTransformation>
            => text_transformations, set_text_transformations;
    }
}

twin! {
    SqliMatchStatement = SqliMatchStatement {
        field_to_match: Option<FieldToMatch> => field_to_match, set_field_to_match;
        sensitivity_level: Option<Word<sdk::SensitivityLevel>>
            => sensitivity_level, set_sensitivity_level;
        pre_parse_text_transformations: Option<Set<PreParseTextTransformation>>
            => pre_parse_text_transformations, set_pre_parse_text_transformations;
        #[serde(default)]
        text_transformations: Set<TextTransformation>
            => text_transformations, set_text_transformations;
    }
}

twin! {
    XssMatchStatement = XssMatchStatement {
        field_to_match: Option<FieldToMatch> => field_to_match, set_field_to_match;
        pre_parse_text_transformations: Option<Set<PreParseTextTransformation>>
            => pre_parse_text_transformations, set_pre_parse_text_transformations;
        #[serde(default)]
        text_transformations: Set<TextTransformation>
            => text_transformations, set_text_transformations;
    }
}

twin! {
    /// Before the part of the request is taken apart.
    PreParseTextTransformation = PreParseTextTransformation {
        priority: i32 => priority, set_priority;
        r#type: Word<sdk::PreParseTextTransformationType> => r#type, set_type;
    }
}

twin! {
    /// Done to the request before it is looked at, in the order of priority.
    TextTransformation = TextTransformation {
        priority: i32 => priority, set_priority;
        r#type: Word<sdk::TextTransformationType> => r#type, set_type;
    }
}

fn by_ip() -> Word<sdk::RateBasedStatementAggregateKeyType> {
    Word(sdk::RateBasedStatementAggregateKeyType::Ip)
}

twin! {
    RateBasedStatement = RateBasedStatement {
        #[serde(default = "by_ip")]
        aggregate_key_type: Word<sdk::RateBasedStatementAggregateKeyType>
            => aggregate_key_type, set_aggregate_key_type;
        custom_keys: Option<Vec<RateCustomKey>> => custom_keys, set_custom_keys;
        evaluation_window_sec: Option<i64> => evaluation_window_sec, set_evaluation_window_sec;
        forwarded_ip_config: Option<ForwardedIpConfig>
            => forwarded_ip_config, set_forwarded_ip_config;
        limit: i64 => limit, set_limit;
        scope_down_statement: Option<Box<Statement>>
            => scope_down_statement, set_scope_down_statement;
    }
}

twin! {
    /// Exactly one of these: what requests are counted by.
    RateCustomKey = RateBasedStatementCustomKey {
        asn: Option<Unit<sdk::RateLimitAsn>> => asn, set_asn;
        cookie: Option<RateCookie> => cookie, set_cookie;
        forwarded_ip: Option<Unit<sdk::RateLimitForwardedIp>> => forwarded_ip, set_forwarded_ip;
        header: Option<RateHeader> => header, set_header;
        http_method: Option<Unit<sdk::RateLimitHttpMethod>> => http_method, set_http_method;
        ip: Option<Unit<sdk::RateLimitIp>> => ip, set_ip;
        ja3_fingerprint: Option<RateJa3Fingerprint> => ja3_fingerprint, set_ja3_fingerprint;
        ja4_fingerprint: Option<RateJa4Fingerprint> => ja4_fingerprint, set_ja4_fingerprint;
        label_namespace: Option<RateLabelNamespace> => label_namespace, set_label_namespace;
        query_argument: Option<RateQueryArgument> => query_argument, set_query_argument;
        query_string: Option<RateQueryString> => query_string, set_query_string;
        uri_path: Option<RateUriPath> => uri_path, set_uri_path;
    }
}

twin! {
    RateCookie = RateLimitCookie {
        name: String => name, set_name;
        #[serde(default)]
        text_transformations: Set<TextTransformation>
            => text_transformations, set_text_transformations;
    }
}

twin! {
    RateHeader = RateLimitHeader {
        name: String => name, set_name;
        #[serde(default)]
        text_transformations: Set<TextTransformation>
            => text_transformations, set_text_transformations;
    }
}

twin! {
    RateQueryArgument = RateLimitQueryArgument {
        name: String => name, set_name;
        #[serde(default)]
        text_transformations: Set<TextTransformation>
            => text_transformations, set_text_transformations;
    }
}

twin! {
    RateQueryString = RateLimitQueryString {
        #[serde(default)]
        text_transformations: Set<TextTransformation>
            => text_transformations, set_text_transformations;
    }
}

twin! {
    RateUriPath = RateLimitUriPath {
        #[serde(default)]
        text_transformations: Set<TextTransformation>
            => text_transformations, set_text_transformations;
    }
}

twin! {
    RateJa3Fingerprint = RateLimitJa3Fingerprint {
        fallback_behavior: Word<sdk::FallbackBehavior> => fallback_behavior, set_fallback_behavior;
    }
}

twin! {
    RateJa4Fingerprint = RateLimitJa4Fingerprint {
        fallback_behavior: Word<sdk::FallbackBehavior> => fallback_behavior, set_fallback_behavior;
    }
}

twin! {
    RateLabelNamespace = RateLimitLabelNamespace {
        namespace: String => namespace, set_namespace;
    }
}

twin! {
    /// Exactly one of these: the part of the request to look at.
    FieldToMatch = FieldToMatch {
        all_query_arguments: Option<Unit<sdk::AllQueryArguments>>
            => all_query_arguments, set_all_query_arguments;
        body: Option<Body> => body, set_body;
        cookies: Option<Cookies> => cookies, set_cookies;
        header_orders: Option<One<HeaderOrder>> => header_order, set_header_order;
        headers: Option<One<Headers>> => headers, set_headers;
        ja3_fingerprint: Option<Ja3Fingerprint> => ja3_fingerprint, set_ja3_fingerprint;
        ja4_fingerprint: Option<Ja4Fingerprint> => ja4_fingerprint, set_ja4_fingerprint;
        json_body: Option<JsonBody> => json_body, set_json_body;
        method: Option<Unit<sdk::Method>> => method, set_method;
        query_string: Option<Unit<sdk::QueryString>> => query_string, set_query_string;
        single_header: Option<SingleHeader> => single_header, set_single_header;
        single_query_argument: Option<SingleQueryArgument>
            => single_query_argument, set_single_query_argument;
        uri_fragment: Option<UriFragment> => uri_fragment, set_uri_fragment;
        uri_path: Option<Unit<sdk::UriPath>> => uri_path, set_uri_path;
    }
}

twin! {
    Body = Body {
        oversize_handling: Option<Word<sdk::OversizeHandling>>
            => oversize_handling, set_oversize_handling;
    }
}

twin! {
    Cookies = Cookies {
        match_patterns: Option<One<CookieMatchPattern>> => match_pattern, set_match_pattern;
        match_scope: Word<sdk::MapMatchScope> => match_scope, set_match_scope;
        oversize_handling: Word<sdk::OversizeHandling> => oversize_handling, set_oversize_handling;
    }
}

twin! {
    CookieMatchPattern = CookieMatchPattern {
        all: Option<Unit<sdk::All>> => all, set_all;
        excluded_cookies: Option<Set<String>> => excluded_cookies, set_excluded_cookies;
        included_cookies: Option<Set<String>> => included_cookies, set_included_cookies;
    }
}

twin! {
    HeaderOrder = HeaderOrder {
        oversize_handling: Word<sdk::OversizeHandling> => oversize_handling, set_oversize_handling;
    }
}

twin! {
    Headers = Headers {
        match_pattern: Option<HeaderMatchPattern> => match_pattern, set_match_pattern;
        match_scope: Word<sdk::MapMatchScope> => match_scope, set_match_scope;
        oversize_handling: Word<sdk::OversizeHandling> => oversize_handling, set_oversize_handling;
    }
}

twin! {
    HeaderMatchPattern = HeaderMatchPattern {
        all: Option<Unit<sdk::All>> => all, set_all;
        excluded_headers: Option<Set<String>> => excluded_headers, set_excluded_headers;
        included_headers: Option<Set<String>> => included_headers, set_included_headers;
    }
}

twin! {
    Ja3Fingerprint = Ja3Fingerprint {
        fallback_behavior: Word<sdk::FallbackBehavior> => fallback_behavior, set_fallback_behavior;
    }
}

twin! {
    Ja4Fingerprint = Ja4Fingerprint {
        fallback_behavior: Word<sdk::FallbackBehavior> => fallback_behavior, set_fallback_behavior;
    }
}

twin! {
    JsonBody = JsonBody {
        invalid_fallback_behavior: Option<Word<sdk::BodyParsingFallbackBehavior>>
            => invalid_fallback_behavior, set_invalid_fallback_behavior;
        match_pattern: Option<JsonMatchPattern> => match_pattern, set_match_pattern;
        match_scope: Word<sdk::JsonMatchScope> => match_scope, set_match_scope;
        oversize_handling: Option<Word<sdk::OversizeHandling>>
            => oversize_handling, set_oversize_handling;
    }
}

twin! {
    JsonMatchPattern = JsonMatchPattern {
        all: Option<Unit<sdk::All>> => all, set_all;
        included_paths: Option<Set<String>> => included_paths, set_included_paths;
    }
}

twin! {
    SingleHeader = SingleHeader {
        name: String => name, set_name;
    }
}

twin! {
    SingleQueryArgument = SingleQueryArgument {
        name: String => name, set_name;
    }
}

twin! {
    UriFragment = UriFragment {
        fallback_behavior: Option<Word<sdk::FallbackBehavior>>
            => fallback_behavior, set_fallback_behavior;
    }
}
