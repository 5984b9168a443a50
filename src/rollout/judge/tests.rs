use proptest::prelude::*;

use super::*;

const NAMES: Names<'_> = Names { old: "blue", new: "green" };

/// Minutes from `first` on, all alike.
fn minutes(first: i64, count: i64, requests: f64, errors: f64) -> Vec<Minute> {
    let told = |it: f64| (it != 0.0).then_some(it);
    let minute = |at| Minute {
        at: at * 60,
        requests: told(requests),
        errors: told(errors),
        ..Minute::default()
    };
    (first..first + count).map(minute).collect()
}

/// Ten minutes of both sides: the requests and errors of each minute.
fn window(old: [f64; 2], new: [f64; 2]) -> Window {
    Window { old: minutes(60, 10, old[0], old[1]), new: minutes(60, 10, new[0], new[1]) }
}

/// An hour of 50 requests a second, 0.2 % of them errors, as steady as can be.
fn steady() -> Baseline {
    Baseline::learn(&minutes(0, 60, 3000.0, 6.0))
}

fn verdict(window: &Window, before: &Baseline) -> Verdict {
    judge(window, before, &Rules::default()).verdict
}

#[test]
fn verdicts() {
    let none = Baseline::default();
    let fails = Verdict::Fail(Cause::Errors);
    let few = Verdict::Inconclusive(Lack::Requests);
    for (what, old, new, before, expected) in [
        ("worse", [7600.0, 15.0], [400.0, 8.0], steady(), fails),
        (
            "worse, and nothing is known from before",
            [7600.0, 15.0],
            [400.0, 8.0],
            none.clone(),
            fails,
        ),
        ("as good", [7600.0, 15.0], [400.0, 1.0], steady(), Verdict::Pass),
        ("better", [7600.0, 400.0], [400.0, 0.0], steady(), Verdict::Pass),
        ("no error anywhere", [7600.0, 0.0], [400.0, 0.0], none.clone(), Verdict::Pass),
        ("none but of the new side", [7600.0, 0.0], [400.0, 4.0], none.clone(), fails),
        ("certainly worse, by 0.4 pp", [3e8, 3e5], [3e8, 1.5e6], none.clone(), Verdict::Pass),
        ("certainly worse, by a third", [3e6, 9e4], [3e6, 12e4], none.clone(), Verdict::Pass),
        ("an incident of both", [7600.0, 760.0], [400.0, 40.0], steady(), Verdict::Pass),
        (
            "a third worse in an incident of both",
            [7600.0, 760.0],
            [400.0, 53.0],
            steady(),
            Verdict::Pass,
        ),
        ("more errors than requests", [7600.0, 15.0], [400.0, 900.0], steady(), fails),
        ("few requests", [95.0, 0.0], [9.0, 0.0], steady(), few),
        ("few requests, and all fail", [95.0, 0.0], [9.0, 9.0], steady(), few),
        ("no request", [7600.0, 15.0], [0.0, 0.0], steady(), Verdict::NoTraffic),
        ("errors without a request", [7600.0, 15.0], [0.0, 5.0], steady(), Verdict::NoTraffic),
        ("all the traffic, as before", [0.0, 0.0], [3000.0, 6.0], steady(), Verdict::Pass),
        ("all the traffic, and worse", [0.0, 0.0], [3000.0, 60.0], steady(), fails),
        (
            "all the traffic, and nothing to compare with",
            [0.0, 0.0],
            [3000.0, 60.0],
            none.clone(),
            Verdict::Inconclusive(Lack::Comparison),
        ),
        (
            "all the traffic, and 0.4 pp worse",
            [0.0, 0.0],
            [30000.0, 180.0],
            steady(),
            Verdict::Pass,
        ),
        ("few to compare with, and all fail", [9.0, 0.0], [11.0, 11.0], none.clone(), fails),
        (
            "few to compare with, and none fails",
            [9.0, 0.0],
            [11.0, 0.0],
            none.clone(),
            Verdict::Inconclusive(Lack::Comparison),
        ),
        ("nearly all the traffic, and worse", [30.0, 0.0], [2970.0, 60.0], steady(), fails),
        (
            "nearly all the traffic, in an incident of both",
            [150.0, 3.0],
            [2850.0, 60.0],
            steady(),
            Verdict::Pass,
        ),
        ("no request at all", [0.0, 0.0], [0.0, 0.0], none.clone(), Verdict::NoTraffic),
    ] {
        assert_eq!(verdict(&window(old, new), &before), expected, "{what}");
    }
}

