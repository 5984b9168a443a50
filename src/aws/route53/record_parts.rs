//! The values and routing policies of a record: a program's words and the
//! SDK's.

use aws_sdk_route53::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, built, plain_name};
use crate::{aws::error::absent, provider::*};

/// Derived for each of the parts.
macro_rules! part {
    ($name:ident { $($(#[$attr:meta])* $field:ident: $type:ty,)* }) => {
        #[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub(super) struct $name {
            $($(#[$attr])* pub(super) $field: $type,)*
        }
    };
}

part! {
    Alias {
        evaluate_target_health: bool,
        name: String,
        zone_id: String,
    }
}
part! { Cidr { collection_id: String, location_name: String, } }
part! { Failover { #[schemars(extend("enum" = ["PRIMARY", "SECONDARY"]))] r#type: String, } }
part! {
    Geolocation {
        continent: Option<String>,
        /// `*` for whoever has no record of their own.
        country: Option<String>,
        subdivision: Option<String>,
    }
}
part! {
    Geoproximity {
        aws_region: Option<String>,
        #[schemars(range(min = -99, max = 99))]
        bias: Option<i32>,
        #[schemars(length(max = 1))]
        coordinates: Option<Vec<Coordinates>>,
        local_zone_group: Option<String>,
    }
}
part! { Coordinates { latitude: String, longitude: String, } }
part! { Latency { region: String, } }
part! { Weighted { #[schemars(range(min = 0, max = 255))] weight: i64, } }

impl Alias {
    pub(super) fn to_sdk(&self) -> Result<sdk::AliasTarget> {
        built(
            sdk::AliasTarget::builder()
                .dns_name(&self.name)
                .hosted_zone_id(&self.zone_id)
                .evaluate_target_health(self.evaluate_target_health)
                .build(),
        )
    }
    pub(super) fn from_sdk(live: sdk::AliasTarget) -> Self {
        Self {
            evaluate_target_health: live.evaluate_target_health,
            name: plain_name(&live.dns_name),
            zone_id: live.hosted_zone_id,
        }
    }
}

/// Without what Route 53, or its console, adds to the name of a target.
pub(super) fn alias_name(name: &str) -> String {
    let plain = plain_name(name);
    plain.strip_prefix("dualstack.").map(str::to_owned).unwrap_or(plain)
}

impl Cidr {
    pub(super) fn to_sdk(&self) -> Result<sdk::CidrRoutingConfig> {
        let builder = sdk::CidrRoutingConfig::builder().collection_id(&self.collection_id);
        built(builder.location_name(&self.location_name).build())
    }
    pub(super) fn from_sdk(live: sdk::CidrRoutingConfig) -> Self {
        Self { collection_id: live.collection_id, location_name: live.location_name }
    }
}

impl Geolocation {
    pub(super) fn to_sdk(&self) -> sdk::GeoLocation {
        sdk::GeoLocation::builder()
            .set_continent_code(self.continent.clone())
            .set_country_code(self.country.clone())
            .set_subdivision_code(self.subdivision.clone())
            .build()
    }
    pub(super) fn from_sdk(live: sdk::GeoLocation) -> Self {
        Self {
            continent: live.continent_code,
            country: live.country_code,
            subdivision: live.subdivision_code,
        }
    }
}

impl Geoproximity {
    pub(super) fn to_sdk(&self) -> Result<sdk::GeoProximityLocation> {
        let coordinates = self.coordinates.iter().flatten().next().map(|it| {
            let builder = sdk::Coordinates::builder().latitude(&it.latitude);
            built(builder.longitude(&it.longitude).build())
        });
        Ok(sdk::GeoProximityLocation::builder()
            .set_aws_region(self.aws_region.clone())
            .set_bias(self.bias)
            .set_coordinates(coordinates.transpose()?)
            .set_local_zone_group(self.local_zone_group.clone())
            .build())
    }
    pub(super) fn from_sdk(live: sdk::GeoProximityLocation) -> Self {
        let coordinates =
            |it: sdk::Coordinates| Coordinates { latitude: it.latitude, longitude: it.longitude };
        Self {
            aws_region: live.aws_region,
            bias: live.bias,
            coordinates: live.coordinates.map(|it| vec![coordinates(it)]),
            local_zone_group: live.local_zone_group,
        }
    }
}

/// A value as it is sent: texts between quotes, 255 characters each.
pub(super) fn sent(ty: &str, value: &str) -> String {
    if !is_text(ty) || quoted(value) {
        return value.to_owned();
    }
    if value.contains('"') {
        // It says by itself where it is broken: `a" "b`.
        return format!("\"{value}\"");
    }
    let characters: Vec<char> = value.chars().collect();
    if characters.is_empty() {
        return "\"\"".to_owned();
    }
    let pieces = characters.chunks(255).map(|it| format!("\"{}\"", it.iter().collect::<String>()));
    pieces.collect::<Vec<_>>().join(" ")
}

/// A value as a program says it: a text without its outer quotes.
pub(super) fn told(ty: &str, value: &str) -> String {
    let bare = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    match bare {
        Some(bare) if is_text(ty) => bare.to_owned(),
        _ => value.to_owned(),
    }
}

/// What is the same for two values that mean the same.
pub(super) fn meaning(ty: &str, value: &str) -> String {
    match ty {
        "TXT" | "SPF" => {
            let told = told(ty, value);
            told.replace("\" \"", "").replace("\"\"", "")
        }
        "AAAA" => value
            .trim()
            .parse::<std::net::Ipv6Addr>()
            .map_or_else(|_| value.to_lowercase(), |it| it.to_string()),
        "CNAME" | "MX" | "NS" | "PTR" | "SRV" => value.trim_end_matches('.').to_lowercase(),
        _ => value.to_owned(),
    }
}

fn is_text(ty: &str) -> bool {
    matches!(ty, "TXT" | "SPF")
}

fn quoted(value: &str) -> bool {
    value.len() > 1 && value.starts_with('"') && value.ends_with('"')
}

/// All of a zone; none of one that is not there.
pub(super) async fn records(cx: &Cx, zone: &str) -> Result<Vec<sdk::ResourceRecordSet>> {
    let mut all = Vec::new();
    let mut next = (None, None, None);
    loop {
        let call = cx.aws.route53().list_resource_record_sets().hosted_zone_id(zone);
        let call = call.set_start_record_name(next.0).set_start_record_type(next.1);
        let reply = call.set_start_record_identifier(next.2).max_items(300).send().await;
        let Some(page) = absent(reply, MISSING)? else { return Ok(all) };
        all.extend(page.resource_record_sets);
        if !page.is_truncated {
            return Ok(all);
        }
        next = (page.next_record_name, page.next_record_type, page.next_record_identifier);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_and_long_ones_broken() {
        assert_eq!(sent("TXT", "v=spf1 -all"), "\"v=spf1 -all\"");
        assert_eq!(sent("TXT", "\"v=spf1 -all\""), "\"v=spf1 -all\"");
        assert_eq!(sent("A", "192.0.2.1"), "192.0.2.1");
        let long = "k".repeat(300);
        let wire = sent("TXT", &long);
        assert_eq!(wire, format!("\"{}\" \"{}\"", "k".repeat(255), "k".repeat(45)));
        assert_eq!(meaning("TXT", &told("TXT", &wire)), long);
        assert_eq!(told("TXT", "\"v=spf1 -all\""), "v=spf1 -all");
    }

    #[test]
    fn one_meaning_has_many_forms() {
        for (ty, one, other) in [
            ("CNAME", "Web.Example.com.", "web.example.com"),
            ("AAAA", "2001:DB8:0:0::1", "2001:db8::1"),
            ("MX", "10 Mail.example.com", "10 mail.example.com."),
            ("TXT", "\"a\" \"b\"", "ab"),
        ] {
            assert_eq!(meaning(ty, one), meaning(ty, other));
        }
        assert_ne!(meaning("TXT", "A"), meaning("TXT", "a"));
        assert_eq!(alias_name("dualstack.Web-1.elb.amazonaws.com."), "web-1.elb.amazonaws.com");
    }
}
