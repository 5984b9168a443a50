//! What becomes of each call, by the rules, the dice and what was made before.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
    time::{Duration, Instant},
};

use regex_lite::Regex;

use super::{
    call::Call,
    rules::{BUCKETS, HELD, Held, PROPAGATION, SERIAL, SLOW, Slow, TOMBSTONES, UNKNOWN, throttle},
    wire::Message,
};

/// How harsh it is. The default is as mild as the emulator.
#[derive(Clone, Debug, Default)]
pub(crate) struct Climate {
    pub(crate) seed: u64,
    /// Of a hundred calls, how many fail.
    pub(crate) failing: u64,
    /// Of a hundred answers to a read, how many are not what AWS says.
    pub(crate) garbled: u64,
    /// How many looks at what is new do not see it; every other one does.
    pub(crate) lag: u32,
    /// How often a new principal is refused.
    pub(crate) propagation: u32,
    /// Things take their time.
    pub(crate) slow: bool,
    /// What is used is not deleted, and what was deleted is not free at once.
    pub(crate) held: bool,
    pub(crate) throttled: bool,
    /// By what AWS's own times are divided; 0 counts as 1.
    pub(crate) hurry: u32,
    pub(crate) script: Vec<Scripted>,
}

/// What is to become of the next calls of an operation.
#[derive(Clone, Debug)]
pub(crate) struct Scripted {
    pub(crate) service: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) times: u32,
    pub(crate) what: Trouble,
}