/// The same counts, in an hour that had them in bursts.
#[test]
fn bursts_are_given_room() {
    let mut history = minutes(0, 60, 3000.0, 0.0);
    history.iter_mut().step_by(10).for_each(|it| it.errors = Some(150.0));
    let bursty = Baseline::learn(&history);
    let told = window([2850.0, 14.0], [150.0, 2.0]);
    let calm = Baseline::learn(&minutes(0, 60, 3000.0, 15.0));
    assert_eq!(calm.tally.errors, bursty.tally.errors);
    assert_eq!(verdict(&told, &calm), Verdict::Fail(Cause::Errors));
    assert_eq!(verdict(&told, &bursty), Verdict::Pass);
}

#[test]
fn burstiness_is_variance_over_mean() {
    for (errors, expected) in [
        ([6.0, 6.0], 1.0),
        ([0.0, 0.0], 1.0),
        // The mean is 6, and the variance 36.
        ([0.0, 12.0], 6.0),
    ] {
        let mut history = minutes(0, 60, 3000.0, errors[0]);
        history.iter_mut().step_by(2).for_each(|it| it.errors = Some(errors[1]));
        let burstiness = Baseline::learn(&history).burstiness().expect("sixty minutes");
        assert!((burstiness - expected).abs() < 1e-9, "{errors:?}: {burstiness}");
    }
    let mut outage = minutes(0, 60, 3000.0, 0.0);
    outage[7].errors = Some(3000.0);
    assert_eq!(Baseline::learn(&outage).spread, Some(10.0), "no more than that is believed");
    for few in [minutes(0, 9, 3000.0, 6.0), minutes(0, 60, 0.0, 0.0), Vec::new()] {
        assert_eq!(Baseline::learn(&few).burstiness(), None);
    }
}

#[test]
fn answers_are_mended() {
    let good = window([7600.0, 15.0], [400.0, 8.0]);
    let expected = judge(&good, &steady(), &Rules::default());

    let mut disorder = good.clone();
    disorder.new.reverse();
    disorder.old.rotate_left(3);
    disorder.new.push(good.new[4].clone());
    // An earlier answer had less of it.
    disorder.old.insert(0, Minute { requests: Some(10.0), errors: None, ..good.old[2].clone() });
    assert_eq!(judge(&disorder, &steady(), &Rules::default()), expected);

    for hostile in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 1e300] {
        let mut told = good.clone();
        told.new[0].requests = Some(hostile);
        told.old[1].errors = Some(hostile);
        told.new.remove(2);
        let judgement = judge(&told, &steady(), &Rules::default());
        assert_eq!((judgement.unread, judgement.errors.new.minutes), (3, 7), "{hostile}");
        assert_eq!(judgement.errors.old.requests, 7 * 7600, "{hostile}");
    }

    let one = Window { old: Vec::new(), ..good };
    assert_eq!(verdict(&one, &steady()), Verdict::Blind);
    assert_eq!(verdict(&Window::default(), &steady()), Verdict::Inconclusive(Lack::Minutes));
}

fn timed(seconds: &[(f64, f64)], requests: f64) -> Vec<Minute> {
    let mut timed = minutes(0, seconds.len() as i64, requests, 0.0);
    for (minute, (p90, p99)) in timed.iter_mut().zip(seconds) {
        (minute.p90, minute.p99) = (Some(*p90), Some(*p99));
    }
    timed
}

