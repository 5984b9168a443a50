//! Networks in CIDR notation, of both versions of IP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::Value as Json;

use super::{Answer, Args, Row, Takes::*, whole};

pub(super) const ROWS: &[Row] = &[
    ("std:index:cidrhost", &[("host", Number), ("input", Text)], |it| {
        let network = Network::parse(it.text("input")?)?;
        let host = it.whole("host")?;
        let size = network.bits() - network.length;
        let count = if size >= 127 { i128::MAX } else { 1 << size };
        // From the end if it is negative.
        let at = if host < 0 { count.saturating_add(host.into()) } else { host.into() };
        if at < 0 || at >= count {
            return Err(format!("a network of /{} has no host {host}", network.length));
        }
        Ok(network.address(network.start + at.unsigned_abs()).to_string().into())
    }),
    ("std:index:cidrnetmask", &[("input", Text)], |it| {
        let network = Network::parse(it.text("input")?)?;
        if network.six {
            return Err("IPv6 has no netmasks".to_owned());
        }
        let mask = u32::MAX.checked_shl(32 - network.length).unwrap_or(0);
        Ok(Ipv4Addr::from(mask).to_string().into())
    }),
    ("std:index:cidrsubnet", &[("input", Text), ("netnum", Number), ("newbits", Number)], subnet),
    ("std:index:cidrsubnets", &[("input", Text), ("newbits", Numbers)], subnets),
];

struct Network {
    six: bool,
    start: u128,
    length: u32,
}

impl Network {
    fn parse(text: &str) -> Result<Self, String> {
        let read = || -> Option<Self> {
            let (address, length) = text.split_once('/')?;
            let length: u32 = length.parse().ok()?;
            let (six, bits, start) = match address.parse().ok()? {
                IpAddr::V4(it) => (false, 32, u128::from(u32::from(it))),
                IpAddr::V6(it) => (true, 128, u128::from(it)),
            };
            // What is beyond the prefix does not count.
            let start = match bits - length.min(bits) {
                128 => 0,
                free => start >> free << free,
            };
            (length <= bits).then_some(Self { six, start, length })
        };
        read().ok_or_else(|| format!("{text:?} is no network such as 10.0.0.0/16"))
    }

    fn bits(&self) -> u32 {
        if self.six { 128 } else { 32 }
    }

    fn address(&self, at: u128) -> IpAddr {
        match (self.six, u32::try_from(at)) {
            (false, Ok(it)) => IpAddr::V4(Ipv4Addr::from(it)),
            _ => IpAddr::V6(Ipv6Addr::from(at)),
        }
    }

    /// The smaller network that begins at an address.
    fn part(&self, start: u128, length: u32) -> Json {
        format!("{}/{length}", self.address(start)).into()
    }

    fn longer(&self, more: i64) -> Result<u32, String> {
        let length = i64::from(self.length) + more;
        let fits = u32::try_from(length).ok().filter(|it| more >= 0 && *it <= self.bits());
        fits.ok_or_else(|| format!("a network of /{} cannot be {more} bits longer", self.length))
    }
}

fn subnet(args: &Args) -> Answer {
    let network = Network::parse(args.text("input")?)?;
    let (more, number) = (args.whole("newbits")?, args.whole("netnum")?);
    let length = network.longer(more)?;
    let most = 1_u128.checked_shl(u32::try_from(more).unwrap_or_default()).unwrap_or(u128::MAX);
    let number = u128::try_from(number).ok().filter(|it| *it < most);
    let number = number.ok_or_else(|| format!("{more} bits have no network of that number"))?;
    let offset = number.checked_shl(network.bits() - length).unwrap_or(0);
    Ok(network.part(network.start + offset, length))
}

/// One after the other, each at the next place that fits its size.
fn subnets(args: &Args) -> Answer {
    let network = Network::parse(args.text("input")?)?;
    let free = network.bits() - network.length;
    let end = 1_u128.checked_shl(free).and_then(|it| network.start.checked_add(it));
    let mut next = network.start;
    let mut all = Vec::new();
    for more in args.list("newbits")? {
        let more = whole(more).ok_or("`newbits` must be whole numbers")?;
        let length = network.longer(more)?;
        let size = 1_u128.checked_shl(network.bits() - length).ok_or("that is all there is")?;
        let start = next.checked_next_multiple_of(size);
        let after = start.and_then(|it| it.checked_add(size));
        let (Some(start), Some(after)) = (start, after) else {
            return Err("there is no room for all of them".to_owned());
        };
        if end.is_some_and(|end| after > end) {
            return Err("there is no room for all of them".to_owned());
        }
        all.push(network.part(start, length));
        next = after;
    }
    Ok(all.into())
}
