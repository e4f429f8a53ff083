//! Commit times: floats in SWISH's files, whole milliseconds in ours.

/// A second in the year 33658; SWISH's index rebuild would never look past such a commit.
const LATEST: f64 = 1e12;
/// Floats of today's size are exact to a quarter of a microsecond: less than this is noise.
const NOISE_MS: f64 = 0.000_9;

/// Time of a new commit in seconds: now, or a millisecond after the file's latest commit.
///
/// It must grow along a path, because SWISH rebuilds its heads by the greatest time.
#[must_use]
pub fn commit_time(now_ms: u64, at_least_after_ms: u64) -> f64 {
    float(now_ms.max(at_least_after_ms.saturating_add(1))) / 1000.0
}

/// Whether a time can be kept as milliseconds.
pub(super) fn is_plausible(seconds: f64) -> bool {
    (0.0..=LATEST).contains(&seconds)
}

/// Seconds as whole milliseconds, rounded up.
pub(super) fn whole_ms(seconds: f64) -> u64 {
    let ms = (seconds * 1000.0 - NOISE_MS).ceil().max(0.0);
    format!("{ms:.0}").parse().unwrap_or(0)
}

/// Exact below 2^53, which is the year 287396.
fn float(value: u64) -> f64 {
    let half = |bits: u64| f64::from(u32::try_from(bits & 0xffff_ffff).unwrap_or(u32::MAX));
    half(value >> 32) * 4_294_967_296.0 + half(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_millisecond_survives_the_way_through_a_float() {
        for ms in (1_795_397_300_000..1_795_397_302_000).chain([0, 1, 999_999_999_999_999]) {
            assert_eq!(whole_ms(float(ms) / 1000.0), ms);
        }
    }

    #[test]
    fn a_part_of_a_millisecond_rounds_up() {
        assert_eq!(whole_ms(1_795_397_300.151_308_8), 1_795_397_300_152);
    }

    #[test]
    fn a_commit_is_later_than_the_one_before() {
        assert_eq!(commit_time(5000, 3000), 5.0);
        assert_eq!(commit_time(5000, 5000), 5.001);
        assert_eq!(commit_time(5000, 9000), 9.001);
    }
}