#[test]
fn three_slow_minutes_of_five_fail() {
    const OK: (f64, f64) = (0.1, 0.4);
    const SLOW: (f64, f64) = (0.2, 0.6);
    // One percentile alone is noise.
    const TAIL: (f64, f64) = (0.1, 0.9);
    const BODY: (f64, f64) = (0.2, 0.4);
    // Exactly a quarter more is not yet slow.
    const QUARTER: (f64, f64) = (0.125, 0.5);
    for (new, requests, expected) in [
        (&[SLOW, SLOW, SLOW][..], 50.0, Verdict::Fail(Cause::Latency)),
        (&[SLOW, SLOW, OK, OK, SLOW], 50.0, Verdict::Fail(Cause::Latency)),
        (&[SLOW, SLOW, OK, OK, OK, SLOW], 50.0, Verdict::Pass),
        (&[OK, OK, OK, SLOW, SLOW, SLOW], 50.0, Verdict::Fail(Cause::Latency)),
        (&[SLOW, SLOW, OK, OK, OK], 50.0, Verdict::Pass),
        (&[TAIL, BODY, TAIL, BODY, TAIL], 50.0, Verdict::Pass),
        (&[QUARTER; 5], 50.0, Verdict::Pass),
        (&[SLOW; 5], 49.0, Verdict::Pass),
        (&[(f64::NAN, f64::INFINITY); 5], 50.0, Verdict::Pass),
    ] {
        let old = timed(&vec![OK; new.len()], 1000.0);
        let told = Window { old, new: timed(new, requests) };
        assert_eq!(verdict(&told, &steady()), expected, "{new:?} {requests}");
    }
    let told = Window { old: timed(&[OK; 5], 49.0), new: timed(&[SLOW; 5], 1000.0) };
    assert_eq!(verdict(&told, &steady()), Verdict::Pass, "the old side has too few to tell");
}

#[test]
fn shares() {
    for (what, permille, minutes, outside, off) in [
        ("as the weight says", 250, [[2250.0, 750.0]; 4], 0, false),
        ("a little off", 250, [[2200.0, 800.0]; 4], 0, false),
        ("half of it", 250, [[2625.0, 375.0]; 4], 4, true),
        ("twice", 250, [[1500.0, 1500.0]; 4], 4, true),
        ("a single request", 50, [[0.0, 1.0]; 4], 0, false),
        ("a percent off, of many", 250, [[22200.0, 7800.0]; 4], 0, false),
        ("a few were slow to move", 1000, [[2.0, 2998.0]; 4], 0, false),
        ("chance, of few", 50, [[3.0, 1.0]; 4], 0, false),
        (
            "not for long",
            250,
            [[2625.0, 375.0], [2250.0, 750.0], [2625.0, 375.0], [2625.0, 375.0]],
            2,
            false,
        ),
        (
            "to and fro",
            250,
            [[2625.0, 375.0], [2625.0, 375.0], [2625.0, 375.0], [1500.0, 1500.0]],
            1,
            false,
        ),
        (
            "a pause says nothing",
            250,
            [[2625.0, 375.0], [2625.0, 375.0], [0.0, 0.0], [2625.0, 375.0]],
            3,
            true,
        ),
        ("some are stuck", 1000, [[90.0, 2910.0]; 4], 4, true),
        ("all have moved", 1000, [[0.0, 3000.0]; 4], 0, false),
        ("nobody came yet", 0, [[3000.0, 0.0]; 4], 0, false),
        ("a tenth of a percent", 1, [[2997.0, 3.0]; 4], 0, false),
        ("a weight that cannot be is all", 70_000, [[0.0, 3000.0]; 4], 0, false),
    ] {
        let side = |side: usize| {
            let minute = |(at, counts): (usize, &[f64; 2])| Minute {
                at: at as i64 * 60,
                requests: Some(counts[side]),
                ..Minute::default()
            };
            minutes.iter().enumerate().map(minute).collect()
        };
        let share = share(permille, &Window { old: side(0), new: side(1) }).expect("requests");
        assert_eq!((share.outside, share.off), (outside, off), "{what}: {share:?}");
    }
    assert_eq!(share(250, &window([0.0, 0.0], [0.0, 0.0])), None);
    assert_eq!(share(250, &Window::default()), None);
}