#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    Refused {
        code: &'static str,
        message: &'static str,
    },
    /// The connection ends before AWS has acted.
    Reset,
    /// It ends after AWS has acted, with nothing said.
    Lost,
    /// Nothing comes, ever.
    Hang,
    /// It comes after this time.
    Late(Duration),
    /// One text of the answer is exchanged for another.
    Says([&'static str; 2]),
    /// Who is asked for network interfaces tells of this one: its description
    /// and owner.
    Interface([&'static str; 2]),
}

impl Climate {
    /// All of it at once, and calls that fail.
    pub(crate) fn harsh(seed: u64, hurry: u32, failing: u64) -> Self {
        Self {
            seed,
            failing,
            garbled: 0,
            lag: 2,
            propagation: 2,
            slow: true,
            held: true,
            throttled: true,
            hurry,
            script: Vec::new(),
        }
    }
}

/// What is done with a request.
#[derive(Debug)]
pub(super) enum Fate {
    Forward,
    Answer(Message),
    Reset,
    Lost,
    Hang,
}

pub(super) struct Weather {
    pub(super) climate: Climate,
    calls: u64,
    young: BTreeMap<String, Young>,
    /// New principals.
    principals: BTreeSet<String>,
    /// How often each has been refused, by rule.
    refused: BTreeMap<(&'static str, String), u32>,
    things: Vec<Thing>,
    /// Freed names, until when they stay taken.
    tombs: BTreeMap<(&'static str, String), Instant>,
    busy: BTreeMap<String, Call>,
    buckets: BTreeMap<(&'static str, &'static str), (f64, Instant)>,
    slow: Vec<(&'static Slow, String, usize)>,
    /// Changes of one parent that came while another was on its way.
    pub(super) overlaps: Vec<String>,
}

/// Something new that not every server has heard of.
struct Young {
    service: String,
    looks: u32,
    refused: u32,
}

struct Thing {
    by: (String, String),
    ids: Vec<String>,
    mentions: Vec<String>,
    gone: Option<Instant>,
}

/// What AWS itself calls things.
static IDS: LazyLock<Regex> = LazyLock::new(|| {
    let short =
        r"\b(?:vpc|subnet|sg|sgr|igw|rtb|rtbassoc|nat|eipalloc|i|lt|vpce|fl|eni)-[0-9a-f]{8,17}\b";
    let arn = r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:\d*:[A-Za-z0-9_./:+=@-]*[A-Za-z0-9_]";
    let queue = r"http://[0-9.:]+/\d{12}/[A-Za-z0-9_.-]+";
    Regex::new(&format!("{short}|{arn}|{queue}")).expect("a pattern")
});

/// An operation of ours, in the tags of what it makes.
static OPS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b[a-z0-9]{32}\b").expect("a pattern"));

impl Weather {
    pub(super) fn new(climate: Climate) -> Self {
        Self {
            climate,
            calls: 0,
            young: BTreeMap::new(),
            principals: BTreeSet::new(),
            refused: BTreeMap::new(),
            things: Vec::new(),
            tombs: BTreeMap::new(),
            busy: BTreeMap::new(),
            buckets: BTreeMap::new(),
            slow: Vec::new(),
            overlaps: Vec::new(),
        }
    }

    pub(super) fn before(&mut self, call: &Call, request: &mut Message) -> Fate {
        self.calls += 1;
        if let Some(fate) = self.scripted(call).or_else(|| self.faulted(call)) {
            return fate;
        }
        let refused = self
            .throttled(call)
            .or_else(|| self.in_the_way(call))
            .or_else(|| self.buried(call))
            .or_else(|| self.held(call))
            .or_else(|| self.unknown(call))
            .or_else(|| self.unassumable(call))
            .or_else(|| self.interfaces(call));
        if let Some(answer) = refused {
            return Fate::Answer(answer);
        }
        if !call.changes() {
            self.hide(call, request);
        }
        if let Some(key) = serial(call) {
            self.busy.insert(key, call.clone());
        }
        Fate::Forward
    }

    /// What the emulator has answered, before it goes on.
    pub(super) fn after(&mut self, call: &Call, response: &mut Message) {
        if let Some(key) = serial(call) {
            self.busy.remove(&key);
        }
        for it in &mut self.climate.script {
            if let Trouble::Says([from, to]) = it.what
                && it.times > 0
                && call.is(it.service, it.operation)
            {
                it.times -= 1;
                response.body = response.text().replace(from, to).into_bytes();
            }
        }
        if response.status() != 200 {
            return;
        }
        if call.changes() {
            self.removed(call);
            self.made(call, &response.text());
        } else {
            self.say_slow(call, response);
            let dice = mixed(self.climate.seed ^ self.calls.wrapping_mul(0x9e37_79b9));
            if dice % 100 < self.climate.garbled {
                response.body = garbled(&response.text(), dice).into_bytes();
            }
        }
    }

    fn of(&self, seconds: u64) -> Duration {
        Duration::from_secs(seconds) / self.climate.hurry.max(1)
    }

    /// How long nothing happens before anything is done with a call.
    pub(super) fn delay(&mut self, call: &Call) -> Option<Duration> {
        self.climate.script.iter_mut().find_map(|it| match it.what {
            Trouble::Late(time) if it.times > 0 && call.is(it.service, it.operation) => {
                it.times -= 1;
                Some(time)
            }
            _ => None,
        })
    }

    fn scripted(&mut self, call: &Call) -> Option<Fate> {
        let scripted = self.climate.script.iter_mut().find(|it| {
            it.times > 0
                && call.is(it.service, it.operation)
                && !matches!(it.what, Trouble::Says(_) | Trouble::Late(_))
        })?;
        scripted.times -= 1;
        Some(match scripted.what {
            Trouble::Refused { code, message } => Fate::Answer(call.refusal(400, code, message)),
            Trouble::Interface(it) => Fate::Answer(interfaces(&interface(0, it))),
            Trouble::Reset => Fate::Reset,
            Trouble::Lost => Fate::Lost,
            Trouble::Hang => Fate::Hang,
            Trouble::Says(_) | Trouble::Late(_) => return None,
        })
    }

    fn faulted(&self, call: &Call) -> Option<Fate> {
        let dice = mixed(self.climate.seed ^ self.calls.wrapping_mul(0x9e37_79b9));
        if dice % 100 >= self.climate.failing {
            return None;
        }
        Some(match (dice / 100) % 10 {
            0..4 => {
                let (status, code) = throttle(&call.service);
                Fate::Answer(call.refusal(status, code, "Rate exceeded"))
            }
            4 | 5 => Fate::Answer(call.refusal(503, "ServiceUnavailable", "Try again later")),
            6 | 7 => Fate::Reset,
            _ => Fate::Lost,
        })
    }

    fn throttled(&mut self, call: &Call) -> Option<Message> {
        if !self.climate.throttled {
            return None;
        }
        let bucket = BUCKETS
            .iter()
            .find(|it| call.service == it.service && call.operation.starts_with(it.operation))?;
        let now = Instant::now();
        let rate = bucket.rate * f64::from(self.climate.hurry.max(1));
        let key = (bucket.service, bucket.operation);
        let (left, since) = self.buckets.entry(key).or_insert((bucket.burst, now));
        *left = (*left + since.elapsed().as_secs_f64() * rate).min(bucket.burst);
        *since = now;
        if *left < 1.0 {
            let (status, code) = throttle(&call.service);
            return Some(call.refusal(status, code, "Rate exceeded"));
        }
        *left -= 1.0;
        None
    }

    /// A second change of one parent while the first is on its way. The same
    /// once more, after no answer came in time, is refused too, but nobody's
    /// fault.
    fn in_the_way(&mut self, call: &Call) -> Option<Message> {
        let key = serial(call)?;
        let first = self.busy.get(&key)?;
        if first != call {
            self.overlaps.push(format!("{} {key}", call.operation));
        }
        let rule = SERIAL.iter().find(|it| it.service == call.service)?;
        Some(call.refusal(400, rule.code, "another change is in progress"))
    }

    fn buried(&mut self, call: &Call) -> Option<Message> {
        let rule = TOMBSTONES.iter().find(|it| call.is(it.service, it.create[0]))?;
        let name = last_part(call.value(rule.create[1])?);
        let until = self.tombs.get(&(rule.service, name.to_owned()))?;
        (*until > Instant::now()).then(|| call.refusal(400, rule.code, rule.message))
    }

    fn held(&self, call: &Call) -> Option<Message> {
        let (rule, id) = self.holder(call)?;
        Some(call.refusal(400, rule.code, &rule.message.replace("{}", &id)))
    }

    /// Who keeps a thing from being deleted.
    fn holder(&self, call: &Call) -> Option<(&'static Held, String)> {
        if !self.climate.held {
            return None;
        }
        HELD.iter().filter(|it| call.is(it.service, it.delete)).find_map(|rule| {
            let holds = |it: &&Thing| self.holds(it, rule);
            let id = self.things.iter().filter(holds).find_map(|it| self.touched(it, call))?;
            Some((rule, id))
        })
    }

    fn holds(&self, thing: &Thing, rule: &Held) -> bool {
        let by = (thing.by.0.as_str(), thing.by.1.as_str());
        let still = |gone: Instant| gone.elapsed() < self.of(rule.outlives);
        by == (rule.by[0], rule.by[1]) && thing.gone.is_none_or(still)
    }

    /// The id in the request that the thing names, or that what it names
    /// names: a load balancer's subnet is in a VPC.
    fn touched(&self, thing: &Thing, call: &Call) -> Option<String> {
        let direct = thing.mentions.iter();
        let further = thing.mentions.iter().flat_map(|it| {
            let named = self.things.iter().filter(|other| other.ids.contains(it));
            named.flat_map(|other| &other.mentions)
        });
        direct.chain(further).find(|id| names(id).any(|name| stands_in(&call.text, name))).cloned()
    }

    /// The network interfaces through which things hold what is asked about.
    fn interfaces(&self, call: &Call) -> Option<Message> {
        if !self.climate.held || !call.is("ec2", "DescribeNetworkInterfaces") {
            return None;
        }
        let mut items = String::new();
        for rule in HELD {
            let Some([description, owner]) = rule.interface else { continue };
            let holding = self.things.iter().filter(|it| self.holds(it, rule));
            for (at, _) in holding.filter(|it| self.touched(it, call).is_some()).enumerate() {
                items += &interface(at, [description, owner]);
            }
        }
        if items.is_empty() {
            return None;
        }
        Some(interfaces(&items))
    }

    fn unknown(&mut self, call: &Call) -> Option<Message> {
        if !call.changes() || call.operation.starts_with("Delete") {
            return None;
        }
        let lag = self.climate.lag;
        for (id, young) in self.young.iter_mut().filter(|(_, it)| it.refused < lag) {
            let rule = UNKNOWN.iter().find(|it| {
                it.service == call.service
                    && call.operation.contains(it.operation)
                    && id.starts_with(it.id)
            });
            if let Some(rule) = rule
                && stands_in(&call.text, id)
            {
                young.refused += 1;
                return Some(call.refusal(400, rule.code, &rule.message.replace("{}", id)));
            }
        }
        None
    }

    fn unassumable(&mut self, call: &Call) -> Option<Message> {
        let rule = PROPAGATION.iter().find(|it| call.is(it.service, it.operation))?;
        let named = |it: &&String| !rule.named || call.text.contains(it.as_str());
        let new = self.principals.iter().find(named)?;
        // Who names none is refused because of one, and not of each.
        let whom = if rule.named { new.clone() } else { String::new() };
        let refused = self.refused.entry((rule.name, whom)).or_default();
        *refused += 1;
        (*refused <= self.climate.propagation).then(|| call.refusal(400, rule.code, rule.message))
    }

    /// Makes the request ask for something else than what is too new.
    fn hide(&mut self, call: &Call, request: &mut Message) {
        let lag = self.climate.lag;
        for (id, young) in &mut self.young {
            let own = young.service == call.service;
            let asked = names(id).find(|it| (own || *it == id) && stands_in(&call.text, it));
            let Some(name) = asked else { continue };
            // Seen, not seen, seen: servers differ.
            let hidden = young.looks % 2 == 0 && young.looks / 2 < lag;
            young.looks += 1;
            if hidden {
                call.exchange(request, name, &decoy(name));
            }
        }
    }

    fn made(&mut self, call: &Call, response: &str) {
        if !call.makes() {
            return;
        }
        let ids = |text: &str| -> BTreeSet<String> {
            IDS.find_iter(text).map(|it| it.as_str().to_owned()).collect()
        };
        let asked = ids(&call.text);
        let known = |id: &String| self.things.iter().any(|it| it.ids.contains(id));
        let mut new: Vec<String> =
            ids(response).into_iter().filter(|it| !asked.contains(it) && !known(it)).collect();
        if call.is("iam", "CreateRole") || call.is("iam", "CreateInstanceProfile") {
            self.principals.extend(new.iter().cloned());
        }
        let fresh = || Young { service: call.service.clone(), looks: 0, refused: 0 };
        let ops = OPS.find_iter(&call.text).map(|it| it.as_str().to_owned());
        for id in new.iter().cloned().chain(ops) {
            self.young.entry(id).or_insert_with(fresh);
        }
        for rule in SLOW.iter().filter(|it| call.is(it.service, it.made_by)) {
            let of = new.first().or_else(|| asked.iter().next()).cloned();
            if let Some(of) = of.filter(|_| self.climate.slow) {
                self.slow.push((rule, of, 0));
            }
        }
        if new.is_empty() {
            new.extend(asked.iter().cloned());
        }
        let by = (call.service.clone(), call.operation.clone());
        self.things.push(Thing { by, ids: new, mentions: asked.into_iter().collect(), gone: None });
    }

    fn removed(&mut self, call: &Call) {
        if let Some(rule) = TOMBSTONES.iter().find(|it| call.is(it.service, it.delete[0]))
            && self.climate.held
            && let Some(name) = call.value(rule.delete[1])
        {
            let until = Instant::now() + self.of(rule.seconds);
            self.tombs.insert((rule.service, last_part(name).to_owned()), until);
        }
        let Some(noun) = noun(&call.operation, &["Delete", "Release", "Disassociate", "Terminate"])
        else {
            return;
        };
        let makers = ["Create", "Allocate", "Associate", "Run"];
        for thing in self.things.iter_mut().filter(|it| it.by.0 == call.service) {
            let same = self::noun(&thing.by.1, &makers) == Some(noun);
            let named = |id: &String| names(id).any(|name| stands_in(&call.text, name));
            if same && thing.gone.is_none() && thing.ids.iter().any(named) {
                thing.gone = Some(Instant::now());
            }
        }
    }

    fn say_slow(&mut self, call: &Call, response: &mut Message) {
        for (rule, id, said) in &mut self.slow {
            let Some(word) = rule.before.get(*said) else { continue };
            if !call.is(rule.service, rule.read_by) {
                continue;
            }
            let text = response.text();
            let done = format!("{}{}{}", rule.frame[0], rule.done, rule.frame[1]);
            let slow = format!("{}{word}{}", rule.frame[0], rule.frame[1]);
            // The state that stands nearest to the id is its own.
            let at = text.find(id.as_str());
            let states = text.match_indices(&done).map(|(place, _)| place);
            let nearest = at.and_then(|at| states.min_by_key(|place| place.abs_diff(at)));
            if let Some(place) = nearest {
                *said += 1;
                let end = place + done.len();
                response.body = [&text[..place], &slow, &text[end..]].concat().into_bytes();
            }
        }
    }
}

fn interface(number: usize, [description, owner]: [&str; 2]) -> String {
    format!(
        "<item><networkInterfaceId>eni-0000000000000000{number}</networkInterfaceId><description>{description}</description><requesterId>{owner}</requesterId><requesterManaged>true</requesterManaged><status>in-use</status></item>"
    )
}

fn interfaces(items: &str) -> Message {
    let body = format!(
        "<DescribeNetworkInterfacesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>harsh</requestId><networkInterfaceSet>{items}</networkInterfaceSet></DescribeNetworkInterfacesResponse>"
    );
    Message::answer(200, "text/xml", body)
}

/// The one thing at a time that a call changes.
fn serial(call: &Call) -> Option<String> {
    let rule = SERIAL.iter().find(|it| {
        it.service == call.service
            && it.operations.iter().any(|name| call.operation.starts_with(name))
    })?;
    Some(format!("{} {}", rule.service, call.value(rule.key)?))
}

/// An id, and what stands for it in a request: an ARN's last part.
fn names(id: &str) -> impl Iterator<Item = &str> {
    let last = id.starts_with("arn:").then(|| last_part(id));
    std::iter::once(id).chain(last.filter(|it| it.len() >= 6))
}

/// Of an ARN, a URL or a path.
fn last_part(name: &str) -> &str {
    name.rsplit(['/', ':']).next().unwrap_or(name)
}

/// Whether a text has a name in it, and not as a part of a longer one.
fn stands_in(text: &str, name: &str) -> bool {
    let part =
        |it: Option<char>| it.is_some_and(|it| it.is_ascii_alphanumeric() || "-_".contains(it));
    text.match_indices(name).any(|(at, _)| {
        !part(text[..at].chars().next_back()) && !part(text[at + name.len()..].chars().next())
    })
}

/// The same name with another end: the id of nothing.
fn decoy(name: &str) -> String {
    let end = if name.ends_with('0') { '1' } else { '0' };
    let mut decoy = name.to_owned();
    decoy.pop();
    decoy.push(end);
    decoy
}

/// Values in XML and in JSON: of elements, of texts, of numbers and words.
static VALUES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#">([^<>]+)<|:\s*"([^"\\]*)"|[:\[,]\s*(-?\d[\d.eE+-]*|true|false)"#)
        .expect("a pattern")
});

/// What no reader of answers may rely on not to be said.
const ODD: &[&str] = &[
    "",
    " ",
    "0",
    "-1",
    "65536",
    "99999999999999999999",
    "1e400",
    "NaN",
    "true",
    "None",
    "null",
    ":",
    "::::::",
    "/",
    "//",
    "arn:",
    "arn:aws:x:::",
    "%",
    "%zz",
    "%ff",
    "[]",
    "{}",
    "a=b",
    "*",
    "é",
    "\u{202e}",
    "0.0.0.0/99",
    "2026-13-45T99:99:99Z",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

/// An answer of which some values are others.
fn garbled(text: &str, dice: u64) -> String {
    let (mut out, mut end) = (String::new(), 0);
    for (number, found) in VALUES.captures_iter(text).enumerate() {
        let dice = mixed(dice ^ (number as u64) << 17);
        let Some(value) = (1..=3).find_map(|it| found.get(it)) else { continue };
        if !dice.is_multiple_of(4) {
            continue;
        }
        let odd = ODD[usize::try_from(dice / 4).unwrap_or_default() % ODD.len()];
        out += &text[end..value.start()];
        // A number of JSON stays JSON: another kind of value.
        let bare = found.get(3).is_some() && odd.parse::<i64>().is_err();
        let quote = if bare { "\"" } else { "" };
        out.extend([quote, odd, quote]);
        end = value.end();
    }
    out + &text[end..]
}

fn noun<'a>(operation: &'a str, verbs: &[&str]) -> Option<&'a str> {
    verbs.iter().find_map(|it| operation.strip_prefix(it))
}

/// A number from a number, evenly spread.
pub(crate) fn mixed(seed: u64) -> u64 {
    let mut it = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    it ^ (it >> 31)
}
