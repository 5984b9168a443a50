//! The two distributions that the judgement needs.

use std::f64::consts::{SQRT_2, TAU};

/// The probability that `n` trials have `k` successes or more: exact, however
/// large the counts are.
pub(super) fn binomial_tail(k: u64, n: u64, p: f64) -> f64 {
    if k == 0 || p >= 1.0 {
        return 1.0;
    }
    if k > n || p <= 0.0 {
        return 0.0;
    }
    // Terms shrink from the first one only above the mean.
    if k as f64 <= n as f64 * p {
        return 1.0 - binomial_tail(n - k + 1, n, 1.0 - p);
    }
    let (n, odds) = (n as f64, p / (1.0 - p));
    let (mut at, mut term, mut sum) = (k as f64, 1.0, 1.0);
    while term > sum * f64::EPSILON / 4.0 {
        term *= (n - at) / (at + 1.0) * odds;
        sum += term;
        at += 1.0;
    }
    (binomial_mass(k as f64, n, p) * sum).min(1.0)
}

/// Loader's way: a difference of log-gammas loses its digits where the counts
/// are large.
fn binomial_mass(k: f64, n: f64, p: f64) -> f64 {
    let rest = n - k;
    if rest == 0.0 {
        return (n * p.ln()).exp();
    }
    let corrections = stirling_rest(n) - stirling_rest(k) - stirling_rest(rest);
    let distance = deviance(k, n * p) + deviance(rest, n * (1.0 - p));
    (corrections - distance).exp() * (n / (TAU * k * rest)).sqrt()
}

/// `ln n!` less Stirling's formula for it.
fn stirling_rest(n: f64) -> f64 {
    if n < 16.0 {
        let factorial: f64 = (1..=n as u32).map(f64::from).product();
        return factorial.ln() - (n + 0.5) * n.ln() + n - 0.5 * TAU.ln();
    }
    let x = 1.0 / (n * n);
    (1.0 / 12.0 - x * (1.0 / 360.0 - x * (1.0 / 1260.0 - x * (1.0 / 1680.0 - x / 1188.0)))) / n
}

/// `x ln(x / mean) + mean - x`
fn deviance(x: f64, mean: f64) -> f64 {
    x * ((x - mean) / mean).ln_1p() - (x - mean)
}

/// The probability that a standard normal variable is `z` or more, to seven
/// digits (Numerical Recipes' `erfcc`).
pub(super) fn normal_tail(z: f64) -> f64 {
    const TERMS: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let x = z.abs() / SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * x);
    let series = TERMS.iter().rev().fold(0.0, |sum, term| sum * t + term);
    let tail = 0.5 * t * (series - x * x).exp();
    if z < 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Summed with integers and fractions, the largest ones with 60 digits, in
    /// Python.
    #[test]
    fn binomial_tails_are_exact() {
        let cases = [
            (1, 1, 1.0 / 20.0, 0.05),
            (3, 3, 1.0 / 20.0, 0.000_125),
            (7, 100, 1.0 / 20.0, 0.233_986_015_985_168),
            (50, 100, 0.5, 0.539_794_618_693_589_4),
            (51, 100, 0.5, 0.460_205_381_306_410_64),
            (84, 236, 1.0 / 20.0, 6.786_540_895_559_854e-48),
            (236, 236, 1.0 / 20.0, 9.055_679_078_826_713e-308),
            (1, 236, 1.0 / 20.0, 0.999_994_469_417_843),
            (20, 2000, 1.0 / 100.0, 0.530_189_483_734_001_4),
            (40, 2000, 1.0 / 100.0, 4.811_531_715_232_047_4e-5),
            (2100, 4000, 0.5, 0.000_824_633_187_567_849_9),
            (1, 4000, 1.0 / 3.0, 1.0),
            (15, 31, 1.0 / 7.0, 6.420_404_864_964_643e-6),
            (5, 5, 0.999, 0.995_009_990_004_999),
            (4, 5, 0.999, 0.999_990_019_985_004),
            (2, 3000, 1e-6, 4.489_519_094_694_375_6e-6),
            (1_100, 1_000_000_000, 1e-6, 0.000_962_625_233_700_159),
            (50_010_000, 1_000_000_000, 1.0 / 20.0, 0.073_409_994_331_912_28),
            (50_050_000, 1_000_000_000, 1.0 / 20.0, 2.029_686_186_032_874_7e-13),
            (1_000_000_001, 2_000_000_000, 0.5, 0.499_991_079_379_420_33),
            (1_000_100_000, 2_000_000_000, 0.5, 3.872_513_167_190_553e-6),
        ];
        for (k, n, p, expected) in cases {
            let tail = binomial_tail(k, n, p);
            let off = (tail / expected - 1.0).abs();
            assert!(off < 1e-9, "{k} of {n} at {p}: {tail:e}, not {expected:e}");
        }
    }

    #[test]
    fn the_ends_are_certain() {
        for (k, n, p, expected) in [
            (0, 0, 0.5, 1.0),
            (0, 10, 0.0, 1.0),
            (1, 10, 0.0, 0.0),
            (1, 0, 0.5, 0.0),
            (11, 10, 0.9, 0.0),
            (10, 10, 1.0, 1.0),
        ] {
            assert_eq!(binomial_tail(k, n, p), expected, "{k} of {n} at {p}");
        }
    }

    #[test]
    fn normal_tails_are_right() {
        for (z, expected) in [
            (-3.0, 0.998_650_101_968_369_9),
            (0.0, 0.5),
            (0.5, 0.308_537_538_725_986_9),
            (2.0, 0.022_750_131_948_179_22),
            (3.0902, 0.001_000_108_783_207_072_5),
            (5.0, 2.866_515_718_791_946e-7),
            (20.0, 2.753_624_118_606_331_4e-89),
            (f64::INFINITY, 0.0),
        ] {
            let tail = normal_tail(z);
            assert!((tail - expected).abs() <= 2e-7 * expected, "{z}: {tail:e}");
        }
    }
}