#[test]
fn power_is_told_before() {
    let of = |per_second: f64, permille, minutes_of_bake| {
        let before = minutes(0, 60, per_second * 60.0, per_second * 0.12);
        let before = Baseline::learn(&before);
        power(&before, permille, minutes_of_bake, &Rules::default()).sentence(NAMES)
    };
    for (told, expected) in [
        (
            of(3.0, 50, 10),
            "3 req/s at 5 % for 10 min = 90 requests: \
             cannot see anything; needs 13 min or a weight of 6.2 %",
        ),
        (
            of(50.0, 50, 10),
            "50 req/s at 5 % for 10 min = 1500 requests: sees green fail from 0.91 % on \
             (blue 0.2 %)",
        ),
        (
            of(0.05, 1000, 10),
            "0.05 req/s at 100 % for 10 min = 30 requests: cannot see anything; needs 37 min",
        ),
        (
            of(0.0001, 1, 10),
            "0 req/s at 0.1 % for 10 min = 0 requests: \
             cannot see anything; needs more traffic than there is",
        ),
        (
            of(50.0, 0, 10),
            "50 req/s at 0 % for 10 min = 0 requests: cannot see anything; needs a weight of 0.4 %",
        ),
        (
            power(&Baseline::default(), 50, 10, &Rules::default()).sentence(NAMES),
            "0 req/s at 5 % for 10 min = 0 requests: \
             cannot see anything; needs more traffic than there is",
        ),
    ] {
        assert_eq!(told, expected);
    }
    let failing = Baseline::learn(&minutes(0, 60, 3000.0, 2400.0));
    assert_eq!(
        power(&failing, 50, 10, &Rules::default()).sentence(NAMES),
        "50 req/s at 5 % for 10 min = 1500 requests: cannot see anything: blue itself fails \
         too often"
    );
}

#[test]
fn sentences() {
    let rules = Rules::default();
    let told = |window: &Window, before: &Baseline| judge(window, before, &rules).sentence(NAMES);
    for (told, expected) in [
        (
            told(&window([7600.0, 15.0], [400.0, 8.4]), &steady()),
            "5xx green 2 % (80 of 4000), blue 0.2 % (150 of 76000), p < 0.000001, burstiness 1.0",
        ),
        (
            told(&window([7600.0, 15.0], [400.0, 1.0]), &Baseline::default()),
            "5xx green 0.25 % (10 of 4000), blue 0.2 % (150 of 76000), p = 0.36, burstiness \
             not known",
        ),
        (
            told(&window([0.0, 0.0], [3000.0, 6.0]), &steady()),
            "5xx green 0.2 % (60 of 30000), blue before 0.2 % (360 of 180000), p = 0.52, \
             burstiness 1.0",
        ),
        (
            told(&window([171.0, 1.0], [9.0, 0.0]), &steady()),
            "green had 90 of the 100 requests it takes; \
             5xx green 0 % (0 of 90), blue 0.58 % (10 of 1710), p = 1.00, burstiness 1.0",
        ),
        (told(&window([7600.0, 15.0], [0.0, 0.0]), &steady()), "green had no request in 10 min"),
        (told(&Window::default(), &steady()), "no minute is complete yet"),
        (
            told(&Window { old: minutes(0, 2, 1.0, 0.0), new: Vec::new() }, &steady()),
            "no minute was told of both green and blue; 2 minutes could not be read",
        ),
        (
            told(
                &Window {
                    old: timed(&[(0.1, 0.398); 5], 1000.0),
                    new: timed(&[(0.2, 0.6124); 5], 60.0),
                },
                &steady(),
            ),
            "p99 green 612 ms, blue 398 ms; p90 green 200 ms, blue 100 ms; \
             green was slower in 5 of the last 5 min; \
             5xx green 0 % (0 of 300), blue 0 % (0 of 5000), p = 1.00, burstiness 1.0",
        ),
    ] {
        assert_eq!(told, expected);
    }
    let stuck = share(250, &window([2625.0, 0.0], [375.0, 0.0])).expect("requests");
    assert_eq!(
        stuck.sentence(NAMES),
        "green gets 12.5 % of the requests, and its weight is 25 %, for 10 min: \
         sticky sessions hold clients on blue, or another route forwards to it"
    );
}

