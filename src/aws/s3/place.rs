//! Where a bucket and its website are reached.

use crate::{aws::meta::dns_suffix, provider::Place};

/// `orders.s3.amazonaws.com`
pub(super) fn domain(place: &Place, bucket: &str) -> String {
    format!("{bucket}.s3.{}", dns_suffix(&place.partition))
}

/// `orders.s3.eu-west-1.amazonaws.com`
pub(super) fn regional_domain(place: &Place, bucket: &str) -> String {
    format!("{bucket}.s3.{}.{}", place.region, dns_suffix(&place.partition))
}

/// The regions of before 2013 and the first GovCloud have a hyphen.
pub(super) fn website_domain(place: &Place) -> String {
    const HYPHENATED: &[&str] = &[
        "ap-northeast-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "eu-west-1",
        "sa-east-1",
        "us-east-1",
        "us-gov-west-1",
        "us-west-1",
        "us-west-2",
    ];
    let between = if HYPHENATED.contains(&place.region.as_str()) { '-' } else { '.' };
    format!("s3-website{between}{}.{}", place.region, dns_suffix(&place.partition))
}

pub(super) fn website_endpoint(place: &Place, bucket: &str) -> String {
    format!("{bucket}.{}", website_domain(place))
}

/// The Route 53 zone that aliases of a website name; empty where AWS has not
/// published one.
pub(super) fn hosted_zone_id(region: &str) -> &'static str {
    let zone = ZONES.iter().find(|(it, _)| *it == region);
    zone.map_or("", |(_, zone)| zone)
}

const ZONES: &[(&str, &str)] = &[
    ("af-south-1", "Z83WF9RJE8B12"),
    ("ap-east-1", "ZNB98KWMFR0R6"),
    ("ap-east-2", "Z064739330DAH7WJVOO93"),
    ("ap-northeast-1", "Z2M4EHUR26P7ZW"),
    ("ap-northeast-2", "Z3W03O7B5YMIYP"),
    ("ap-northeast-3", "Z2YQB5RD63NC85"),
    ("ap-south-1", "Z11RGJOFQNVJUP"),
    ("ap-south-2", "Z02976202B4EZMXIPMXF7"),
    ("ap-southeast-1", "Z3O0J2DXBE1FTB"),
    ("ap-southeast-2", "Z1WCIGYICN2BYD"),
    ("ap-southeast-3", "Z01846753K324LI26A3VV"),
    ("ap-southeast-4", "Z0312387243XT5FE14WFO"),
    ("ap-southeast-5", "Z08660063OXLMA7F1FJHU"),
    ("ap-southeast-7", "Z0031014GXUMRZG6I14G"),
    ("ca-central-1", "Z1QDHH18159H29"),
    ("ca-west-1", "Z03565811Z33SLEZTHOUL"),
    ("cn-north-1", "Z5CN8UMXT92WN"),
    ("cn-northwest-1", "Z282HJ1KT0DH03"),
    ("eu-central-1", "Z21DNDUVLTQW6Q"),
    ("eu-central-2", "Z030506016YDQGETNASS"),
    ("eu-north-1", "Z3BAZG2TWCNX0D"),
    ("eu-south-1", "Z30OZKI7KPW7MI"),
    ("eu-south-2", "Z0081959F7139GRJC19J"),
    ("eu-west-1", "Z1BKCTXD74EZPE"),
    ("eu-west-2", "Z3GKZC51ZF0DB4"),
    ("eu-west-3", "Z3R1K369G5AVDG"),
    ("il-central-1", "Z09640613K4A3MN55U7GU"),
    ("me-central-1", "Z06143092I8HRXZRUZROF"),
    ("me-south-1", "Z1MPMWCPA7YB62"),
    ("mx-central-1", "Z057606446ZNVQJJ8WOP"),
    ("sa-east-1", "Z7KQH4QJS55SO"),
    ("us-east-1", "Z3AQBSTGFYJSTF"),
    ("us-east-2", "Z2O1EMRO9K5GLX"),
    ("us-gov-east-1", "Z2NIFVYYW2VKV1"),
    ("us-gov-west-1", "Z31GFT0UA1I2HV"),
    ("us-west-1", "Z2F56UZL2M1ACD"),
    ("us-west-2", "Z3BJ6K6RIION7M"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_the_region() {
        let place = |partition: &str, region: &str| Place {
            partition: partition.to_owned(),
            account: "1".to_owned(),
            region: region.to_owned(),
        };
        let (old, new) = (place("aws", "us-east-1"), place("aws", "eu-central-1"));
        assert_eq!(website_endpoint(&old, "a"), "a.s3-website-us-east-1.amazonaws.com");
        assert_eq!(website_endpoint(&new, "a"), "a.s3-website.eu-central-1.amazonaws.com");
        assert_eq!(regional_domain(&new, "a"), "a.s3.eu-central-1.amazonaws.com");
        assert_eq!(domain(&place("aws-cn", "cn-north-1"), "a"), "a.s3.amazonaws.com.cn");
        assert_eq!(hosted_zone_id("eu-central-1"), "Z21DNDUVLTQW6Q");
        assert_eq!(hosted_zone_id("xx-nowhere-1"), "");
    }
}