/// What a load balancer, or something that is none, may say.
fn anything() -> impl Strategy<Value = Minute> {
    let number = || {
        prop_oneof![
            2 => Just(None),
            8 => (0.0..1e4).prop_map(Some),
            1 => (0.0..1e9).prop_map(Some),
            1 => any::<f64>().prop_map(Some),
        ]
    };
    let at = prop_oneof![8 => 0i64..20, 1 => any::<i64>()];
    (at, number(), number(), number(), number())
        .prop_map(|(at, requests, errors, p90, p99)| Minute { at, requests, errors, p90, p99 })
}

fn anythings() -> impl Strategy<Value = Vec<Minute>> {
    prop::collection::vec(anything(), 0..20)
}

fn fails(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Fail(_))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_panics(old in anythings(), new in anythings(), history in anythings(),
                      permille: u32, bake: u32, alpha: f64, min_requests: u64, looks: u32) {
        let before = Baseline::learn(&history);
        let rules = Rules { alpha, min_requests, looks, ..Rules::default() };
        let window = Window { old, new };
        let judgement = judge(&window, &before, &rules);
        prop_assert!((0.0..=1.0).contains(&judgement.errors.p), "{judgement:?}");
        prop_assert!(judgement.errors.new.errors <= judgement.errors.new.requests);
        prop_assert!(!judgement.sentence(NAMES).contains("NaN"));
        if let Some(share) = share(permille, &window) {
            prop_assert!((0.0..=1.0).contains(&share.seen), "{share:?}");
            prop_assert!(!share.sentence(NAMES).contains("NaN"));
        }
        let power = power(&before, permille, bake, &rules);
        prop_assert!(!power.sentence(NAMES).contains("NaN"));
    }

    #[test]
    fn order_and_repetition_say_nothing(old in anythings(), new in anythings(),
                                           turn in 0usize..20) {
        let told = Window { old: old.clone(), new: new.clone() };
        let turned = |mut it: Vec<Minute>| {
            it.extend(it.clone());
            let by = turn % it.len().max(1);
            it.rotate_left(by);
            it.reverse();
            it
        };
        let turned = Window { old: turned(old), new: turned(new) };
        let rules = Rules::default();
        prop_assert_eq!(judge(&told, &steady(), &rules), judge(&turned, &steady(), &rules));
        prop_assert_eq!(share(100, &told), share(100, &turned));
    }

    #[test]
    fn a_side_is_no_worse_than_itself(side in anythings(), history in anythings()) {
        let window = Window { old: side.clone(), new: side };
        prop_assert!(!fails(verdict(&window, &Baseline::learn(&history))));
    }

    #[test]
    fn more_errors_excuse_nothing(old in 0.0..9000.0, old_rate in 0.0..0.1, new in 1.0..9000.0,
                                  errors in 0.0..200.0, more in 0.0..200.0, spread in 0.0..5.0) {
        let before = Baseline { spread: Some(spread), ..steady() };
        let told = |errors: f64| window([old, old * old_rate], [new, errors]);
        let [some, more] = [errors, errors + more].map(|it| verdict(&told(it), &before));
        prop_assert!(!fails(some) || fails(more), "{some:?}, {more:?}");
    }

    #[test]
    fn fewer_errors_of_the_old_side_excuse_nothing(errors in 0.0..50.0, fewer in 0.0..1.0,
                                                   new in 0.0..20.0) {
        let told = |errors: f64| window([2850.0, errors], [150.0, new]);
        let [some, less] = [errors, errors * fewer].map(|it| verdict(&told(it), &steady()));
        prop_assert!(!fails(some) || fails(less), "{some:?}, {less:?}");
    }
}
